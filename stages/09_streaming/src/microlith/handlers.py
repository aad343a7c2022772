"""From a function to an endpoint.

A handler's signature says what it needs and what it returns. When the app is
frozen, `inspect_handler` reads it into an `Operation`, and `compile_endpoint`
turns that into one closure, ``async (Request) -> Response``, which never
raises Exception. While requests are served nothing is inspected any more::

    signature ── Operation ── endpoint
              scalars -> dependencies -> body -> handler -> response

Must not know routing or the application.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, get_args

from pydantic_core import ValidationError

from microlith.binding import ROOT, Binder, exits_of
from microlith.calls import (
    ASYNC_GENERATOR,
    COROUTINE,
    FUNCTION,
    GENERATOR,
    NOTHING,
    Exits,
    enter,
    leave,
    no_yield,
    picker,
    positional,
)
from microlith.deadlines import cancelled_on_disconnect, limited
from microlith.dependencies import Depends, compile_plan, kind_of
from microlith.errors import ErrorMap
from microlith.params import Computed, Part, Scalar
from microlith.plans import NO_PLAN, Plan, Step
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
from microlith.signatures import EMPTY, read_result
from microlith.streaming import (
    EventStream,
    ServerSentEvent,
    StreamingResponse,
)
from microlith.threads import Threads, needs_thread

__all__ = ["Operation", "compile_endpoint", "inspect_handler"]

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a handler's signature means.

    The values of a request stand in one list: the request itself, then the
    scalars, what the ``steps`` make, and the body. ``takes`` are the positions
    of the handler's own arguments in that list.
    """

    route: Route
    scalars: Scalars | None
    payload: Payload | None
    takes: tuple[int, ...]
    encoder: Encoder
    always_422: bool
    plan: Plan = NO_PLAN
    steps: tuple[Step, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arguments that are passed by name."""
        return self.plan.names

    @property
    def opens(self) -> bool:
        """Whether one of the steps has to be closed."""
        return any(kind >= GENERATOR for kind, _, _ in self.steps)

    @property
    def is_plain(self) -> bool:
        """Whether the handler takes the request alone, or nothing."""
        return (
            self.scalars is None
            and self.payload is None
            and not self.steps
            and not self.names
            and len(self.takes) <= 1
        )


def inspect_handler(
    route: Route, context: Any = None, root: type = Request
) -> Operation:
    """Read the signature of a route's handler, and of what it depends on.

    ``context`` is the app, ``root`` the class of what the handler is called
    for. Raises one ConfigurationError for all mistakes in the signatures.
    """
    plan = compile_plan(
        route.handler,
        Binder(route, root, context),
        getattr(context, "providers", None),
        getattr(context, "overrides", None),
        route.options.get("dependencies", ()),
    )
    scalars = [leaf for leaf in plan.leaves if isinstance(leaf, Scalar)]
    computed = [leaf for leaf in plan.leaves if isinstance(leaf, Computed)]
    parts = [leaf for leaf in plan.leaves if isinstance(leaf, Part)]
    check_parts(route, parts, plan)
    first = [*scalars, *computed]
    places = {id(leaf): i for i, leaf in enumerate(first, 1)}
    places[id(ROOT)] = 0
    body = 1 + len(first) + len(plan.nodes)
    places |= {id(part): i for i, part in enumerate(parts, body)}
    places = plan.places(places, 1 + len(first))
    threads = getattr(context, "threads", None)
    made = [
        (kind_of(c.function, Depends()), c.function, (0,)) for c in computed
    ]
    status = route.options.get("status_code")
    result = EMPTY if streams(route.handler) else read_result(route.handler)
    return Operation(
        route,
        compile_scalars(scalars, lenient=bool(plan.nodes)),
        compile_payload(parts) if parts else None,
        tuple(places[id(need)] for need in plan.needs),
        compile_encoder(route.where, result, status),
        route.options.get("always_422", False),
        plan,
        (*made, *plan.steps(places, threads)),
    )


def check_parts(route: Route, parts: Sequence[Part], plan: Plan) -> None:
    """Refuse a body that a dependency asks for: it is read after them."""
    own = {id(need) for need in plan.needs}
    for part in parts:
        if id(part) not in own:
            raise part.parameter.mistake(
                f"would be the body, which is read for {route.where} after "
                "its dependencies. Take the body in the handler, or "
                "`await request.body()` in the dependency."
            )


def compile_endpoint(
    operation: Operation, errors: ErrorMap, threads: Threads
) -> Endpoint:
    """Return the closure that serves an operation.

    It gets every fault of the request, reads the body after all else, and
    calls the handler only if nothing is wrong.
    """
    handler, options = operation.route.handler, operation.route.options
    call = positional(handler, operation.names)
    if streams(handler):
        call = streaming(call, read_result(handler), threads, options)
    elif needs_thread(handler):
        call = threads.wrap(call)
    compile_inner = compile_plain if operation.is_plain else compile_full
    endpoint = compile_inner(operation, call, errors)
    if options.get("cancel_on_disconnect"):
        endpoint = cancelled_on_disconnect(endpoint, errors)
    if options.get("timeout") is not None:
        endpoint = limited(endpoint, options["timeout"], errors)
    return endpoint


def compile_full(
    operation: Operation, call: Callable[..., Any], errors: ErrorMap
) -> Endpoint:
    """Return the closure for a handler that takes more than the request."""
    steps = [(k, f, picker(needs)) for k, f, needs in operation.steps]
    take = picker(operation.takes)
    opens, payload = operation.opens, operation.payload
    gather, validate, made = (operation.scalars or NO_SCALARS).parts()
    encode, usual, content, status = operation.encoder.parts()

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
                    await refuse(operation, request, error, raw)
            else:
                for name in made:
                    values.append(request.path_params[name])
            exits = request.exits
            if opens:
                if exits:  # a middleware that tries once more
                    await give_up(exits)
                exits = request.exits = Exits()
            # PERF: `enter` inline for the usual kinds: a call less each.
            for kind, function, pick in steps:
                value = function(*pick(values))
                if kind == COROUTINE:
                    value = await value
                elif kind != FUNCTION:
                    opened = value
                    if kind == GENERATOR:
                        value = next(opened, NOTHING)
                    else:
                        value = await anext(opened, NOTHING)
                    if value is NOTHING:
                        no_yield(function)
                    exits.append((kind, opened))
                values.append(value)
            if payload is not None:
                if request.content_type not in (None, payload.media_type):
                    check_media_type(payload, request.content_type)
                data = await payload.read(request)
                try:
                    value = payload.validate(data)
                except ValidationError as error:
                    value = without_body(operation, data, error)
                values += value.values() if payload.members else (value,)
            result = await call(*take(values))
            # PERF: the usual result without a further call: 0.1 us.
            if type(result) is usual:
                return JSONBytes(content(result), status)
            return result if isinstance(result, Response) else encode(result)
        except Exception as exc:
            if request.exits is not None:
                request.exits.failure = exc
            return await errors.respond(request, exc)

    return endpoint


async def give_up(exits: Exits) -> None:
    """Close what an attempt has opened whose answer will not be sent."""
    exits.failed = True
    before = exits.failure
    failure = await leave(exits)
    if failure is not None and failure is not before:
        raise failure


def compile_plain(
    operation: Operation, call: Callable[..., Any], errors: ErrorMap
) -> Endpoint:
    """Return the closure for a handler that takes the request, or nothing."""
    takes_request = bool(operation.takes)
    encode, usual, content, status = operation.encoder.parts()

    async def endpoint(request: Request) -> Response:
        try:
            if request.fault is not None:
                raise request.fault
            result = await (call(request) if takes_request else call())
            if type(result) is usual:
                return JSONBytes(content(result), status)
            return result if isinstance(result, Response) else encode(result)
        except Exception as exc:
            return await errors.respond(request, exc)

    return endpoint


# --- around the closure ------------------------------------------------------


def streams(handler: Callable[..., Any]) -> bool:
    """Whether a handler yields its answer, piece by piece."""
    kind = kind_of(handler, Depends())
    return kind in (GENERATOR, ASYNC_GENERATOR)


def streaming(
    call: Callable[..., Any],
    annotation: Any,
    threads: Threads,
    options: Mapping[str, Any],
) -> Callable[..., Any]:
    """Return a handler that answers with what a generator yields.

    One that is annotated to yield `ServerSentEvent` gives an `EventStream`.
    """
    events = ServerSentEvent in get_args(annotation)
    kind = EventStream if events else StreamingResponse
    status = options.get("status_code") or 200

    async def respond(*args: Any) -> Response:
        response = kind(call(*args), status)
        response.threads = threads
        return response

    return respond


# --- faults ------------------------------------------------------------------


async def refuse(
    operation: Operation,
    request: Request,
    error: ValidationError,
    raw: Mapping[str, Any] | None = None,
) -> NoReturn:
    """Raise the answer to a request whose scalars are not valid.

    The dependencies that are not concerned run all the same: the 401 of one
    of them goes before a fault. The body is read, to list its faults too.
    """
    scalars = operation.scalars
    assert scalars is not None
    faults = scalar_faults(error, scalars)
    if scalars.lenient is not None:
        broken = {str(fault["loc"][0]) for fault in error.errors()}
        strings = (raw or {}).items()
        sound = {k: v for k, v in strings if k not in broken}
        read = scalars.lenient(sound)
        for name in broken:
            read[name] = BROKEN
        values = [request, *(read[name] for name in scalars.fields)]
        await enter_sound(operation, request, values)
    if operation.payload is not None:
        faults += await payload_faults(operation.payload, request)
    raise refusal(faults, operation.always_422)


BROKEN: Any = object()
"""Stands for a value that is not valid, and for what would be made of it."""


async def enter_sound(
    operation: Operation, request: Request, values: list[Any]
) -> None:
    """Call the dependencies of which all arguments are valid."""
    exits = exits_of(request)
    for kind, function, needs in operation.steps:
        args = [values[need] for need in needs]
        made = BROKEN
        if not any(arg is BROKEN for arg in args):
            made = await enter(kind, function, args, exits)
        values.append(made)


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
