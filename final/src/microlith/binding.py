"""Which source each parameter of a handler reads.

In this order, decided once, when the app is frozen:

1. a marker: ``Annotated[int, Query(ge=1)]``, or in place of the default
2. a name that the route's path has
3. a type that is injected: what the app provides, the request itself, or a
   class with ``__source__``
4. a parameter called ``request`` that has no annotation
5. a scalar, or a list of scalars: the query
6. every other type: the body

(5 and 6 exclude each other, so their order says nothing.)

Must not know the application.
"""

import difflib
from dataclasses import replace
from typing import Any, get_args
from uuid import UUID

from microlith.calls import Exits
from microlith.kinds import bare, is_list, is_scalar
from microlith.params import (
    Body,
    Computed,
    Path,
    Query,
    Reader,
    Scalar,
    Source,
)
from microlith.paths import Template
from microlith.routes import Route
from microlith.signatures import EMPTY, Parameter, read_parameters

__all__ = ["ROOT", "Binder"]


class Root:
    """The reader of the request (or socket) itself."""


ROOT = Root()
"""Stands for the request itself among the readers."""

MAKES = {"int": int, "uuid": UUID, "float": float, "str": str, "path": str}
"""The types of what the converters of a path make."""

CONVERTED = {"int": "an int", "uuid": "a UUID", "float": "a float"}
"""What the converters of a path make of a segment."""

HINTS = {
    "starlette.requests.Request": "Import Request from microlith.",
    "starlette.websockets.WebSocket": "Import WebSocket from microlith.",
    "starlette.background.BackgroundTasks": (
        "Import BackgroundTasks from microlith."
    ),
    "fastapi.background.BackgroundTasks": (
        "Import BackgroundTasks from microlith."
    ),
    "sqlalchemy.ext.asyncio.session.AsyncSession": (
        "Inject a session with Depends(…) or app.provide(AsyncSession, …)."
    ),
}
"""What to do about types that are known, and not known here."""


class Binder:
    """Binds the parameters of one route's handler, and its dependencies'.

    ``root`` is the class of what the handler is called for: `Request`.
    """

    def __init__(self, route: Route, root: type, context: Any) -> None:
        self.route = route
        self.root = root
        self.context = context
        template = Template(route.path or "/")
        self.kinds = dict(zip(template.names, template.kinds, strict=True))

    def explicit(self, parameter: Parameter) -> Reader | None:
        """Return the reader that a marker or the path names, or None."""
        marker = find_marker(parameter)
        if marker is not None:
            reader = marker.bind(parameter, self.context)
            return self.checked(reader)
        if parameter.name in self.kinds:
            return self.checked(Path().bind(typed(parameter), self.context))
        return None

    def implicit(self, parameter: Parameter) -> Reader | Root:
        """Return the reader that a parameter's type stands for, or ROOT."""
        kind = bare(parameter.annotation)
        if kind in self.root.__mro__[:-1]:
            return ROOT
        if kind is Exits:
            return Computed(parameter, exits_of)
        source = getattr(kind, "__source__", None)
        if isinstance(source, Source):
            return source.bind(parameter, self.context)
        if parameter.annotation is EMPTY and parameter.name == "request":
            return ROOT
        self.check_known(parameter, kind)
        return self.guess(typed(parameter))

    def guess(self, parameter: Parameter) -> Reader | Root:
        """Return the reader of a parameter that its type alone describes."""
        annotation = parameter.annotation
        if is_scalar(annotation) or is_list(annotation):
            if parameter.default is EMPTY:
                self.check_spelling(parameter)
            return Query().bind(parameter, self.context)
        if not self.has_body():
            raise parameter.mistake(
                f"would be the body, and {'/'.join(self.route.methods)} has "
                "none. Mark it: Depends(…), Query(…), or Body() if it is "
                "meant; or register its type with app.provide(…)."
            )
        return Body().bind(parameter, self.context)

    def has_body(self) -> bool:
        """Whether requests for this route are expected to have a body."""
        # SPEC: RFC 9110 §9.3.1: content in a GET has no meaning.
        return not {"GET", "HEAD"}.issuperset(self.route.methods)

    def checked(self, reader: Reader) -> Reader:
        """Refuse a path parameter that the path does not give."""
        if not isinstance(reader, Scalar) or reader.place != "path":
            return reader
        parameter = reader.parameter
        kind = self.kinds.get(reader.key)
        if kind is None:
            raise parameter.mistake(
                f"is a Path(), and {self.route.path!r} has no "
                f"{{{reader.key}}}."
            )
        if kind in CONVERTED and bare(parameter.annotation) is str:
            raise parameter.mistake(
                f"is a str, and {{{reader.key}:{kind}}} makes it "
                f"{CONVERTED[kind]}. Make the two agree."
            )
        return replace(reader, made=reader.annotation is MAKES[kind])

    def check_spelling(self, parameter: Parameter) -> None:
        """Refuse a required query value that looks like a path parameter."""
        if not self.kinds:
            return
        taken = {p.name for p in read_parameters(self.route.handler)}
        free = [name for name in self.kinds if name not in taken]
        near = difflib.get_close_matches(parameter.name, free, 1, 0.75)
        if near:
            raise parameter.mistake(
                f"is not in {self.route.path!r}; did you mean "
                f"{{{near[0]}}}? Mark it with Query() if it is none."
            )

    def check_known(self, parameter: Parameter, kind: Any) -> None:
        """Refuse a type of another framework, and say which is meant."""
        module = getattr(kind, "__module__", "")
        name = f"{module}.{getattr(kind, '__qualname__', '')}"
        if name in HINTS:
            raise parameter.mistake(f"is a {name}. {HINTS[name]}")


