"""Exercise 08.2: drain with a deadline of your own."""

import asyncio
import logging

from microlith import App
from microlith.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("drain")


class Drain:
    """Let the requests that are under way end before the app closes."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.active = 0
        self._ended = asyncio.Event()

    def install(self, app: App) -> None:
        """Stand around the app."""
        app.wrap(self.layer)

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return the app, with its requests counted and its stop held back."""

        async def around(scope: Scope, receive: Receive, send: Send) -> None:
            async def held() -> Message:
                message = await receive()
                if message["type"] == "lifespan.shutdown":
                    await self._wait()
                return message

            if scope["type"] == "lifespan":
                await app(scope, held, send)
            elif scope["type"] == "http":
                self.active += 1
                try:
                    await app(scope, receive, send)
                finally:
                    self.active -= 1
                    self._ended.set()
            else:
                await app(scope, receive, send)

        return around

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self.deadline):
                while self.active:
                    self._ended = asyncio.Event()
                    await self._ended.wait()
        except TimeoutError:
            log.warning("%d requests are left", self.active)
