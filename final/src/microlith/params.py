"""Where the values of parameters come from.

A **source** says where in a request a parameter's value is: ``Path``,
``Query``, ``Header``, ``Cookie`` and ``Body`` are sources, and a class can be
one for its own type (``__source__``). `Source.bind` turns a parameter into a
**reader**, one of three records:

- `Scalar`: a string among the path, query, headers or cookies.
- `Part`: the body, or one member of it.
- `Computed`: anything else, made from the request by a function.

Must not know requests, handlers, dependencies or the application.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pydantic

from microlith.kinds import is_list, literal_texts
from microlith.signatures import EMPTY, Parameter

__all__ = ["Body", "Cookie", "Header", "Path", "Query", "Source"]

CONSTRAINTS = frozenset(
    {
        "allow_inf_nan",
        "decimal_places",
        "ge",
        "gt",
        "le",
        "lt",
        "max_digits",
        "max_length",
        "min_length",
        "multiple_of",
        "pattern",
        "strict",
    }
)
"""What a marker may demand of a value; the names are pydantic's."""


# --- readers -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value among the strings of a request's head.

    ``place`` is ``"path"``, ``"query"``, ``"header"`` or ``"cookie"``, ``key``
    the name there, ``many`` whether all values of that name are taken, and
    ``made`` whether the path's converter makes a value of this very type.
    """

    parameter: Parameter
    place: str
    key: str
    annotation: Any
    many: bool
    made: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The body, or with ``key`` the member of that name in it."""

    parameter: Parameter
    source: Any
    key: str
    annotation: Any


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that a function makes from the request or socket."""

    parameter: Parameter
    function: Callable[[Any], Any]


Reader = Scalar | Part | Computed


# --- sources -----------------------------------------------------------------


class Source:
    """Says where a parameter's value comes from.

    Use an instance in `Annotated`, or as ``__source__`` of a class, which is
    then injected wherever it is the bare annotation.
    """

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return the reader for a parameter; ``context`` is the app or None.

        Raises ConfigurationError when the parameter does not suit.
        """
        raise NotImplementedError

    def describe(self, operation: Any) -> None:
        """Add what this source reads to a description of the handler."""


class Marker(Source):
    """A source that is written beside a type, with demands on its value.

    ``default`` is for ``x: int = Query(10)``; in `Annotated` the default
    stands behind the ``=``. ``alias`` is the name in the request, if it is
    not the parameter's. The other keywords (`CONSTRAINTS`) are pydantic's:
    ``ge``, ``max_length``, ``pattern``, … Raises TypeError for any other.
    """

    place: ClassVar[str]

    def __init__(
        self,
        default: Any = EMPTY,
        *,
        alias: str | None = None,
        title: str | None = None,
        description: str | None = None,
        examples: Sequence[Any] | None = None,
        deprecated: bool = False,
        **constraints: Any,
    ) -> None:
        unknown = sorted(set(constraints) - CONSTRAINTS)
        if unknown:
            raise TypeError(
                f"{type(self).__name__}() has no option {unknown[0]!r}; "
                f"there are {', '.join(sorted(CONSTRAINTS))}."
            )
        self.default = default
        self.alias = alias
        self.title = title
        self.description = description
        self.examples = examples
        self.deprecated = deprecated
        self.constraints = constraints

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return a `Scalar`."""
        many = is_list(parameter.annotation)
        return Scalar(
            parameter,
            self.place,
            self.key(parameter),
            self.annotation(parameter),
            many,
        )

    def key(self, parameter: Parameter) -> str:
        """Return the name of the value in the request."""
        return self.alias or parameter.name

    def annotation(self, parameter: Parameter) -> Any:
        """Return the parameter's type with the demands of this marker."""
        if parameter.annotation is EMPTY:
            raise parameter.mistake(
                f"has no type: write {parameter.name}: "
                f"Annotated[str, {type(self).__name__}(…)]."
            )
        texts = literal_texts(parameter.annotation)
        if not self.constraints:
            return texts
        # PERF: pydantic loads what Field needs at its first use: 13 ms.
        return Annotated[texts, pydantic.Field(**self.constraints)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Path(Marker):
    """A value from the path: one that the route's template names."""

    place = "path"


class Query(Marker):
    """A value from the query string; all of its name for a list."""

    place = "query"


class Header(Marker):
    """A header; ``x_token`` reads ``X-Token`` unless there is an alias."""

    place = "header"

    def key(self, parameter: Parameter) -> str:
        """Return the header's name in lower case."""
        return (self.alias or parameter.name.replace("_", "-")).lower()


class Cookie(Marker):
    """A cookie."""

    place = "cookie"

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return a `Scalar`; a cookie has one value."""
        if is_list(parameter.annotation):
            raise parameter.mistake("is a list, and a cookie has one value.")
        return super().bind(parameter, context)


class Body(Marker):
    """The request's body; its member of this name if there are several.

    ``embed`` makes it a member even when it is the only one. ``media_type``
    is JSON, or another one for a body of raw ``bytes`` or ``str``.
    """

    def __init__(
        self,
        default: Any = EMPTY,
        *,
        embed: bool = False,
        media_type: str = "application/json",
        **options: Any,
    ) -> None:
        super().__init__(default, **options)
        self.embed = embed
        self.media_type = media_type

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return a `Part`."""
        annotation = self.annotation(parameter)
        return Part(parameter, self, self.key(parameter), annotation)


def default_of(parameter: Parameter) -> Any:
    """Return a parameter's default, also from a marker in its place."""
    if isinstance(parameter.default, Marker):
        return parameter.default.default
    return parameter.default
