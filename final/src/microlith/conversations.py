"""Exchanges that stay open between the steps of a test.

A WebSocket, or a response that streams: the test says something, looks at what
comes back, and goes on. Between two steps the app stands still.

Knows an exchange by what it does: ``put``, ``take`` and ``finish``.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from pydantic_core import from_json, to_json

from microlith.exceptions import WebSocketDisconnect
from microlith.types import Message

__all__ = ["SocketRefused", "StreamSession", "WebSocketSession"]


class Driver(Protocol):
    """One call of an app, driven event by event."""

    def put(self, *events: Message) -> None:
        """Let the app receive these events."""

    def take(self) -> Message:
        """Return the next event that the app sends."""
        ...

    def finish(self) -> None:
        """Run the app until it returns."""


class SocketRefused(Exception):
    """The app has refused a handshake: with this status, headers and body."""

    def __init__(
        self,
        status_code: int,
        headers: dict[str, str],
        content: bytes,
        close_code: int | None,
    ) -> None:
        super().__init__(f"The handshake was refused: {status_code}")
        self.status_code = status_code
        self.headers = headers
        self.content = content
        self.close_code = close_code

    def json(self) -> Any:
        """Parse the body as JSON."""
        return from_json(self.content)


class WebSocketSession:
    """The client's side of a WebSocket; open from the start.

    ``subprotocol`` is the one that was accepted, ``headers`` those of the
    accept. Leaving the ``with`` block closes it with 1000.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._closed = False
        self.close_code: int | None = None
        driver.put({"type": "websocket.connect"})
        message = driver.take()
        if message["type"] != "websocket.accept":
            self._refused(message)
        self.subprotocol: str | None = message.get("subprotocol")
        self.headers = read_headers(message)

    def _refused(self, message: Message) -> None:
        """Raise SocketRefused for an answer that is no accept."""
        self._closed = True
        if message["type"] == "websocket.close":
            self._driver.finish()
            code = message.get("code", 1000)
            raise SocketRefused(403, {}, b"", code)
        body = self._driver.take()
        content = body.get("body", b"")
        while body.get("more_body"):
            body = self._driver.take()
            content += body.get("body", b"")
        self._driver.finish()
        headers = read_headers(message)
        raise SocketRefused(message["status"], headers, content, None)

    def send_text(self, data: str) -> None:
        """Send a message of text to the app."""
        self._driver.put({"type": "websocket.receive", "text": data})

    def send_bytes(self, data: bytes) -> None:
        """Send a message of bytes to the app."""
        self._driver.put({"type": "websocket.receive", "bytes": data})

    def send_json(self, data: Any) -> None:
        """Send a message of JSON, as text, to the app."""
        self.send_text(to_json(data).decode())

    def receive(self) -> Message:
        """Return the next event from the app.

        Raises WebSocketDisconnect when it is a close.
        """
        if self._closed:
            raise WebSocketDisconnect(self.close_code or 1006)
        # Until an event has come: what fails here ends the exchange.
        self._closed = True
        message = self._driver.take()
        self._closed = False
        if message["type"] == "websocket.close":
            self._closed = True
            self.close_code = message.get("code", 1000)
            self._driver.put(
                {"type": "websocket.disconnect", "code": self.close_code}
            )
            self._driver.finish()
            raise WebSocketDisconnect(
                self.close_code or 1000, message.get("reason") or ""
            )
        return message

    def receive_text(self) -> str:
        """Return the next message, which has to be text."""
        text = self.receive().get("text")
        assert text is not None, "The app sent bytes, not text."
        return str(text)

    def receive_bytes(self) -> bytes:
        """Return the next message, which has to be bytes."""
        data = self.receive().get("bytes")
        assert data is not None, "The app sent text, not bytes."
        return bytes(data)

    def receive_json(self) -> Any:
        """Return the next message, parsed as JSON."""
        message = self.receive()
        return from_json(message.get("text") or message.get("bytes") or b"")

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket, and run the app to its end."""
        if self._closed:
            return
        self._closed, self.close_code = True, code
        self._driver.put(
            {"type": "websocket.disconnect", "code": code, "reason": reason}
        )
        self._driver.finish()

    def __enter__(self) -> "WebSocketSession":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class StreamSession:
    """A response that is read while it is sent.

    Leaving the ``with`` block before its end is a client that goes away.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._more = True
        self._failed = False
        message = driver.take()
        self.status_code: int = message["status"]
        self.headers = read_headers(message)

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the pieces of the body, as the app sends them."""
        while self._more:
            # Until an event has come: what fails here ends the exchange.
            self._failed = True
            message = self._driver.take()
            self._failed = False
            self._more = bool(message.get("more_body"))
            if message.get("body"):
                yield message["body"]

    def iter_lines(self) -> Iterator[str]:
        """Yield the body's lines, without their ends."""
        rest = ""
        for piece in self.iter_bytes():
            *lines, rest = (rest + piece.decode()).split("\n")
            yield from lines
        if rest:
            yield rest

    def close(self) -> None:
        """Leave: the app is told, and runs to its end."""
        if not self._failed:
            self._driver.put({"type": "http.disconnect"})
            self._driver.finish()

    def __enter__(self) -> "StreamSession":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def read_headers(message: Message) -> dict[str, str]:
    """Return the headers of an event by name; of repeated ones the last."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in message.get("headers") or ()
    }
