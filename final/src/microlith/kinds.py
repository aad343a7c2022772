"""Which types are scalars, lists of scalars, or neither.

A value from the path, the query, a header or a cookie arrives as a string. A
**scalar** is a type that one string can be read as: numbers, text, dates,
UUIDs, enums, literals, and any of them or None.

Compile time only. Knows nothing of requests.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    Union,
    get_args,
    get_origin,
)
from uuid import UUID

from pydantic import BeforeValidator
from typing_extensions import TypeAliasType

__all__ = ["is_list", "is_scalar"]

SCALARS = (
    str,
    int,
    float,
    bool,
    bytes,
    Decimal,
    UUID,
    date,
    datetime,
    time,
    timedelta,
    Enum,
)


def bare(annotation: Any) -> Any:
    """Return what an annotation stands for, without metadata or aliases."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, TypeAliasType):
            annotation = annotation.__value__
        else:
            return annotation


def options(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union without None, or the type alone."""
    annotation = bare(annotation)
    if get_origin(annotation) in (Union, UnionType):
        members = get_args(annotation)
        return tuple(bare(m) for m in members if m is not NoneType)
    return (annotation,)


def is_scalar(annotation: Any) -> bool:
    """Whether one string can be read as this type."""
    return all(
        get_origin(option) is Literal
        or (isinstance(option, type) and issubclass(option, SCALARS))
        for option in options(annotation)
    )


def is_list(annotation: Any) -> bool:
    """Whether this type is a list (tuple, set, …) of scalars."""
    found = options(annotation)
    if len(found) != 1:
        return False
    origin = get_origin(found[0]) or found[0]
    if not isinstance(origin, type) or not issubclass(origin, Collection):
        return False
    if issubclass(origin, (str, bytes, Mapping)):
        return False
    items = [item for item in get_args(found[0]) if item is not Ellipsis]
    known = origin in (list, tuple, set, frozenset)
    return (known or bool(items)) and all(map(is_scalar, items))


def literal_texts(annotation: Any) -> Any:
    """Return an annotation whose literal numbers may be written as text.

    To pydantic ``Literal[1, 2]`` is the numbers alone, and all that a query
    can hold is ``"1"``. The same goes for an enum of numbers.
    """
    values = literals(annotation)
    numbers = {str(value): value for value in values if type(value) is int}
    if not numbers:
        return annotation

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(item) for item in value]
        return numbers.get(value, value) if isinstance(value, str) else value

    return Annotated[annotation, BeforeValidator(read)]


def literals(annotation: Any) -> list[Any]:
    """Return the values that literals and enums in a type stand for."""
    found: list[Any] = []
    for option in options(annotation):
        if get_origin(option) is Literal:
            found += get_args(option)
        elif isinstance(option, type) and issubclass(option, Enum):
            found += [member.value for member in option]
        else:
            for item in get_args(option):
                found += literals(item)
    return found
