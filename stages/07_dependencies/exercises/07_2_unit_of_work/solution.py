"""Exercise 07.2: a unit of work."""

from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from typing import Any

from microlith.calls import Exits

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class Work:
    """What is to be done when a request is over."""

    def __init__(self) -> None:
        self.good: list[Call] = []
        self.bad: list[Call] = []

    def afterwards(self, function: Callable[..., Any], *args: Any) -> None:
        """Note a call for the case that all goes well."""
        self.good.append((function, args))

    def on_failure(self, function: Callable[..., Any], *args: Any) -> None:
        """Note a call for the case that it does not."""
        self.bad.insert(0, (function, args))


async def unit_of_work(exits: Exits) -> AsyncIterator[Work]:
    """Give a Work, and do it when the request is over."""
    work = Work()
    try:
        yield work
    finally:
        for function, args in work.bad if exits.failed else work.good:
            made = function(*args)
            if isawaitable(made):
                await made
