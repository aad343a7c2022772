"""What a route, a router or an app may be given besides its paths.

Options are one mapping from stage 03 on; here is the list of those that mean
something, each with what its value has to be.

Must not know the application.
"""

import difflib
from collections.abc import Callable
from typing import Any

from microlith.exceptions import ConfigurationError
from microlith.routes import Route

__all__ = ["check_options"]


def is_count(value: Any) -> bool:
    """Whether this is a whole number, not below zero."""
    return type(value) is int and value >= 0


def is_status(value: Any) -> bool:
    """Whether this is the status of an answer, or None for the usual one."""
    return value is None or (isinstance(value, int) and 200 <= value <= 599)


def is_list(value: Any) -> bool:
    """Whether this is a list or a tuple."""
    return isinstance(value, list | tuple)


def is_flag(value: Any) -> bool:
    """Whether this is True or False."""
    return isinstance(value, bool)


def is_time(value: Any) -> bool:
    """Whether this is a number of seconds above zero, or None for no end."""
    return value is None or (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value > 0
    )


def is_origins(value: Any) -> bool:
    """Whether this is a list of origins, or None for the same host."""
    return value is None or (
        isinstance(value, list | tuple)
        and all(isinstance(o, str) and (o == "*" or "://" in o) for o in value)
    )


OPTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "always_422": (is_flag, "True or False"),
    "cancel_on_disconnect": (is_flag, "True or False"),
    "dependencies": (is_list, "a list of Depends(…)"),
    "max_message": (is_count, "a number of bytes"),
    "max_body": (is_count, "a number of bytes"),
    "middleware": (is_list, "a list"),
    "origins": (is_origins, 'a list like ["https://shop.example"], or ["*"]'),
    "status_code": (is_status, "a number from 200 to 599"),
    "timeout": (is_time, "a number of seconds"),
}
"""Each option: whether a value is allowed, and what it has to be."""


def check_options(route: Route) -> None:
    """Raise ConfigurationError for an option that cannot be meant."""
    for name, value in route.options.items():
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(
                f"{route.where}: there is no option {name!r}.{hint}"
            )
        allowed, wanted = OPTIONS[name]
        if not allowed(value):
            raise ConfigurationError(
                f"{route.where}: {name} is {wanted}, not {value!r}."
            )
