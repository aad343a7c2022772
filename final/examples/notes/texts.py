"""Notes: write, list, read, delete and share them.

What one may not see is a 404, as if it did not exist.
"""

import time
from typing import Annotated

from microlith import (
    BackgroundTasks,
    Conflict,
    Depends,
    NotFound,
    Path,
    Query,
    Request,
    Router,
)
from notes.mail import Mailer
from notes.models import Change, NewNote, Note, Share
from notes.security import CurrentUser, User, current_user
from notes.store import Transaction, Work

MOST_NOTES = 200
"""How many notes an account may have."""

KEPT_CHANGES = 1000
"""How many changes are kept for clients that come back."""

VISIBLE = """
SELECT n.id, n.text, a.name AS author, n.created
FROM notes n JOIN accounts a ON a.id = n.account WHERE (n.account = ?1
    OR n.id IN (SELECT note FROM shares WHERE account = ?1))
"""

Id = Annotated[int, Path(ge=1, lt=2**63)]  # what SQLite can hold

router = Router("/notes", dependencies=[Depends(current_user)])


@router.get("")
async def list_notes(
    user: CurrentUser,
    work: Work,
    limit: Annotated[int, Query(ge=1, le=MOST_NOTES)] = MOST_NOTES,
) -> list[Note]:
    """List one's own notes and those shared with one, the newest first."""
    sql = VISIBLE + "ORDER BY n.id DESC LIMIT ?2"
    return [Note(**row) for row in await work.run(sql, user.id, limit)]


@router.post("")
async def add_note(
    new: NewNote, user: CurrentUser, work: Work, request: Request
) -> tuple[int, Note, dict[str, str]]:
    """Keep a note, and say where it is."""
    sql = "SELECT count(*) FROM notes WHERE account = ?"
    if (await work.run(sql, user.id))[0][0] >= MOST_NOTES:
        raise Conflict(f"Delete a note first: {MOST_NOTES} are kept")
    rows = await work.run(
        "INSERT INTO notes (account, text, created) VALUES (?, ?, ?) "
        "RETURNING id",
        *(user.id, new.text, int(time.time())),
    )
    note = await find(rows[0]["id"], user, work)
    await tell(user.id, Change(kind="added", note=note), work)
    root = request.scope.get("root_path", "")
    place = root + request.app.url_for("read_note", id=note.id)
    return 201, note, {"location": place}


@router.get("/{id:int}")
async def read_note(id: Id, user: CurrentUser, work: Work) -> Note:
    """Return one note."""
    return await find(id, user, work)


@router.delete("/{id:int}")
async def delete_note(id: Id, user: CurrentUser, work: Work) -> None:
    """Delete one's own note, for all who could read it."""
    note = await find(id, user, work, own=True)
    change = Change(kind="deleted", note=note)
    sql = "SELECT account FROM shares WHERE note = ?"
    for row in await work.run(sql, id):
        await tell(row["account"], change, work)
    await tell(user.id, change, work)
    await work.run("DELETE FROM notes WHERE id = ?", id)


@router.post("/{id:int}/shares")
async def share_note(
    id: Id,
    share: Share,
    user: CurrentUser,
    work: Work,
    tasks: BackgroundTasks,
    mailer: Mailer,
) -> None:
    """Let somebody else read one's own note, and tell them by mail."""
    note = await find(id, user, work, own=True)
    sql = "SELECT id, mail FROM accounts WHERE name = ?"
    for reader in await work.run(sql, share.name):
        sql = "INSERT OR IGNORE INTO shares VALUES (?, ?) RETURNING note"
        if await work.run(sql, id, reader["id"]):
            change = Change(kind="added", note=note)
            await tell(reader["id"], change, work)
            subject = f"{user.name} shares a note with you"
            tasks.add_task(mailer.send, reader["mail"], subject, note.text)
        return
    raise NotFound(f"There is no account {share.name}")


async def find(
    id: int, user: User, work: Transaction, own: bool = False
) -> Note:
    """Return a note that this user may see, or (``own``) has written."""
    rows = await work.run(VISIBLE + "AND n.id = ?2", user.id, id)
    if not rows or (own and rows[0]["author"] != user.name):
        raise NotFound(f"There is no note {id}")
    return Note(**rows[0])


async def tell(account: int, change: Change, work: Transaction) -> None:
    """Note a change for an account; who listens hears it after the commit."""
    data = change.model_dump_json()
    sql = "INSERT INTO changes (account, data) VALUES (?, ?) RETURNING id"
    (row,) = await work.run(sql, account, data)
    oldest = row["id"] - KEPT_CHANGES
    await work.run("DELETE FROM changes WHERE id <= ?", oldest)
    work.wake(account)
