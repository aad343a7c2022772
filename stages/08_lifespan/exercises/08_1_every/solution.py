"""Exercise 08.1: something every few seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from microlith import App

log = logging.getLogger("every")


class Every:
    """Call a function again and again while the app runs."""

    def __init__(
        self, seconds: float, function: Callable[[], Awaitable[Any]]
    ) -> None:
        self.seconds = seconds
        self.function = function

    def install(self, app: App) -> None:
        """Add the calls to the life of the app."""

        @asynccontextmanager
        async def calls() -> AsyncIterator[None]:
            task = asyncio.create_task(self._repeat(app.stopping))
            yield
            await task

        app.lifespan.enter(calls)

    async def _repeat(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self.function()
            except Exception:
                log.exception("The call failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.seconds)
