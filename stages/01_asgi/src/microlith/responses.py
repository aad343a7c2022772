"""One HTTP response: a status, headers and a body, ready to be sent.

The bytes are made when the response is built, not when it is sent, so whoever
sends it (`App`, or the response itself, which is an ASGI app) has nothing left
to compute and nothing left to fail.

Must not know requests, routing or the application.
"""

from collections.abc import Mapping

from microlith.types import Receive, Scope, Send

__all__ = ["Response"]


class Response:
    """A complete response, kept as the bytes that will be sent.

    ``content`` is ``bytes``, ``str`` (encoded as UTF-8) or ``None`` (no body).
    ``raw_headers`` is the list that goes to the server: lower-case names and
    values, as bytes. A Content-Length is always among them.
    """

    __slots__ = ("body", "raw_headers", "status_code")

    def __init__(
        self,
        content: bytes | str | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        if content is None:
            content = b""
        elif isinstance(content, str):
            content = content.encode()
            media_type = media_type or "text/plain; charset=utf-8"
        self.body = content
        self.status_code = status_code
        self.raw_headers = [(b"content-length", b"%d" % len(content))]
        if media_type is not None:
            self.raw_headers.append(
                (b"content-type", media_type.encode("latin-1"))
            )
        for name, value in (headers or {}).items():
            self.raw_headers.append(
                (name.lower().encode("latin-1"), value.encode("latin-1"))
            )

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send this response: a response is itself an ASGI app."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body})
