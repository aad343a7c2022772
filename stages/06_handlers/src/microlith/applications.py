"""The application: routes, and the one callable that the server calls.

An `App` is a `Router` that answers. For each HTTP request it asks its routes
who is meant, makes a `Request`, awaits the endpoint and sends what it returns.
An endpoint is a handler under the guard of the app's `ErrorMap`, with its
chain of middlewares around it: it always answers. What no route matches goes
to the ``fallback``, or is a 404.

Sits on top of the kernel: it may import everything in it, and nothing in it
may import this module.
"""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from microlith.answers import redirect_to_twin, wrong_method
from microlith.errors import ErrorHandler, ErrorMap, guard, produce, refusing
from microlith.exceptions import ClientDisconnect, ConfigurationError, NotFound
from microlith.handlers import compile_endpoint, inspect_handler
from microlith.middleware.chain import (
    Middleware,
    compile_chain,
    compile_layers,
    shared_start,
)
from microlith.mounts import Forwarded, child_scope, own_path
from microlith.requests import MAX_BODY, Request
from microlith.responses import Response
from microlith.routes import WEBSOCKET, Route
from microlith.routing import Router
from microlith.threads import Threads
from microlith.types import ASGIApp, Receive, Scope, Send

__all__ = ["App", "Handler"]

F = TypeVar("F", bound=ErrorHandler)
M = TypeVar("M")

Handler = Callable[..., Any]
"""What answers a request: a function whose signature says what it needs."""

Endpoint = Callable[[Request], Awaitable[Response]]

ROUTE_OPTIONS = frozenset(
    {"always_422", "max_body", "middleware", "status_code"}
)
"""What a route or router may be given besides its path, methods and name."""


NO_METHODS: dict[str, Route] = {}


