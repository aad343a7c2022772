"""Endpoints that end early: after a time, or when the client leaves.

Both cancel the handler where it waits, so that its ``finally`` blocks and the
exits of its dependencies run, and both answer: nobody further out has to know.

Must not know handlers or the application.
"""

import asyncio
from collections.abc import Awaitable, Callable

from microlith.disconnects import Watch
from microlith.errors import ErrorMap
from microlith.exceptions import GatewayTimeout
from microlith.requests import Request
from microlith.responses import Response

__all__ = ["cancelled_on_disconnect", "limited"]

Endpoint = Callable[[Request], Awaitable[Response]]


def limited(endpoint: Endpoint, seconds: float, errors: ErrorMap) -> Endpoint:
    """Return an endpoint that is cancelled after a time, and answers 504.

    What runs in a thread by then cannot be stopped, and runs on.
    """

    async def timed(request: Request) -> Response:
        try:
            async with asyncio.timeout(seconds):
                return await endpoint(request)
        except TimeoutError:
            error = GatewayTimeout(f"No answer within {seconds:g} seconds")
            return await give_up(request, error, errors)

    return timed


def cancelled_on_disconnect(endpoint: Endpoint, errors: ErrorMap) -> Endpoint:
    """Return an endpoint that is cancelled when the client leaves.

    The body is read first: only then can the client be watched.
    """

    async def watched(request: Request) -> Response:
        try:
            if request.fault is None:
                await request.body()
            watch = Watch(request.scope, request.receive)
            return await watch.run(endpoint(request))
        except Exception as error:
            return await give_up(request, error, errors)

    return watched


async def give_up(
    request: Request, error: Exception, errors: ErrorMap
) -> Response:
    """Answer in place of a handler that was cancelled."""
    if request.exits is not None:
        request.exits.failure = error
    return await errors.respond(request, error)
