"""What opens at the start is closed at the stop, last first."""

import asyncio
import logging
from contextlib import asynccontextmanager, contextmanager

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.responses import TextResponse
from microlith.testing import Exchange, TestClient, run


def noted(log, name):
    """Return a function that makes a context manager, which takes notes."""

    @asynccontextmanager
    async def manager(*args):
        log.append(f"{name} opened")
        yield
        log.append(f"{name} closed")

    return manager


class Value:
    """What an app provides."""


def start(app):
    """Be the server: start an app; return the exchange and its answer."""
    life = Exchange(app, {"type": "lifespan", "asgi": {}, "state": {}})
    life.put({"type": "lifespan.startup"})
    return life, life.take()


def stop(life):
    """Be the server: stop an app that `start` has started."""
    life.put({"type": "lifespan.shutdown"})
    answer = life.take()
    life.finish()
    return answer


def test_the_lifespan_manager_runs_around_the_requests():
    log = []
    app = App(lifespan=noted(log, "pool"))

    @app.get("/")
    async def home(request):
        log.append("request")
        return TextResponse("hello")

    with TestClient(app) as client:
        assert log == ["pool opened"], "it opens before the first request"
        assert client.get("/").status_code == 200
        client.get("/")
    assert log == ["pool opened", "request", "request", "pool closed"]


def test_the_lifespan_manager_is_called_with_the_app():
    seen = []

    @asynccontextmanager
    async def lifespan(app):
        seen.append(app)
        yield

    app = App(lifespan=lifespan)
    with TestClient(app):
        assert seen == [app]


def test_the_lifespan_manager_may_be_a_plain_one():
    log = []

    @contextmanager
    def lifespan(app):
        log.append("opened")
        yield
        log.append("closed")

    with TestClient(App(lifespan=lifespan)):
        assert log == ["opened"]
    assert log == ["opened", "closed"]


def test_startup_hooks_run_in_order_and_shutdown_hooks_in_reverse():
    app, log = App(), []

    @app.on_startup
    async def first():
        log.append("first")

    @app.on_startup
    def second():
        log.append("second")

    @app.on_shutdown
    async def opened_first():
        log.append("opened first")

    @app.on_shutdown
    def opened_last():
        log.append("opened last")

    with TestClient(app):
        assert log == ["first", "second"]
    assert log[2:] == ["opened last", "opened first"]


def test_hooks_are_given_back_to_be_used_as_decorators():
    app = App()

    def hook():
        return None

    assert app.on_startup(hook) is hook
    assert app.on_shutdown(hook) is hook


def test_the_order_of_the_whole_start():
    log = []
    child = App(lifespan=noted(log, "mounted"))
    app = App(lifespan=noted(log, "lifespan"))

    async def value():
        log.append("value opened")
        yield Value()
        log.append("value closed")

    # Written in another order than the one that counts.
    app.mount("/child", child)
    app.provide(Value, value, lifetime="app")
    app.on_startup(lambda: log.append("hook"))
    app.on_shutdown(lambda: log.append("hook at the stop"))
    app.lifespan.enter(noted(log, "entered"))
    with TestClient(app):
        assert log == [
            "lifespan opened",
            "entered opened",
            "hook",
            "value opened",
            "mounted opened",
        ]
        log.clear()
    assert log == [
        "mounted closed",
        "value closed",
        "hook at the stop",
        "entered closed",
        "lifespan closed",
    ]


def test_all_of_it_runs_in_one_task():
    tasks = []

    def note(*args):
        tasks.append(asyncio.current_task())

    @asynccontextmanager
    async def lifespan(app):
        note()
        yield
        note()

    async def value():
        note()
        yield Value()
        note()

    app = App(lifespan=lifespan)
    app.on_startup(note)
    app.on_shutdown(note)
    app.provide(Value, value, lifetime="app")
    with TestClient(app):
        pass
    assert len(tasks) == 6
    assert len(set(tasks)) == 1, "a timeout or task group could not be left"


# --- what is entered ---------------------------------------------------------


def test_a_manager_itself_can_be_entered():
    log = []
    app = App()
    app.lifespan.enter(noted(log, "made")())
    with TestClient(app):
        assert log == ["made opened"]
    assert log == ["made opened", "made closed"]


