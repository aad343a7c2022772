"""Drives an ASGI app as a server would, without a server.

A `Call` is one HTTP request, a `Conversation` one WebSocket that sends a message
and waits for its echo before the next. Their `receive` and `send` do as little
as a server can do. What they cost is measured too, with an app that does
nothing but answer, and taken off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from benchmarks.scenarios import MESSAGE, Exchange, Refusal

__all__ = [
    "App",
    "Call",
    "Conversation",
    "Lifespan",
    "null_app",
    "scope_of",
    "time_requests",
    "time_websocket",
]

App = Callable[[Any, Any, Any], Awaitable[None]]

TIMEOUT = 30.0
"""After how many seconds of silence a WebSocket counts as hung."""


def scope_of(exchange: Exchange, wrong: Refusal | None = None) -> dict[str, Any]:
    """Return the scope that a server would make of an exchange."""
    path, query, body = exchange.path, exchange.query, exchange.body
    headers, method = dict(exchange.headers), exchange.method
    if wrong is not None:
        method = wrong.method or method
        path = path if wrong.path is None else wrong.path
        query = query if wrong.query is None else wrong.query
        body = body if wrong.body is None else wrong.body
        headers |= wrong.headers or {}
    fields = {"host": "localhost:8000", "user-agent": "benchmark", "accept": "*/*"}
    if body:
        fields["content-length"] = str(len(body))
    fields |= headers
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in fields.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    if exchange.websocket:
        scope |= {"type": "websocket", "scheme": "ws", "subprotocols": []}
        scope["headers"] += [
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
            (b"sec-websocket-version", b"13"),
        ]
        del scope["method"]
    return scope


class Call:
    """One request: gives the body once, keeps what is sent."""

    __slots__ = ("body", "ended", "given", "sent")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.given = False
        self.ended: asyncio.Future[None] | None = None
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        """Give the body; after that, wait until the answer is complete."""
        if not self.given:
            self.given = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self.is_complete():
            if self.ended is None or self.ended.done():
                self.ended = asyncio.get_running_loop().create_future()
            await self.ended
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Keep a message."""
        self.sent.append(message)
        if self.ended is not None and self.is_complete() and not self.ended.done():
            self.ended.set_result(None)

    def is_complete(self) -> bool:
        """Whether the last message of the answer has been sent."""
        if not self.sent or self.sent[-1]["type"] != "http.response.body":
            return False
        return not self.sent[-1].get("more_body", False)


class Conversation:
    """One WebSocket: sends ``count`` messages, each after the echo of the last."""

    __slots__ = ("connected", "count", "echoes", "given", "last", "waiter")

    def __init__(self, count: int) -> None:
        self.count = count
        self.connected = False
        self.given = 0
        self.echoes = 0
        self.last: Any = None
        self.waiter: asyncio.Future[None] | None = None

    async def receive(self) -> dict[str, Any]:
        """Give the handshake, the messages, and the end."""
        if not self.connected:
            self.connected = True
            return {"type": "websocket.connect"}
        while self.echoes < self.given:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        if self.given >= self.count:
            return {"type": "websocket.disconnect", "code": 1000}
        self.given += 1
        return {"type": "websocket.receive", "text": MESSAGE}

    async def send(self, message: dict[str, Any]) -> None:
        """Take an echo."""
        if message["type"] == "websocket.send":
            self.echoes += 1
            self.last = message
            if self.waiter is not None and not self.waiter.done():
                self.waiter.set_result(None)


class Lifespan:
    """Starts an app and stops it, if it speaks the protocol."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.outbox: asyncio.Queue[Any] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the app; raise RuntimeError if it cannot."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        run = self.app(scope, self.inbox.get, self.outbox.put)
        self.task = asyncio.ensure_future(run)
        await self.inbox.put({"type": "lifespan.startup"})
        answer = asyncio.ensure_future(self.outbox.get())
        await asyncio.wait(
            [self.task, answer], timeout=TIMEOUT, return_when="FIRST_COMPLETED"
        )
        if answer.done():
            message = answer.result()
            if message["type"] != "lifespan.startup.complete":
                raise RuntimeError(f"the app does not start: {message}")
        else:  # an app without lifespan
            answer.cancel()

    async def stop(self) -> None:
        """Stop the app."""
        if self.task is not None and not self.task.done():
            await self.inbox.put({"type": "lifespan.shutdown"})
            await asyncio.wait([self.task], timeout=TIMEOUT)


START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b""}


async def null_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with constants, so that what remains is the driver."""
    if scope["type"] == "websocket":
        await receive()
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": MESSAGE})
        return
    await send(START)
    await send(BODY)


async def time_requests(app: App, exchange: Exchange, count: int) -> float:
    """Return how many seconds this many requests take, one after another."""
    scope, body = scope_of(exchange), exchange.body
    headers = scope["headers"]
    start = perf_counter()
    for _ in range(count):
        call = Call(body)
        # A server makes a new scope for each request; an app may write into it.
        fresh = scope.copy()
        fresh["headers"] = headers.copy()
        fresh["state"] = {}
        await app(fresh, call.receive, call.send)
    return perf_counter() - start


async def time_websocket(app: App, exchange: Exchange, count: int) -> float:
    """Return how many seconds this many messages and echoes take."""
    start = perf_counter()
    conversation = Conversation(count)
    run = app(scope_of(exchange), conversation.receive, conversation.send)
    # A task: a framework that cancels its own must not cancel the driver's.
    await asyncio.wait_for(asyncio.ensure_future(run), 60 * TIMEOUT)
    spent = perf_counter() - start
    if conversation.echoes != count:
        raise RuntimeError(f"{conversation.echoes} echoes of {count} messages")
    return spent
