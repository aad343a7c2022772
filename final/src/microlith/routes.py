"""Routes as records: what was declared, and where.

A `Route` is a path template, methods, a handler and options; a `Mount` is a
whole app below a path. They say nothing about how a request finds them: that
is the business of `microlith.routing`.

Must not know requests, responses or the application: a handler is any object,
and what a route was given besides is one opaque mapping, its options.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from inspect import iscoroutinefunction, isfunction, ismethod, unwrap
from pathlib import PurePath
from typing import Any

__all__ = ["Mount", "Route", "Routes"]

ANY = "*"
"""The method of a mount: whatever the request's method is."""

WEBSOCKET = "(WEBSOCKET)"
"""The pseudo-method of a WebSocket route; never part of ``Allow``.

No request can have it as its method: parentheses are not allowed there.
"""


class Route:
    """One template, its methods and the handler behind them.

    ``path`` is the template as written, ``name`` what `url_for` calls it,
    ``where`` the place of the handler. ``options`` is what the route and the
    routers around it were given, merged. ``endpoint`` is what `compile` made
    of the handler when the app was frozen.
    """

    __slots__ = (
        "endpoint",
        "handler",
        "methods",
        "name",
        "names",
        "options",
        "path",
        "where",
    )

    def __init__(
        self,
        path: str,
        methods: Sequence[str],
        handler: Any,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        where: str | None = None,
    ) -> None:
        self.path = path
        self.methods = tuple(map(str.upper, methods))
        self.handler = handler
        self.name = name or str(
            getattr(unwrap_partial(handler), "__name__", "")
        )
        self.options: Mapping[str, Any] = options or {}
        self.where = where or place_of(handler)
        self.names: Sequence[str] = ()
        self.endpoint: Any = None

    def placed(self, prefix: str, options: Mapping[str, Any]) -> "Route":
        """Return this route as it stands below a prefix and its options."""
        merged = merge_options(options, self.options)
        return type(self)(
            prefix + self.path,
            self.methods,
            self.handler,
            self.name,
            merged,
            self.where,
        )

    def compile(self, context: Any) -> Any:
        """Return what serves this route; ``context`` is the app, or None."""
        return (
            self.handler if context is None else context.compile_handler(self)
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {','.join(self.methods)} {self.path}>"


class Mount(Route):
    """A whole ASGI app below a prefix, for every method and for WebSockets."""

    __slots__ = ()

    def compile(self, context: Any) -> Any:
        """Return what serves the mounted app."""
        return self.handler if context is None else context.compile_mount(self)


class Routes(tuple[Route, ...]):
    """The routes of an app; ``print(app.routes)`` is a table of them."""

    __slots__ = ()

    def __str__(self) -> str:
        rows = [(",".join(r.methods), r.path or "/", r.where) for r in self]
        widths = [
            max((len(row[i]) for row in rows), default=0) for i in (0, 1)
        ]
        return "\n".join(
            f"{methods:<{widths[0]}}  {path:<{widths[1]}}  {where}"
            for methods, path, where in rows
        )


def merge_options(
    outer: Mapping[str, Any], inner: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return both: lists add up, outer first; else the inner holds."""
    merged = dict(outer)
    for key, value in inner.items():
        around = outer.get(key, ())
        if isinstance(value, list | tuple):
            # A wrong outer value stays, for the app to refuse.
            listed = isinstance(around, list | tuple)
            value = (*around, *value) if listed else around
        merged[key] = value
    return merged


def unwrap_partial(handler: Any) -> Any:
    """Return the function below decorators and partials."""
    handler = unwrap(handler)
    while isinstance(handler, partial):
        handler = unwrap(handler.func)
    return handler


def is_plain(function: Any) -> bool:
    """Whether this is a ``def`` and surely no ``async def``."""
    function = unwrap_partial(function)
    if ismethod(function):
        function = function.__func__
    elif not isfunction(function):
        function = type(function).__call__
    return isfunction(function) and not iscoroutinefunction(function)


def place_of(handler: Any) -> str:
    """Return a handler's name and place: ``show (shop.py:12)``."""
    handler = unwrap_partial(handler)
    name = getattr(handler, "__qualname__", type(handler).__qualname__)
    called = (
        handler if hasattr(handler, "__code__") else type(handler).__call__
    )
    code = getattr(called, "__code__", None)
    if code is None:
        return str(name)
    name = name.rpartition("<locals>.")[2]
    return f"{name} ({PurePath(code.co_filename).name}:{code.co_firstlineno})"
