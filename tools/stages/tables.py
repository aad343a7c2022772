"""Reading TOML with care: typed values, no unknown keys, no silent default.

A `Table` knows the file and the place that it came from, so that each refusal
names them. It must not know what the tables mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

__all__ = ["LadderError", "Table", "read_toml"]


class LadderError(Exception):
    """Say in one line what is wrong with the ladder and what to do."""


class Table:
    """Hand out the values of one TOML table, each exactly once."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self.where = where
        self._left = dict(values)

    def text(self, key: str) -> str:
        """Take a string that is not blank."""
        value = self._take(key, None)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "a string that is not empty")
        return value

    def raw(self, key: str) -> str:
        """Take a string that may be empty."""
        value = self._take(key, None)
        if not isinstance(value, str):
            raise self.wrong(key, "a string")
        return value

    def number(self, key: str) -> int:
        """Take a whole number, zero or more."""
        value = self._take(key, None)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "a whole number, zero or more")
        return value

    def flag(self, key: str) -> bool:
        """Take true or false."""
        value = self._take(key, None)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def texts(self, key: str, *, empty: bool = False) -> tuple[str, ...]:
        """Take a list of strings; an empty list only if `empty` allows it."""
        value = self._take(key, [] if empty else None)
        if not isinstance(value, list) or not (value or empty):
            raise self.wrong(key, "a list of strings")
        if not all(isinstance(item, str) and item.strip() for item in value):
            raise self.wrong(key, "a list of strings")
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...]:
        """Take a list of whole numbers, which may be empty."""
        value = self._take(key, None)
        if not isinstance(value, list) or not all(type(n) is int for n in value):
            raise self.wrong(key, "a list of whole numbers")
        return tuple(value)

    def table(self, key: str) -> Table:
        """Take a table inside this one."""
        value = self._take(key, None)
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return Table(value, f"{self.where}: {key}")

    def tables(self, key: str) -> list[Table]:
        """Take a list of tables (`[[key]]`), which may be absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(t, dict) for t in value):
            raise self.wrong(key, f"a list of tables, written [[{key}]]")
        places = (f"{self.where}: {key} {i}" for i in range(1, len(value) + 1))
        return [Table(item, place) for item, place in zip(value, places, strict=True)]

    def keys(self) -> tuple[str, ...]:
        """Name the keys that were not taken yet."""
        return tuple(self._left)

    def done(self) -> None:
        """Refuse whatever is left: an unknown key is a mistake."""
        if self._left:
            names = ", ".join(sorted(self._left))
            raise LadderError(
                f"{self.where}: unknown key {names}; remove it or correct its spelling"
            )

    def wrong(self, key: str, wanted: str) -> LadderError:
        """Build the error for a value of the wrong kind."""
        return LadderError(f"{self.where}: {key} must be {wanted}; correct it")

    def _take(self, key: str, default: object) -> object:
        if key in self._left:
            return self._left.pop(key)
        if default is None:
            raise LadderError(f"{self.where}: the key {key} is missing; add it")
        return default


def read_toml(path: Path, shown: str) -> Table:
    """Read one TOML file; `shown` is its name in messages."""
    try:
        return Table(tomllib.loads(path.read_text("utf-8")), shown)
    except FileNotFoundError:
        raise LadderError(f"{shown} does not exist; write it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LadderError(f"{shown} is not valid TOML: {error}") from None
