"""The access log: one line for each request, with its status and duration.

A pure ASGI layer, for ``app.wrap(AccessLogMiddleware)``: it stands outside of
everything else, so it counts what was really sent, by whoever sent it, and the
time until the last byte of a stream.

Must not know requests, responses or routing.
"""

import logging
from time import perf_counter
from urllib.parse import quote

from microlith.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["AccessLogMiddleware"]

access = logging.getLogger("microlith.access")

INCOMPLETE = 499
"""The status of a request that nobody answered: its client had gone."""


class AccessLogMiddleware:
    """Log each request once it is answered.

    A record of ``logger`` (by default ``microlith.access``, level INFO)
    carries ``method``, ``path``, ``status``, ``size`` (bytes of the body) and
    ``duration`` (seconds) as attributes, for a formatter that wants them.
    """

    def __init__(self, app: ASGIApp, logger: logging.Logger = access) -> None:
        self.app = app
        self.logger = logger

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one connection, and log it if it is an HTTP request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        entry = Entry(send)
        try:
            await self.app(scope, receive, entry.send)
        except Exception:
            entry.status = entry.status or 500
            raise
        finally:
            self._write(scope, entry)

    def _write(self, scope: Scope, entry: "Entry") -> None:
        """Write one line; the path is escaped, so it cannot forge another."""
        seconds = perf_counter() - entry.start
        status = entry.status or INCOMPLETE
        fields = {
            "method": scope["method"],
            "path": quote(scope["path"]),
            "status": status,
            "size": entry.size,
            "duration": seconds,
        }
        self.logger.info(
            "%s %s %d %.1f ms",
            fields["method"],
            fields["path"],
            status,
            seconds * 1000,
            extra=fields,
        )


class Entry:
    """What is known of one request, while it is answered."""

    __slots__ = ("_send", "size", "start", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.start = perf_counter()
        self.status: int | None = None
        self.size = 0

    async def send(self, message: Message) -> None:
        """Note what is sent, and send it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)
