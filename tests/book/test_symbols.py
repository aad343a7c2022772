"""Finding symbols, comparing texts, cutting hunks."""

from __future__ import annotations

import pytest

from tools.book.compare import added_lines, compare, hunks
from tools.book.errors import BookError
from tools.book.symbols import find, symbols

TEXT = '''"""A module."""

import os
from a import (
    b,
)

LIMIT = 3
"""How many."""


@decorated
class Thing:
    """Hold one."""

    size: int = 1

    @overload
    def get(self) -> int: ...
    @overload
    def get(self, x: int) -> str: ...
    def get(self, x=None):
        """Get it."""
        return LIMIT
'''


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("<module>", 1, 1),
        ("<imports>", 3, 6),
        ("LIMIT", 8, 9),
        ("Thing", 12, 24),
        ("Thing.size", 16, 16),
        ("Thing.get", 18, 24),
    ],
)
def test_a_symbol_takes_its_lines(name: str, first: int, last: int) -> None:
    """Decorators and overloads belong to it, and a constant's docstring."""
    span = find(TEXT, name)
    assert (span.first, span.last) == (first, last)


def test_a_missing_symbol_names_those_that_exist() -> None:
    """The message helps against a typo."""
    with pytest.raises(BookError, match=r"no Thing\.put; the names are: .*Thing\.get"):
        find(TEXT, "Thing.put")


@pytest.mark.parametrize("name", ["<module>", "<imports>"])
def test_an_empty_part_is_refused(name: str) -> None:
    """There is nothing to show."""
    with pytest.raises(BookError):
        find("x = 1\n", name)


def test_purposes_are_first_lines_of_docstrings() -> None:
    """Constants have theirs below them."""
    purposes = {s.name: s.purpose for s in symbols(TEXT) if s.purpose}
    assert purposes == {
        "LIMIT": "How many.",
        "Thing": "Hold one.",
        "Thing.get": "Get it.",
    }


def test_rows_know_their_lines() -> None:
    """A change is a removed and an added row."""
    rows = compare(["a", "b"], ["a", "c"], 10, 20)
    assert [(r.sign, r.text, r.old, r.new) for r in rows] == [
        (" ", "a", 10, 20),
        ("-", "b", 11, 0),
        ("+", "c", 0, 21),
    ]


def test_blank_lines_are_not_asked_for() -> None:
    """Only lines with code need a place in a chapter."""
    assert added_lines("a\n", "a\n\nb\n") == {3}


def test_hunks_keep_the_enclosing_definitions() -> None:
    """Also above a signature that takes several lines."""
    old = ["class A:", "    x = 1", "    y = 2", "", "    def f(", "        self,"]
    old += ["    ) -> int:", *(f"        a{n} = 1" for n in range(9)), "        end"]
    new = [*old[:-1], "        other"]
    kept = [None if r is None else r.text for r in hunks(compare(old, new), 1)]
    assert kept == [
        "class A:",
        None,
        "    def f(",
        None,
        "        a8 = 1",
        "        end",
        "        other",
    ]
