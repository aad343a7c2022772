"""Where what a request has opened meets its response.

Dependencies that yield are closed before a response is sent, so that a failing
one (a commit, above all) is a 500 and no lie. A response that makes its body
while it is sent may still use them: there they are closed after the last
chunk, before the event that says that it was the last.

Must not know routing or the application.
"""

import asyncio
import logging
from typing import Any

from microlith.calls import Exits, leave
from microlith.errors import ErrorMap, inherit, produce
from microlith.exceptions import ClientDisconnect
from microlith.requests import HTTPConnection, Request
from microlith.responses import Response
from microlith.types import Message, Send

__all__ = ["abandon", "break_off", "produce_closing", "settle"]

TEARDOWN_TIMEOUT = 5.0
"""How many seconds the exits of a cancelled request have."""

log = logging.getLogger("microlith.errors")


async def settle(
    request: Request,
    response: Response,
    raised: BaseException | None = None,
) -> Response:
    """Close what a request has opened; return the response to send.

    It is the one that was made, unless an exit fails: then the failure is
    answered in its place. ``raised`` is what an exit has raised already.
    """
    exits: Exits = request.exits
    before = exits.failure
    if raised is not None:
        exits.failure, exits.failed = raised, True
    failure = await leave(exits, [raised] if raised is not None else [])
    if failure is None or failure is before:
        return response
    if not isinstance(failure, Exception):
        raise failure
    answer: Response = await request.app.errors.respond(request, failure)
    inherit(answer, response)
    return answer


async def break_off(
    request: Request, response: Response | None, error: BaseException
) -> Response:
    """Answer an exit that failed; let through what ends the request."""
    if response is not None and isinstance(error, Exception):
        return await settle(request, response, error)
    await abandon(request, error)
    raise error


async def produce_closing(
    request: Request, response: Response, send: Send
) -> None:
    """Send a response that makes its body while it is sent, then close."""
    errors: ErrorMap = request.app.errors
    last_send = LastSend(request, response, send)
    try:
        await produce(response, request, last_send, errors, onward=send)
    except BaseException as error:
        await abandon(request, error)
        raise
    await abandon(request, response.error or ClientDisconnect("It left"))


async def abandon(request: HTTPConnection, failure: BaseException) -> None:
    """Close what a connection has opened that did not come to its end.

    A cancelled request is in a hurry: its exits have `TEARDOWN_TIMEOUT`.
    """
    exits: Any = request.exits
    if not exits:
        return
    exits.failure, exits.failed = failure, True
    deadline = asyncio.get_running_loop().time() + TEARDOWN_TIMEOUT
    final = await leave(exits, deadline=deadline)
    if final is not failure:
        log.error(
            "An exit failed after %s %r was broken off",
            request.scope.get("method", "WEBSOCKET"),
            request.path,
            exc_info=final,
        )


class LastSend:
    """The server's ``send``, which closes exits before the last event."""

    __slots__ = ("request", "response", "send")

    def __init__(
        self, request: Request, response: Response, send: Send
    ) -> None:
        self.request = request
        self.response = response
        self.send = send

    async def __call__(self, message: Message) -> None:
        """Send one event; raise what an exit raises instead of the last."""
        exits: Any = self.request.exits
        kind = message["type"]
        if kind == "http.response.start":
            exits.failure = exits.failure or self.response.error
            wrong = exits.failure is not None
            exits.failed = wrong or message["status"] >= 400
        elif kind == "http.response.body" and not message.get("more_body"):
            before = exits.failure
            failure = await leave(exits)
            if failure is not before and failure is not None:
                raise failure
        await self.send(message)
