"""Middlewares, put around an endpoint once, when the app is frozen.

A **middleware** is ``async def (request, call_next) -> Response``. A chain
binds each one to what follows it, from the inside out::

    link(timing) ── link(auth) ── endpoint
        │               │
        timing          auth

A link is an endpoint itself, so the outermost link is all that the app has to
call. Links keep one promise: they always answer. What a middleware raises
becomes a response in its own link, so `call_next` never raises an `Exception`,
and the code after it always runs. It runs in the request's own task: no
stream, no queue, nothing that a context variable could get lost in.

Must not know routing, the error map or the application.
"""

from collections.abc import Awaitable, Callable, Sequence
from inspect import isclass
from typing import Any, Protocol, runtime_checkable

from microlith.exceptions import ConfigurationError
from microlith.requests import Request
from microlith.responses import Response
from microlith.routes import is_plain, place_of
from microlith.types import ASGIApp

__all__ = ["CallNext", "Linked", "Middleware", "Respond", "compile_chain"]

CallNext = Callable[[Request], Awaitable[Response]]
"""The rest of the chain; it never raises Exception."""

Middleware = Callable[[Request, CallNext], Awaitable[Response]]
"""``async def (request, call_next) -> Response``: stands around a handler."""

Respond = Callable[[Request, Exception], Awaitable[Response]]
"""What turns an exception into a response: `ErrorMap.respond`."""


@runtime_checkable
class Linked(Protocol):
    """A middleware that builds its link itself, to save a call."""

    def link(self, call_next: CallNext, respond: Respond) -> CallNext:
        """Return an endpoint: this middleware around ``call_next``."""
        ...


def compile_chain(
    middlewares: Sequence[Any], endpoint: CallNext, respond: Respond
) -> CallNext:
    """Return the endpoint in these middlewares, the first outermost.

    Raises ConfigurationError for what cannot be a middleware.
    """
    if not isinstance(middlewares, list | tuple):
        raise ConfigurationError(
            f"middleware is a list: [{place_of(middlewares)}]."
        )
    for middleware in reversed(middlewares):
        check_middleware(middleware)
        if isinstance(middleware, Linked):
            endpoint = middleware.link(endpoint, respond)
        else:
            endpoint = bind(middleware, endpoint, respond)
    return endpoint


def bind(
    middleware: Middleware, call_next: CallNext, respond: Respond
) -> CallNext:
    """Return one link: the middleware, bound to what follows it."""

    async def link(request: Request) -> Response:
        try:
            response = await middleware(request, call_next)
            if isinstance(response, Response):
                return response
            raise not_a_response(middleware, response)
        except Exception as exc:
            return await respond(request, exc)

    return link


def not_a_response(middleware: object, value: object) -> TypeError:
    """Return the error for a middleware that forgot to return a response."""
    return TypeError(
        f"The middleware {place_of(middleware)} returned {value!r}, "
        "not a Response. Return what `await call_next(request)` gave."
    )


def check_middleware(middleware: Any) -> None:
    """Raise ConfigurationError for what cannot be a middleware."""
    if isclass(middleware):
        raise ConfigurationError(
            f"add_middleware() takes an instance: {middleware.__name__}(…). "
            "A class that takes an ASGI app goes to app.wrap()."
        )
    if isinstance(middleware, Linked):
        return
    if not callable(middleware):
        raise ConfigurationError(
            f"{middleware!r} is not a middleware: not callable."
        )
    if is_plain(middleware):
        raise ConfigurationError(
            f"The middleware {place_of(middleware)} is not `async def`; "
            "call_next has to be awaited."
        )


def compile_layers(
    app: ASGIApp, layers: Sequence[Callable[[ASGIApp], ASGIApp]]
) -> Any:
    """Return the app in these pure-ASGI layers, the first outermost."""
    for layer in reversed(layers):
        app = layer(app)
    return app


def shared_start(chains: Sequence[Sequence[Any]]) -> list[Any]:
    """Return the middlewares that all of these chains begin with."""
    shared = []
    for items in zip(*chains, strict=False):
        if any(item is not items[0] for item in items):
            break
        shared.append(items[0])
    return shared
