"""Exercise 06.1: a page of a list."""

from dataclasses import dataclass
from typing import Any, ClassVar

from microlith import UnprocessableContent
from microlith.params import Computed, Source
from microlith.requests import Request
from microlith.signatures import Parameter


class PageSource(Source):
    """Reads a page from the query."""

    def bind(self, parameter: Parameter, context: Any) -> Computed:
        """Return the reader of a page."""
        return Computed(parameter, read_page)


RANGES = {"limit": (20, 1, 100), "offset": (0, 0, 10**9)}
"""By name: the default, the least and the most."""


def read_page(request: Request) -> "Page":
    """Return the page that a request asks for."""
    found, faults = {}, []
    for name, (default, least, most) in RANGES.items():
        text = request.query_params.get(name, str(default))
        digits = text.isascii() and text.isdigit() and len(text) <= 9
        found[name] = int(text) if digits else -1
        if not least <= found[name] <= most:
            message = f"Must be a number from {least} to {most}"
            loc = ["query", name]
            faults.append({"loc": loc, "msg": message, "type": "page"})
    if faults:
        raise UnprocessableContent("There is no such page", errors=faults)
    return Page(**found)


@dataclass
class Page:
    """Which part of a list is wanted."""

    __source__: ClassVar[Source] = PageSource()

    limit: int = 20
    offset: int = 0
