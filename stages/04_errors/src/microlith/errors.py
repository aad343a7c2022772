"""From an exception to a response, in one place.

Whatever goes wrong while a request is served, in a handler, in the routing or
in a middleware, becomes a response here and nowhere else. An `ErrorMap` knows
which handler answers which exception; by default an `HTTPException` becomes a
problem document (RFC 9457), and any other exception a bare 500 and one log
record with the traceback.

Must not know routing or the application.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from html import escape
from inspect import isawaitable
from typing import Any

from microlith.exceptions import (
    ClientDisconnect,
    ConfigurationError,
    HTTPException,
)
from microlith.exceptions import phrase as phrase_of
from microlith.requests import Request
from microlith.responses import (
    HTMLResponse,
    JSONResponse,
    Response,
    TextResponse,
)
from microlith.types import Message, Send

__all__ = ["ErrorMap", "Problem"]

log = logging.getLogger("microlith.errors")

Endpoint = Callable[[Request], Awaitable[Response]]
ErrorHandler = Callable[[Request, Any], Response | Awaitable[Response]]

CLIENT_CLOSED_REQUEST = 499
"""What a request is logged as when its client left; it is never sent."""

BODY_FIELDS = frozenset(
    b"content-" + rest
    for rest in (b"length", b"type", b"encoding", b"language", b"range")
)
"""The headers that describe a body, and go when it does (RFC 9110 §8)."""

UNFORESEEN = (None, Exception, 500)
"""The keys of handlers for what nobody foresaw: it is logged too."""

WITH_ERRORS = (400, 413, 415, 422)
"""The statuses whose problem says which part of the input was wrong."""


class Problem(JSONResponse):
    """A problem document (RFC 9457): an error that programs can read.

    ``extensions`` are members of your own beside ``type``, ``title``,
    ``status`` and ``detail``.
    """

    __slots__ = ()
    content_type = (b"content-type", b"application/problem+json")

    def __init__(
        self,
        status_code: int,
        detail: str | None = None,
        *,
        type: str = "about:blank",
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        title = title or phrase_of(status_code)
        content: dict[str, Any] = {
            "type": type,
            "title": title,
            "status": status_code,
        }
        if detail is not None:
            content["detail"] = detail
        super().__init__(content | extensions, status_code, headers)

    @classmethod
    def bare(cls, status_code: int) -> "Problem":
        """Return the problem that says no more than its status does."""
        problem = cls.__new__(cls)
        Response.__init__(problem, bare_body(status_code), status_code)
        return problem


# PERF: the body of a 404 is the same each time: 0.8 us.
@lru_cache(64)
def bare_body(status_code: int) -> bytes:
    """Return the body of the problem that says no more than its status."""
    return Problem(status_code, phrase_of(status_code)).body or b""


class ErrorMap:
    """Which handler answers which exception.

    A handler for a status is asked first, then the one for the nearest class
    of the exception. With ``debug`` an unhandled exception shows its traceback
    to the client; never turn it on where strangers can reach the app.
    """

    def __init__(self, debug: bool = False) -> None:
        self.debug = debug
        self._handlers: dict[type | int, ErrorHandler] = dict(DEFAULTS)

    def add(self, key: type[Exception] | int, handler: ErrorHandler) -> None:
        """Register a handler for an exception class or a status.

        Raises ConfigurationError for a key that is neither, or that has one.
        """
        if isinstance(key, type):
            known = issubclass(key, Exception)
        else:
            known = isinstance(key, int) and 400 <= key <= 599
        if not known:
            raise ConfigurationError(
                "An exception handler is for an Exception class or a status "
                f"from 400 to 599, not {key!r}."
            )
        if self._handlers.get(key) is not DEFAULTS.get(key):
            raise ConfigurationError(f"{key!r} has two exception handlers.")
        self._handlers[key] = handler

    def find(self, exc: Exception) -> tuple[type | int | None, ErrorHandler]:
        """Return the handler for an exception, and the key that led to it."""
        keys: tuple[type | int, ...]
        if isinstance(exc, HTTPException):
            keys = (exc.status_code, *type(exc).__mro__)
        else:
            keys = (*type(exc).__mro__, 500)
        for key in keys:
            if key in self._handlers:
                return key, self._handlers[key]
        return None, self._unhandled

    async def respond(self, request: Request, exc: Exception) -> Response:
        """Return the response to an exception; never raises Exception.

        The response's ``error`` is the exception, so that nothing is hidden.
        """
        key, handler = self.find(exc)
        if not isinstance(exc, HTTPException) and key in UNFORESEEN:
            log_unhandled(request, exc)
        try:
            response = handler(request, exc)
            if not isinstance(response, Response):
                response = await checked(handler, response)
        except Exception as second:
            log_unhandled(request, second)
            response = self._unhandled(request, second)
        response.error = exc
        return response

    def _unhandled(self, request: Request, exc: Exception) -> Response:
        """Answer 500: without details, unless this is debug mode."""
        if self.debug:
            return debug_page(request, exc)
        return answer(request, HTTPException(500))


async def checked(handler: ErrorHandler, found: Any) -> Response:
    """Await what an exception handler gave, and check that it is a response.

    Raises TypeError for anything else.
    """
    response = await found if isawaitable(found) else found
    if not isinstance(response, Response):
        raise TypeError(
            f"The exception handler {handler!r} returned {response!r}, "
            "not a Response"
        )
    return response


def guard(handler: Endpoint, errors: ErrorMap) -> Endpoint:
    """Return the handler as an endpoint, which never raises Exception."""
    respond = errors.respond

    async def endpoint(request: Request) -> Response:
        try:
            if request.fault is not None:
                raise request.fault
            response = await handler(request)
            if isinstance(response, Response):
                return response
            raise TypeError(
                f"{handler!r} returned {response!r}, not a Response"
            )
        except Exception as exc:
            return await respond(request, exc)

    return endpoint


def refusing(
    exception: Callable[[], HTTPException], errors: ErrorMap
) -> Endpoint:
    """Return the endpoint that answers every request with this exception."""
    usual = errors.find(exception())[1] is answer

    async def endpoint(request: Request) -> Response:
        exc = request.fault or exception()
        # PERF: nothing is raised only to be caught at once, and no handler is
        # looked for where it is known to be ours: 2 us.
        if exc is request.fault or not usual:
            return await errors.respond(request, exc)
        response = answer(request, exc)
        response.error = exc
        return response

    return endpoint


async def produce(
    response: Response,
    request: Request,
    send: Send,
    errors: ErrorMap,
    onward: Send | None = None,
) -> None:
    """Send a response that makes its body while it is sent.

    ``onward`` may send what comes between the start and the last event.

    An error before its start is answered like any other. After it, all that
    is left is to let the error out: the server cuts the connection, and the
    client sees that the response is not complete.
    """
    outgoing = Outgoing(send, onward or send)
    try:
        await response(request.scope, request.receive, outgoing)
    except Exception as exc:
        response.error = exc
        if isinstance(exc, ClientDisconnect):
            return
        if outgoing.started:
            log_unhandled(request, exc)
            raise
        answer = await errors.respond(request, exc)
        inherit(answer, response)
        await answer(request.scope, request.receive, send)


def inherit(answer: Response, response: Response) -> None:
    """Give an answer the headers of the response in whose place it is sent.

    What middlewares have set stays; what described the body goes.
    """
    answer.raw_headers += [
        field
        for field in response.raw_headers
        if field[0] not in BODY_FIELDS and field not in answer.raw_headers
    ]


class Outgoing:
    """The server's ``send``, which knows whether a response has started."""

    __slots__ = ("onward", "send", "started")

    def __init__(self, send: Send, onward: Send) -> None:
        self.send = send
        self.onward = onward
        self.started = False

    def __call__(self, message: Message) -> Awaitable[None]:
        """Send one event."""
        self.started = True
        return self.send(message)


