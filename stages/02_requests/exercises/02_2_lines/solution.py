"""The lines of a body, one at a time."""

from collections.abc import AsyncIterator

from microlith.exceptions import BadRequest, ContentTooLarge
from microlith.requests import Request


async def lines(request: Request, max_line: int = 1000) -> AsyncIterator[str]:
    """Yield each line of the body as soon as it is complete."""
    rest = b""
    async for piece in request.stream():
        *complete, rest = (rest + piece).split(b"\n")
        for line in complete:
            yield _text(line, max_line)
        if len(rest) > max_line + 1:
            raise ContentTooLarge(f"A line has more than {max_line} bytes")
    if rest:
        yield _text(rest, max_line)


def _text(line: bytes, max_line: int) -> str:
    """Return one line as text."""
    line = line.removesuffix(b"\r")
    if len(line) > max_line:
        raise ContentTooLarge(f"A line has more than {max_line} bytes")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"A line is not UTF-8: {error}") from None
