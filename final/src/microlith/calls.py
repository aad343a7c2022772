"""The calls of a plan: entered in order, closed in reverse.

A dependency is a function, a coroutine function, or a generator of either kind
that yields once; a context manager is made into such a generator. `enter`
calls one and keeps what has to be closed; `leave` closes all of it, last
first, in the task of the caller.

Request time. Knows nothing of HTTP, nor how a plan came about.
"""

import asyncio
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NoReturn

from microlith.routes import place_of

__all__ = ["Exits", "close", "enter", "leave"]

FUNCTION, COROUTINE, GENERATOR, ASYNC_GENERATOR = range(4)
"""How a dependency is called, and whether it has to be closed."""


class Exits(list[tuple[int, Any]]):
    """What a call has opened, and how the call went.

    ``failure`` is the exception that ended it, if one did. ``failed`` is true
    also for a call that answered with an error of its own accord; who has to
    tell a success from a failure (a transaction, say) looks at it.
    """

    failed: bool = False
    failure: BaseException | None = None


NOTHING: Any = object()
"""What a generator gives that has already ended."""


async def enter(
    kind: int, function: Callable[..., Any], args: Any, exits: Exits
) -> Any:
    """Call one dependency of any kind; return its value."""
    made = function(*args)
    if kind == COROUTINE:
        return await made
    if kind == FUNCTION:
        return made
    if kind == GENERATOR:
        value = next(made, NOTHING)
    else:
        value = await anext(made, NOTHING)
    if value is NOTHING:
        no_yield(function)
    exits.append((kind, made))
    return value


def no_yield(function: Callable[..., Any]) -> NoReturn:
    """Raise the error for a dependency that ended where it should yield."""
    raise RuntimeError(
        f"The dependency {place_of(function)} did not yield a value"
    )


async def leave(
    exits: Exits,
    raised: Sequence[BaseException] = (),
    deadline: float | None = None,
) -> BaseException | None:
    """Close what a call has opened, last first; return how it failed.

    Every exit runs. The failure is thrown into each; what an exit raises
    takes its place, and several independent ones form a group. ``raised``
    are errors of exits that have run before. What waits beyond ``deadline``,
    a time of the loop, is broken off.
    """
    errors = list(raised)
    while exits:
        kind, opened = exits.pop()
        failure = exits.failure
        try:
            async with asyncio.timeout_at(deadline):
                await close(kind, opened, failure)
        except BaseException as error:
            if error is failure:
                continue
            if error.__cause__ is failure and failure in errors:
                errors.remove(failure)  # translated by `raise … from …`
            errors.append(error)
            exits.failure, exits.failed = error, True
    if len(errors) > 1:
        exits.failure = together(errors)
    return exits.failure


def together(errors: Sequence[BaseException]) -> BaseException:
    """Return one exception for several; a cancellation comes first."""
    for error in errors:
        if not isinstance(error, Exception):
            return error
    return BaseExceptionGroup("several dependencies failed to close", errors)


async def close(kind: int, opened: Any, failure: BaseException | None) -> None:
    """Close one dependency, with the failure thrown into it if there is one.

    Raises what it raises. One that swallows the failure does not undo it.
    """
    try:
        if failure is None and kind == GENERATOR:
            value = next(opened, NOTHING)
        elif failure is None:
            value = await anext(opened, NOTHING)
        elif kind == GENERATOR:
            value = opened.throw(failure)
        else:
            value = await opened.athrow(failure)
    except (StopIteration, StopAsyncIteration):
        return
    except RuntimeError as error:
        # A generator cannot let a StopIteration through: Python wraps it.
        stopped = isinstance(failure, StopIteration | StopAsyncIteration)
        if stopped and error.__cause__ is failure:
            return
        raise
    if value is not NOTHING:
        await yielded_twice(kind, opened)


async def yielded_twice(kind: int, opened: Any) -> NoReturn:
    """Close a generator for good, and raise the error for it."""
    if kind == GENERATOR:
        opened.close()
    else:
        await opened.aclose()
    raise RuntimeError(
        f"The dependency {opened.__qualname__} yielded a second time"
    )


def picker(places: Sequence[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """Return what takes the values at these places out of a list."""
    # PERF: one C call, where `map(values.__getitem__, places)` is 0.1 us more.
    if len(places) > 1:
        return itemgetter(*places)
    first = places[0] if places else 0
    return itemgetter(slice(first, first + len(places)))


def positional(
    function: Callable[..., Any], names: Sequence[str]
) -> Callable[..., Any]:
    """Return a function that takes its keyword-only arguments at the end."""
    if not names:
        return function
    first = len(names)

    def call(*args: Any) -> Any:
        keywords = dict(zip(names, args[-first:], strict=True))
        return function(*args[:-first], **keywords)

    return call


def entering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a generator function for one that returns a context manager."""

    async def opened(*args: Any) -> Any:
        manager = function(*args)
        if hasattr(manager, "__await__") and not hasattr(
            manager, "__aenter__"
        ):
            manager = await manager
        if hasattr(manager, "__aenter__"):
            async with manager as value:
                yield value
        else:
            with manager as value:
                yield value

    return opened
