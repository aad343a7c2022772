"""The small change of a test client: scopes, queries, bodies.

Knows nothing of exchanges.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from microlith.types import Scope

__all__ = ["lifespan_scope", "socket_scope"]

HeadersInput = Mapping[str, str] | Iterable[tuple[str, str]]


def lifespan_scope(state: dict[str, Any]) -> Scope:
    """Build the scope of an app's life, from start to stop."""
    return {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": state,
    }


def with_query(target: str, params: Mapping[str, Any] | None) -> str:
    """Return a target with these parameters added to its query."""
    if not params:
        return target
    mark = "&" if "?" in target else "?"
    return target + mark + urlencode(params, doseq=True)


def dict_items(headers: HeadersInput) -> Iterable[tuple[str, str]]:
    """Return the pairs of a mapping, or the pairs as they are."""
    return headers.items() if isinstance(headers, Mapping) else headers


def split_body(content: bytes | str | Iterable[bytes]) -> list[bytes]:
    """Return the chunks in which a body arrives; never an empty list."""
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes):
        return [content]
    return list(content) or [b""]


def socket_scope(http: Scope, subprotocols: Sequence[str]) -> Scope:
    """Return the scope of a WebSocket, made from that of its handshake."""
    kept = {key: value for key, value in http.items() if key != "method"}
    return {
        **kept,
        "type": "websocket",
        "scheme": "ws",
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}},
    }
