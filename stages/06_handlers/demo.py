"""Stage 06: functions that say what they need.

Run it with ``uvicorn demo:app``, then ask for ``/items/7?verbose=yes``,
``/items/x`` and ``/report``, and POST ``{"name": "pen", "price": 2}`` to
``/items``, each with ``curl -i``.
"""

import time
from typing import Annotated

from pydantic import BaseModel

from microlith import App, Header, NotFound, Query

app = App(title="Shop")


class Item(BaseModel):
    """Something to sell."""

    name: str
    price: float


ITEMS = {7: Item(name="lamp", price=30)}


@app.get("/items/{item_id}")
async def show(item_id: int, verbose: bool = False) -> Item | str:
    """Show one item, as JSON or as a sentence."""
    if item_id not in ITEMS:
        raise NotFound(f"There is no item {item_id}")
    item = ITEMS[item_id]
    return f"{item.name} costs {item.price}\n" if verbose else item


@app.get("/items")
async def find(
    below: Annotated[float, Query(gt=0)] = 100,
    tag: list[str] = [],  # noqa: B006
    user_agent: Annotated[str, Header()] = "nobody",
) -> dict[str, object]:
    """Say what was asked for."""
    return {"below": below, "tags": tag, "asked by": user_agent}


@app.post("/items", status_code=201)
async def create(item: Item, copies: int = 1) -> tuple[int, Item] | Item:
    """Keep an item."""
    ITEMS[len(ITEMS) + 10] = item
    return (202, item) if copies > 100 else item


@app.get("/report")
def report() -> str:
    """Work slowly, in a thread."""
    time.sleep(0.05)
    return "All is well\n"
