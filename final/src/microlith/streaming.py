"""Responses whose body is made while it is sent.

The pieces come from an iterator, plain or async, and each waits until the
server has taken the one before: a slow client slows the iterator down, and
memory stays flat. A client that leaves cancels it. Server-sent events are a
stream of text with rules of its own (WHATWG HTML §9.2).

Must not know routing or the application.
"""

import asyncio
import re
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from pydantic_core import to_json

from microlith.exceptions import ClientDisconnect, HTTPException, phrase
from microlith.pieces import END, close, iterate
from microlith.requests import BODY_READ
from microlith.responses import LENGTHS, TEXT, Response
from microlith.threads import Threads
from microlith.types import Message, Receive, Scope, Send

__all__ = ["EventStream", "ServerSentEvent", "StreamingResponse"]

OCTETS = (b"content-type", b"application/octet-stream")

SHARED_THREADS = Threads()
"""Where plain iterators are stepped that no app has made."""


class StreamingResponse(Response):
    """A body from an iterable of ``bytes`` or ``str`` (sent as UTF-8).

    The status goes out with the first piece, so that an error before it is
    still answered as one. Without a ``media_type`` the first piece decides:
    text/plain for ``str``, application/octet-stream for ``bytes``. A plain
    iterator is stepped in a thread. Read the request's body, if you want it,
    before or inside of the iterator.
    """

    __slots__ = ("content", "threads")

    def __init__(
        self,
        content: Iterable[bytes | str] | AsyncIterable[bytes | str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(None, status_code, None, media_type)
        # Nobody knows the length of what is not made yet.
        if LENGTHS[0] in self.raw_headers:
            self.raw_headers.remove(LENGTHS[0])
        if headers:
            self.headers.update(headers)
        self.body = None
        self.content = content
        self.threads = SHARED_THREADS

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send the pieces as they come; raise ClientDisconnect if it left."""
        if scope["method"] == "HEAD":
            await self.start(send)
            if isinstance(self.content, Iterator | AsyncIterator):
                await close(self.content, self.threads)
        else:
            pieces = iterate(self.content, self.threads)
            try:
                async with Watch(scope, receive):
                    started = await self.send_pieces(pieces, send)
                if not started:
                    await self.start(send)
            finally:
                await close(pieces, self.threads)
        await send({"type": "http.response.body", "body": b""})

    async def send_pieces(
        self, pieces: AsyncIterator[Any], send: Send
    ) -> bool:
        """Send each piece; return whether there was one."""
        piece = await anext(pieces, END)
        if piece is END:
            return False
        body = self.encode(piece)
        self.settle_type(piece)
        try:
            await self.start(send)
            await send(body_event(body))
        except OSError as error:  # SPEC: ASGI HTTP 2.4, "Disconnected Client"
            raise ClientDisconnect("The client left") from error
        # PERF: who stands in between has seen the start, and bytes need no
        # encoding: two calls less a piece, 0.3 us.
        deliver = getattr(send, "onward", send)
        plain = type(self).encode is StreamingResponse.encode
        ready = bytes if plain else None
        async for piece in pieces:
            if type(piece) is not ready:
                piece = self.encode(piece)
            try:
                await deliver(
                    {
                        "type": "http.response.body",
                        "body": piece,
                        "more_body": True,
                    }
                )
            except OSError as error:
                raise ClientDisconnect("The client left") from error
        return True

    async def start(self, send: Send) -> None:
        """Send status and headers."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )

    def settle_type(self, piece: object) -> None:
        """Take the type of the body from its first piece, if it has none."""
        for name, _ in self.raw_headers:
            if name == b"content-type":
                return
        self.raw_headers.append(TEXT if isinstance(piece, str) else OCTETS)

    def encode(self, piece: Any) -> bytes:
        """Return one piece as bytes; TypeError for what is neither."""
        if isinstance(piece, str):
            return piece.encode()
        if isinstance(piece, bytes | bytearray | memoryview):
            return bytes(piece)
        raise TypeError(
            f"A stream yields bytes or str, not {type(piece).__name__}: "
            f"{piece!r:.80}"
        )


def or_left(send: Send) -> Send:
    """Return a ``send`` that raises ClientDisconnect where it fails."""

    async def deliver(message: Message) -> None:
        try:
            await send(message)
        except OSError as error:  # SPEC: ASGI HTTP 2.4, "Disconnected Client"
            raise ClientDisconnect("The client left") from error

    return deliver


def body_event(body: bytes) -> Message:
    """Return the event for one piece of a body that goes on."""
    return {"type": "http.response.body", "body": body, "more_body": True}


# --- server-sent events ------------------------------------------------------

_is_line_end = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; ``data`` is text, or anything that JSON can hold.

    ``event`` is its type, ``id`` what a browser sends as Last-Event-ID when
    it comes back, ``retry`` how many milliseconds it waits before that.
    Raises ValueError for an ``event`` or ``id`` that would break the line.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("event", self.event), ("id", self.id)):
            # SECURITY: a line end in a field would start another field.
            if value is not None and set(str(value)) & set("\r\n\0"):
                raise ValueError(f"{name}={value!r} has a line end or a NUL")
        retry = self.retry
        if retry is not None and (type(retry) is not int or retry < 0):
            raise ValueError(f"retry={retry!r} is no whole number from 0 on")

    def encode(self) -> bytes:
        """Return the event as it is sent."""
        named = {"event": self.event, "id": self.id, "retry": self.retry}
        lines = [f"{k}: {v}" for k, v in named.items() if v is not None]
        if self.data is not None:
            text = self.data
            if not isinstance(text, str):
                text = to_json(text, inf_nan_mode="null").decode()
            lines += [f"data: {line}" for line in _is_line_end.split(text)]
        return ("\n".join(lines) + "\n\n").encode()


class EventStream(StreamingResponse):
    """Server-sent events from an iterable of events, or of their data.

    Starts at once. After ``ping`` seconds without an event a comment keeps
    the connection alive (None: never). An exception in the iterable is told
    to the client as ``event: error``, without details, before the connection
    is cut; an `HTTPException` with its status and detail.
    """

    __slots__ = ("ping",)
    content_type = (b"content-type", b"text/event-stream")

    def __init__(
        self,
        content: Iterable[Any] | AsyncIterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        ping: float | None = 15.0,
    ) -> None:
        if ping is not None and not ping > 0:
            raise ValueError(f"ping={ping!r} is no number of seconds above 0")
        super().__init__(content, status_code)
        # Neither a cache nor a proxy (nginx) may hold events back.
        self.headers["cache-control"] = "no-store"
        self.headers["x-accel-buffering"] = "no"
        self.headers.update(headers or {})
        self.ping = ping

    async def send_pieces(
        self, pieces: AsyncIterator[Any], send: Send
    ) -> bool:
        """Send each event, comments between them, and an error at the end."""
        send = or_left(send)
        await self.start(send)
        await send(body_event(b""))
        beat = Heartbeat(send, self.ping)
        try:
            async for piece in pieces:
                await beat.send(body_event(self.encode(piece)))
        except ClientDisconnect:
            raise
        except Exception as error:
            await send(body_event(error_event(error).encode()))
            raise
        finally:
            await beat.stop()
        return True

    def encode(self, piece: Any) -> bytes:
        """Return one event as bytes."""
        if not isinstance(piece, ServerSentEvent):
            return ServerSentEvent(piece).encode()
        return piece.encode()


def error_event(error: Exception) -> ServerSentEvent:
    """Return the event that tells a client that the stream has failed."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    data = {"status": status, "title": phrase(status)}
    if isinstance(error, HTTPException):
        data["detail"] = error.detail
    return ServerSentEvent(data, event="error")


class Heartbeat:
    """Sends a comment whenever nothing was sent for a while."""

    def __init__(self, send: Send, pause: float | None) -> None:
        self._send = send
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._task = self._loop.create_task(self._beat()) if pause else None

    async def send(self, message: Message) -> None:
        """Send an event, and put the next comment off."""
        await self._send(message)
        self._last = self._loop.time()

    async def _beat(self) -> None:
        """Send comments for ever."""
        pause = self._pause or 0.0
        while True:
            await asyncio.sleep(self._last + pause - self._loop.time())
            if self._loop.time() >= self._last + pause:
                with suppress(ClientDisconnect):  # the stream will notice
                    await self.send(body_event(b": ping\n\n"))

    async def stop(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])


# --- clients -----------------------------------------------------------------


class Watch:
    """Cancels the task inside of it when the client leaves.

    The cancellation comes out as ClientDisconnect. Where a part of the
    request's body is still to be read, the client cannot be watched: the next
    event would be that part.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.receive = receive
        self.left = False
        self._watcher: asyncio.Task[None] | None = None
        self._watches = BODY_READ in scope or not has_body(scope)

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._before = task.cancelling()
        if self._watches:
            # PERF: no task for what never waits, and so could not be cancelled
            # anyway: the loop begins to watch when its turn comes: 10 us.
            loop = asyncio.get_running_loop()
            self._turn = loop.call_soon(self._begin)

    def _begin(self) -> None:
        """Begin to watch."""
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        """Wait for the client to leave, and cancel the task then."""
        try:
            while (await self.receive())["type"] != "http.disconnect":
                continue
        except Exception:
            return  # a server that has nothing more to say
        self.left = True
        self._task.cancel()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._watches:
            return
        self._turn.cancel()
        if self._watcher is None:
            return
        if not self.left:
            self._watcher.cancel()
            # PERF: a turn of the loop ends most; waiting costs 7 us more.
            await asyncio.sleep(0)
            if not self._watcher.done():
                await asyncio.wait([self._watcher])
            return
        if self._task.uncancel() <= self._before and isinstance(
            error, asyncio.CancelledError
        ):
            raise ClientDisconnect("The client left") from None


def has_body(scope: Scope) -> bool:
    """Whether a request has a body (RFC 9112 §6)."""
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return True
        if name == b"content-length" and value != b"0":
            return True
    return False
