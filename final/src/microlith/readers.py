"""From the bytes of a request to a handler's values, and to its faults.

One validator reads all scalars of a handler at once, another one the body from
its raw bytes; both were built when the app was put together. What they refuse
becomes one answer that lists every fault, with the place of each (``loc``).

Must not know handlers, dependencies or the application.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Required

import pydantic
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError, ValidationError
from typing_extensions import TypedDict

from microlith.exceptions import (
    BadRequest,
    HTTPException,
    UnprocessableContent,
    UnsupportedMediaType,
)
from microlith.params import Part, Scalar, default_of
from microlith.requests import Request
from microlith.signatures import EMPTY, Parameter

__all__ = ["Payload", "Scalars", "compile_payload", "compile_scalars"]

typed_dict: Any = TypedDict

Fault = dict[str, Any]
"""One thing that is wrong with the input: ``loc``, ``msg`` and ``type``."""


# --- one validator for all scalars -------------------------------------------


@dataclass(frozen=True, slots=True)
class Scalars:
    """How all scalars of a handler are read.

    ``gather`` collects the strings from a request (None: they are its
    ``path_params``), ``validate`` turns them into values, in order (None: they
    are values already). With ``lenient`` what is absent may be absent.
    """

    fields: Mapping[str, Scalar]
    gather: Callable[[Any], dict[str, Any]] | None
    validate: Callable[[Any], dict[str, Any]] | None
    lenient: Callable[[Any], dict[str, Any]] | None

    def parts(self) -> tuple[Any, Any, tuple[str, ...]]:
        """Return what an endpoint keeps: gather, validate, names of values."""
        made = () if self.validate else tuple(self.fields)
        return self.gather, self.validate, made


NO_SCALARS = Scalars({}, None, None, None)
"""The reader of a handler without scalars."""


def compile_scalars(
    scalars: Sequence[Scalar], lenient: bool = False
) -> Scalars | None:
    """Return the one validator for these scalars, or None for none."""
    if not scalars:
        return None
    keys = [scalar.key for scalar in scalars]
    direct = len(set(keys)) == len(keys) and all(
        scalar.place == "path" for scalar in scalars
    )
    if not direct:
        keys = [str(i) for i in range(len(scalars))]
    fields = dict(zip(keys, scalars, strict=True))
    # PERF: what the path's converter has made is not validated again: 0.3 us.
    if direct and all(scalar.made for scalar in scalars):
        return Scalars(fields, None, None, None)
    return Scalars(
        fields,
        None if direct else compile_gather(fields),
        compile_validator(fields, Required),
        compile_validator(fields, NotRequired) if lenient else None,
    )


def compile_validator(fields: Mapping[str, Scalar], needed: Any) -> Any:
    """Return ``validate(raw) -> values`` for these fields."""
    members = {key: member(scalar, needed) for key, scalar in fields.items()}
    try:
        return adapter_of(members).validate_python
    except (PydanticUserError, SchemaError):
        for scalar in fields.values():
            check_schema(scalar.parameter, scalar.annotation)
        raise


def member(reader: Scalar | Part, needed: Any = Required) -> Any:
    """Return the type of one value among others, with its default."""
    default = default_of(reader.parameter)
    if default is EMPTY:
        return needed[reader.annotation]
    return Annotated[reader.annotation, pydantic.Field(default=default)]


def adapter_of(annotation: Any) -> Any:
    """Return pydantic-core's validator for a type, or for named members."""
    if isinstance(annotation, dict):
        annotation = typed_dict("Members", annotation)
    return TypeAdapter(annotation).validator


