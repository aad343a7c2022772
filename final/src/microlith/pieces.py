"""The pieces of a body, from an iterable of any kind.

Whoever sends them sees one async iterator. A plain iterator may block at each
step, so it is stepped in a thread; what is there already is not.

Knows nothing of HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from microlith.threads import Threads

__all__ = ["iterate"]

END: Any = object()
"""What an iterator gives that has come to its end."""


def iterate(content: Any, threads: Threads) -> AsyncIterator[Any]:
    """Return an async iterator over an iterable of any kind."""
    if hasattr(content, "__aiter__"):
        return aiter(content)
    if isinstance(content, list | tuple):
        return at_hand(content)
    return Steps(iter(content), threads)


async def at_hand(pieces: Iterable[Any]) -> AsyncIterator[Any]:
    """Yield what is there already."""
    for piece in pieces:
        yield piece


class Steps:
    """A plain iterator, stepped in threads, one step at a time."""

    def __init__(self, iterator: Any, threads: Threads) -> None:
        self.iterator = iterator
        self.threads = threads
        self._step: asyncio.Future[Any] | None = None

    def __aiter__(self) -> "Steps":
        return self

    async def __anext__(self) -> Any:
        run = self.threads.run(next, self.iterator, END)
        self._step = asyncio.ensure_future(run)
        piece = await asyncio.shield(self._step)
        if piece is END:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Close the iterator, once the step that is under way has ended."""
        if self._step is not None and not self._step.done():
            await asyncio.wait([self._step])
        await close(self.iterator, self.threads)


async def close(iterator: Any, threads: Threads) -> None:
    """Close an iterator of any kind, if it can be closed."""
    if hasattr(iterator, "aclose"):
        await iterator.aclose()
    elif hasattr(iterator, "close"):
        await threads.run(iterator.close)
