"""Live updates: each change as it happens, in either of two ways.

Both read the table of changes: a slow client is served at its own pace out of
the database, and one that was away goes on where it left off. The wake-up is
for this process alone; what another one writes is found within `POLL`.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any

from microlith import (
    App,
    Depends,
    EventStream,
    Header,
    HTTPConnection,
    Query,
    Router,
    ServerSentEvent,
    TooManyRequests,
    WebSocket,
    WebSocketException,
)
from notes.security import CurrentUser, User, is_valid
from notes.store import Store

MOST_STREAMS = 8
"""How many streams and sockets an account may have open at a time."""

POLL = 1.0
"""How many seconds a feed sleeps at most: then it looks for the stop, too."""

NEWEST = "SELECT coalesce(max(id), 0) FROM changes"
NEWER = """
SELECT id, data FROM changes WHERE account = ? AND id > ? ORDER BY id LIMIT 100
"""

router = Router()


@contextmanager
def stopping_at_signal(app: App) -> Iterator[None]:
    """Set ``app.stopping`` as soon as the server is told to stop.

    uvicorn lets an app know when the last response has ended, and a stream
    ends when the app stops: each would wait for the other.
    """
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def stop(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(app.stopping.set)
        if callable(before[number]):
            before[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, stop)
    yield
    for told, handler in before.items():
        signal.signal(told, handler)


@dataclass
class Feed:
    """The changes for one client."""

    store: Store
    user: User
    heard: asyncio.Event
    stopping: asyncio.Event

    async def changes(self, after: int | None) -> AsyncIterator[Any]:
        """Yield rows ``id, data`` until the token ends or the app stops."""
        while not self.stopping.is_set():
            self.heard.clear()
            async with self.store.begin() as work:
                if not await is_valid(work, self.user):
                    return
                if after is None:
                    after = (await work.run(NEWEST))[0][0]
                rows = await work.run(NEWER, self.user.id, after)
            for row in rows:
                yield row
                after = row["id"]
            if not rows:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.heard.wait(), POLL)


async def open_feed(
    connection: HTTPConnection, store: Store, user: CurrentUser
) -> AsyncIterator[Feed]:
    """Make the feed of a stream or a socket; 429 for one too many."""
    listeners = store.listeners[user.id]
    if len(listeners) >= MOST_STREAMS:
        raise TooManyRequests(f"{MOST_STREAMS} streams are open already")
    heard = asyncio.Event()
    listeners.add(heard)
    try:
        yield Feed(store, user, heard, connection.app.stopping)
    finally:
        listeners.discard(heard)


FeedOfCall = Annotated[Feed, Depends(open_feed)]


@router.get("/events")
async def stream_events(
    feed: FeedOfCall,
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
) -> EventStream:
    """Send each change as a server-sent event."""

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for row in feed.changes(last_event_id):
            number = str(row["id"])
            yield ServerSentEvent(row["data"], event="change", id=number)

    return EventStream(events())


@router.websocket("/live", max_message=64)
async def live(
    socket: WebSocket,
    feed: FeedOfCall,
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> None:
    """Send each change as a message; the client says nothing."""
    await socket.accept("notes" if "notes" in socket.subprotocols else None)
    both = [
        asyncio.create_task(send_changes(socket, feed, after)),
        asyncio.create_task(socket.receive_text()),
    ]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            if task.done():
                task.result()  # raises what ended it: the client left, say
        raise WebSocketException(1008, "Only updates are sent here")
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def send_changes(
    socket: WebSocket, feed: Feed, after: int | None
) -> None:
    """Send changes until there is no more right to them."""
    async for row in feed.changes(after):
        await socket.send_text(f'{{"id":{row["id"]},"change":{row["data"]}}}')
    if not feed.stopping.is_set():
        raise WebSocketException(4401, "Log in again")
    raise WebSocketException(1012, "The server is stopping")
