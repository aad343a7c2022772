"""Exercise 09.1: one JSON value a line."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

from microlith import StreamingResponse


class NDJSONResponse(StreamingResponse):
    """A stream of JSON values, each on a line of its own."""

    __slots__ = ()

    def __init__(self, content: Iterable[Any] | AsyncIterable[Any]) -> None:
        # TODO: name the type of the body.
        super().__init__(content)

    def encode(self, piece: Any) -> bytes:
        """Return one item as a line."""
        # TODO: make a line of JSON.
        return super().encode(piece)
