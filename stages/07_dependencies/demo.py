"""Stage 07: what a handler needs besides its input.

Run it with ``uvicorn demo:app``, then put something on the shelf::

    curl -i -X POST -H 'X-User: Ada' localhost:8000/items/chair
    curl -i -X POST -H 'X-User: Ada' localhost:8000/items/chair
    curl -i localhost:8000/items

The second one is a 409, and what it had written is taken back.
"""

from collections.abc import Iterator
from typing import Annotated

from microlith import App, Conflict, Depends, Header, Unauthorized
from microlith.calls import Exits

app = App()


class Shelf:
    """A table of rows, as a stand-in for a database."""

    def __init__(self) -> None:
        self.rows: list[str] = []


SHELF = Shelf()


def transaction(exits: Exits) -> Iterator[Shelf]:
    """Open the shelf; take back what was written if the call fails."""
    before = list(SHELF.rows)
    try:
        yield SHELF
    finally:
        if exits.failed:
            SHELF.rows = before


def current_user(x_user: Annotated[str, Header()] = "") -> str:
    """Say who asks."""
    if not x_user:
        raise Unauthorized("Say who you are in X-User")
    return x_user


app.provide(Shelf, transaction)
User = Annotated[str, Depends(current_user)]


@app.post("/items/{name}", status_code=201)
async def add(name: str, user: User, shelf: Shelf) -> dict[str, str]:
    """Put something on the shelf."""
    shelf.rows.append(name)
    if shelf.rows.count(name) > 1:
        raise Conflict(f"There is a {name} already")
    return {"added": name, "by": user}


@app.get("/items")
async def items(shelf: Shelf) -> list[str]:
    """Show the shelf."""
    return shelf.rows
