"""Graphs of dependencies at random, against an oracle that walks them naively."""

from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from microlith import App, Conflict, Depends, StreamingResponse
from microlith.testing import TestClient

KINDS = ("def", "async def", "generator", "async generator", "manager", "async manager")
OPENED = KINDS[2:]

Log = list[tuple[Any, ...]]


class Boom(Exception):
    """What a node raises, named after it."""


@dataclass(frozen=True)
class Spec:
    """One node: what it is, whom it needs (and afresh?), how it misbehaves."""

    kind: str = "def"
    needs: tuple[tuple[int, bool], ...] = ()
    keywords: int = 0
    swallows: bool = False
    fails_to_close: bool = False

    @property
    def opens(self) -> bool:
        return self.kind in OPENED


@dataclass(frozen=True)
class Case:
    """A graph, whom the handler needs, and where the call fails."""

    nodes: tuple[Spec, ...]
    roots: tuple[tuple[int, bool], ...]
    fails_at: int | str | None = None
    streams: bool = False


@st.composite
def cases(draw: st.DrawFn) -> Case:
    number = draw(st.integers(1, 12))
    fresh = st.sampled_from([False, False, False, True])
    closing_fails = draw(st.sampled_from([False, False, True]))
    nodes = []
    for i in range(number):
        below = st.tuples(st.integers(0, i - 1), fresh) if i else st.nothing()
        needs = draw(st.lists(below, max_size=3)) if i else []
        nodes.append(
            Spec(
                draw(st.sampled_from(KINDS)),
                tuple(needs),
                draw(st.integers(0, len(needs))),
                draw(st.sampled_from([False, False, False, True])),
                closing_fails and draw(st.booleans()),
            )
        )
    roots = draw(st.lists(st.tuples(st.integers(0, number - 1), fresh), max_size=4))
    places = st.sampled_from([None, None, "handler", *range(number)])
    streams = not closing_fails and draw(st.booleans())
    return Case(tuple(nodes), tuple(roots), draw(places), streams)


# --- the oracle --------------------------------------------------------------


def expected(case: Case) -> tuple[Log, int]:
    """What happens, in order, and the status of the answer."""
    log: Log = []
    shared: dict[int, str] = {}
    opened: list[str] = []

    def make(index: int, fresh: bool) -> str:
        if index in shared and not fresh:
            return shared[index]
        spec = case.nodes[index]
        values = tuple(make(*need) for need in spec.needs)
        name = f"{index}.{sum(1 for event in log if event[0] == 'enter')}"
        log.append(("enter", name, values))
        if case.fails_at == index:
            raise Boom(index)
        if spec.opens:
            opened.append(name)
        if not fresh:
            shared[index] = name
        return name

    status, failure = 200, None
    try:
        values = tuple(make(*root) for root in case.roots)
        log.append(("handler", values))
        if case.fails_at == "handler":
            status, failure = 409, "handler"
        elif case.streams:
            log.append(("chunk",))
    except Boom as boom:
        status, failure = 500, str(boom)
    for name in reversed(opened):
        log.append(("exit", name, failure))
        spec = case.nodes[int(name.split(".")[0])]
        if spec.fails_to_close:
            status, failure = 500, f"closing {name}"
    return log, status


# --- the same in Microlith ---------------------------------------------------


def function_of(spec: Spec, index: int, log: Log, fails: bool, nodes: Any) -> Any:
    """The dependency that a spec describes; it writes down what happens."""

    def begin(args: Any, keywords: dict[str, Any]) -> str:
        name = f"{index}.{sum(1 for event in log if event[0] == 'enter')}"
        log.append(("enter", name, (*args, *keywords.values())))
        if fails:
            raise Boom(index)
        return name

    @contextmanager
    def watched(name: str) -> Iterator[str]:
        failure = None
        try:
            yield name
        except BaseException as error:
            failure = error
            if not spec.swallows and not spec.fails_to_close:
                raise
        finally:
            seen = None if failure is None else str(failure).removeprefix("409 ")
            log.append(("exit", name, seen))
            if spec.fails_to_close:
                raise Boom(f"closing {name}")

    def plain(*args: Any, **keywords: Any) -> Any:
        return begin(args, keywords)

    async def coroutine(*args: Any, **keywords: Any) -> Any:
        return begin(args, keywords)

    def generator(*args: Any, **keywords: Any) -> Any:
        with watched(begin(args, keywords)) as value:
            yield value

    async def async_generator(*args: Any, **keywords: Any) -> Any:
        with watched(begin(args, keywords)) as value:
            yield value

    function: Any = {
        "def": plain, "async def": coroutine,
        "generator": generator, "manager": generator,
        "async generator": async_generator, "async manager": async_generator,
    }[spec.kind]  # fmt: skip
    function.__signature__ = signature_of(spec.needs, spec.keywords, nodes)
    if spec.kind == "manager":
        return contextmanager(function)
    return asynccontextmanager(function) if spec.kind == "async manager" else function


