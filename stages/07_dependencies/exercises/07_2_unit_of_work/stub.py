"""Exercise 07.2: a unit of work."""

from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from typing import Any

from microlith.calls import Exits


class Work:
    """What is to be done when a request is over."""

    def afterwards(self, function: Callable[..., Any], *args: Any) -> None:
        """Note a call for the case that all goes well."""
        # TODO

    def on_failure(self, function: Callable[..., Any], *args: Any) -> None:
        """Note a call for the case that it does not."""
        # TODO


async def unit_of_work(exits: Exits) -> AsyncIterator[Work]:
    """Give a Work, and do it when the request is over."""
    # TODO: run the calls that fit how the request went.
    yield Work()
