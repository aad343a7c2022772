"""The application: the one callable that the server calls.

At this stage an `App` holds a single handler. It answers each HTTP request
with what the handler returns, says yes to the server's startup and shutdown,
and turns WebSockets away. Everything that later stages add (routes, errors,
middleware) goes between `App.__call__` and the handler.
"""

from collections.abc import Awaitable, Callable

from microlith.requests import Request
from microlith.responses import Response
from microlith.types import Receive, Scope, Send

__all__ = ["App", "Handler"]

Handler = Callable[[Request], Awaitable[Response]]
"""What answers a request: ``async def handler(request) -> Response``."""


class App:
    """An ASGI application that answers every request with one handler.

    ``fallback`` is that handler; without one, every request is a 404.
    """

    __slots__ = ("fallback",)

    def __init__(self, fallback: Handler | None = None) -> None:
        self.fallback = fallback

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one connection (ASGI 3.0, "Applications").

        Raises RuntimeError for a scope type that the specification does not
        name, so that a server never takes silence for an answer.
        """
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "lifespan":
            await self._serve_lifespan(receive, send)
        elif kind == "websocket":
            await self._refuse_websocket(receive, send)
        else:
            raise RuntimeError(
                f"Microlith does not speak the ASGI scope type {kind!r}; "
                "it speaks 'http', 'lifespan' and 'websocket'."
            )

    async def _serve_http(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one request."""
        if self.fallback is None:
            response = Response("Not Found", status_code=404)
        else:
            response = await self.fallback(Request(scope, receive))
        await response(scope, receive, send)

    async def _serve_lifespan(self, receive: Receive, send: Send) -> None:
        """Answer the server's startup and shutdown."""
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _refuse_websocket(self, receive: Receive, send: Send) -> None:
        """Close before accepting; the server then answers 403."""
        await receive()
        await send({"type": "websocket.close"})
