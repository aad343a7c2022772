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
        began = perf_counter()

        async def timed_send(event: Message) -> None:
            if event["type"] == "http.response.start":
                spent = int((perf_counter() - began) * 1000)
                extra = (b"server-timing", b"app;dur=%d" % spent)
                event = {**event, "headers": [*event["headers"], extra]}
            await send(event)

        await self.app(scope, receive, timed_send)
