"""The one exception of the book's tools.

A `BookError` is a fault that an author can mend: its message says what is wrong
and what to do. Whoever knows the place adds it with `at`. It must not know any
other module.
"""

from __future__ import annotations

__all__ = ["BookError"]


class BookError(Exception):
    """Say in one line what is wrong in the book and what to do."""

    def at(self, place: str) -> BookError:
        """Return the same fault with its place in front."""
        return BookError(f"{place}: {self}")