def exits_of(request: Any) -> Exits:
    """Return what a request has opened; so one may ask how it ended."""
    if request.exits is None:
        request.exits = Exits()
    found: Exits = request.exits
    return found


def find_marker(parameter: Parameter) -> Source | None:
    """Return the one source that is written beside a type, or None."""
    markers = [m for m in parameter.metadata if isinstance(m, Source)]
    for inner in get_args(bare(parameter.annotation)):
        for extra in getattr(inner, "__metadata__", ()):
            if isinstance(extra, Source):
                raise parameter.mistake(
                    f"has {extra!r} inside of its type; write it around all "
                    f"of it: Annotated[… | None, {extra!r}]."
                )
    for extra in parameter.metadata:
        check_foreign(parameter, extra)
    check_foreign(parameter, parameter.default)
    for marker in markers:
        if getattr(marker, "default", EMPTY) is not EMPTY:
            raise parameter.mistake(
                f"has its default inside of {marker!r}; write it behind '='."
            )
    if isinstance(parameter.default, Source):
        markers.append(parameter.default)
    for kind in (*markers, *parameter.metadata):
        if isinstance(kind, type) and issubclass(kind, Source):
            raise parameter.mistake(
                f"is marked {kind.__name__}: call it, {kind.__name__}()."
            )
    if len(markers) > 1:
        raise parameter.mistake(
            f"has two sources, {markers[0]!r} and {markers[1]!r}; keep one."
        )
    return markers[0] if markers else None


def check_foreign(parameter: Parameter, marker: object) -> None:
    """Refuse a marker of FastAPI: it would be taken for nothing."""
    module = type(marker).__module__
    if module in ("fastapi.params", "fastapi.param_functions"):
        name = type(marker).__name__
        raise parameter.mistake(
            f"has FastAPI's {name}. Import {name} from microlith."
        )


def typed(parameter: Parameter) -> Parameter:
    """Return a parameter with a type: without one, that of its default."""
    if parameter.annotation is not EMPTY:
        return parameter
    default = parameter.default
    if default is EMPTY:
        raise parameter.mistake(
            "has neither a type nor a default. Annotate it; the request is "
            "`request: Request`."
        )
    annotation = str | None if default is None else type(default)
    return Parameter(
        parameter.name,
        annotation,
        default,
        parameter.keyword_only,
        parameter.where,
    )
