"""Exercise 07.1: a page of a list."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from microlith import Depends, Query


class Paging:
    """Which part of a list is wanted."""

    def __init__(
        self,
        page: Annotated[int, Query(ge=1)] = 1,
        size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> None:
        self.page = page
        self.size = size

    def cut(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows of this page."""
        start = (self.page - 1) * self.size
        return list(rows[start : start + self.size])


def limited(most: int) -> Callable[..., Paging]:
    """Return a dependency: the paging, with at most so many rows."""

    def paging(asked: Annotated[Paging, Depends()]) -> Paging:
        return Paging(asked.page, min(asked.size, most))

    return paging
