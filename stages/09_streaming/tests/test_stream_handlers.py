"""Handlers that yield: options, dependencies, middlewares, the stop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Annotated

import pytest

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import NotFound
from microlith.requests import Request
from microlith.routing import Router
from microlith.streaming import ServerSentEvent, StreamingResponse
from microlith.testing import Exchange, TestClient, http_scope

WHO = ContextVar("WHO", default="nobody")


def app_with(handler, **options):
    """Return an app with one handler at `/`."""
    app = App()
    app.get("/", **options)(handler)
    return app


def test_an_async_generator_is_a_handler():
    async def show():
        yield "a"
        yield "b"

    answer = TestClient(app_with(show)).get("/")
    assert (answer.status_code, answer.text) == (200, "ab")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_plain_generator_is_a_handler():
    def show():
        yield b"a"
        yield b"b"

    answer = TestClient(app_with(show)).get("/")
    assert (answer.status_code, answer.content) == (200, b"ab")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_it_takes_parameters_like_any_handler():
    app = App()

    @app.post("/rows/{kind}")
    async def rows(
        kind: str, data: dict[str, int], sep: str = ";", *, n: int = 2
    ):
        for name in list(data)[:n]:
            yield f"{kind}{sep}{name}{sep}{data[name]}\n"

    client = TestClient(app)
    data = {"x": 1, "y": 2}
    assert client.post("/rows/a?n=1", json=data).text == "a;x;1\n"
    assert client.post("/rows/a?n=z", json=data).status_code == 422


@pytest.mark.parametrize(
    "annotation", [Iterator[str], AsyncIterator[bytes], AsyncIterator[object]]
)
def test_what_it_yields_is_not_taken_for_its_result(annotation):
    async def show():
        yield "a"

    show.__annotations__["return"] = annotation
    answer = TestClient(app_with(show)).get("/")
    assert (answer.status_code, answer.text) == (200, "a")


def test_the_route_s_status_is_the_stream_s():
    async def text():
        yield "a"

    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("a")

    for handler in (text, events):
        answer = TestClient(app_with(handler, status_code=202)).get("/")
        assert answer.status_code == 202


def test_head_does_not_start_a_handler_that_yields():
    trace = []

    async def show():
        trace.append("started")
        yield "a"

    client = TestClient(app_with(show))
    assert client.head("/").content == b""
    assert trace == []
    assert client.get("/").text == "a"
    assert trace == ["started"]


def test_an_error_before_the_first_yield_is_answered():
    async def show(n: int):
        if n > 1:
            raise NotFound("no such row")
        yield "a"

    client = TestClient(app_with(show))
    assert client.get("/?n=1").text == "a"
    assert client.get("/?n=2").status_code == 404


def test_csv_row_by_row():
    app = App()

    @app.get("/report.csv")
    async def report():
        async def rows():
            yield "name,price\n"
            for name, price in (("stone", 3), ("chisel", 12)):
                yield f"{name},{price}\n"

        return StreamingResponse(
            rows(),
            media_type="text/csv",
            headers={"content-disposition": 'attachment; filename="r.csv"'},
        )

    answer = TestClient(app).get("/report.csv")
    assert answer.headers["content-type"] == "text/csv"
    assert answer.text == "name,price\nstone,3\nchisel,12\n"


# --- dependencies ------------------------------------------------------------


def test_exits_run_after_the_last_piece_and_before_the_last_event():
    trace = []

    async def session():
        trace.append("open")
        yield "session"
        trace.append("closed")

    async def show(session: Annotated[str, Depends(session)]):
        for letter in "ab":
            trace.append(letter)
            yield session
        trace.append("end of the handler")

    exchange = Exchange(app_with(show), http_scope())
    for _ in range(3):
        exchange.take()
    assert exchange.take() == {"type": "http.response.body", "body": b""}
    assert trace == ["open", "a", "b", "end of the handler", "closed"]
    exchange.finish()


def test_a_failing_exit_cuts_the_transfer(caplog):
    def session():
        yield
        raise RuntimeError("the commit failed")

    async def show(session: Annotated[None, Depends(session)]):
        yield b"a"

    exchange = Exchange(app_with(show), http_scope())
    with pytest.raises(RuntimeError, match="the commit failed"):
        exchange.finish()
    assert [m.get("more_body") for m in exchange.sent[1:]] == [True]


def test_an_error_in_the_middle_reaches_the_dependency(caplog):
    trace = []

    async def session():
        try:
            yield
        except ValueError as error:
            trace.append(str(error))
            raise

    async def show(session: Annotated[None, Depends(session)]):
        yield b"a"
        raise ValueError("roll back")

    exchange = Exchange(app_with(show), http_scope())
    with pytest.raises(ValueError, match="roll back"):
        exchange.finish()
    assert trace == ["roll back"]


def test_the_generator_is_closed_before_its_dependencies():
    trace = []

    async def session():
        try:
            yield
        finally:
            trace.append("session")

    async def show(session: Annotated[None, Depends(session)]):
        try:
            while True:
                yield b"a"
                await asyncio.sleep(600)
        finally:
            trace.append("generator")

    exchange = Exchange(app_with(show), http_scope())
    exchange.take()
    exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert trace == ["generator", "session"], (
        "the generator may still need its session to clean up"
    )


# --- middlewares and context variables ---------------------------------------


def test_a_stream_passes_function_middlewares_untouched():
    """Streams and middlewares: no queue, no second task (demand 1)."""
    tasks = set()

    async def show():
        tasks.add(asyncio.current_task())
        yield "a"
        tasks.add(asyncio.current_task())
        yield "b"

    app = app_with(show)

    async def layer(request: Request, call_next):
        tasks.add(asyncio.current_task())
        response = await call_next(request)
        response.raw_headers.append((b"x-layer", b"yes"))
        return response

    app.add_middleware(layer)
    app.add_middleware(layer)
    answer = TestClient(app).get("/")
    assert (answer.text, answer.headers["x-layer"]) == ("ab", "yes, yes")
    assert len(tasks) == 1, "the generator runs in the request's own task"


def test_context_variables_of_a_middleware_are_seen_in_the_stream():
    async def show():
        yield WHO.get()

    app = app_with(show)

    @app.add_middleware
    async def name(request, call_next):
        WHO.set("Ada")
        return await call_next(request)

    assert TestClient(app).get("/").text == "Ada"


def test_a_context_variable_that_the_stream_sets_keeps_its_value():
    async def show():
        WHO.set("Grace")
        yield "a"
        yield WHO.get()

    assert TestClient(app_with(show)).get("/").text == "aGrace"


def test_two_layers_and_a_client_that_leaves():
    trace = []

    async def show():
        try:
            yield b"a"
            await asyncio.sleep(600)
        finally:
            trace.append("closed")

    app = app_with(show)

    @app.add_middleware
    @app.add_middleware
    async def layer(request, call_next):
        response = await call_next(request)
        trace.append(response.status_code)
        return response

    exchange = Exchange(app, http_scope())
    exchange.take()
    exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert trace == [200, 200, "closed"]


# --- composition and the stop ------------------------------------------------


def test_streams_of_routers_and_mounted_apps():
    async def show():
        yield "a"
        yield "b"

    inner, outer, router = App(), App(), Router()
    inner.get("/deep")(show)
    router.get("/routed")(show)
    outer.include(router, prefix="/r")
    outer.mount("/m", inner)
    client = TestClient(outer)
    assert client.get("/r/routed").text == "ab"
    assert client.get("/m/deep").text == "ab"


def test_a_stream_that_awaits_the_stop_ends_with_the_app():
    app = App()

    @app.get("/feed")
    async def feed() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("hello")
        await app.stopping.wait()
        yield ServerSentEvent("bye")

    with TestClient(app) as client:
        exchange = Exchange(app, http_scope(target="/feed"), client.loop)
        got = [exchange.take()["type"] for _ in range(3)]
        assert got == ["http.response.start"] + ["http.response.body"] * 2
    assert exchange.take()["body"] == b"data: bye\n\n"
    exchange.finish()
    assert exchange.sent[-1] == {"type": "http.response.body", "body": b""}


def test_a_returned_generator_streams_too():
    async def pieces():
        yield "a"
        yield "b"

    async def show():
        return pieces()

    answer = TestClient(app_with(show, status_code=202)).get("/")
    assert (answer.status_code, answer.text) == (202, "ab")


def test_a_returned_plain_generator_streams_with_its_status():
    async def show():
        return 201, (letter for letter in "ab"), {"X-Kind": "letters"}

    answer = TestClient(app_with(show)).get("/")
    assert (answer.status_code, answer.text) == (201, "ab")
    assert answer.headers["x-kind"] == "letters"
