"""The ASGI protocol, written down as types.

ASGI is three calls: the server calls ``app(scope, receive, send)``; the app
awaits ``receive()`` for events from the client and ``send(event)`` for events
to it. Every scope and every event is a plain ``dict``; the classes below give
each one its keys. They exist for readers and type checkers alone: nothing here
runs while a request is served.

Owns the shapes of the ASGI 3.0 specification (core 2.x, HTTP and WebSocket
2.5, lifespan 2.0). Knows nothing else, so every other module may import it.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Literal, NotRequired, TypedDict

__all__ = [
    "ASGIApp",
    "ASGIVersions",
    "HTTPDisconnectEvent",
    "HTTPRequestEvent",
    "HTTPResponseBodyEvent",
    "HTTPResponseStartEvent",
    "HTTPScope",
    "LifespanScope",
    "LifespanShutdownCompleteEvent",
    "LifespanShutdownEvent",
    "LifespanShutdownFailedEvent",
    "LifespanStartupCompleteEvent",
    "LifespanStartupEvent",
    "LifespanStartupFailedEvent",
    "Message",
    "RawHeaders",
    "Receive",
    "Scope",
    "Send",
    "WebSocketAcceptEvent",
    "WebSocketCloseEvent",
    "WebSocketConnectEvent",
    "WebSocketDenialBodyEvent",
    "WebSocketDenialStartEvent",
    "WebSocketDisconnectEvent",
    "WebSocketReceiveEvent",
    "WebSocketScope",
    "WebSocketSendEvent",
]

RawHeaders = Iterable[tuple[bytes, bytes]]
"""Header fields as on the wire: pairs of bytes, names in lower case."""

Scope = MutableMapping[str, Any]
"""What a connection is: one of the three ``…Scope`` classes below."""

Message = MutableMapping[str, Any]
"""One event, told by its ``"type"``: an ``…Event`` class below."""

Receive = Callable[[], Awaitable[Message]]
"""Wait for the next event from the client."""

Send = Callable[[Message], Awaitable[None]]
"""Hand one event to the server."""

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application: called once for each connection."""


class ASGIVersions(TypedDict):
    """The versions that the server speaks: ``scope["asgi"]``."""

    version: str
    spec_version: NotRequired[str]


# --- HTTP --------------------------------------------------------------------


class HTTPScope(TypedDict):
    """One HTTP request, without its body (ASGI HTTP, "Connection Scope")."""

    type: Literal["http"]
    asgi: ASGIVersions
    http_version: str
    method: str
    scheme: NotRequired[str]
    path: str
    raw_path: NotRequired[bytes | None]
    query_string: bytes
    root_path: NotRequired[str]
    headers: RawHeaders
    client: NotRequired[tuple[str, int] | None]
    server: NotRequired[tuple[str, int | None] | None]
    state: NotRequired[dict[str, Any]]
    extensions: NotRequired[dict[str, dict[Any, Any]] | None]


class HTTPRequestEvent(TypedDict):
    """A piece of the request body; ``more_body``: more will come."""

    type: Literal["http.request"]
    body: NotRequired[bytes]
    more_body: NotRequired[bool]


class HTTPResponseStartEvent(TypedDict):
    """Status and headers of the response; sent once, before any body."""

    type: Literal["http.response.start"]
    status: int
    headers: NotRequired[RawHeaders]
    trailers: NotRequired[bool]


class HTTPResponseBodyEvent(TypedDict):
    """A piece of the response body; without ``more_body`` the last one."""

    type: Literal["http.response.body"]
    body: NotRequired[bytes]
    more_body: NotRequired[bool]


class HTTPDisconnectEvent(TypedDict):
    """The client has gone, or the response is complete."""

    type: Literal["http.disconnect"]


# --- WebSocket ---------------------------------------------------------------


class WebSocketScope(TypedDict):
    """One WebSocket, from its handshake to its close."""

    type: Literal["websocket"]
    asgi: ASGIVersions
    http_version: NotRequired[str]
    scheme: NotRequired[str]
    path: str
    raw_path: NotRequired[bytes | None]
    query_string: NotRequired[bytes]
    root_path: NotRequired[str]
    headers: RawHeaders
    client: NotRequired[tuple[str, int] | None]
    server: NotRequired[tuple[str, int | None] | None]
    subprotocols: NotRequired[list[str]]
    state: NotRequired[dict[str, Any]]
    extensions: NotRequired[dict[str, dict[Any, Any]] | None]


class WebSocketConnectEvent(TypedDict):
    """The client asks to open the socket: answer with accept or close."""

    type: Literal["websocket.connect"]


class WebSocketAcceptEvent(TypedDict):
    """Open the socket."""

    type: Literal["websocket.accept"]
    subprotocol: NotRequired[str | None]
    headers: NotRequired[RawHeaders]


class WebSocketReceiveEvent(TypedDict):
    """One message from the client: ``bytes`` or ``text``, not both."""

    type: Literal["websocket.receive"]
    bytes: NotRequired[bytes | None]
    text: NotRequired[str | None]


class WebSocketSendEvent(TypedDict):
    """One message to the client; set exactly one of ``bytes`` and ``text``."""

    type: Literal["websocket.send"]
    bytes: NotRequired[bytes | None]
    text: NotRequired[str | None]


class WebSocketCloseEvent(TypedDict):
    """Close the socket; before accept the server answers 403 instead."""

    type: Literal["websocket.close"]
    code: NotRequired[int]
    reason: NotRequired[str | None]


class WebSocketDisconnectEvent(TypedDict):
    """The socket is closed, from either side."""

    type: Literal["websocket.disconnect"]
    code: NotRequired[int]
    reason: NotRequired[str | None]


class WebSocketDenialStartEvent(TypedDict):
    """Refuse a handshake with a real response (denial response extension)."""

    type: Literal["websocket.http.response.start"]
    status: int
    headers: RawHeaders


class WebSocketDenialBodyEvent(TypedDict):
    """A piece of the body of a refused handshake's response."""

    type: Literal["websocket.http.response.body"]
    body: NotRequired[bytes]
    more_body: NotRequired[bool]


# --- Lifespan ----------------------------------------------------------------


class LifespanScope(TypedDict):
    """The life of the server process: one call, open from start to stop."""

    type: Literal["lifespan"]
    asgi: ASGIVersions
    state: NotRequired[dict[str, Any]]


class LifespanStartupEvent(TypedDict):
    """The server is about to accept connections."""

    type: Literal["lifespan.startup"]


class LifespanStartupCompleteEvent(TypedDict):
    """The app is ready."""

    type: Literal["lifespan.startup.complete"]


class LifespanStartupFailedEvent(TypedDict):
    """The app cannot start; the server logs the message and exits."""

    type: Literal["lifespan.startup.failed"]
    message: NotRequired[str]


class LifespanShutdownEvent(TypedDict):
    """The server has stopped accepting connections."""

    type: Literal["lifespan.shutdown"]


class LifespanShutdownCompleteEvent(TypedDict):
    """The app has cleaned up."""

    type: Literal["lifespan.shutdown.complete"]


class LifespanShutdownFailedEvent(TypedDict):
    """The app could not clean up; the server logs the message."""

    type: Literal["lifespan.shutdown.failed"]
    message: NotRequired[str]