def test_an_object_with_a_start_and_an_end_can_be_entered():
    log = []

    class Pool:
        def __enter__(self):
            log.append("opened")
            return self

        def __exit__(self, *exc_info):
            log.append("closed")

    app = App()
    app.lifespan.enter(Pool())
    with TestClient(app):
        assert log == ["opened"]
    assert log == ["opened", "closed"]


def test_a_function_makes_a_fresh_manager_for_each_start():
    app, log = App(), []
    app.lifespan.enter(noted(log, "pool"))
    for _ in range(2):
        with TestClient(app):
            pass
    assert log == ["pool opened", "pool closed"] * 2


def test_several_managers_are_left_in_reverse():
    app, log = App(), []
    for name in ("a", "b", "c"):
        app.lifespan.enter(noted(log, name))
    with TestClient(app):
        pass
    assert log[3:] == ["c closed", "b closed", "a closed"]


def test_an_extension_adds_itself_and_is_given_back():
    log = []

    class Feature:
        def install(self, app):
            app.lifespan.enter(noted(log, "feature"))

            @app.get("/feature")
            async def feature(request):
                return TextResponse("here")

    app, feature = App(), Feature()
    assert app.install(feature) is feature
    with TestClient(app) as client:
        assert client.get("/feature").text == "here"
    assert log == ["feature opened", "feature closed"]


# --- a start that fails ------------------------------------------------------


def test_a_failed_start_is_reported_with_its_reason(caplog):
    app = App()

    @app.on_startup
    async def connect():
        raise OSError("no route to the database")

    life, answer = start(app)
    life.finish()
    assert answer == {
        "type": "lifespan.startup.failed",
        "message": "OSError: no route to the database",
    }
    records = [r for r in caplog.records if r.exc_info]
    assert len(records) == 1, "logged once, with its traceback"
    assert records[0].name == "microlith.lifespan"


def test_what_had_started_is_undone():
    log = []
    app = App(lifespan=noted(log, "lifespan"))
    app.lifespan.enter(noted(log, "a"))

    @asynccontextmanager
    async def broken():
        raise OSError("b")
        yield

    app.lifespan.enter(broken)
    app.lifespan.enter(noted(log, "c"))
    app.on_startup(lambda: log.append("hook"))
    life, answer = start(app)
    life.finish()
    assert answer.get("type") == "lifespan.startup.failed"
    assert log == [
        "lifespan opened",
        "a opened",
        "a closed",
        "lifespan closed",
    ]


def test_shutdown_hooks_run_when_a_startup_hook_fails():
    app, log = App(), []

    @app.on_startup
    def connect():
        log.append("connect")
        raise OSError("half-way")

    @app.on_startup
    def never():
        log.append("never")

    app.on_shutdown(lambda: log.append("clean up"))
    life, answer = start(app)
    life.finish()
    assert answer["type"] == "lifespan.startup.failed"
    assert log == ["connect", "clean up"]


def test_values_are_closed_when_a_later_one_fails():
    app, log = App(), []

    async def value():
        log.append("opened")
        yield Value()
        log.append("closed")

    def broken(value: Value):
        raise OSError("no")

    app.provide("broken", broken, lifetime="app")
    app.provide(Value, value, lifetime="app")
    life, answer = start(app)
    life.finish()
    assert answer["type"] == "lifespan.startup.failed"
    assert log == ["opened", "closed"]


def test_a_failure_while_undoing_is_logged_and_stops_nothing(caplog):
    app, log = App(lifespan=noted(log := [], "lifespan")), log

    @asynccontextmanager
    async def grumpy():
        yield
        raise RuntimeError("while closing")

    app.lifespan.enter(grumpy)
    app.on_startup(lambda: 1 / 0)
    life, answer = start(app)
    life.finish()
    assert "ZeroDivisionError" in answer["message"], "the first one counts"
    assert log == ["lifespan opened", "lifespan closed"]
    logged = [str(r.exc_info[1]) for r in caplog.records if r.exc_info]
    assert sorted(logged) == ["division by zero", "while closing"]


