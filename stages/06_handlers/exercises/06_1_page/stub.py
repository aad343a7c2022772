"""Exercise 06.1: a page of a list."""

from dataclasses import dataclass
from typing import Any, ClassVar

from microlith.params import Computed, Source
from microlith.requests import Request
from microlith.signatures import Parameter


class PageSource(Source):
    """Reads a page from the query."""

    def bind(self, parameter: Parameter, context: Any) -> Computed:
        """Return the reader of a page."""
        return Computed(parameter, read_page)


def read_page(request: Request) -> "Page":
    """Return the page that a request asks for."""
    # TODO: read, check, and tell both faults at once.
    return Page()


@dataclass
class Page:
    """Which part of a list is wanted."""

    # TODO: say where a page comes from, in __source__.
    __source__: ClassVar[Source | None] = None

    limit: int = 20
    offset: int = 0
