"""One WebSocket, as a handler sees it.

A socket goes through three states, and never back::

    CONNECTING ──accept──> OPEN ──close, or the client leaves──> CLOSED
         └──────deny, close──────────────────────────────────────^

In the first there is only a handshake to be answered. What a state does not
allow raises an error at once, except for closing: a socket may be closed as
often as one likes.

Must not know routing or the application.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any, NoReturn, TypeVar

from pydantic_core import from_json, to_json

from microlith.datastructures import format_header
from microlith.exceptions import WebSocketDisconnect, WebSocketException
from microlith.requests import HTTPConnection
from microlith.responses import Response
from microlith.types import Message, Receive, Scope, Send

__all__ = ["WebSocket"]

T = TypeVar("T")

MAX_MESSAGE = 1024 * 1024
"""How many bytes a message may have, unless a route says more."""

DENIAL = "websocket.http.response"
"""The extension by which a server sends a real response to a handshake."""

SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
"""The codes below 3000 that may be sent (RFC 6455 §7.4.1, IANA)."""


class State(Enum):
    """How far a socket has come."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSED = "closed"


CONNECTING, OPEN, CLOSED = State
# PERF: a name of the module, where a member of an Enum is 0.1 us to look up.


class WebSocket(HTTPConnection):
    """One WebSocket, from its handshake to its close.

    ``max_message`` is the largest message that is taken, in bytes. ``state``
    is where the socket is, ``close_code`` with what code it was closed, and
    ``error`` what ended its handler, if anything did.
    """

    __slots__ = (
        "_asked",
        "_send",
        "close_code",
        "error",
        "max_message",
        "state",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        app: Any = None,
        route: Any = None,
        path_params: dict[str, Any] | None = None,
        max_message: int = MAX_MESSAGE,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.app = app
        self.route = route
        self.path_params = {} if path_params is None else path_params
        self.fault = None
        self.exits = None
        self.after = None
        self._headers = None
        self._query_params = None
        self._cookies = None
        self._values = None
        self._send = send
        self._asked = False
        self.max_message = max_message
        self.state = CONNECTING
        self.close_code: int | None = None
        self.error: BaseException | None = None

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order."""
        return list(self.scope.get("subprotocols") or ())

    # --- the handshake -------------------------------------------------------

    async def connect(self) -> None:
        """Take the handshake in; the other methods do so when it is due.

        Raises WebSocketDisconnect when the client has left already.
        """
        if self._asked:
            return
        self._asked = True
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            self._end(message)

    async def accept(
        self,
        subprotocol: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Open the socket, perhaps with one of the offered subprotocols.

        Raises ValueError for one that was not offered, and RuntimeError when
        the handshake has been answered.
        """
        if self.state is not CONNECTING:
            raise RuntimeError(f"accept(): the socket is {self.state.value}.")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(
                f"The client does not offer the subprotocol {subprotocol!r}; "
                f"it offers {self.subprotocols}."
            )
        fields = [format_header(*pair) for pair in (headers or {}).items()]
        await self.connect()
        self.state = OPEN
        message: Message = {"type": "websocket.accept", "headers": fields}
        message["subprotocol"] = subprotocol
        await self._deliver(message)

    async def deny(self, response: Response) -> None:
        """Refuse the handshake with a response.

        A server without the denial extension answers 403 in its place.
        """
        if self.state is not CONNECTING:
            raise RuntimeError(f"deny(): the socket is {self.state.value}.")
        if DENIAL not in (self.scope.get("extensions") or {}):
            await self.close(1008)
            return
        await self.connect()
        self.state = CLOSED
        if self.exits is not None:
            self.exits.failed = response.status_code >= 400
        start: Message = {"type": f"{DENIAL}.start"}
        start["status"] = response.status_code
        start["headers"] = response.raw_headers
        body: Message = {"type": f"{DENIAL}.body"}
        body["body"] = response.body or b""
        with suppress(OSError):
            await self._send(start)
            await self._send(body)

    # --- messages in ---------------------------------------------------------

    async def receive_text(self) -> str:
        """Return the next message.

        Raises WebSocketDisconnect when the client closes the socket, and
        WebSocketException (which closes it) for bytes or for too much.
        """
        if self.state is not OPEN:
            self._not_open("receive")
        message = await self.receive()
        text: str | None = message.get("text")
        # PERF: a character has at most four bytes; nothing to count: 0.1 us.
        if text is None or 4 * len(text) > self.max_message:
            text = self._text(message)
        return text

    async def receive_bytes(self) -> bytes:
        """Return the next message; see `receive_text`."""
        if self.state is not OPEN:
            self._not_open("receive")
        message = await self.receive()
        data: bytes | None = self._content(message).get("bytes")
        if data is None:
            raise WebSocketException(1003, "Only bytes are read here")
        return data

    async def receive_json(self) -> Any:
        """Return the next message, text or bytes, parsed as JSON."""
        if self.state is not OPEN:
            self._not_open("receive")
        message = self._content(await self.receive())
        content = message.get("text")
        if content is None:
            content = message.get("bytes") or b""
        try:
            return from_json(content, allow_inf_nan=False)
        except ValueError:
            raise WebSocketException(1007, "This is not JSON") from None

    async def iter_text(self) -> AsyncIterator[str]:
        """Yield messages until the client closes the socket."""
        receive, short = self.receive, self.max_message // 4
        with suppress(WebSocketDisconnect):
            while True:
                # PERF: `receive_text` inline, without `get`: 0.15 us.
                if self.state is not OPEN:
                    self._not_open("receive")
                message = await receive()
                try:
                    text: str | None = message["text"]
                except KeyError:
                    text = None
                if text is None or len(text) > short:
                    text = self._text(message)
                yield text

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Yield messages until the client closes the socket."""
        return until_closed(self.receive_bytes)

    def iter_json(self) -> AsyncIterator[Any]:
        """Yield parsed messages until the client closes the socket."""
        return until_closed(self.receive_json)

    def _text(self, message: Message) -> str:
        """Return the text of a message that has none, or perhaps too much."""
        text: str | None = self._content(message).get("text")
        if text is None:
            raise WebSocketException(1003, "Only text is read here")
        return text

    def _content(self, message: Message) -> Message:
        """Return a message if it is one, and not too long."""
        if message["type"] == "websocket.disconnect":
            self._end(message)
        content = message.get("text") or message.get("bytes") or b""
        size = len(content)
        if isinstance(content, str) and 4 * size > self.max_message:
            size = len(content.encode())
        if size > self.max_message:
            raise WebSocketException(
                1009, f"A message has at most {self.max_message} bytes"
            )
        return message

    # --- messages out --------------------------------------------------------

    async def send_text(self, data: str) -> None:
        """Send a message of text.

        Raises WebSocketDisconnect when the socket is closed.
        """
        if self.state is not OPEN:
            self._not_open("send")
        # PERF: `_deliver` inline: 0.1 us.
        try:
            await self._send({"type": "websocket.send", "text": data})
        except OSError:
            self._lost()

    async def send_bytes(self, data: bytes) -> None:
        """Send a message of bytes; see `send_text`."""
        if self.state is not OPEN:
            self._not_open("send")
        await self._deliver({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any) -> None:
        """Send anything that pydantic can serialise, as a message of text."""
        await self.send_text(to_json(data, inf_nan_mode="null").decode())

    async def _deliver(self, message: Message) -> None:
        """Send one event; a server that cannot says so by an OSError."""
        # SPEC: ASGI WebSocket 2.4, "Send": OSError for a closed connection.
        try:
            await self._send(message)
        except OSError:
            self._lost()

    def _lost(self) -> NoReturn:
        """Note that the connection is gone, and raise WebSocketDisconnect."""
        self.state = CLOSED
        raise WebSocketDisconnect(1006) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket; do nothing if it is closed.

        Before the accept this refuses the handshake (403). Raises ValueError
        for a code that may not be sent, or a reason above 123 bytes.
        """
        if code not in SENDABLE and not 3000 <= code <= 4999:
            raise ValueError(
                f"{code} is no close code; use 1000 to 1014 as RFC 6455 "
                "§7.4.1 means them, or 4000 to 4999 as you like."
            )
        if len(reason.encode()) > 123:
            raise ValueError("A reason has at most 123 bytes of UTF-8")
        if self.state is CLOSED:
            return
        await self.connect()
        self.state, self.close_code = CLOSED, code
        with suppress(OSError):
            await self._send(
                {"type": "websocket.close", "code": code, "reason": reason}
            )

    def _end(self, message: Message) -> NoReturn:
        """Note that the client has left, and raise WebSocketDisconnect."""
        self.state = CLOSED
        self.close_code = message.get("code", 1005)
        raise WebSocketDisconnect(
            self.close_code or 1005, message.get("reason") or ""
        )

    def _not_open(self, what: str) -> NoReturn:
        """Raise the error for a message where none can be."""
        if self.state is CONNECTING:
            raise RuntimeError(f"{what}: call accept() first.")
        raise WebSocketDisconnect(self.close_code or 1006)

    def __repr__(self) -> str:
        return f"<WebSocket {self.path} {self.state.value}>"


async def until_closed(
    receive: Callable[[], Awaitable[T]],
) -> AsyncIterator[T]:
    """Yield what is received, until the client closes the socket."""
    with suppress(WebSocketDisconnect):
        while True:
            yield await receive()
