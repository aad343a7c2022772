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
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_disconnect(request))
    tasks = {working, watching}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGone
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _disconnect(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
