"""What a function asks for: its parameters, with their annotations resolved.

Handlers and dependencies say what they need in their signature. Here it is
read, once, while the app is put together: through decorators and partials,
with annotations that are still text evaluated where the function was written.

Knows nothing of HTTP.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter as Inspected
from inspect import isclass, isfunction, ismethod, signature
from typing import Annotated, Any, ForwardRef, get_origin, get_type_hints

from microlith.exceptions import ConfigurationError
from microlith.routes import place_of, unwrap_partial

__all__ = ["EMPTY", "Parameter", "read_parameters", "read_result"]

EMPTY: Any = Inspected.empty
"""Stands for an annotation or a default that is not there."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function.

    ``annotation`` keeps what `Annotated` added; ``type`` is what it was added
    to, and ``metadata`` is the rest. ``where`` is the place of the function.
    """

    name: str
    annotation: Any
    default: Any
    keyword_only: bool
    where: str

    @property
    def type(self) -> Any:
        """The annotation without its metadata."""
        bare = self.annotation
        if get_origin(bare) is Annotated:
            bare = bare.__origin__
        return bare

    @property
    def metadata(self) -> tuple[Any, ...]:
        """What `Annotated` added to the type."""
        if get_origin(self.annotation) is Annotated:
            return tuple(self.annotation.__metadata__)
        return ()

    def mistake(self, problem: str) -> ConfigurationError:
        """Return the error that names function, parameter and problem."""
        return ConfigurationError(
            f"{self.where}: the parameter {self.name!r} {problem}"
        )


def read_parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return the parameters that a call of this function has to fill.

    Raises ConfigurationError for one that cannot be filled by name, and for
    an annotation that does not resolve.
    """
    where = place_of(function)
    try:
        inspected = signature(function).parameters
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"{where}: its signature cannot be read; wrap it in a function."
        ) from None
    bound = function.keywords if isinstance(function, partial) else {}
    names = Namespace(function)
    found = []
    for name, entry in inspected.items():
        if name in bound:
            continue
        parameter = Parameter(
            name,
            entry.annotation,
            entry.default,
            entry.kind is Inspected.KEYWORD_ONLY,
            where,
        )
        check_kind(parameter, entry.kind)
        found.append(replace(parameter, annotation=names.resolve(parameter)))
    return found


def read_result(function: Callable[..., Any]) -> Any:
    """Return the annotation of what a function returns, or EMPTY."""
    annotation = signature(function).return_annotation
    result = Parameter("return", annotation, EMPTY, False, place_of(function))
    return Namespace(function).resolve(result)


def check_kind(parameter: Parameter, kind: Any) -> None:
    """Raise ConfigurationError for a parameter without a usable name."""
    if kind is Inspected.POSITIONAL_ONLY:
        raise parameter.mistake(
            "is positional-only, and parameters are filled by name. "
            "Remove the '/' from the signature."
        )
    if kind is Inspected.VAR_POSITIONAL or kind is Inspected.VAR_KEYWORD:
        raise parameter.mistake(
            "has no name to be filled by. Write the parameters out; in a "
            "decorator, put @functools.wraps(function) on its inner function."
        )


class Namespace:
    """Where the annotations of a function get their meaning."""

    def __init__(self, function: Callable[..., Any]) -> None:
        base = unwrap_partial(function)
        if ismethod(base):
            base = base.__func__
        elif not isfunction(base) and not isclass(base):
            base = type(base).__call__
        module = sys.modules.get(getattr(base, "__module__", None) or "")
        self.globals: dict[str, Any] = getattr(base, "__globals__", None) or (
            vars(module) if module else {}
        )
        self.locals = closure_of(base)

    def resolve(self, parameter: Parameter) -> Any:
        """Return the annotation, with every name in it looked up."""
        annotation = parameter.annotation
        if annotation is EMPTY or isinstance(annotation, type):
            return annotation
        holder = type("Holder", (), {})
        try:
            if isinstance(annotation, str):
                annotation = ForwardRef(annotation)
            holder.__annotations__ = {"it": annotation}
            hints = get_type_hints(
                holder, self.globals, self.locals, include_extras=True
            )
        except NameError as error:
            raise parameter.mistake(
                f"has an annotation that does not resolve: {error}. Define "
                "the name at module level, and outside `if TYPE_CHECKING:`."
            ) from None
        except (SyntaxError, TypeError, AttributeError) as error:
            raise parameter.mistake(
                f"has an annotation that is no type: {error}."
            ) from None
        return hints["it"]


def closure_of(function: Any) -> dict[str, Any]:
    """Return the variables that a nested function has from around it."""
    code = getattr(function, "__code__", None)
    if code is None or not function.__closure__:
        return {}
    cells = zip(code.co_freevars, function.__closure__, strict=True)
    found = {}
    for name, cell in cells:
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found
