"""One ASGI app below a path of another.

The path of a request is never cut: ``root_path`` says how much of it the apps
further up have used (ASGI HTTP, "Connection Scope"), and each app looks at
what comes after. So a mounted app, ours or any other, still knows its full
path.

Must not know the application.
"""

from microlith.responses import Response
from microlith.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Forwarded"]


def own_path(scope: Scope) -> str:
    """Return the path below ``root_path``, where the app itself begins.

    The root is taken off at a segment's boundary only: ``/api`` is no root of
    ``/apis``. A server that leaves the root out of the path is understood too.
    """
    path: str = scope["path"]
    root = scope.get("root_path", "").rstrip("/")
    if root and path.startswith(root):
        rest = path[len(root) :]
        if not rest or rest[0] == "/":
            return rest or "/"
    return path


def child_scope(scope: Scope, prefix: str) -> Scope:
    """Return the scope of an app mounted at a prefix."""
    root = scope.get("root_path", "").rstrip("/")
    path = root + own_path(scope)
    return {**scope, "path": path, "root_path": root + prefix}


class Forwarded(Response):
    """The answer of a mounted app, which makes it while it is sent.

    Headers that are set on it are added to those of the mounted app.
    """

    __slots__ = ("app", "scope")

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        super().__init__()
        self.app = app
        self.scope = scope
        self.body = None
        self.raw_headers.clear()

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let the mounted app answer."""

        async def send_with_headers(message: Message) -> None:
            if self.raw_headers and message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *self.raw_headers]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(self.scope, receive, send_with_headers)
