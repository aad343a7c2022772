"""The app that every server serves: one endpoint for each thing to be shown.

Each writes what cannot be seen from outside (the start, the stop, a client that
left) as a line into the file that ``INTEROP_NOTES`` names.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel

from microlith import (
    App,
    BackgroundTasks,
    EventStream,
    Request,
    ServerSentEvent,
    StreamingResponse,
    Unauthorized,
    WebSocket,
)

__all__ = ["app", "note"]


def note(line: str) -> None:
    """Write one line to the notes of this run."""
    with Path(os.environ["INTEROP_NOTES"]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """Note the start and the stop."""
    note("started")
    yield
    note("stopped")


app = App(lifespan=lifespan)
gate = asyncio.Event()


class Item(BaseModel):
    """What is posted."""

    name: str
    price: float


@app.get("/")
async def home() -> dict[str, str]:
    """Answer JSON."""
    return {"hello": "world"}


@app.get("/items/{item_id:int}")
async def show(item_id: int, tag: str = "none") -> dict[str, object]:
    """Answer what was read from path and query."""
    return {"item_id": item_id, "tag": tag}


@app.post("/items", status_code=201)
async def create(item: Item) -> Item:
    """Answer the body that was validated."""
    return item


@app.post("/size", max_body=4_000_000)
async def size(request: Request) -> dict[str, int]:
    """Answer how long a body is that comes in pieces."""
    return {"size": len(await request.body())}


@app.post("/open")
async def let_through() -> None:
    """Let the streams that wait go on."""
    gate.set()


@app.get("/stream")
async def stream() -> StreamingResponse:
    """Send one piece, and the other when `let_through` was called."""
    return StreamingResponse(pieces())


async def pieces() -> AsyncIterator[str]:
    """Yield twice; wait in between."""
    gate.clear()
    yield "one"
    await gate.wait()
    yield "two"


@app.get("/events")
async def events() -> EventStream:
    """Send events: one, and the other when `let_through` was called."""

    async def found() -> AsyncIterator[ServerSentEvent]:
        async for piece in pieces():
            yield ServerSentEvent({"piece": piece}, event="piece")

    return EventStream(found())


@app.get("/endless")
async def endless() -> StreamingResponse:
    """Stream until the client leaves, and note that it did."""

    async def ticks() -> AsyncIterator[str]:
        try:
            while True:
                yield "tick\n"
                await asyncio.sleep(0.02)
        finally:
            note("client left")

    return StreamingResponse(ticks())


@app.get("/after")
async def after(tasks: BackgroundTasks) -> str:
    """Answer at once, and note something later."""

    async def work() -> None:
        await gate.wait()
        note("worked")

    gate.clear()
    tasks.add_task(work)
    return "begun"


@app.get("/boom")
async def boom() -> None:
    """Raise what nobody expects."""
    raise RuntimeError("on purpose")


@app.websocket("/echo")
async def echo(socket: WebSocket, prefix: str = "") -> None:
    """Send back what comes; ``bye`` closes with a code of ours."""
    wanted = "echo.v1" if "echo.v1" in socket.subprotocols else None
    await socket.accept(wanted, headers={"X-Room": "echo"})
    async for text in socket.iter_text():
        if text == "bye":
            await socket.close(4001, "as you wish")
            break
        await socket.send_text(prefix + text)


@app.websocket("/members")
async def members(socket: WebSocket) -> None:
    """Refuse the handshake."""
    raise Unauthorized("members only")
