"""Notes: a small JSON API over SQLite, as one mountable app.

    uvicorn notes:app

Shows what stages 01 to 05 are good for: typed paths, problem documents with
an ``errors`` list, a limit on the body, and a blocking library that is kept
off the event loop. `Store` knows SQL and no HTTP; `create_app` knows HTTP and
no SQL.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from microlith import (
    App,
    JSONResponse,
    NotFound,
    Request,
    Response,
    TextResponse,
    UnprocessableContent,
    UnsupportedMediaType,
)

__all__ = ["KEPT", "LONGEST", "Store", "create_app"]

LONGEST = 500
"""The longest text of a note, in characters."""

KEPT = 200
"""How many notes are kept; a new one pushes the oldest out."""

MAX_BODY = 8192
"""The largest body in bytes; the longest text fits, even as JSON escapes."""

LAST_ID = 2**63 - 1
"""The largest integer that SQLite can hold, and so the largest id."""

TABLE = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    created TEXT NOT NULL
)
"""

DROP_OLDEST = """
DELETE FROM notes
WHERE id NOT IN (SELECT id FROM notes ORDER BY id DESC LIMIT ?)
"""

Note = dict[str, Any]


class Store:
    """Notes in one SQLite file; each call blocks and opens a connection."""

    def __init__(self, path: str) -> None:
        self.path = path
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            connection.execute(TABLE)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a connection; commit at the end, roll back on an exception."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            with connection:
                yield connection

    def newest(self) -> list[Note]:
        """Return all notes, the newest first."""
        with self._transaction() as connection:
            rows = connection.execute("SELECT * FROM notes ORDER BY id DESC")
            return [dict(row) for row in rows]

    def add(self, text: str) -> Note:
        """Keep a note, drop what is too old, and return the new one."""
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction() as connection:
            # SECURITY: CWE-89: values are bound, never written into the SQL.
            cursor = connection.execute(
                "INSERT INTO notes (text, created) VALUES (?, ?)",
                (text, created),
            )
            connection.execute(DROP_OLDEST, (KEPT,))
            return {"id": cursor.lastrowid, "text": text, "created": created}

    def get(self, id: int) -> Note | None:
        """Return one note, or None."""
        with self._transaction() as connection:
            query = "SELECT * FROM notes WHERE id = ?"
            row = connection.execute(query, (id,)).fetchone()
            return None if row is None else dict(row)

    def delete(self, id: int) -> bool:
        """Delete one note; return whether it was there."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "DELETE FROM notes WHERE id = ?", (id,)
            )
            return cursor.rowcount == 1


def create_app(path: str) -> App:
    """Return the API over the notes in the SQLite file at ``path``."""
    app = App(title="Notes", max_body=MAX_BODY)
    store = Store(path)

    @app.get("/notes")
    async def list_notes(request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(store.newest))

    @app.post("/notes")
    async def add_note(request: Request) -> Response:
        text = await read_text(request)
        note = await asyncio.to_thread(store.add, text)
        place = app.url_for("read_note", id=note["id"])
        root = request.scope.get("root_path", "")
        return JSONResponse(note, 201, {"location": root + place})

    @app.get("/notes/{id:int}")
    async def read_note(request: Request) -> Response:
        note = await asyncio.to_thread(store.get, known_id(request))
        if note is None:
            raise no_note(request)
        return JSONResponse(note)

    @app.delete("/notes/{id:int}")
    async def delete_note(request: Request) -> Response:
        if not await asyncio.to_thread(store.delete, known_id(request)):
            raise no_note(request)
        return Response(status_code=204)

    @app.get("/routes")
    async def list_routes(request: Request) -> Response:
        return TextResponse(f"{app.routes}\n")

    return app


async def read_text(request: Request) -> str:
    """Return the text of the posted note; raise 415, 400 or 422 otherwise."""
    # SECURITY: CWE-352: a foreign page may post text/plain unasked, JSON not.
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise UnsupportedMediaType("Send the note as application/json")
    data = await request.json()
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str):
        raise unfit(
            'Send an object with a string: {"text": "…"}', "string_type"
        )
    text = text.strip()
    if not text:
        raise unfit("Write at least 1 character that is no space", "too_short")
    if len(text) > LONGEST:
        raise unfit(
            f"Write at most {LONGEST} characters, not {len(text)}", "too_long"
        )
    return text


def unfit(message: str, kind: str) -> UnprocessableContent:
    """Return the 422 that names the part of the body that is wrong."""
    error = {"loc": ["body", "text"], "msg": message, "type": kind}
    return UnprocessableContent("The note cannot be kept", errors=[error])


def known_id(request: Request) -> int:
    """Return the id of the path; a 404 for one that SQLite could not hold."""
    id: int = request.path_params["id"]
    if abs(id) > LAST_ID:
        raise no_note(request)
    return id


def no_note(request: Request) -> NotFound:
    """Return the 404 for the note of this path."""
    return NotFound(f"There is no note {str(request.path_params['id'])[:20]}")


def __getattr__(name: str) -> App:
    """Make ``app`` when a server asks for it: importing opens no file."""
    if name == "app":
        return create_app(os.environ.get("NOTES_DB", "notes.db"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
