"""SQLite beside the event loop: one thread, one connection, one turn a call.

SQLite lets one writer in at a time anyway. So all statements run in a thread
of their own, and a `Transaction` takes its turn at its *first* statement: a
client that sends its body slowly holds nobody up. A statement that a timeout
has abandoned ends before the rollback, since both wait in the same queue.
"""

import asyncio
import os
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from microlith import Depends
from microlith.calls import Exits

T = TypeVar("T")

SCHEMA = """
PRAGMA foreign_keys = ON;
CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE, mail TEXT NOT NULL, password TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (digest BLOB PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts,
    text TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shares (
    note INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts, UNIQUE (note, account));
CREATE TABLE IF NOT EXISTS changes (id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts, data TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Settings:
    """What differs from one installation to the next."""

    database: Path
    mailbox: Path
    origins: tuple[str, ...] = ()
    scrypt_cost: int = 2**14  # with r=8 and p=5, as OWASP advises
    token_seconds: int = 7 * 24 * 3600

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read ``NOTES_DB``, ``NOTES_MAIL`` and ``NOTES_ORIGINS``."""
        return cls(
            Path(os.environ.get("NOTES_DB", "notes.db")),
            Path(os.environ.get("NOTES_MAIL", "notes.mbox")),
            tuple(os.environ.get("NOTES_ORIGINS", "").split()),
        )


class Store:
    """An open database, and who waits for changes in it."""

    def __init__(self, path: Path) -> None:
        self.turn = asyncio.Lock()
        self.thread = ThreadPoolExecutor(1, "notes-store")
        self.listeners: dict[int, set[asyncio.Event]] = defaultdict(set)
        self.connection = sqlite3.connect(
            path, timeout=2, isolation_level=None, check_same_thread=False
        )
        self.connection.row_factory = sqlite3.Row
        self.connection.executescript(SCHEMA)

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call a function in the thread of the connection."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, function, *args)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["Transaction"]:
        """Begin a transaction: kept at the end, undone by an exception."""
        work, keep = Transaction(self), False
        try:
            yield work
            keep = True
        finally:
            await work.end(keep)


class Transaction:
    """Statements that are kept together, or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._has_turn = False
        self._changed: set[int] = set()

    async def run(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run one statement, after waiting for a turn; return its rows."""
        if not self._has_turn:
            await self._store.turn.acquire()
            self._has_turn = True
            await self._store.call(self._execute, "BEGIN IMMEDIATE", ())
        return await self._store.call(self._execute, sql, values)

    def _execute(self, sql: str, values: Any) -> list[sqlite3.Row]:
        # SECURITY: CWE-89: values are bound, never written into the SQL.
        return self._store.connection.execute(sql, values).fetchall()

    def wake(self, account: int) -> None:
        """Tell who listens to this account, once the change is kept."""
        self._changed.add(account)

    async def end(self, keep: bool) -> None:
        """Commit or roll back, whatever happens to the caller meanwhile."""
        if self._has_turn:
            await asyncio.shield(self._end(keep))

    async def _end(self, keep: bool) -> None:
        try:
            await self._store.call(self._finish, keep)
        finally:
            self._has_turn = False
            self._store.turn.release()
        for account in self._changed if keep else ():
            for heard in self._store.listeners[account]:
                heard.set()

    def _finish(self, keep: bool) -> None:
        try:
            if keep:
                self._store.connection.commit()
        finally:
            self._store.connection.rollback()  # after a commit: nothing


async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Make the app's store: opened at the start, closed at the stop."""
    store = Store(settings.database)
    yield store
    await store.call(store.connection.close)
    store.thread.shutdown()


async def transaction(
    store: Store, exits: Exits
) -> AsyncIterator[Transaction]:
    """Make the transaction of a call; any answer from 400 on undoes it."""
    work = Transaction(store)
    try:
        yield work
    finally:
        await work.end(keep=not exits.failed)


Work = Annotated[Transaction, Depends(transaction)]
"""What a handler asks for to take part in the transaction of its call."""
