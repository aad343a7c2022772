"""From a function to an endpoint.

A handler's signature says what it needs and what it returns. When the app is
frozen, `inspect_handler` reads it into an `Operation`, and `compile_endpoint`
turns that into one closure, ``async (Request) -> Response``, which never
raises Exception. While requests are served nothing is inspected any more::

    signature ── Operation ── endpoint
                              scalars -> body -> handler -> response

Must not know routing or the application.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic_core import ValidationError

from microlith.binding import Binder
from microlith.errors import ErrorMap
from microlith.params import Computed, Part, Scalar
from microlith.readers import (
    NO_SCALARS,
    Payload,
    Scalars,
    body_faults,
    check_media_type,
    compile_payload,
    compile_scalars,
    payload_faults,
    refusal,
    scalar_faults,
)
from microlith.requests import Request
from microlith.responses import Response
from microlith.results import Encoder, JSONBytes, compile_encoder
from microlith.routes import Route
from microlith.signatures import EMPTY, read_parameters, read_result
from microlith.threads import Threads, needs_thread

__all__ = ["Operation", "compile_endpoint", "inspect_handler"]

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a handler's signature means.

    The values of a request stand in one list: the request itself, then the
    scalars, what is ``computed``, and the body. ``takes`` are the positions
    of the handler's own arguments in that list, ``names`` those of its
    arguments that have to be passed by name.
    """

    route: Route
    scalars: Scalars | None
    computed: tuple[Callable[[Any], Any], ...]
    payload: Payload | None
    takes: tuple[int, ...]
    names: tuple[str, ...]
    encoder: Encoder
    always_422: bool

    @property
    def is_plain(self) -> bool:
        """Whether the handler takes the request alone, or nothing."""
        return (
            self.scalars is None
            and self.payload is None
            and not self.computed
            and not self.names
            and len(self.takes) <= 1
        )


def inspect_handler(route: Route, context: Any = None) -> Operation:
    """Read the signature of a route's handler.

    ``context`` is the app. Raises one ConfigurationError for all mistakes in
    the signature.
    """
    binder = Binder(route, Request, context)
    parameters = read_parameters(route.handler)
    readers = binder.bind_all(parameters)
    scalars = [r for r in readers if isinstance(r, Scalar)]
    computed = [r for r in readers if isinstance(r, Computed)]
    parts = [r for r in readers if isinstance(r, Part)]
    order = [*scalars, *computed]
    places = {id(reader): i for i, reader in enumerate(order, 1)}
    places |= {id(part): len(order) + i for i, part in enumerate(parts, 1)}
    status = route.options.get("status_code")
    return Operation(
        route,
        compile_scalars(scalars),
        tuple(reader.function for reader in computed),
        compile_payload(parts) if parts else None,
        tuple(places.get(id(reader), 0) for reader in readers),
        tuple(p.name for p in parameters if p.keyword_only),
        compile_encoder(route.where, read_result(route.handler), status),
        route.options.get("always_422", False),
    )


def compile_endpoint(
    operation: Operation, errors: ErrorMap, threads: Threads
) -> Endpoint:
    """Return the closure that serves an operation.

    It gets every fault of the request, reads the body after all else, and
    calls the handler only if nothing is wrong.
    """
    handler = operation.route.handler
    call = by_position(handler, operation.names)
    if needs_thread(handler):
        call = threads.wrap(call)
    if operation.is_plain:
        return compile_plain(operation, call, errors)
    takes, computed = operation.takes, operation.computed
    gather, validate, made = (operation.scalars or NO_SCALARS).parts()
    payload = operation.payload
    encode, usual, content, status = operation.encoder.parts()
    respond = errors.respond

    async def endpoint(request: Request) -> Response:
        try:
            if request.fault is not None:
                raise request.fault
            values: list[Any] = [request]
            if validate is not None:
                raw = gather(request) if gather else request.path_params
                try:
                    values += validate(raw).values()
                except ValidationError as error:
                    await refuse(operation, request, error)
            else:
                for name in made:
                    values.append(request.path_params[name])
            for compute in computed:
                values.append(compute(request))
            if payload is not None:
                if request.content_type not in (None, payload.media_type):
                    check_media_type(payload, request.content_type)
                data = await payload.read(request)
                try:
                    value = payload.validate(data)
                except ValidationError as error:
                    value = without_body(operation, data, error)
                values += value.values() if payload.members else (value,)
            result = await call(*map(values.__getitem__, takes))
            # PERF: the usual result without a further call: 0.1 us.
            if type(result) is usual:
                return JSONBytes(content(result), status)
            return result if isinstance(result, Response) else encode(result)
        except Exception as exc:
            return await respond(request, exc)

    return endpoint


def compile_plain(
    operation: Operation, call: Callable[..., Any], errors: ErrorMap
) -> Endpoint:
    """Return the closure for a handler that takes the request, or nothing."""
    takes_request = bool(operation.takes)
    encode, usual, content, status = operation.encoder.parts()
    respond = errors.respond

    async def endpoint(request: Request) -> Response:
        try:
            if request.fault is not None:
                raise request.fault
            result = await (call(request) if takes_request else call())
            if type(result) is usual:
                return JSONBytes(content(result), status)
            return result if isinstance(result, Response) else encode(result)
        except Exception as exc:
            return await respond(request, exc)

    return endpoint


async def refuse(
    operation: Operation, request: Request, error: ValidationError
) -> NoReturn:
    """Raise the answer to a request whose scalars are not valid.

    The body is read as well, so that the answer lists its faults too.
    """
    assert operation.scalars is not None
    faults = scalar_faults(error, operation.scalars)
    if operation.payload is not None:
        faults += await payload_faults(operation.payload, request)
    raise refusal(faults, operation.always_422)


def without_body(
    operation: Operation, data: Any, error: ValidationError
) -> Any:
    """Return the default of an absent body; raise for a faulty one."""
    assert operation.payload is not None
    default = operation.payload.default
    if data or default is EMPTY:
        faults = body_faults(error, data)
        raise refusal(faults, operation.always_422) from None
    return default


def by_position(
    function: Callable[..., Any], names: Sequence[str]
) -> Callable[..., Any]:
    """Return a function that takes its keyword-only arguments at the end."""
    if not names:
        return function
    first = len(names)

    def call(*args: Any) -> Any:
        keywords = dict(zip(names, args[-first:], strict=True))
        return function(*args[:-first], **keywords)

    return call
