"""The application: routes, and the one callable that the server calls.

An `App` is a `Router` that answers. For each HTTP request it asks its routes
who is meant, makes a `Request`, awaits the handler and sends what it returns.
What no route matches goes to the ``fallback``, or is a 404.

Sits on top of the kernel: it may import everything in it, and nothing in it
may import this module.
"""

import difflib
from collections.abc import Awaitable, Callable

from microlith.answers import redirect_to_twin, wrong_method
from microlith.exceptions import (
    ConfigurationError,
    HTTPException,
    NotFound,
)
from microlith.mounts import Forwarded, child_scope, own_path
from microlith.requests import MAX_BODY, Request
from microlith.responses import Response, TextResponse
from microlith.routes import WEBSOCKET, Route, is_plain
from microlith.routing import Router
from microlith.types import Receive, Scope, Send

__all__ = ["App", "Handler"]

Handler = Callable[[Request], Awaitable[Response]]
"""What answers a request: ``async def handler(request) -> Response``."""

ROUTE_OPTIONS = frozenset({"max_body"})
"""What a route or router may be given besides its path, methods and name."""


class App(Router):
    """An ASGI application.

    ``fallback`` answers what no route matches (a 404 without one).
    ``max_body`` is the largest request body in bytes; routers and routes may
    set their own. With ``redirect_slashes`` a path that exists only with (or
    without) a slash at its end is answered by a 308 to that one.
    """

    is_app = True

    def __init__(
        self,
        fallback: Handler | None = None,
        *,
        title: str = "Microlith",
        max_body: int = MAX_BODY,
        redirect_slashes: bool = False,
    ) -> None:
        super().__init__(max_body=max_body)
        self.fallback = fallback
        self.title = title
        self.max_body = max_body
        self.redirect_slashes = redirect_slashes
        self._misses: dict[tuple[Route, ...], Handler] = {}

    # --- freeze: compile time ------------------------------------------------

    def freeze(self) -> None:
        """Check and compile every route, and close the app to further ones.

        Called by the server's startup or by the first request. Does no I/O and
        may be called again. Raises one ConfigurationError for all mistakes.
        """
        self._build(self)

    def compile_handler(self, route: Route) -> Handler:
        """Return what serves a route: here, its handler."""
        check_options(route)
        if is_plain(route.handler):
            raise ConfigurationError(
                f"{route.where}: the handler is not `async def`."
            )
        handler: Handler = route.handler
        return handler

    def compile_mount(self, route: Route) -> Handler:
        """Return what serves a mounted app: a response that forwards to it."""
        check_options(route)

        async def forward(request: Request) -> Response:
            scope = child_scope(request.scope, route.path)
            return Forwarded(route.handler, scope)

        return forward

    # --- serve: request time -------------------------------------------------

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one connection (ASGI 3.0, "Applications").

        Raises RuntimeError for a scope type that the specification does not
        name, so that a server never takes silence for an answer.
        """
        if scope["type"] != "http":
            await self._serve_other(scope, receive, send)
            return
        method, path = scope["method"], own_path(scope)
        route, params, others = self.match(method, path)
        if route is not None:
            endpoint, limit = route.endpoint, route.options["max_body"]
        else:
            endpoint, limit = self._miss(path, others), self.max_body
        request = Request(scope, receive, self, route, params, limit)
        try:
            if request.fault is not None:
                raise request.fault
            response = await endpoint(request)
        except HTTPException as error:
            response = TextResponse(
                error.detail, error.status_code, error.headers
            )
        await response(scope, receive, send)

    def _miss(self, path: str, others: tuple[Route, ...]) -> Handler:
        """Return what answers a path or method that no route has."""
        if others:
            if others not in self._misses:
                self._misses[others] = wrong_method(others)
            return self._misses[others]
        if self.redirect_slashes and self._has_twin(path):
            return redirect_to_twin
        return self.fallback or not_found

    def _has_twin(self, path: str) -> bool:
        """Whether the path exists with (or without) a slash at its end."""
        twin = path[:-1] if path.endswith("/") else path + "/"
        route, _, others = self.match("GET", twin)
        return route is not None or bool(others)

    async def _serve_other(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve what is not HTTP."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._serve_lifespan(receive, send)
        elif kind == "websocket":
            await self._serve_websocket(scope, receive, send)
        else:
            raise RuntimeError(
                f"Microlith does not speak the ASGI scope type {kind!r}; "
                "it speaks 'http', 'lifespan' and 'websocket'."
            )

    async def _serve_lifespan(self, receive: Receive, send: Send) -> None:
        """Freeze at startup: a mistake stops the server, not a request."""
        await receive()
        try:
            self.freeze()
        except ConfigurationError as error:
            await send(
                {"type": "lifespan.startup.failed", "message": str(error)}
            )
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve_websocket(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Hand a socket to the app that is mounted there, or turn it away."""
        route, _, _ = self.match(WEBSOCKET, own_path(scope))
        if route is not None:
            await route.handler(child_scope(scope, route.path), receive, send)
            return
        # SPEC: a close before the accept makes the server answer 403.
        await receive()
        await send({"type": "websocket.close"})


def check_options(route: Route) -> None:
    """Raise ConfigurationError for an option that cannot be meant."""
    unknown = sorted(set(route.options) - ROUTE_OPTIONS)
    if unknown:
        near = difflib.get_close_matches(unknown[0], ROUTE_OPTIONS, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigurationError(
            f"{route.where}: there is no option {unknown[0]!r}.{hint}"
        )
    limit = route.options["max_body"]
    if not isinstance(limit, int) or limit < 0:
        raise ConfigurationError(
            f"{route.where}: max_body is a number of bytes, not {limit!r}."
        )


async def not_found(request: Request) -> Response:
    """Answer for a path that no route has."""
    raise NotFound()
