"""How a dependency is called: functions, generators, managers, threads."""

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Annotated

import pytest

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import Unauthorized
from microlith.testing import TestClient


def ask(handler, app=None):
    """Serve one GET with a handler; return the answer."""
    app = app or App()
    app.get("/")(handler)
    return TestClient(app).get("/")


def make(kind, trace):
    """Return a dependency of one kind, which notes its start and its end."""

    def plain():
        trace.append("start")
        return kind

    async def coroutine():
        await asyncio.sleep(0)
        trace.append("start")
        return kind

    def generator():
        trace.append("start")
        yield kind
        trace.append("end")

    async def async_generator():
        await asyncio.sleep(0)
        trace.append("start")
        yield kind
        await asyncio.sleep(0)
        trace.append("end")

    return {
        "def": plain,
        "async def": coroutine,
        "generator": generator,
        "async generator": async_generator,
        "context manager": contextmanager(generator),
        "async context manager": asynccontextmanager(async_generator),
    }[kind]


YIELDING = [
    "generator",
    "async generator",
    "context manager",
    "async context manager",
]


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_what_returns_is_only_called(kind):
    trace = []

    async def show(value=Depends(make(kind, trace))):
        trace.append("handler")
        return {"value": value}

    assert ask(show).json() == {"value": kind}
    assert trace == ["start", "handler"]


@pytest.mark.parametrize("kind", YIELDING)
def test_what_yields_is_entered_and_closed(kind):
    trace = []

    async def show(value=Depends(make(kind, trace))):
        trace.append("handler")
        return {"value": value}

    assert ask(show).json() == {"value": kind}
    assert trace == ["start", "handler", "end"]


@pytest.mark.parametrize("decorate", [contextmanager, asynccontextmanager])
def test_a_manager_below_another_decorator(decorate):
    trace = []
    kind = "generator" if decorate is contextmanager else "async generator"
    manager = decorate(make(kind, trace))

    @wraps(manager)
    def logged(*args):
        trace.append("call")
        return manager(*args)

    async def show(value=Depends(logged)):
        return value

    assert ask(show).text == kind
    assert trace == ["call", "start", "end"]


def test_a_method_that_is_a_context_manager():
    class Pool:
        @contextmanager
        def connection(self, name: str = "c"):
            yield name

    async def show(connection=Depends(Pool().connection)):
        return connection

    assert ask(show).text == "c"


class Connection:
    """A context manager that gives something else than itself."""

    def __init__(self):
        self.closed = False

    def __enter__(self):
        return ["cursor"]

    def __exit__(self, *failure):
        self.closed = True


def test_a_returned_manager_is_not_entered():
    connection = Connection()

    async def show(value=Depends(lambda: connection)):
        return value is connection

    assert ask(show).json() is True
    assert not connection.closed, "without enter=True it is a plain value"


def test_a_returned_manager_is_entered_when_asked():
    connection = Connection()

    def connect() -> Connection:
        return connection

    async def show(
        value: Annotated[list, Depends(connect, enter=True)],
    ):
        return [value, connection.closed]

    assert ask(show).json() == [["cursor"], False]
    assert connection.closed


def test_enter_takes_classes_coroutines_and_async_managers():
    trace = []

    class Manager:
        async def __aenter__(self):
            return "entered"

        async def __aexit__(self, *failure):
            trace.append("closed")

    async def connect():
        return Manager()

    async def show(
        a=Depends(Manager, enter=True), b=Depends(connect, enter=True)
    ):
        return [a, b]

    assert ask(show).json() == ["entered", "entered"]
    assert trace == ["closed", "closed"]


def test_enter_is_part_of_what_is_shared():
    connection = Connection()

    def connect():
        return connection

    async def show(
        plain=Depends(connect),
        entered=Depends(connect, enter=True),
        again=Depends(connect, enter=True),
    ):
        return [plain is connection, entered is again]

    assert ask(show).json() == [True, True]


@pytest.mark.parametrize("kind", ["def", "async"])
def test_an_error_before_the_yield_is_the_answer(kind):
    def session():
        raise Unauthorized("who are you?")
        yield

    async def async_session():
        await asyncio.sleep(0)
        raise Unauthorized("who are you?")
        yield

    dependency = session if kind == "def" else async_session

    async def show(value=Depends(dependency)):
        return value

    answer = ask(show)
    assert answer.status_code == 401, "what did not open has nothing to close"
    assert answer.json()["detail"] == "who are you?"


@pytest.mark.parametrize("kind", ["def", "async"])
def test_one_that_never_yields(kind, caplog):
    def session():
        if kind is None:
            yield

    async def async_session():
        if kind is None:
            yield

    dependency = session if kind == "def" else async_session

    async def show(value=Depends(dependency)):
        return value

    assert ask(show).status_code == 500
    assert "did not yield a value" in caplog.text
    assert "session (test_depends_kinds.py" in caplog.text


@pytest.mark.parametrize("kind", ["def", "async"])
def test_one_that_yields_twice(kind, caplog):
    trace = []

    def session():
        try:
            yield 1
            yield 2
        finally:
            trace.append("closed")

    async def async_session():
        try:
            yield 1
            yield 2
        finally:
            trace.append("closed")

    dependency = session if kind == "def" else async_session

    async def show(value=Depends(dependency)):
        return value

    assert ask(show).status_code == 500
    assert "session yielded a second time" in caplog.text
    assert trace == ["closed"]


# --- threads -----------------------------------------------------------------


def test_a_plain_dependency_runs_in_the_loop():
    loop = threading.get_ident()

    def where():
        return threading.get_ident() == loop

    def session():
        yield threading.get_ident() == loop

    async def show(a=Depends(where), b=Depends(session)):
        return [a, b]

    assert ask(show).json() == [True, True]


def test_thread_runs_it_beside_the_loop():
    loop = threading.get_ident()
    word = ContextVar("word", default="unset")

    def speak():
        word.set("set by a dependency")

    def where():
        return [threading.get_ident() == loop, word.get()]

    async def show(spoken=Depends(speak), where=Depends(where, thread=True)):
        return where

    assert ask(show).json() == [False, "set by a dependency"]


def test_exits_need_no_thread():
    """With one thread, a handler that holds it, and exits that wait."""
    loop, trace = threading.get_ident(), []

    def session():
        yield "session"
        trace.append(threading.get_ident() == loop)

    app = App(threads=1)

    def show(a=Depends(session), b=Depends(session, fresh=True)):
        return [a, b, threading.get_ident() == loop]

    assert ask(show, app).json() == ["session", "session", False]
    assert trace == [True, True], "no exit waits for a thread of the pool"


def test_context_variables_reach_handler_and_exit():
    name = ContextVar("name", default="nobody")
    seen = []

    async def login():
        token = name.set("Ada")
        yield
        seen.append(name.get())
        name.reset(token)

    async def show(login=Depends(login)):
        return name.get()

    assert ask(show).text == "Ada"
    assert seen == ["Ada"], "one task, one context: reset works"