def signature_of(
    needs: Sequence[tuple[int, bool]], keywords: int, nodes: Sequence[Any]
) -> Signature:
    """A signature that asks for these nodes, the last ones by keyword."""
    parameters = []
    for place, (index, fresh) in enumerate(needs):
        by_name = place >= len(needs) - keywords
        kind = Parameter.KEYWORD_ONLY if by_name else Parameter.POSITIONAL_OR_KEYWORD
        depends = Depends(nodes[index], fresh=fresh)
        annotation: Any = Annotated[str, depends] if index % 2 else Any
        default = Parameter.empty if index % 2 else depends
        if not by_name and parameters and default is Parameter.empty:
            annotation, default = Any, depends
        parameters.append(
            Parameter(f"p{place}", kind, annotation=annotation, default=default)
        )
    return Signature(parameters)


def happens(case: Case) -> tuple[Log, int]:
    """What Microlith does with the same graph."""
    log: Log = []
    nodes: list[Any] = []
    for index, spec in enumerate(case.nodes):
        fails = case.fails_at == index
        nodes.append(function_of(spec, index, log, fails, nodes))

    async def pieces() -> Any:
        log.append(("chunk",))
        yield b"a"

    async def handler(*args: Any, **keywords: Any) -> Any:
        log.append(("handler", (*args, *keywords.values())))
        if case.fails_at == "handler":
            raise Conflict("handler")
        return StreamingResponse(pieces()) if case.streams else {}

    handler.__signature__ = signature_of(case.roots, 0, nodes)  # type: ignore[attr-defined]
    app = App()
    app.get("/")(handler)
    client = TestClient(app)
    for _ in range(2):  # nothing is left over for the second request
        log.clear()
        status = client.get("/").status_code
    return log, status


# --- properties --------------------------------------------------------------


def check_order(case: Case, log: Log) -> None:
    """What has to hold whatever the order of the walk is."""
    entered = [event[1] for event in log if event[0] == "enter"]
    exits = [event[1] for event in log if event[0] == "exit"]
    failed = [n for n in entered if case.fails_at == int(n.split(".")[0])]
    opened = [
        name
        for name in entered
        if case.nodes[int(name.split(".")[0])].opens and name not in failed
    ]
    assert exits == opened[::-1], "closed once each, last opened first closed"
    done: set[str] = set()
    for event in log:
        if event[0] == "enter":
            assert done.issuperset(event[2]), "a node ran before what it needs"
            done.add(event[1])
    afresh = any(fresh for spec in case.nodes for _, fresh in spec.needs)
    if not afresh and not any(fresh for _, fresh in case.roots):
        indices = [name.split(".")[0] for name in entered]
        assert len(set(indices)) == len(indices), "a shared node ran twice"


DIAMOND = Case(
    (
        Spec("async generator"),
        Spec("generator", ((0, False),)),
        Spec("manager", ((0, False), (1, False)), keywords=1),
        Spec("async def", ((2, False), (1, False), (0, False))),
    ),
    ((3, False), (1, False)),
)


def test_a_diamond_by_hand() -> None:
    log, status = happens(DIAMOND)
    assert status == 200
    assert log == [
        ("enter", "0.0", ()),
        ("enter", "1.1", ("0.0",)),
        ("enter", "2.2", ("0.0", "1.1")),
        ("enter", "3.3", ("2.2", "1.1", "0.0")),
        ("handler", ("3.3", "1.1")),
        ("exit", "2.2", None),
        ("exit", "1.1", None),
        ("exit", "0.0", None),
    ]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
@example(DIAMOND)
@example(Case((Spec("generator", fails_to_close=True),) * 2, ((0, False), (1, False))))
@example(Case((Spec("generator", swallows=True),), ((0, False),), "handler"))
@example(Case((Spec("manager", swallows=True),), ((0, False),), "handler"))
@example(Case((Spec("generator"), Spec("def")), ((0, False), (1, False)), 1))
def test_a_graph_runs_as_the_oracle_says(case: Case) -> None:
    log, status = happens(case)
    check_order(case, log)
    assert (log, status) == expected(case)
