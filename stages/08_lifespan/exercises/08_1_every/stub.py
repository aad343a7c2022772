"""Exercise 08.1: something every few seconds."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from microlith import App

log = logging.getLogger("every")


class Every:
    """Call a function again and again while the app runs."""

    def __init__(
        self, seconds: float, function: Callable[[], Awaitable[Any]]
    ) -> None:
        self.seconds = seconds
        self.function = function

    def install(self, app: App) -> None:
        """Add the calls to the life of the app."""
        # TODO: enter what starts the calls, and ends them at the stop.
