"""Middlewares around dependencies, at random: who enters and leaves when."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from microlith import (
    App,
    Conflict,
    Depends,
    HookMiddleware,
    Request,
    Response,
    Router,
    TextResponse,
)
from microlith.calls import Exits
from microlith.testing import TestClient

Log = list[tuple[Any, ...]]

WAYS = (
    "passes", "passes", "passes", "answers itself", "raises before", "raises after",
    "replaces", "tries twice", "catches errors", "hook passes", "hook answers",
    "hook raises before", "hook raises after", "returns nothing",
)  # fmt: skip
PLACES = ("app", "router", "route")


@dataclass(frozen=True)
class Case:
    """The ways of the middlewares, outermost first, and what fails inside.

    ``steps`` are dependencies in a row: "ok", "plain", "fails to enter" or
    "fails to close". ``fails`` are the attempts at which the handler raises.
    """

    ways: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()
    fails: frozenset[int] = frozenset()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    pairs = st.tuples(st.sampled_from(PLACES), st.sampled_from(WAYS))
    ways = draw(st.lists(pairs, max_size=5))
    kinds = ["ok", "ok", "ok", "plain", "fails to enter", "fails to close"]
    steps = draw(st.lists(st.sampled_from(kinds), max_size=4))
    fails = draw(st.frozensets(st.integers(0, 3), max_size=3))
    # Those of the app stand outermost, whatever the order of their adding.
    ways.sort(key=lambda pair: PLACES.index(pair[0]))
    return Case(tuple(ways), tuple(steps), fails)


# --- the oracle --------------------------------------------------------------


@dataclass
class Answer:
    """A response, as the oracle sees it."""

    status: int
    error: str | None = None


STATUS = {"handler": 409}


def answer_to(error: str) -> Answer:
    return Answer(STATUS.get(error, 500), error)


@dataclass
class World:
    """What the oracle keeps of one request."""

    case: Case
    log: Log = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    failure: str | None = None
    failed: bool = False
    attempts: int = 0

    def close(self) -> str | None:
        """Close what is open; return what the failing exits raised."""
        raised: list[str] = []
        while self.opened:
            index = self.opened.pop()
            self.log.append(("exit", index, self.failure, self.failed))
            if self.case.steps[index] == "fails to close":
                self.failure, self.failed = f"exit {index}", True
                raised.append(self.failure)
        if len(raised) > 1:
            self.failure = "several"
        return self.failure if raised else None

    def endpoint(self) -> Answer:
        """The dependencies and the handler."""
        if self.opened:
            self.failed = True
            raised = self.close()
            if raised is not None:
                return answer_to(raised)
        if {"ok", "fails to close", "fails to enter"} & set(self.case.steps):
            self.failure, self.failed = None, False
        for index, step in enumerate(self.case.steps):
            self.log.append(("enter", index))
            if step == "fails to enter":
                self.failure = f"enter {index}"
                return answer_to(self.failure)
            if step != "plain":
                self.opened.append(index)
        attempt, self.attempts = self.attempts, self.attempts + 1
        self.log.append(("handler", attempt))
        if attempt in self.case.fails:
            self.failure = "handler"
            return answer_to("handler")
        return Answer(200)

    def link(self, place: int) -> Answer:
        """The middleware at this place, and all inside of it."""
        if place == len(self.case.ways):
            return self.endpoint()
        way = self.case.ways[place][1]
        self.log.append(("in", place))
        if way in ("raises before", "hook raises before"):
            return answer_to(f"middleware {place}")
        if way in ("answers itself", "hook answers"):
            return Answer(299)
        answer = self.link(place + 1)
        if way == "tries twice":
            answer = self.link(place + 1)
        self.log.append(("out", place, answer.status, answer.error))
        if way in ("raises after", "hook raises after"):
            return answer_to(f"middleware {place}")
        if way == "returns nothing":
            return answer_to("nothing")
        if way == "replaces" or (way == "catches errors" and answer.error):
            return Answer(298)
        return answer


def expected(case: Case) -> tuple[Log, int]:
    """All that happens, and the status of the answer."""
    world = World(case)
    answer = world.link(0)
    if world.opened:
        world.failure = world.failure or answer.error
        world.failed = world.failure is not None or answer.status >= 400
        if world.close() is not None:
            return world.log, 500
    return world.log, answer.status


# --- the same in Microlith ---------------------------------------------------


def name_of(error: BaseException | None) -> str | None:
    """How the log calls an exception."""
    if isinstance(error, TypeError) and "not a Response" in str(error):
        return "nothing"
    if isinstance(error, BaseExceptionGroup):
        return "several"
    return None if error is None else str(error).removeprefix("409 ")


def middleware_of(way: str, place: int, log: Log) -> Any:
    """The middleware for a way; it writes down what it sees."""

    def left(response: Response) -> None:
        seen = name_of(response.error)
        log.append(("out", place, response.status_code, seen))

    async def function(request: Request, call_next: Callable[..., Any]) -> Any:
        log.append(("in", place))
        if way == "raises before":
            raise ValueError(f"middleware {place}")
        if way == "answers itself":
            return Response(None, 299)
        response = await call_next(request)
        if way == "tries twice":
            response = await call_next(request)
        left(response)
        if way == "raises after":
            raise ValueError(f"middleware {place}")
        if way == "returns nothing":
            return None
        if way == "replaces" or (way == "catches errors" and response.error):
            return TextResponse("other", 298)
        return response

    class Hooks(HookMiddleware):
        async def before_request(self, request: Request) -> Response | None:
            log.append(("in", place))
            if way == "hook raises before":
                raise ValueError(f"middleware {place}")
            return Response(None, 299) if way == "hook answers" else None

        async def after_request(self, request: Request, response: Response) -> None:
            if way == "hook answers":
                return
            left(response)
            if way == "hook raises after":
                raise ValueError(f"middleware {place}")

    return Hooks() if way.startswith("hook") else function


def dependency_of(step: str, index: int, log: Log, before: Any) -> Any:
    """A dependency in a row of them."""

    def plain(needed: Any = before) -> None:
        log.append(("enter", index))

    async def opened(exits: Exits, needed: Any = before) -> AsyncIterator[None]:
        log.append(("enter", index))
        if step == "fails to enter":
            raise ValueError(f"enter {index}")
        failure: BaseException | None = None
        try:
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            log.append(("exit", index, name_of(failure), exits.failed))
            if step == "fails to close":
                raise ValueError(f"exit {index}")

    return plain if step == "plain" else opened


def happens(case: Case) -> tuple[Log, int]:
    """What Microlith does."""
    log: Log = []
    attempts = 0
    last: Any = Depends(lambda: None)
    for index, step in enumerate(case.steps):
        last = Depends(dependency_of(step, index, log, last))

    async def handler(needed: Any = last) -> Any:
        nonlocal attempts
        attempt, attempts = attempts, attempts + 1
        log.append(("handler", attempt))
        if attempt in case.fails:
            raise Conflict("handler")
        return {}

    app = App()
    places: dict[str, list[Any]] = {place: [] for place in PLACES}
    for number, (place, way) in enumerate(case.ways):
        places[place].append(middleware_of(way, number, log))
    for middleware in places["app"]:
        app.add_middleware(middleware)
    router = Router(middleware=places["router"])
    router.get("/", middleware=places["route"])(handler)
    app.include(router)
    client = TestClient(app)
    for _ in range(2):
        log.clear()
        attempts = 0
        status = client.get("/").status_code
    return log, status


# --- properties --------------------------------------------------------------


def test_a_chain_by_hand() -> None:
    case = Case((("app", "passes"), ("route", "replaces")), ("ok",), frozenset({0}))
    assert happens(case) == (
        [
            ("in", 0),
            ("in", 1),
            ("enter", 0),
            ("handler", 0),
            ("out", 1, 409, "handler"),
            ("out", 0, 298, None),
            ("exit", 0, "handler", True),
        ],
        298,
    )


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
@example(Case((("app", "tries twice"),), ("ok", "fails to close"), frozenset({0})))
@example(Case((("app", "tries twice"),) * 3, ("ok",), frozenset({1, 2})))
@example(Case((("app", "tries twice"),) * 2, ("fails to close",)))
@example(Case((("app", "tries twice"),), ("fails to close", "fails to close")))
@example(Case((("app", "raises after"),), ("ok",)))
@example(Case((("app", "hook raises after"), ("app", "catches errors")), ("ok",)))
def test_a_chain_runs_as_the_oracle_says(case: Case) -> None:
    log, status = happens(case)
    entered = [e[1] for e in log if e[0] == "enter" and case.steps[e[1]] != "plain"]
    exits = [e[1] for e in log if e[0] == "exit"]
    failing = [i for i in entered if case.steps[i] == "fails to enter"]
    assert sorted(entered) == sorted(exits + failing), "each closed exactly once"
    assert (log, status) == expected(case)
