"""Exercise 07.1: a page of a list."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from microlith import Depends, Query


class Paging:
    """Which part of a list is wanted."""

    # TODO: read page and size from the query.

    def cut(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows of this page."""
        return list(rows)


def limited(most: int) -> Callable[..., Paging]:
    """Return a dependency: the paging, with at most so many rows."""
    # TODO: define a function that asks for the Paging, and return it.
    return Paging
