"""Exercise 05.2: a time limit."""

import asyncio

from microlith import GatewayTimeout, Request, Response
from microlith.middleware.chain import CallNext


class Timeout:
    """Give the rest of the chain so many seconds, or answer 504."""

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"A limit is above zero, not {seconds!r}.")
        self.seconds = seconds

    async def __call__(
        self, request: Request, call_next: CallNext
    ) -> Response:
        """Wait for the rest of the chain, but not for ever."""
        try:
            async with asyncio.timeout(self.seconds):
                return await call_next(request)
        except TimeoutError:
            raise GatewayTimeout("The answer took too long") from None
