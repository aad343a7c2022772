"""Exercise 09.2: one source, many listeners."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any


class Broadcast:
    """Gives each item to everybody who listens."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self._queues: set[asyncio.Queue[Any]] = set()

    def __len__(self) -> int:
        return len(self._queues)

    def publish(self, item: Any) -> None:
        """Give an item to each listener; drop those that are too slow."""
        for queue in list(self._queues):
            try:
                queue.put_nowait(item)
            except asyncio.QueueFull:
                self._queues.discard(queue)

    async def listen(self) -> AsyncIterator[Any]:
        """Yield what is published from now on."""
        queue: asyncio.Queue[Any] = asyncio.Queue(self.size)
        self._queues.add(queue)
        try:
            while queue in self._queues or not queue.empty():
                yield await queue.get()
        finally:
            self._queues.discard(queue)
