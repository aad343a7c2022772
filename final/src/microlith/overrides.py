"""Dependencies replaced for a while: what tests do instead of patching.

The routes are compiled anew with the stand-ins and put back afterwards, so a
request never asks whether something is overridden.

Knows an app by what it has: routes, ``overrides`` and ``compile_again``.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

__all__ = ["replaced"]


@contextmanager
def replaced(
    app: Any, stand_ins: Mapping[Any, Callable[..., Any]]
) -> Iterator[None]:
    """Use stand-ins in an app, and in every app mounted below it."""
    with ExitStack() as stack:
        for member in family(app):
            before, frozen = member.overrides, member.frozen
            stack.callback(put_back, member, before, frozen)
            member.overrides = {**before, **stand_ins}
            if frozen:
                stack.callback(member.compile_again())
        yield


def put_back(app: Any, before: Mapping[Any, Any], frozen: bool) -> None:
    """Set the overrides as they were; ``frozen`` says if the app was so."""
    app.overrides = before
    if app.frozen and not frozen:  # by its first request, with stand-ins
        app.compile_again()


def family(app: Any) -> Iterator[Any]:
    """Yield an app and each app mounted below it, once."""
    found = [app]
    for member in found:
        yield member
        for route in member.routes:
            child = route.handler
            is_app = getattr(child, "is_app", False)
            if is_app and not any(child is known for known in found):
                found.append(child)
