"""Lazy values: made when something first asks for them, and only once."""

import asyncio
from contextvars import ContextVar

import pytest

from microlith.applications import App
from microlith.testing import TestClient, http_scope, run

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


class Engine:
    """What is made late."""


class Model:
    """What needs an engine."""


async def ask(app, path="/"):
    """Be the server for one request; return the status and the body."""
    sent = []

    async def send(message):
        sent.append(message)

    await app(http_scope("GET", path), None, send)
    return sent[0]["status"], sent[1]["body"].decode()


def test_a_lazy_value_is_made_when_it_is_first_needed():
    app, log = App(), []

    def make():
        log.append("made")
        return Engine()

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return type(engine).__name__

    with TestClient(app) as client:
        assert log == [], "nobody has asked yet"
        assert client.get("/").text == "Engine"
        assert client.get("/").text == "Engine"
        assert log == ["made"]


def test_a_lazy_value_that_nobody_needs_is_never_made():
    app, log = App(), []

    async def make():
        log.append("made")
        yield Engine()
        log.append("closed")

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(request):
        return "x"

    with TestClient(app) as client:
        assert client.get("/").text == "x"
    assert log == []


def test_a_lazy_value_is_closed_at_the_stop_and_made_anew_at_the_next_start():
    app, log = App(), []

    async def make():
        log.append("made")
        yield Engine()
        log.append("closed")

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return "x"

    for _ in range(2):
        with TestClient(app) as client:
            client.get("/")
            client.get("/")
            assert log[-1] == "made"
    assert log == ["made", "closed"] * 2


def test_many_first_requests_at_once_make_one_value():
    app, made = App(), []

    async def make():
        made.append(Engine())
        await asyncio.sleep(0.01)
        return made[-1]

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return str(id(engine))

    async def serve():
        await app.lifespan.start()
        answers = await asyncio.gather(*(ask(app) for _ in range(20)))
        await app.lifespan.stop()
        return answers

    answers = run(serve())
    assert len(made) == 1
    assert set(answers) == {(200, str(id(made[0])))}


def test_a_cancelled_first_request_does_not_break_the_value():
    app, log = App(), []

    async def make():
        log.append("making")
        await asyncio.sleep(0.02)
        log.append("made")
        return Engine()

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return "x"

    async def serve():
        await app.lifespan.start()
        first = asyncio.create_task(ask(app))
        second = asyncio.create_task(ask(app))
        await asyncio.sleep(0.005)
        first.cancel()
        answer = await second
        await app.lifespan.stop()
        return answer, first.cancelled()

    assert run(serve()) == ((200, "x"), True)
    assert log == ["making", "made"]


def test_a_failure_fails_those_who_wait_and_the_next_one_tries_again():
    app, tries = App(), []

    async def make():
        tries.append(1)
        await asyncio.sleep(0.01)
        if len(tries) == 1:
            raise OSError("not yet")
        return Engine()

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return "x"

    async def serve():
        await app.lifespan.start()
        both = await asyncio.gather(ask(app), ask(app))
        later = await ask(app)
        await app.lifespan.stop()
        return [status for status, _ in both], later

    assert run(serve()) == ([500, 500], (200, "x"))
    assert len(tries) == 2, "two that wait together share one attempt"


def test_what_a_failed_attempt_had_opened_is_closed():
    app, log = App(), []

    async def engine():
        log.append("engine")
        yield Engine()
        log.append("engine closed")

    def model(engine: Engine):
        raise OSError("no")

    app.provide(Engine, engine, lifetime="app", lazy=True)
    app.provide(Model, model, lifetime="app", lazy=True)

    @app.get("/")
    async def home(model: Model):
        return "x"

    with TestClient(app) as client:
        assert client.get("/").status_code == 500
    assert log == ["engine", "engine closed"]


def chain(log, engine_lazy, model_lazy):
    """Return an app with a model that needs an engine."""
    app = App()

    async def engine():
        log.append("engine")
        yield Engine()
        log.append("engine closed")

    async def model(engine: Engine):
        log.append("model")
        yield Model()
        log.append("model closed")

    app.provide(Model, model, lifetime="app", lazy=model_lazy)
    app.provide(Engine, engine, lifetime="app", lazy=engine_lazy)

    @app.get("/")
    async def home(model: Model):
        return "x"

    @app.get("/engine")
    async def only_engine(engine: Engine):
        return "x"

    return app


@pytest.mark.parametrize("engine_lazy", [True, False])
@pytest.mark.parametrize("model_lazy", [True, False])
@pytest.mark.parametrize("paths", [["/"], ["/engine", "/"]])
def test_what_needs_another_is_made_after_and_closed_before_it(
    engine_lazy, model_lazy, paths
):
    log = []
    with TestClient(chain(log, engine_lazy, model_lazy)) as client:
        for path in paths:
            assert client.get(path).text == "x"
    assert log == ["engine", "model", "model closed", "engine closed"]


def test_a_lazy_value_that_the_start_needs_is_made_at_the_start():
    log = []
    with TestClient(chain(log, engine_lazy=True, model_lazy=False)):
        assert log == ["engine", "model"]


def test_a_lazy_value_knows_nothing_of_the_request_that_asked_first():
    app, seen = App(), []

    def make():
        seen.append(WHO.get())
        return Engine()

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.add_middleware
    async def name(request, call_next):
        WHO.set("the first client")
        return await call_next(request)

    @app.get("/")
    async def home(engine: Engine):
        return WHO.get()

    with TestClient(app) as client:
        assert client.get("/").text == "the first client"
    assert seen == ["nobody"]


def test_a_lazy_value_is_left_in_the_task_that_entered_it():
    app, tasks = App(), []

    async def make():
        tasks.append(asyncio.current_task())
        async with asyncio.timeout(60):  # belongs to its task
            yield Engine()
        tasks.append(asyncio.current_task())

    app.provide(Engine, make, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return "x"

    with TestClient(app) as client:
        assert client.get("/").text == "x"
    assert len(tasks) == 2
    assert tasks[0] is tasks[1]


def test_lazy_values_that_fail_to_close_are_reported_one_by_one():
    app = App()

    async def engine():
        yield Engine()
        raise OSError("engine")

    async def model():
        yield Model()
        raise ValueError("model")

    app.provide(Engine, engine, lifetime="app", lazy=True)
    app.provide(Model, model, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine, model: Model):
        return "x"

    with pytest.raises(AssertionError) as caught, TestClient(app) as client:
        assert client.get("/").text == "x"
    assert "lifespan.shutdown.failed" in str(caught.value)
    assert "OSError: engine" in str(caught.value)
    assert "ValueError: model" in str(caught.value)


def test_an_override_before_the_start_holds_for_a_lazy_value():
    app = App()
    app.provide(Engine, Engine, lifetime="app", lazy=True)

    @app.get("/")
    async def home(engine: Engine):
        return type(engine).__name__

    class FakeEngine(Engine):
        """Stands in."""

    with (
        app.override({Engine: FakeEngine}),
        TestClient(app) as client,
    ):
        assert client.get("/").text == "FakeEngine"
