"""Functions that block, run beside the event loop.

A plain ``def`` handler may sleep, read a file or call a database driver that
knows no ``await``. Run in the loop it would stop every other request, so it
runs in a pool of threads: a bounded one, since threads are not free either.

Knows nothing of requests.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from microlith.routes import is_plain

__all__ = ["Threads"]


class Threads:
    """At most ``limit`` threads, started when they are needed.

    A call that finds all of them busy waits for its turn. A thread cannot be
    cancelled: who gives up waiting for one leaves it running to its end.
    """

    def __init__(self, limit: int = 40) -> None:
        self.limit = limit
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call the function in a thread; return or raise what it does.

        It sees a copy of the caller's context variables.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.limit, "microlith")
        call = partial(copy_context().run, call_in_thread, function, *args)
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, call
        )

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return an ``async def`` that calls the function in a thread."""

        async def in_thread(*args: Any) -> Any:
            return await self.run(function, *args)

        return in_thread


def call_in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function whose StopIteration a future could not carry."""
    try:
        return function(*args)
    except StopIteration as error:
        raise RuntimeError(f"{function!r} raised StopIteration") from error


def needs_thread(function: Callable[..., Any]) -> bool:
    """Whether a handler is a plain ``def``, with no ``async def`` around."""
    return not iscoroutinefunction(function) and is_plain(function)