def check_schema(parameter: Parameter, annotation: Any) -> None:
    """Raise ConfigurationError when pydantic has no schema for a type."""
    try:
        TypeAdapter(annotation)
    except (PydanticUserError, SchemaError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise parameter.mistake(
            f"cannot be validated: {reason}. Use a type that pydantic knows, "
            "inject it with Depends(…), or register it with app.provide(…)."
        ) from None


def compile_gather(
    fields: Mapping[str, Scalar],
) -> Callable[[Any], dict[str, Any]]:
    """Return the function that collects these fields' strings."""

    def at(place: str) -> list[tuple[str, str, bool]]:
        return [
            (name, scalar.key, scalar.many)
            for name, scalar in fields.items()
            if scalar.place == place
        ]

    path, query, cookie = at("path"), at("query"), at("cookie")
    headers: dict[bytes, list[tuple[str, bool]]] = {}
    for name, key, many in at("header"):
        headers.setdefault(key.encode("latin-1"), []).append((name, many))

    def gather(request: Any) -> dict[str, Any]:
        raw: dict[str, Any] = {}
        for name, key, _ in path:
            raw[name] = request.path_params[key]
        if query:
            lists = request.query_params.lists
            for name, key, many in query:
                if key in lists:
                    raw[name] = lists[key] if many else lists[key][0]
        if cookie:
            cookies = request.cookies
            for name, key, _ in cookie:
                if key in cookies:
                    raw[name] = cookies[key]
        if headers:
            for header, value in request.scope["headers"]:
                for name, many in headers.get(header, ()):
                    text = value.decode("latin-1")
                    if many:
                        raw.setdefault(name, []).append(text)
                    else:
                        raw.setdefault(name, text)
        return raw

    return gather


# --- the body ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payload:
    """How a handler's body is read.

    ``read`` takes it from the request, ``validate`` turns it into a value, or
    with ``members`` into a dict of several. ``media_type`` is what the body
    must be. ``default`` stands for an empty body; EMPTY: there must be one.
    """

    read: Callable[[Any], Any]
    validate: Callable[[Any], Any]
    media_type: bytes
    default: Any
    members: bool = False


def compile_payload(parts: Sequence[Part]) -> Payload:
    """Return how these parts of one body are read.

    A source that has a function ``payload(parts)`` reads them itself.
    """
    first = parts[0]
    for part in parts:
        if type(part.source) is not type(first.source):
            raise part.parameter.mistake(
                f"is {part.source!r} beside {first.source!r}: one body cannot "
                "be read as both."
            )
    if hasattr(first.source, "payload"):
        own: Payload = first.source.payload(parts)
        return own
    media_type = first.source.media_type
    for part in parts:
        check_schema(part.parameter, part.annotation)
        if len(parts) > 1 and part.source.media_type != "application/json":
            raise part.parameter.mistake(
                f"is one of several parts of the body, as "
                f"{part.source.media_type}; only JSON has members."
            )
    if len(parts) == 1 and not first.source.embed:
        return compile_whole(first, media_type)
    validator = adapter_of({part.key: member(part) for part in parts})
    needed = [p for p in parts if default_of(p.parameter) is EMPTY]
    default = (
        EMPTY if needed else {p.key: default_of(p.parameter) for p in parts}
    )
    return Payload(
        Request.body,
        validator.validate_json,
        media_type.encode("latin-1"),
        default,
        members=True,
    )


def compile_whole(part: Part, media_type: str) -> Payload:
    """Return how a body is read that is one value."""
    validator = adapter_of(part.annotation)
    default = default_of(part.parameter)
    read: Callable[[Request], Any] = Request.body
    validate = validator.validate_python
    if media_type == "application/json":
        validate = validator.validate_json
    elif part.parameter.type is str:
        read = Request.text
    elif part.parameter.type is not bytes:
        raise part.parameter.mistake(
            f"is a body of type {media_type}, which is read as bytes or str."
        )
    return Payload(read, validate, media_type.encode("latin-1"), default)


def accepts(payload: Payload, media_type: bytes | None) -> bool:
    """Whether a Content-Type is what this body must be; none at all is.

    JSON is ``application/json`` and every ``application/…+json``.
    """
    # SECURITY: a page of another site can send text/plain without a preflight,
    # so what says that it is not JSON is not read as JSON.
    if media_type is None:
        return True
    name = media_type.partition(b";")[0].strip().lower()
    if name == payload.media_type:
        return True
    return (
        payload.media_type == b"application/json"
        and name.startswith(b"application/")
        and name.endswith(b"+json")
    )


def check_media_type(payload: Payload, media_type: bytes | None) -> None:
    """Raise the 415 that names what is read here, if this is not it."""
    if accepts(payload, media_type):
        return
    message = f"The body must be {payload.media_type.decode()}"
    got = (media_type or b"").decode("latin-1")[:80]
    error = {"loc": ["body"], "msg": message, "type": "media_type"}
    raise UnsupportedMediaType(f"{message}, not {got!r}", errors=[error])


# --- faults ------------------------------------------------------------------


def scalar_faults(error: ValidationError, scalars: Scalars) -> list[Fault]:
    """Return what is wrong with the scalars, by place and name."""
    faults = []
    for fault in details(error):
        name, *rest = fault["loc"]
        scalar = scalars.fields[name]
        fault["loc"] = [scalar.place, scalar.key, *rest]
        faults.append(fault)
    return faults


def body_faults(error: ValidationError, data: Any) -> list[Fault]:
    """Return what is wrong with the body; an empty one is missing."""
    if not data:
        return [MISSING_BODY]
    faults = details(error)
    for fault in faults:
        fault["loc"] = ["body", *fault["loc"]]
    return faults


async def payload_faults(payload: Payload, request: Request) -> list[Fault]:
    """Read the body and return what is wrong with it.

    Raises UnsupportedMediaType for one that is not read at all.
    """
    check_media_type(payload, request.content_type)
    data = await payload.read(request)
    if not data and payload.default is not EMPTY:
        return []
    try:
        payload.validate(data)
    except ValidationError as error:
        return body_faults(error, data)
    return []


MISSING_BODY: Fault = {
    "loc": ["body"],
    "msg": "Field required",
    "type": "missing",
}


def details(error: ValidationError) -> list[Fault]:
    """Return the faults as pydantic found them, without the input."""
    # SECURITY: the input is left out: an answer is no place for a password.
    found = error.errors(
        include_url=False, include_context=False, include_input=False
    )
    return [dict(fault) for fault in found]


def refusal(faults: Sequence[Fault], always_422: bool) -> HTTPException:
    """Return the one answer to these faults.

    400 for JSON that cannot be parsed, and where nothing is wrong but that
    whole parameters are missing; 422 otherwise, or for all of it.
    """
    broken = ("json_invalid", ["body"])
    unparsable = [f for f in faults if (f["type"], f["loc"]) == broken]
    absent = all(
        f["type"] == "missing"
        and len(f["loc"]) == (1 if f["loc"][0] == "body" else 2)
        for f in faults
    )
    unique = [f for i, f in enumerate(faults) if f not in faults[:i]]
    if (unparsable or absent) and not always_422:
        word = "is not JSON" if unparsable else "lacks what it needs"
        return BadRequest(f"The request {word}", errors=unparsable or unique)
    return UnprocessableContent("The request is not valid", errors=unique)
