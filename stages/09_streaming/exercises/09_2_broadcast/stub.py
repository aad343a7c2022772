"""Exercise 09.2: one source, many listeners."""

from collections.abc import AsyncIterator
from typing import Any


class Broadcast:
    """Gives each item to everybody who listens."""

    def __init__(self, size: int = 10) -> None:
        self.size = size

    def __len__(self) -> int:
        # TODO: count those that listen.
        return 0

    def publish(self, item: Any) -> None:
        """Give an item to each listener; drop those that are too slow."""
        # TODO: never wait for anybody.

    async def listen(self) -> AsyncIterator[Any]:
        """Yield what is published from now on."""
        # TODO: wait for items, and be forgotten in the end.
        return
        yield
