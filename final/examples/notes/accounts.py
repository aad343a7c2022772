"""Accounts and tokens: register, log in, log out."""

import asyncio
import secrets
import time
from datetime import UTC, datetime

from microlith import (
    BackgroundTasks,
    Conflict,
    Router,
    Unauthorized,
)
from notes.mail import Mailer
from notes.models import Account, Login, NewAccount, Token
from notes.security import (
    NOBODY,
    CurrentUser,
    digest,
    hash_password,
    is_password,
)
from notes.store import Settings, Store, Work

MOST_TOKENS = 10
"""How many logins of an account count at a time; a new one ends the oldest."""

router = Router()


@router.post("/accounts", status_code=201)
async def register(
    new: NewAccount,
    settings: Settings,
    work: Work,
    tasks: BackgroundTasks,
    mailer: Mailer,
) -> Account:
    """Make an account, and welcome it by mail."""
    # In a thread, and before the first statement: hashing is slow on purpose.
    password = await asyncio.to_thread(
        hash_password, new.password, settings.scrypt_cost
    )
    rows = await work.run(
        "INSERT INTO accounts (name, mail, password) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING RETURNING id, name",
        *(new.name, new.mail, password),
    )
    if not rows:
        raise Conflict(f"The name {new.name} is taken")
    tasks.add_task(mailer.send, new.mail, "Welcome", f"Hello {new.name}!\n")
    return Account(**rows[0])


@router.post("/tokens", status_code=201)
async def log_in(
    login: Login, settings: Settings, store: Store, work: Work
) -> Token:
    """Give a token for a name and a password."""
    sql = "SELECT id, password FROM accounts WHERE name = ?"
    async with store.begin() as reading:
        rows = await reading.run(sql, login.name)
    # SECURITY: CWE-208: an unknown name takes as long as a wrong password.
    kept = rows[0]["password"] if rows else NOBODY
    if not await asyncio.to_thread(is_password, login.password, kept):
        raise Unauthorized("Wrong name or password")
    token, now = secrets.token_urlsafe(32), int(time.time())
    expires, account = now + settings.token_seconds, rows[0]["id"]
    await work.run(
        "INSERT INTO tokens VALUES (?, ?, ?)",
        *(digest(token), account, expires),
    )
    await work.run(
        "DELETE FROM tokens WHERE expires <= ? OR rowid IN (SELECT rowid "
        "FROM tokens WHERE account = ? ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
        *(now, account, MOST_TOKENS),
    )
    return Token(token=token, expires=datetime.fromtimestamp(expires, UTC))


@router.delete("/tokens/current")
async def log_out(user: CurrentUser, work: Work) -> None:
    """End the token that this was sent with, and all that it has opened."""
    await work.run("DELETE FROM tokens WHERE digest = ?", user.token)
    work.wake(user.id)
