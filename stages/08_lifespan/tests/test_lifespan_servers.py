"""Servers: those that speak the lifespan protocol, and those that do not."""

import asyncio
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.testing import Exchange, TestClient, http_scope, run

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


class Value:
    """What an app provides."""


def build(log, pause=0.0):
    """Return an app whose start takes notes, and a while."""

    @asynccontextmanager
    async def lifespan(app):
        log.append("opening")
        await asyncio.sleep(pause)
        log.append("open")
        yield
        log.append("closed")

    app = App(lifespan=lifespan)

    @app.get("/")
    async def home(request):
        log.append("request")
        return "hello"

    return app


async def ask(app, kind="http"):
    """Be the server for one request; return the first event's status."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    await app({**http_scope(), "type": kind}, receive, send)
    return sent[0].get("status", sent[0]["type"])


# --- the protocol ------------------------------------------------------------


def test_the_app_answers_when_it_has_started_and_when_it_has_stopped():
    log = []
    life = Exchange(build(log), {"type": "lifespan", "asgi": {}})
    life.put({"type": "lifespan.startup"})
    assert life.take() == {"type": "lifespan.startup.complete"}
    assert log == ["opening", "open"]
    life.put({"type": "lifespan.shutdown"})
    assert life.take() == {"type": "lifespan.shutdown.complete"}
    life.finish()
    assert log == ["opening", "open", "closed"]


def test_the_start_freezes_the_app():
    app = build([])
    with TestClient(app):
        assert app.frozen
        with pytest.raises(ConfigurationError, match="comes too late"):
            app.get("/late")(ask)


def test_a_frozen_app_may_start_again_on_a_second_loop():
    log = []
    app = build(log)
    for _ in range(2):
        with TestClient(app) as client:  # each has a loop of its own
            assert client.get("/").status_code == 200
    assert log == ["opening", "open", "request", "closed"] * 2


def test_values_are_made_anew_for_each_start():
    app, made = App(), []

    def make():
        made.append(Value())
        return made[-1]

    app.provide(Value, make, lifetime="app")

    @app.get("/")
    async def home(value: Value):
        return str(made.index(value))

    for number in range(3):
        with TestClient(app) as client:
            assert client.get("/").text == str(number)


def test_an_app_can_start_after_a_start_that_failed():
    app, tries = App(), []

    @app.on_startup
    async def connect():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")

    @app.get("/")
    async def home(request):
        return "hello"

    with pytest.raises(AssertionError, match="OSError: not yet"):
        TestClient(app).__enter__()
    with TestClient(app) as client:
        assert client.get("/").text == "hello"


# --- stopping ----------------------------------------------------------------


def test_stopping_is_an_event_that_is_set_at_the_stop():
    app = build([])
    with TestClient(app):
        assert isinstance(app.stopping, asyncio.Event)
        assert not app.stopping.is_set()
    assert app.stopping.is_set()


def test_stopping_is_set_before_anything_closes():
    app, seen = App(), []
    app.on_shutdown(lambda: seen.append(app.stopping.is_set()))
    with TestClient(app):
        pass
    assert seen == [True]


def test_stopping_is_fresh_for_each_start():
    app, events = build([]), []
    for _ in range(2):
        with TestClient(app):
            events.append(app.stopping)
            assert not app.stopping.is_set()
    assert events[0] is not events[1], "the first one belongs to another loop"


def test_who_waits_for_stopping_is_woken():
    app, log = App(), []

    async def ticker():
        await app.stopping.wait()
        log.append("last tick")

    @asynccontextmanager
    async def tasks():
        task = asyncio.create_task(ticker())
        yield
        await task
        log.append("drained")

    app.lifespan.enter(tasks)
    with TestClient(app):
        assert log == []
    assert log == ["last tick", "drained"]


# --- no lifespan protocol ----------------------------------------------------


def test_the_first_request_starts_the_app():
    log = []
    client = TestClient(build(log))
    assert client.get("/").text == "hello"
    assert client.get("/").text == "hello"
    assert log == ["opening", "open", "request", "request"]


def test_hooks_values_and_mounts_start_with_the_first_request():
    app, child, log = App(), build(log := []), log
    app.on_startup(lambda: log.append("hook"))
    app.on_shutdown(lambda: log.append("never"))

    def make():
        log.append("value")
        return Value()

    app.provide(Value, make, lifetime="app")
    app.mount("/child", child)

    @app.get("/")
    async def home(value: Value):
        return "hello"

    client = TestClient(app)
    assert client.get("/").text == "hello"
    assert log == ["hook", "value", "opening", "open"]
    assert client.get("/child/").text == "hello"
    assert log[4:] == ["request"], "the child is not started a second time"


def test_a_socket_starts_the_app_as_well():
    log = []
    app = build(log)
    assert run(ask(app, "websocket")) == "websocket.close"
    assert log == ["opening", "open"]


def test_all_others_wait_for_the_start():
    log = []
    app = build(log, 0.01)

    async def serve():
        return await asyncio.gather(*(ask(app) for _ in range(5)))

    assert run(serve()) == [200] * 5
    assert log == ["opening", "open", *["request"] * 5]


def test_a_cancelled_first_request_does_not_break_the_start():
    log = []
    app = build(log, 0.02)

    async def serve():
        first = asyncio.create_task(ask(app))
        second = asyncio.create_task(ask(app))
        await asyncio.sleep(0.005)
        first.cancel()
        statuses = [await second, await ask(app)]
        return statuses, first.cancelled()

    assert run(serve()) == ([200, 200], True)
    assert log == ["opening", "open", "request", "request"]


def test_a_failed_start_fails_for_all():
    app, tries = App(), []

    @app.on_startup
    async def connect():
        tries.append(1)
        await asyncio.sleep(0.01)
        raise OSError("no database")

    @app.get("/")
    async def home(request):
        return "hello"

    async def serve():
        both = await asyncio.gather(ask(app), ask(app), return_exceptions=True)
        with pytest.raises(OSError, match="no database"):
            await ask(app)
        return [repr(error) for error in both]

    assert run(serve()) == ["OSError('no database')"] * 2
    assert len(tries) == 1, "the failure is kept, not tried at each request"


def test_a_failed_start_undoes_what_had_started():
    log = []
    app = build(log)
    app.on_startup(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(ask(app))
    assert log == ["opening", "open", "closed"]


def test_a_second_loop_starts_the_app_again():
    log = []
    app = build(log)
    for _ in range(2):
        assert run(ask(app)) == 200
    assert log == ["opening", "open", "request"] * 2, "nothing is torn down"


def test_the_start_knows_nothing_of_the_request_that_came_first():
    app, seen = App(), []
    app.on_startup(lambda: seen.append(WHO.get()))

    @app.get("/")
    async def home(request):
        return "hello"

    async def serve():
        WHO.set("the first client")
        return await ask(app)

    assert run(serve()) == 200
    assert seen == ["nobody"]


def test_a_lazy_value_without_a_lifespan():
    app, made = App(), []

    def make():
        made.append(Value())
        return made[-1]

    app.provide(Value, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(value: Value):
        return "hello"

    client = TestClient(app)
    assert [client.get("/").text for _ in range(2)] == ["hello"] * 2
    assert len(made) == 1


def test_an_override_after_the_first_request_comes_too_late():
    app = App()
    app.provide(Value, Value, lifetime="app")

    @app.get("/")
    async def home(value: Value):
        return "hello"

    assert TestClient(app).get("/").text == "hello"
    with (
        pytest.raises(ConfigurationError, match="comes too late"),
        app.override({Value: Value}),
    ):
        pass


def test_a_layer_sees_the_lifespan_and_the_app_starts_within_it():
    log = []
    app = build(log)

    def layer(inner):
        async def outer(scope, receive, send):
            log.append(scope["type"])
            await inner(scope, receive, send)

        return outer

    app.wrap(layer)
    with TestClient(app) as client:
        client.get("/")
    assert log == ["lifespan", "opening", "open", "http", "request", "closed"]