class App(Router):
    """An ASGI application.

    ``fallback`` answers what no route matches (a 404 without one).
    ``max_body`` is the largest request body in bytes; routers and routes may
    set their own. With ``redirect_slashes`` a path that exists only with (or
    without) a slash at its end is answered by a 308 to that one. ``debug``
    shows tracebacks to the client: for your own machine only. ``threads`` is
    how many plain ``def`` handlers run at a time. ``options`` are those of a
    route, for every route: ``always_422=True`` answers 422 where a missing or
    unparsable input is otherwise a 400.
    """

    is_app = True

    def __init__(
        self,
        fallback: Handler | None = None,
        *,
        title: str = "Microlith",
        debug: bool = False,
        max_body: int = MAX_BODY,
        redirect_slashes: bool = False,
        threads: int = 40,
        **options: Any,
    ) -> None:
        super().__init__(max_body=max_body, middleware=(), **options)
        self.fallback = fallback
        self.title = title
        self.max_body = max_body
        self.redirect_slashes = redirect_slashes
        self.errors = ErrorMap(debug)
        self.threads = Threads(threads)
        self._host: bytes | None = None
        self._misses: dict[tuple[Route, ...], Endpoint] = {}
        self._layers: list[Callable[[ASGIApp], ASGIApp]] = []
        self._outermost: ASGIApp | None = None

    # --- declare -------------------------------------------------------------

    def exception_handler(
        self, key: type[Exception] | int
    ) -> Callable[[F], F]:
        """Register the decorated handler for an exception class or status.

        Raises ConfigurationError for a second handler of the same key.
        """
        self._check_open(f"The exception handler for {key!r}")

        def register(handler: F) -> F:
            self.errors.add(key, handler)
            return handler

        return register

    def add_middleware(self, middleware: M) -> M:
        """Put a middleware around every handler, inside of those added before.

        It is ``async def (request, call_next) -> Response``, an object called
        like that, or a `HookMiddleware`. Returns it, to be used as a
        decorator.
        """
        self._check_open(f"The middleware {middleware!r}")
        self.defaults["middleware"] = (
            *self.defaults["middleware"],
            middleware,
        )
        return middleware

    def wrap(self, layer: Callable[..., ASGIApp], **options: Any) -> None:
        """Put a pure-ASGI layer around the whole app, inside of those before.

        ``layer(app, **options)`` returns an ASGI app. It sees every connection
        as the server gives it: before routing, lifespan and WebSockets
        included.
        """
        self._check_open(f"The layer {layer!r}")
        self._layers.append(partial(layer, **options))

    # --- freeze: compile time ------------------------------------------------

    def freeze(self) -> None:
        """Check and compile every route, and close the app to further ones.

        Called by the server's startup or by the first request. Does no I/O and
        may be called again. Raises one ConfigurationError for all mistakes.
        """
        self._build(self)

    def _finish(self) -> None:
        """Compile what answers when no route does."""
        everywhere = self.defaults["middleware"]
        self._twin = self._endpoint(redirect_to_twin, everywhere)
        missing = refusing(NotFound, self.errors)
        respond = self.errors.respond
        self._missing = compile_chain(everywhere, missing, respond)
        if self.fallback is not None:
            # A fallback answers every method, so it may take a body.
            route = Route("/", ("*",), self.fallback, None, self.defaults)
            self._missing = self.compile_handler(route)

    def _endpoint(
        self, handler: Endpoint, middlewares: Sequence[Middleware]
    ) -> Endpoint:
        """Return a handler, guarded, in its chain."""
        endpoint = guard(handler, self.errors)
        return compile_chain(middlewares, endpoint, self.errors.respond)

    def compile_handler(self, route: Route) -> Endpoint:
        """Return what serves a route: its handler, compiled, in its chain."""
        check_options(route)
        operation = inspect_handler(route, self)
        endpoint = compile_endpoint(operation, self.errors, self.threads)
        chain = route.options["middleware"]
        return compile_chain(chain, endpoint, self.errors.respond)

    def compile_mount(self, route: Route) -> Endpoint:
        """Return what serves a mounted app: a response that forwards to it."""
        check_options(route)

        async def forward(request: Request) -> Response:
            scope = child_scope(request.scope, route.path)
            return Forwarded(route.handler, scope)

        return self._endpoint(forward, route.options["middleware"])

    # --- serve: request time -------------------------------------------------

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        inside: bool = False,
    ) -> None:
        """Serve one connection (ASGI 3.0, "Applications").

        ``inside`` is how the layers of `wrap` call what they stand around.
        Raises RuntimeError for a scope type that the specification does not
        name, so that a server never takes silence for an answer.
        """
        if self._layers and not inside:
            if self._outermost is None:
                app = partial(self.__call__, inside=True)
                self._outermost = compile_layers(app, self._layers)
            await self._outermost(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._serve_other(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        root = scope.get("root_path")
        if root:
            below = root[-1] != "/" and path.startswith(f"{root}/")
            path = path[len(root) :] if below else own_path(scope)
        route = self._static.get(path, NO_METHODS).get(method)
        params: dict[str, Any] = {}
        others: tuple[Route, ...] = ()
        # PERF: a path without parameters is found without a call: 0.1 us.
        if route is None:
            route, params, others = self.match(method, path)
        if route is not None:
            endpoint, limit = route.endpoint, route.options["max_body"]
        else:
            endpoint, limit = self._miss(path, others), self.max_body
        request = Request(
            scope, receive, self, route, params, limit, self._host
        )
        self._host = request.checked_host
        response: Response = await endpoint(request)
        if response.body is None:
            await produce(response, request, send, self.errors)
        elif type(response.error) is not ClientDisconnect:
            await send(
                {
                    "type": "http.response.start",
                    "status": response.status_code,
                    "headers": response.raw_headers,
                }
            )
            body = b"" if method == "HEAD" else response.body
            await send({"type": "http.response.body", "body": body})

    def _miss(self, path: str, others: tuple[Route, ...]) -> Endpoint:
        """Return what answers a path or method that no route has."""
        if others:
            if others not in self._misses:
                shared = shared_start(
                    [r.options["middleware"] for r in others]
                )
                self._misses[others] = self._endpoint(
                    wrong_method(others), shared
                )
            return self._misses[others]
        if self.redirect_slashes and self._has_twin(path):
            return self._twin
        return self._missing

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
    status = route.options.get("status_code")
    if status is not None and not (
        isinstance(status, int) and 200 <= status <= 599
    ):
        raise ConfigurationError(
            f"{route.where}: status_code is a number from 200 to 599, "
            f"not {status!r}."
        )
