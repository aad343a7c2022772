"""Exercise 05.2: a time limit."""

from microlith import Request, Response
from microlith.middleware.chain import CallNext


class Timeout:
    """Give the rest of the chain so many seconds, or answer 504."""

    def __init__(self, seconds: float) -> None:
        # TODO: refuse what is no limit.
        self.seconds = seconds

    async def __call__(
        self, request: Request, call_next: CallNext
    ) -> Response:
        """Wait for the rest of the chain, but not for ever."""
        # TODO: limit the time that this may take.
        raise NotImplementedError
