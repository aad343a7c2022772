"""Stage 08: what an app opens before it serves, and closes after.

Run it with ``uvicorn demo:app``, ask for ``/items/2`` and ``/report``, and
press Ctrl-C: the lines come out in reverse.
"""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass

from microlith import App, HTTPException

app = App(title="Shop")


@dataclass
class Settings:
    """What the app is told from outside."""

    database: str = ":memory:"


class Reports:
    """What takes long to prepare, and few ask for."""


def settings() -> Settings:
    """Read the settings."""
    return Settings()


async def database(settings: Settings) -> AsyncIterator[sqlite3.Connection]:
    """Open the database once, and close it at the stop."""
    connection = sqlite3.connect(settings.database)
    connection.execute("CREATE TABLE items (id INTEGER, name TEXT)")
    connection.execute("INSERT INTO items VALUES (1, 'nut'), (2, 'bolt')")
    print("database open")
    yield connection
    connection.close()
    print("database closed")


async def reports(database: sqlite3.Connection) -> AsyncIterator[Reports]:
    """Prepare the reports when somebody asks for one."""
    print("reports ready")
    yield Reports()
    print("reports closed")


# The order of these lines says nothing: what needs what does.
app.provide(Reports, reports, lifetime="app", lazy=True)
app.provide(sqlite3.Connection, database, lifetime="app")
app.provide(Settings, settings, lifetime="app")


@app.on_startup
def hello() -> None:
    """Say that the app is about to serve."""
    print("starting")


@app.on_shutdown
def goodbye() -> None:
    """Say that it has served."""
    print("stopped")


@app.get("/items/{item_id:int}")
async def show(item_id: int, database: sqlite3.Connection) -> dict[str, str]:
    """Show one item."""
    query = "SELECT name FROM items WHERE id = ?"
    row = database.execute(query, (item_id,)).fetchone()
    if row is None:
        raise HTTPException(404, f"There is no item {item_id}")
    return {"name": row[0]}


@app.get("/report")
async def report(reports: Reports) -> str:
    """Show the report."""
    return f"{type(reports).__name__} are ready\n"
