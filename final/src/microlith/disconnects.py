"""Clients that leave before their answer is complete.

A server tells it twice: `receive` gives ``http.disconnect``, and `send` may
raise an OSError. Either becomes a ClientDisconnect, once, where the work is.

Must not know responses.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import Any, TypeVar

from microlith.exceptions import ClientDisconnect
from microlith.requests import BODY_READ
from microlith.types import Message, Receive, Scope, Send

__all__ = ["Watch", "or_left"]

T = TypeVar("T")


def or_left(send: Send) -> Send:
    """Return a ``send`` that raises ClientDisconnect where it fails."""

    async def deliver(message: Message) -> None:
        try:
            await send(message)
        except OSError as error:  # SPEC: ASGI HTTP 2.4, "Disconnected Client"
            raise ClientDisconnect("The client left") from error

    return deliver


class Watch:
    """Awaits something, and cancels the task when the client leaves.

    The cancellation comes out as ClientDisconnect. Where a part of the
    request's body is still to be read, the client cannot be watched: the next
    event would be that part.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.left = False
        self._watcher: asyncio.Task[None] | None = None

    async def run(self, work: Awaitable[T]) -> T:
        """Return what ``work`` returns; raise what it raises."""
        cancelled = False
        try:
            return await first_wait(work, self._begin)
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            if self._watcher is not None:
                await self._end(self._watcher, cancelled)

    def _begin(self) -> None:
        """Begin to watch, if that is possible."""
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._before = task.cancelling()
        if BODY_READ in self.scope or not has_body(self.scope):
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

    async def _end(self, watcher: asyncio.Task[None], cancelled: bool) -> None:
        """Watch no more; raise ClientDisconnect if that was the end."""
        if not self.left:
            watcher.cancel()
            # PERF: a turn of the loop ends most; waiting costs 7 us more.
            await asyncio.sleep(0)
            if not watcher.done():
                await asyncio.wait([watcher])
        elif self._task.uncancel() <= self._before and cancelled:
            raise ClientDisconnect("The client left") from None


@coroutine
def first_wait(
    work: Awaitable[T], begin: Callable[[], None]
) -> Generator[Any, None, T]:
    """Await something, and call ``begin`` when it waits for the first time.

    What it yields then is the future that it waits for, and goes to the loop.
    """
    steps = work.__await__()
    try:
        future = next(steps)
        # PERF: what never waits cannot be cancelled; no task for it: 11 us.
        begin()
        while True:
            try:
                yield future
            except BaseException as error:
                future = steps.throw(error)
            else:
                future = next(steps)
    except StopIteration as end:
        value: T = end.value
        return value


def has_body(scope: Scope) -> bool:
    """Whether a request has a body (RFC 9112 §6)."""
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return True
        if name == b"content-length" and value != b"0":
            return True
    return False