def test_a_mistake_in_the_app_is_reported_without_a_traceback(caplog):
    app = App(lifespan=noted(log := [], "lifespan"))

    def pool(missing: Value):
        return missing

    app.provide("pool", pool, lifetime="app")
    life, answer = start(app)
    life.finish()
    assert answer["type"] == "lifespan.startup.failed"
    assert "'missing' is read from a request" in answer["message"]
    assert log == [], "nothing opens in an app that could never serve"
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


# --- a stop that fails -------------------------------------------------------


def test_a_failing_exit_does_not_stop_the_others_and_all_are_reported(caplog):
    log = []
    app = App(lifespan=noted(log, "lifespan"))

    @asynccontextmanager
    async def grumpy():
        yield
        raise OSError("first")

    async def value():
        yield Value()
        raise ValueError("second")

    app.lifespan.enter(grumpy)
    app.provide(Value, value, lifetime="app")
    app.on_shutdown(lambda: log.append("hook"))
    life, answer = start(app)
    assert answer["type"] == "lifespan.startup.complete"
    assert stop(life) == {
        "type": "lifespan.shutdown.failed",
        "message": "ValueError: second; OSError: first",
    }
    assert log == ["lifespan opened", "hook", "lifespan closed"]
    logged = [str(r.exc_info[1]) for r in caplog.records if r.exc_info]
    assert logged == ["second", "first"]


def test_an_exit_that_is_cancelled_does_not_stop_the_others():
    app, log = App(lifespan=noted(log := [], "lifespan")), log

    @app.on_shutdown
    async def stop_worker():
        worker = asyncio.create_task(asyncio.sleep(60))
        worker.cancel()
        await worker  # a usual mistake: this raises CancelledError

    life, _ = start(app)
    answer = stop(life)
    assert answer["type"] == "lifespan.shutdown.failed"
    assert "cancelled" in answer["message"]
    assert log == ["lifespan opened", "lifespan closed"]


def test_a_manager_sees_no_exception_of_another():
    seen = []

    class Watch:
        async def __aenter__(self):
            return self

        async def __aexit__(self, kind, exc, traceback):
            seen.append(kind)

    app = App()
    app.lifespan.enter(Watch())
    app.on_shutdown(lambda: 1 / 0)
    life, _ = start(app)
    assert stop(life)["type"] == "lifespan.shutdown.failed"
    assert seen == [None]


def test_a_cancelled_lifespan_closes_what_is_open():
    log = []
    app = App(lifespan=noted(log, "lifespan"))

    async def serve():
        async def send(message):
            log.append(message["type"])

        inbox = asyncio.Queue()
        inbox.put_nowait({"type": "lifespan.startup"})
        scope = {"type": "lifespan", "asgi": {}}
        task = asyncio.create_task(app(scope, inbox.get, send))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run(serve()), "the cancellation is not swallowed"
    assert log == [
        "lifespan opened",
        "lifespan.startup.complete",
        "lifespan closed",
    ]


# --- frozen ------------------------------------------------------------------


@pytest.mark.parametrize(
    "late",
    [
        lambda app: app.on_startup(print),
        lambda app: app.on_shutdown(print),
        lambda app: app.provide(Value, Value),
        lambda app: app.provide(Value, Value, lifetime="app"),
        lambda app: app.lifespan.enter(noted([], "late")),
    ],
    ids=["on_startup", "on_shutdown", "provide", "provide app", "enter"],
)
def test_registering_after_the_start_is_an_error(late):
    app = App()
    with (
        TestClient(app),
        pytest.raises(ConfigurationError, match="comes too late"),
    ):
        late(app)


def test_an_extension_that_comes_too_late_is_not_called():
    calls = []

    class Feature:
        def install(self, app):
            calls.append(app)

    app = App()
    app.freeze()
    with pytest.raises(ConfigurationError, match="comes too late"):
        app.install(Feature())
    assert calls == []


def test_what_is_entered_late_is_left_before_everything_else():
    log = []
    app = App()
    app.lifespan.enter(noted(log, "late"), late=True)
    app.lifespan.enter(noted(log, "entered"))
    app.on_startup(lambda: log.append("hook"))
    with TestClient(app):
        assert log[-1] == "late opened", "after the hooks, and all else"
        log.clear()
    assert log[0] == "late closed", (
        "what needs the rest until it is done is left first"
    )
