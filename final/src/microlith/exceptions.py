"""Every exception that Microlith raises on purpose.

::

    Exception
    └── MicrolithError
        ├── ConfigurationError          a mistake in the app itself
        ├── ClientDisconnect            the client left during its body
        ├── WebSocketDisconnect         the other side closed the socket
        ├── WebSocketException          close the socket with this code
        └── HTTPException               answer with this status
            ├── BadRequest              400
            ├── Unauthorized            401
            ├── Forbidden               403
            ├── NotFound                404
            ├── MethodNotAllowed        405
            ├── NotAcceptable           406
            ├── RequestTimeout          408
            ├── Conflict                409
            ├── Gone                    410
            ├── PreconditionFailed      412
            ├── ContentTooLarge         413
            ├── UnsupportedMediaType    415
            ├── RangeNotSatisfiable     416
            ├── UnprocessableContent    422
            ├── TooManyRequests         429
            ├── BadGateway              502
            ├── ServiceUnavailable      503
            └── GatewayTimeout          504

The tree is complete from the start: later modules raise from it and add
nothing to it. Knows nothing of requests, responses or sockets.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

__all__ = [
    "BadGateway",
    "BadRequest",
    "ClientDisconnect",
    "ConfigurationError",
    "Conflict",
    "ContentTooLarge",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "HTTPException",
    "MethodNotAllowed",
    "MicrolithError",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "RangeNotSatisfiable",
    "RequestTimeout",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "WebSocketDisconnect",
    "WebSocketException",
]


class MicrolithError(Exception):
    """The root of the tree: everything that Microlith raises on purpose."""


class ConfigurationError(MicrolithError):
    """A mistake in how the app is put together, and how to mend it.

    ``errors`` holds each mistake when several are reported together, and the
    exception itself when it is the only one.
    """

    def __init__(
        self, message: str, errors: Iterable["ConfigurationError"] = ()
    ):
        super().__init__(message)
        self.errors: tuple[ConfigurationError, ...] = tuple(errors) or (self,)

    @classmethod
    def together(
        cls, errors: Sequence["ConfigurationError"]
    ) -> "ConfigurationError":
        """Return one error that reports all of these."""
        if len(errors) == 1:
            return errors[0]
        lines = "\n".join(
            f"  {i}. {error}" for i, error in enumerate(errors, 1)
        )
        return cls(f"{len(errors)} mistakes in this app:\n{lines}", errors)


class ClientDisconnect(MicrolithError):
    """The client left before it had sent the whole body."""


class WebSocketDisconnect(MicrolithError):
    """The other side closed the socket (RFC 6455 §7.1.5)."""

    def __init__(self, code: int = 1005, reason: str = ""):
        super().__init__(
            f"The socket was closed with code {code}. {reason}".strip()
        )
        self.code = code
        self.reason = reason


class WebSocketException(MicrolithError):
    """Close the socket with this code and reason (RFC 6455 §7.4)."""

    def __init__(self, code: int, reason: str = ""):
        super().__init__(f"Close with code {code}. {reason}".strip())
        self.code = code
        self.reason = reason


class HTTPException(MicrolithError):
    """Answer the request with this status (RFC 9110 §15).

    ``detail`` is shown to the client; it defaults to the status's standard
    phrase. ``headers`` are added to the answer. ``errors`` says what is wrong
    with which part of the input: dicts with ``loc``, ``msg`` and ``type``.
    Raises ValueError for a status that is not an error (below 400, above 599).
    """

    def __init__(
        self,
        status_code: int,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ):
        if not 400 <= status_code <= 599:
            raise ValueError(
                f"{status_code} is not an error status; "
                "return a Response for anything below 400."
            )
        self.status_code = status_code
        self.detail = phrase(status_code) if detail is None else detail
        self.headers = dict(headers) if headers else {}
        self.errors = list(map(dict, errors)) if errors else []

    def __str__(self) -> str:
        return f"{self.status_code} {self.detail}"


def phrase(status_code: int) -> str:
    """Return the standard reason phrase of a status, or "Error"."""
    return STATUS_PHRASES.get(status_code, "Error")


# SPEC: RFC 9110 renamed these four; Python below 3.13 has the old names.
STATUS_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class _FixedStatus(HTTPException):
    """An HTTPException whose class decides the status."""

    status: ClassVar[int]

    def __init__(
        self,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ):
        HTTPException.__init__(self, self.status, detail, headers, errors)


class BadRequest(_FixedStatus):
    """400: the request cannot be read as what it claims to be."""

    status = 400


class Unauthorized(_FixedStatus):
    """401: say who you are first; send a WWW-Authenticate header with it."""

    status = 401


class Forbidden(_FixedStatus):
    """403: understood, and refused."""

    status = 403


class NotFound(_FixedStatus):
    """404: there is nothing here."""

    status = 404


class MethodNotAllowed(HTTPException):
    """405: the path has other methods: those in ``allow``."""

    def __init__(self, allow: Iterable[str], detail: str | None = None):
        self.allow = tuple(allow)
        super().__init__(405, detail, {"Allow": ", ".join(self.allow)})


class NotAcceptable(_FixedStatus):
    """406: nothing here is of a type that the client accepts."""

    status = 406


class RequestTimeout(_FixedStatus):
    """408: the client was too slow to send its request."""

    status = 408


class Conflict(_FixedStatus):
    """409: the request contradicts the present state."""

    status = 409


class Gone(_FixedStatus):
    """410: it was here and will not come back."""

    status = 410


class PreconditionFailed(_FixedStatus):
    """412: a condition in the request's headers does not hold."""

    status = 412


class ContentTooLarge(_FixedStatus):
    """413: the body is larger than this app reads."""

    status = 413


class UnsupportedMediaType(_FixedStatus):
    """415: the body is of a type that is not read here."""

    status = 415


class RangeNotSatisfiable(_FixedStatus):
    """416: the range asked for is outside the content."""

    status = 416


class UnprocessableContent(_FixedStatus):
    """422: well formed, and not what is allowed here."""

    status = 422


class TooManyRequests(_FixedStatus):
    """429: slow down; send a Retry-After header with it."""

    status = 429


class BadGateway(_FixedStatus):
    """502: a server behind this one failed."""

    status = 502


class ServiceUnavailable(_FixedStatus):
    """503: not now; send a Retry-After header with it."""

    status = 503


class GatewayTimeout(_FixedStatus):
    """504: a server behind this one was too slow."""

    status = 504
