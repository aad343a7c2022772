"""The lines of a body, one at a time."""

from collections.abc import AsyncIterator

from microlith.requests import Request


async def lines(request: Request, max_line: int = 1000) -> AsyncIterator[str]:
    """Yield each line of the body as soon as it is complete."""
    # TODO: this waits for the whole body, and holds it.
    for line in (await request.text()).splitlines():
        yield line
