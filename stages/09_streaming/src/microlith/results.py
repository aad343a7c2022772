"""From what a handler returns to a response.

The return annotation says what the answer is; its serializer is built once.
``None``, ``str``, ``bytes``, tuples and responses mean the same for every
handler; anything else is JSON.

Must not know handlers, dependencies or the application.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import partial, reduce
from operator import or_
from types import AsyncGeneratorType, GeneratorType, NoneType
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import (
    PydanticSerializationError,
    SchemaError,
    ValidationError,
    to_json,
)

from microlith.exceptions import ConfigurationError
from microlith.kinds import bare, options
from microlith.responses import (
    JSON,
    LENGTHS,
    Response,
    TextResponse,
)
from microlith.signatures import EMPTY
from microlith.streaming import StreamingResponse

__all__ = ["Encoder", "JSONBytes", "compile_encoder"]

OCTETS = "application/octet-stream"

# SPEC: RFC 9110 §6.4.1: 1xx, 204 and 304 have no content.
BODILESS = frozenset({*range(100, 200), 204, 304})

GENERATORS = (GeneratorType, AsyncGeneratorType)


class JSONBytes(Response):
    """A response whose content is JSON already; its status has a body."""

    __slots__ = ()

    def __init__(self, body: bytes, status_code: int) -> None:
        # PERF: nothing to find out, so not by way of `Response`: 0.1 us.
        self.body = body
        self.status_code = status_code
        self.error = None
        self._headers = None
        size = len(body)
        if size < len(LENGTHS):
            length = LENGTHS[size]
        else:
            length = (b"content-length", b"%d" % size)
        self.raw_headers = [length, JSON]


@dataclass(frozen=True, slots=True)
class Encoder:
    """How the results of one handler become responses.

    A result of exactly the type ``exact`` needs ``to_json`` and nothing else;
    `encode` takes every result. ``declared`` is what the annotation says that
    the body is, EMPTY for nothing. ``status`` is the route's, or None.
    """

    where: str
    declared: Any
    exact: type
    to_json: Callable[[Any], bytes]
    validate: Callable[[Any], Any] | None
    status: int | None

    def parts(
        self,
    ) -> tuple[Callable[[Any], Response], type, Callable[[Any], bytes], int]:
        """Return what an endpoint keeps: encode, usual, content, status.

        A result whose class is ``usual`` needs ``content`` and nothing else.
        """
        status = 200 if self.status is None else self.status
        usual, content = self.exact, self.to_json
        if get_origin(self.declared) in (dict, list):
            usual, content = get_origin(self.declared), self.content
        if status in BODILESS:
            usual = Nothing
        return self.encode, usual, content, status

    def encode(self, result: Any) -> Response:
        """Return the response to a result of any kind.

        Raises TypeError for a tuple that is no response, and ValueError for a
        result that is not what the handler declares.
        """
        if isinstance(result, Response):
            return result
        if type(result) is tuple:
            return self.encode_tuple(result)
        return self.encode_body(result, self.status)

    def encode_tuple(self, result: tuple[Any, ...]) -> Response:
        """Return the response to ``(status, body)`` or ``(…, headers)``."""
        status, *rest = result or (None,)
        headers = rest[1] if len(rest) == 2 else {}
        if (
            not rest
            or len(rest) > 2
            or not isinstance(status, int)
            or not 200 <= status <= 599
            or isinstance(rest[0], Response)
            or not isinstance(headers, Mapping)
        ):
            raise TypeError(
                f"{self.where} returned the tuple {result!r:.200}; a tuple is "
                "(status, body) or (status, body, headers). "
                "Return a list for a JSON array."
            )
        response = self.encode_body(rest[0], int(status))
        response.headers.update(headers)
        return response

    def encode_body(self, body: Any, status: int | None) -> Response:
        """Return the response with this body."""
        if body is None:
            return Response(None, 204 if status is None else status)
        status = 200 if status is None else status
        if isinstance(body, str):
            return TextResponse(body, status)
        if isinstance(body, bytes):
            return Response(body, status, media_type=OCTETS)
        if isinstance(body, GENERATORS):
            return StreamingResponse(body, status)
        if status in BODILESS:
            raise ValueError(f"A {status} response has no body")
        return JSONBytes(self.content(body), status)

    def content(self, body: Any) -> bytes:
        """Return a body as JSON, validated unless it is `exact` already."""
        try:
            if self.validate is not None and type(body) is not self.exact:
                body = self.validate(body)
            return self.to_json(body)
        except (ValidationError, PydanticSerializationError) as error:
            declared = "JSON" if self.declared is EMPTY else self.declared
            raise ValueError(
                f"{self.where} returned {body!r:.200}, which cannot be sent "
                f"as {declared}: {error}"
            ) from None


def compile_encoder(
    where: str, annotation: Any, status: int | None
) -> Encoder:
    """Return the encoder for a return annotation (EMPTY for none).

    Raises ConfigurationError for one that cannot be sent.
    """
    declared = declared_body(where, annotation)
    text = annotation is str or annotation is bytes
    if status is not None and (text or declared is not EMPTY):
        check_status(where, status)
    plain = (EMPTY, Any, dict, object)
    if declared in plain:
        generic = partial(to_json, inf_nan_mode="null")
        return Encoder(where, declared, dict, generic, None, status)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(declared)
    except (PydanticUserError, SchemaError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigurationError(
            f"{where}: the result {declared!r} cannot be sent as JSON: "
            f"{reason}. Return a Response, or a type that pydantic knows."
        ) from None
    # PERF: an instance of the declared class goes out unvalidated: 0.4 us.
    model = isinstance(declared, type) and (
        is_dataclass(declared)
        or hasattr(declared, "__get_pydantic_core_schema__")
    )
    return Encoder(
        where,
        declared,
        declared if model else Nothing,
        partial(adapter.serializer.to_json, by_alias=True),
        adapter.validator.validate_python,
        status,
    )


class Nothing:
    """A type that no result has."""


def declared_body(where: str, annotation: Any) -> Any:
    """Return the JSON type that an annotation declares, or EMPTY."""
    annotation = bare(annotation)
    if annotation is EMPTY or annotation is NoneType:
        return EMPTY
    if get_origin(annotation) is tuple or annotation is tuple:
        return declared_tuple(where, annotation)
    own = (Response, str, bytes)
    rest = [
        option
        for option in options(annotation)
        if not (isinstance(option, type) and issubclass(option, own))
    ]
    return reduce(or_, rest) if rest else EMPTY


def declared_tuple(where: str, annotation: Any) -> Any:
    """Return the body's type in ``tuple[int, Body]`` or with headers."""
    items = get_args(annotation)
    if (
        len(items) not in (2, 3)
        or Ellipsis in items
        or not (isinstance(items[0], type) and issubclass(items[0], int))
    ):
        raise ConfigurationError(
            f"{where}: the result {annotation!r} is a tuple, and a tuple is a "
            "response: tuple[int, Body] or tuple[int, Body, Mapping]. "
            "Declare list[…] for a JSON array."
        )
    return declared_body(where, items[1])


def check_status(where: str, status: int) -> None:
    """Raise ConfigurationError for a status that has no body."""
    if status in BODILESS:
        raise ConfigurationError(
            f"{where}: a {status} response has no body, and the handler "
            "declares one. Declare -> None, or another status_code."
        )
