"""Stop working when the client has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from microlith import Request

T = TypeVar("T")


class ClientGone(Exception):
    """The client left before the work was done."""


async def until_disconnect(
    request: Request, work: Coroutine[Any, Any, T]
) -> T:
    """Run ``work``; cancel it and raise ClientGone if the client leaves."""
    # TODO: watch request.receive while the work goes on.
    return await work
