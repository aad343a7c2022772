"""An ASGI app around an ASGI app."""

from time import perf_counter

from microlith.types import ASGIApp, Message, Receive, Scope, Send


class Timed:
    """Add a Server-Timing header to the answers of ``app``."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        # TODO: hand the inner app a send of your own.
        await self.app(scope, receive, send)
