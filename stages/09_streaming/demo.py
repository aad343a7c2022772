"""Stage 09: answers that are made while they are sent.

Run it with ``uvicorn demo:app``, then ask with ``curl -N -i`` for
``/report.csv``, ``/clock``, ``/broken`` and ``/slow``, and send
``curl -X POST /orders/7``.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

from microlith import (
    App,
    BackgroundTasks,
    ServerSentEvent,
    StreamingResponse,
)

logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
log = logging.getLogger("demo")

app = App(title="Quarry", timeout=30)


@app.get("/report.csv")
async def report() -> StreamingResponse:
    """Send a table row by row, however long it is."""

    def rows() -> Iterator[str]:
        yield "stone,price\n"
        for number in range(1, 4):
            yield f"slab {number},{number * 12}\n"

    return StreamingResponse(rows(), media_type="text/csv")


@app.get("/clock")
async def clock() -> AsyncIterator[ServerSentEvent]:
    """Tell how much time has gone by, as events."""
    for tick in range(3):
        spent = timedelta(seconds=tick)
        yield ServerSentEvent({"spent": spent}, event="tick", id=str(tick))
        await asyncio.sleep(0.05)


@app.get("/broken")
async def broken() -> AsyncIterator[ServerSentEvent]:
    """Fail in the middle."""
    yield ServerSentEvent("so far so good")
    raise RuntimeError("the password is hunter2")


@app.get("/slow", timeout=0.1)
async def slow() -> str:
    """Take longer than there is time."""
    await asyncio.sleep(60)
    return "never"


@app.post("/orders/{number:int}", status_code=202)
async def order(number: int, tasks: BackgroundTasks) -> str:
    """Answer now, write the receipt later."""
    tasks.add_task(receipt, number)
    return "taken\n"


def receipt(number: int) -> None:
    """Stand for work that takes a while."""
    log.info("receipt for order %d", number)
