"""Exercise 09.1: one JSON value a line."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

from pydantic_core import to_json

from microlith import StreamingResponse


class NDJSONResponse(StreamingResponse):
    """A stream of JSON values, each on a line of its own."""

    __slots__ = ()

    def __init__(self, content: Iterable[Any] | AsyncIterable[Any]) -> None:
        super().__init__(content, media_type="application/x-ndjson")

    def encode(self, piece: Any) -> bytes:
        """Return one item as a line."""
        return to_json(piece, inf_nan_mode="null") + b"\n"