def log_unhandled(request: Request, exc: Exception) -> None:
    """Write the one record of an exception that nobody foresaw.

    An exception may come by again in the same request: let out by a mounted
    app, say. The list of headers is what the two scopes have in common.
    """
    headers = request.scope["headers"]
    if getattr(exc, "logged_for", None) is headers:
        return
    with suppress(AttributeError):
        exc.logged_for = headers  # type: ignore[attr-defined]
    method, path = request.method, request.path
    log.error("Unhandled error in %s %r", method, path, exc_info=exc)


# --- answers -----------------------------------------------------------------


def answer_disconnect(request: Request, exc: ClientDisconnect) -> Response:
    """Stand in for an answer when nobody is left to read one."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


def answer(request: Request, exc: HTTPException) -> Response:
    """Return a problem document, or text for a client that asks for it."""
    status, detail = exc.status_code, exc.detail
    response: Response
    if wants_text(request.scope["headers"]):
        text = f"{status} {phrase_of(status)}"
        response = TextResponse(
            text if detail in text else f"{text}: {detail}", status
        )
    elif status in WITH_ERRORS or exc.errors:
        errors = exc.errors or [{"loc": [], "msg": detail, "type": "error"}]
        response = Problem(status, detail, errors=errors)
    elif detail == phrase_of(status):
        response = Problem.bare(status)
    else:
        response = Problem(status, detail)
    response.raw_headers.append((b"vary", b"Accept"))
    if exc.headers:
        response.headers.update(exc.headers)
        response.headers.add_vary("Accept")
    return response


DEFAULTS: Mapping[type | int, ErrorHandler] = {
    HTTPException: answer,
    ClientDisconnect: answer_disconnect,
}
"""What answers where an app has no handler of its own."""


def wants_text(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the Accept header prefers text to JSON (RFC 9110 §12.5.1)."""
    for name, accept in headers:
        if name == b"accept":
            # PERF: who does not say text does not prefer it: 0.8 us.
            accept = accept.lower()
            return b"text/" in accept and prefers_text(
                accept.decode("latin-1")
            )
    return False


def prefers_text(accept: str) -> bool:
    """Whether text has a higher weight than JSON."""
    text = json = 0.0
    for item in accept.split(","):
        media, _, parameters = item.partition(";")
        weight = quality(parameters)
        media = media.strip()
        if media in ("text/plain", "text/*"):
            text = max(text, weight)
        elif media in ("application/json", "application/problem+json", "*/*"):
            json = max(json, weight)
    return text > json


def quality(parameters: str) -> float:
    """Return the weight ``q`` among a media range's parameters, or 1."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def debug_page(request: Request, exc: Exception) -> Response:
    """Show the traceback, escaped. For debug mode alone."""
    trace = printable("".join(traceback.format_exception(exc)))
    if "text/html" not in request.headers.get("accept", ""):
        return TextResponse(trace, 500)
    title = escape(printable(f"{type(exc).__name__}: {exc}"))
    # SECURITY: message and path hold what the client sent: escape both.
    return HTMLResponse(
        f"<!doctype html><title>{title}</title><h1>{title}</h1>"
        f"<p>{escape(request.method)} {escape(request.path)}</p>"
        f"<pre>{escape(trace)}</pre>",
        500,
    )


def printable(text: str) -> str:
    """Return text that UTF-8 can hold; a lone surrogate is escaped."""
    return text.encode(errors="backslashreplace").decode()
