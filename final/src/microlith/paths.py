"""Path templates: their form, what they match, how they are filled.

A template is a path whose segments are literal (``/items``) or name a
parameter (``/items/{item_id:int}``). Everything about a single template is
here, and all of it but the converters runs only while an app is put together.

Must not know routes or methods.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from microlith.exceptions import ConfigurationError

__all__ = ["CONVERT", "RANKS", "Template"]

_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch

RANKS = {"int": 0, "uuid": 1, "float": 2, "str": 3, "path": 4}
"""The converters, most precise first."""


class Template:
    """A path template, taken apart and checked.

    ``shape`` is one entry a segment: a literal, or ``{int}`` and the like. Two
    templates with equal shapes match the same paths.
    """

    __slots__ = ("kinds", "names", "path", "shape")

    def __init__(self, path: str) -> None:
        if not path.startswith("/"):
            raise ConfigurationError(f"The path {path!r} must start with '/'.")
        self.path = path
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.shape = tuple(self._segment(s) for s in path[1:].split("/"))
        if "path" in self.kinds[:-1] or "{path}" in self.shape[:-1]:
            raise ConfigurationError(
                f"In {path!r} the path parameter must be the last segment: "
                "it takes all that is left."
            )

    def _segment(self, segment: str) -> str:
        """Check one segment and return its entry of the shape."""
        if "{" not in segment and "}" not in segment:
            return segment
        inner = segment[1:-1]
        if segment != f"{{{inner}}}" or "{" in inner or "}" in inner:
            raise ConfigurationError(
                f"In {self.path!r} the segment {segment!r} mixes text and a "
                "parameter. Make the whole segment a parameter, and check it "
                "in the handler."
            )
        name, _, kind = inner.partition(":")
        kind = kind or "str"
        if _is_name(name) is None:
            raise ConfigurationError(
                f"In {self.path!r}, {name!r} is not a parameter name; "
                "use letters, digits and _."
            )
        if kind not in RANKS:
            raise ConfigurationError(
                f"In {self.path!r} there is no converter {kind!r}; "
                f"there are {', '.join(RANKS)}."
            )
        if name in self.names:
            raise ConfigurationError(f"{self.path!r} names {name!r} twice.")
        self.names.append(name)
        self.kinds.append(kind)
        return f"{{{kind}}}"

    def fill(self, params: Mapping[str, Any]) -> str:
        """Return the escaped path with these values in it.

        Raises ValueError unless the values are exactly those that the template
        names, and each would be matched again.
        """
        if set(params) != set(self.names):
            raise ValueError(
                f"{self.path!r} takes {self.names or 'no values'}, "
                f"not {sorted(params) or 'none'}."
            )
        values = iter(
            zip(self.kinds, (params[n] for n in self.names), strict=True)
        )
        segments = [
            _fill(*next(values)) if entry.startswith("{") else quote(entry)
            for entry in self.shape
        ]
        return "/" + "/".join(segments)


def _fill(kind: str, value: Any) -> str:
    """Return one value as an escaped segment that ``kind`` matches."""
    text = str(value)
    if kind == "path":
        return quote(text)
    if (
        not text
        or "/" in text
        or (kind != "str" and CONVERT[kind](text) is None)
    ):
        raise ValueError(f"{value!r} cannot stand in a path as {{{kind}}}.")
    return quote(text, safe="")


# --- converters: request time ------------------------------------------------


def _to_int(segment: str) -> int | None:
    """Return ``-?\\d+`` as an int, or None."""
    digits = segment.removeprefix("-")
    # SECURITY: int() also takes other alphabets' digits, "1_0" and " 1".
    if digits.isdecimal() and digits.isascii() and len(digits) <= 300:
        return int(segment)
    return None


def _to_float(segment: str) -> float | None:
    """Return ``-?\\d+(\\.\\d+)?`` as a float, or None."""
    whole, dot, fraction = segment.partition(".")
    if _to_int(whole) is None or (dot and not _is_digits(fraction)):
        return None
    return float(segment)


def _to_uuid(segment: str) -> UUID | None:
    """Return the 36 characters of a UUID (RFC 9562 §4) as one, or None."""
    groups = segment.split("-")
    if [len(group) for group in groups] != [8, 4, 4, 4, 12]:
        return None
    digits = "".join(groups)
    return UUID(digits) if _HEX.issuperset(digits) else None


def _is_digits(text: str) -> bool:
    """Whether this is one or more ASCII digits."""
    return text.isdecimal() and text.isascii() and len(text) <= 300


_HEX = frozenset("0123456789abcdefABCDEF")

CONVERT: Mapping[str, Callable[[str], Any]] = {
    "int": _to_int,
    "uuid": _to_uuid,
    "float": _to_float,
}
"""How a segment becomes a value; None where it does not."""
