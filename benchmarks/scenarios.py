"""The scenarios: what is asked, what must come back, and what must be refused.

Knows no framework. A framework's answer is right if its status, its media type
and its body are: text and bytes to the byte, JSON by its value. A refusal is any
4xx: how it looks is each framework's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.models import CHUNK, CHUNKS, GREETING, ITEMS, LAYERS, ROUTES

__all__ = ["CLAIMS", "MESSAGE", "SCENARIOS", "Exchange", "Refusal"]

MESSAGE = "a short message of text"
"""What the WebSocket has to echo."""

CLAIMS = ("CHECKS_MEDIA_TYPE", "CHECKS_HEAD")
"""What a framework's file may claim to refuse."""

JSON_TYPE = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A wrong input: what differs from the exchange, and why it is wrong.

    ``claim`` names the constant of a framework's file that says whether this is
    refused there; without one everybody has to.
    """

    why: str
    path: str | None = None
    query: str | None = None
    body: bytes | None = None
    headers: Mapping[str, str] | None = None
    method: str | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. ``app`` names the factory that serves it.

    ``expects`` is text or bytes, a value for JSON, or None where the framework
    decides what the body says. ``sets`` are headers that must be there.
    """

    name: str
    title: str
    path: str
    app: str = "main"
    method: str = "GET"
    query: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    media_type: str | None = "application/json"
    expects: Any = None
    sets: Mapping[str, str] = field(default_factory=dict)
    pieces: int = 1
    refuses: tuple[Refusal, ...] = ()
    websocket: bool = False

    @property
    def target(self) -> str:
        """The path with its query, as a client writes it."""
        return f"{self.path}?{self.query}" if self.query else self.path


ITEM: dict[str, Any] = {
    "name": "lamp",
    "price": 12.5,
    "quantity": 3,
    "tags": ["blue", "round"],
}


def changed(**values: Any) -> bytes:
    """Return the item as JSON with some members changed; None removes one."""
    item = {k: v for k, v in (ITEM | values).items() if v is not None}
    return json.dumps(item).encode()


def head(why: str, headers: Mapping[str, str]) -> Refusal:
    """Return a head that is wrong whatever is asked for."""
    return Refusal(why, headers=headers, claim="CHECKS_HEAD")


LIST = (
    Exchange(
        "plaintext",
        "plaintext",
        "/plaintext",
        media_type="text/plain",
        expects=GREETING,
        refuses=(
            head("a Host with a slash", {"host": "a/b"}),
            head("a Host with a space", {"host": "a b"}),
            head("a length that is no number", {"content-length": "1_0"}),
            head("a length above the limit", {"content-length": "999999999999"}),
            Refusal("another method", method="DELETE", claim="CHECKS_HEAD"),
        ),
    ),
    Exchange("json", "JSON", "/json", expects={"message": GREETING}),
    Exchange(
        "path",
        "int path parameter",
        "/path/42",
        expects={"id": 42},
        refuses=(Refusal("not an integer", path="/path/abc"),),
    ),
    Exchange(
        "query",
        "validated query",
        "/query",
        query="name=lamp&count=3&active=true",
        expects={"name": "lamp", "count": 3, "active": True},
        refuses=(
            Refusal("not an integer", query="name=lamp&count=x&active=true"),
            Refusal("above the limit", query="name=lamp&count=101&active=true"),
            Refusal("a field is missing", query="name=lamp&active=true"),
            Refusal("not a boolean", query="name=lamp&count=3&active=2.5"),
        ),
    ),
    Exchange(
        "body",
        "JSON body as a model",
        "/body",
        method="POST",
        body=json.dumps(ITEM).encode(),
        headers=JSON_TYPE,
        expects=ITEM,
        refuses=(
            Refusal("no JSON", body=b'{"name": '),
            Refusal("below the limit", body=changed(price=-1)),
            Refusal("a member is missing", body=changed(name=None)),
            Refusal("a member of another type", body=changed(tags=7)),
            Refusal(
                "media type",
                headers={"content-type": "application/xml"},
                claim="CHECKS_MEDIA_TYPE",
            ),
        ),
    ),
    Exchange(
        "models",
        "100 models",
        "/models",
        expects=[item.model_dump() for item in ITEMS],
    ),
    Exchange(
        "dependencies",
        "three-deep dependencies",
        "/dependencies",
        expects={"user": "ada", "open": 1},
    ),
    Exchange(
        "middlewares",
        "five middlewares",
        "/layered",
        app="middlewares",
        media_type="text/plain",
        expects=GREETING,
        sets={f"x-layer-{n}": "on" for n in range(LAYERS)},
    ),
    Exchange(
        "last_route",
        "last of 500 routes",
        f"/last_route/{ROUTES - 1}/42",
        app="routes",
        expects={"id": 42},
        refuses=(Refusal("not an integer", path=f"/last_route/{ROUTES - 1}/abc"),),
    ),
    Exchange(
        "not_found",
        "404 among 500 routes",
        f"/last_route/{ROUTES}/42",
        app="routes",
        status=404,
        media_type=None,
    ),
    Exchange(
        "stream",
        "100 x 1 KiB stream",
        "/stream",
        media_type="application/octet-stream",
        expects=CHUNK * CHUNKS,
        pieces=CHUNKS,
    ),
    Exchange(
        "websocket",
        "WebSocket echo",
        "/websocket",
        media_type=None,
        expects=MESSAGE,
        websocket=True,
    ),
)

SCENARIOS: dict[str, Exchange] = {exchange.name: exchange for exchange in LIST}
"""Every scenario by its name, in the order of the tables."""
