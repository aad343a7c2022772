"""Responses: a status, headers and a body, ready to be sent.

The bytes are made when a response is built, not when it is sent, so whoever
sends it (`App`, or the response itself, which is an ASGI app) has nothing left
to compute and nothing left to fail. The subclasses differ in how they turn
their content into bytes and in which Content-Type they name.

Must not know requests, routing or the application.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic_core import to_json

from microlith.cookies import SameSite, format_cookie
from microlith.datastructures import MutableHeaders, format_header
from microlith.types import Receive, Scope, Send

__all__ = [
    "HTMLResponse",
    "JSONResponse",
    "RedirectResponse",
    "Response",
    "TextResponse",
]

TEXT = (b"content-type", b"text/plain; charset=utf-8")
HTML = (b"content-type", b"text/html; charset=utf-8")
JSON = (b"content-type", b"application/json")


LENGTHS = [(b"content-length", b"%d" % size) for size in range(1024)]
"""The Content-Length of small bodies."""


class Response:
    """A complete response, kept as the bytes that will be sent.

    ``content`` is ``bytes``, ``str`` (encoded as UTF-8) or ``None`` (no body).
    ``raw_headers`` is the list that goes to the server and ``headers`` a view
    of it by name. ``body`` is None in a subclass that makes its body while
    sending. ``error`` is the exception that this response answers, if there
    was one.

    Raises ValueError for a header that is not allowed in HTTP, and for a body
    with a status that has none (1xx, 204, 304).
    """

    __slots__ = ("_headers", "body", "error", "raw_headers", "status_code")

    content_type: ClassVar[tuple[bytes, bytes] | None] = None

    body: bytes | None

    def __init__(
        self,
        content: bytes | str | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        field = self.content_type
        if isinstance(content, str):
            content = content.encode()
            field = field or TEXT
        elif content is None:
            content = b""
        elif not isinstance(content, bytes):
            raise TypeError(
                f"content is bytes, str or None, not {type(content).__name__};"
                " JSONResponse takes other values"
            )
        if media_type is not None:
            field = format_header("content-type", media_type)
        self.body = content
        self.status_code = status_code
        self.error: Exception | None = None
        self._headers: MutableHeaders | None = None
        size = len(content)
        # PERF: a small length is a field that is there already: 0.1 us.
        if size < len(LENGTHS):
            length = LENGTHS[size]
        else:
            length = (b"content-length", b"%d" % size)
        self.raw_headers = [length] if field is None else [length, field]
        # SPEC: RFC 9110 §8.6, §15.4.5: no content, so no Content-Length here.
        if status_code < 200 or status_code == 204 or status_code == 304:
            if content:
                raise ValueError(f"A {status_code} response has no body")
            del self.raw_headers[0]
        if headers:
            self.headers.update(headers)

    @property
    def headers(self) -> MutableHeaders:
        """The headers by name; a change here changes what is sent."""
        if self._headers is None:
            self._headers = MutableHeaders(self.raw_headers)
        return self._headers

    def set_cookie(
        self,
        key: str,
        value: str = "",
        *,
        max_age: int | None = None,
        expires: datetime | int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Add a Set-Cookie header; see `format_cookie` for the options."""
        cookie = format_cookie(
            key,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
        self.headers.append("set-cookie", cookie)

    def delete_cookie(
        self,
        key: str,
        *,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Tell the browser to forget a cookie.

        ``path``, ``domain`` and ``secure`` must be those it was set with, or
        the browser takes it for another cookie (RFC 6265 §5.3).
        """
        self.set_cookie(
            key,
            max_age=0,
            expires=datetime.fromtimestamp(0, UTC),
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
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
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})

    def __repr__(self) -> str:
        size = "streamed" if self.body is None else f"{len(self.body)} bytes"
        return f"<{type(self).__name__} {self.status_code}, {size}>"


class TextResponse(Response):
    """Plain text, as UTF-8."""

    __slots__ = ()
    content_type = TEXT


class HTMLResponse(Response):
    """An HTML page, as UTF-8. Escape what you put into it."""

    __slots__ = ()
    content_type = HTML


class JSONResponse(Response):
    """Anything that pydantic can serialise, as JSON.

    Models, dataclasses, dates, UUIDs and enums included. NaN and the
    infinities, which JSON does not have, become ``null``. Raises ValueError
    (`pydantic_core.PydanticSerializationError`) for any other value.
    """

    __slots__ = ()
    content_type = JSON

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        body = to_json(content, inf_nan_mode="null")
        super().__init__(body, status_code, headers, media_type)


class RedirectResponse(Response):
    """Send the client to another URL (RFC 9110 §15.4).

    307 keeps the method and the body, 303 turns into a GET, 308 is for good.
    Characters that may not stand in a URL are escaped. Raises ValueError for a
    status that does not redirect.
    """

    __slots__ = ()

    def __init__(
        self,
        url: str,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if status_code not in (301, 302, 303, 307, 308):
            raise ValueError(
                f"{status_code} does not redirect; use 303, 307 or 308"
            )
        super().__init__(None, status_code, headers)
        self.headers["location"] = quote(str(url), safe=":/%#?=@[]!$&'()*+,;")
