"""A mounted app, ours or any other, starts and stops with the outer one."""

from contextlib import asynccontextmanager

import pytest

from microlith.applications import App
from microlith.responses import TextResponse
from microlith.routing import Router
from microlith.testing import Exchange, TestClient

COMPLETE = {"type": "lifespan.startup.complete"}


def start(app, **scope):
    """Be the server: start an app; return the exchange and its answer."""
    life = Exchange(app, {"type": "lifespan", "asgi": {}, **scope})
    life.put({"type": "lifespan.startup"})
    return life, life.take()


def stop(life):
    """Be the server: stop an app that `start` has started."""
    life.put({"type": "lifespan.shutdown"})
    answer = life.take()
    life.finish()
    return answer


async def answer(send, text):
    """Send one plain response."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})


def foreign(log, name="foreign", **behaviour):
    """Return an ASGI app of somebody else, which takes notes.

    ``at_start`` and ``at_stop`` replace its answers.
    """

    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await answer(send, name)
            return
        log.append((await receive())["type"])
        scope["state"][name] = "its state"
        await send(behaviour.get("at_start", COMPLETE))
        log.append((await receive())["type"])
        await send(
            behaviour.get("at_stop", {"type": "lifespan.shutdown.complete"})
        )

    return app


def ours(log, name):
    """Return an app of ours, which takes notes."""

    @asynccontextmanager
    async def lifespan(app):
        log.append(f"{name} opened")
        yield
        log.append(f"{name} closed")

    app = App(lifespan=lifespan)

    @app.get("/")
    async def home(request):
        return TextResponse(name)

    return app


def test_a_mounted_app_of_ours_starts_and_stops():
    app, log = App(), []
    app.mount("/child", ours(log, "child"))
    with TestClient(app) as client:
        assert log == ["child opened"]
        assert client.get("/child/").text == "child"
    assert log == ["child opened", "child closed"]


def test_a_mounted_app_of_anybody_starts_and_stops():
    app, log = App(), []
    app.mount("/child", foreign(log))
    with TestClient(app) as client:
        assert log == ["lifespan.startup"]
        assert client.get("/child/").text == "foreign"
    assert log == ["lifespan.startup", "lifespan.shutdown"]


def test_mounted_apps_start_in_order_and_stop_in_reverse():
    app, log = App(), []
    for name in ("a", "b", "c"):
        app.mount(f"/{name}", ours(log, name))
    with TestClient(app):
        pass
    opened = [f"{name} opened" for name in "abc"]
    assert log == [*opened, "c closed", "b closed", "a closed"]


def test_a_mount_below_a_router_and_below_a_mount():
    app, log, router = App(), [], Router("/outer")
    child = ours(log, "child")
    child.mount("/inner", ours(log, "grandchild"))
    router.mount("/child", child)
    app.include(router)
    with TestClient(app) as client:
        assert log == ["child opened", "grandchild opened"]
        assert client.get("/outer/child/inner/").text == "grandchild"
    assert log[2:] == ["grandchild closed", "child closed"]


def test_an_app_that_is_mounted_twice_starts_once():
    app, log = App(), []
    child = ours(log, "child")
    app.mount("/one", child)
    app.mount("/two", child)
    with TestClient(app) as client:
        assert client.get("/one/").text == client.get("/two/").text == "child"
    assert log == ["child opened", "child closed"]


def test_an_app_that_knows_no_lifespan_is_served_all_the_same():
    async def child(scope, receive, send):
        assert scope["type"] == "http", "this app knows HTTP only"
        await answer(send, "here")

    app, log = App(), []
    app.mount("/child", child)
    app.mount("/other", ours(log, "other"))
    with TestClient(app) as client:
        assert client.get("/child/").text == "here"
        assert log == ["other opened"]
    assert log == ["other opened", "other closed"]


def test_an_app_that_returns_at_once_is_served_all_the_same():
    async def child(scope, receive, send):
        if scope["type"] == "http":
            await answer(send, "here")

    app, log = App(), []
    app.mount("/child", child)
    app.on_shutdown(lambda: log.append("stopped"))
    with TestClient(app) as client:
        assert client.get("/child/").text == "here"
    assert log == ["stopped"]


def test_a_mounted_app_that_reports_a_failed_start():
    app, log = App(), []
    failed = {"type": "lifespan.startup.failed", "message": "no disk"}
    app.mount("/first", ours(log, "first"))
    app.mount("/second", foreign(log, at_start=failed))
    app.mount("/third", ours(log, "third"))
    app.on_shutdown(lambda: log.append("hook"))
    life, reply = start(app)
    life.finish()
    assert reply["type"] == "lifespan.startup.failed"
    assert "no disk" in reply["message"]
    assert "the startup of the app mounted at '/second'" in reply["message"]
    assert log == ["first opened", "lifespan.startup", "first closed", "hook"]


def test_a_mounted_app_of_ours_that_fails_to_start():
    app, child = App(), App()
    child.on_startup(lambda: 1 / 0)
    app.mount("/child", child)
    life, reply = start(app)
    life.finish()
    assert reply["type"] == "lifespan.startup.failed"
    assert "ZeroDivisionError: division by zero" in reply["message"]


def test_a_mounted_app_that_reports_a_failed_stop():
    app, log = App(), []
    failed = {"type": "lifespan.shutdown.failed", "message": "disk full"}
    app.mount("/first", ours(log, "first"))
    app.mount("/second", foreign(log, at_stop=failed))
    life, reply = start(app)
    assert reply == COMPLETE
    reply = stop(life)
    assert reply["type"] == "lifespan.shutdown.failed"
    assert "disk full" in reply["message"]
    assert "'/second'" in reply["message"]
    assert log[-1] == "first closed", "the others stop all the same"


def test_a_mounted_app_that_raises_at_its_stop():
    async def child(scope, receive, send):
        await receive()
        await send(COMPLETE)
        await receive()
        raise OSError("pulled the plug")

    app = App()
    app.mount("/child", child)
    life, reply = start(app)
    assert reply == COMPLETE
    reply = stop(life)
    assert reply["type"] == "lifespan.shutdown.failed"
    assert "OSError: pulled the plug" in reply["message"]


def test_the_servers_state_is_handed_down():
    app, log, state = App(), [], {"from": "the server"}
    seen = []

    async def child(scope, receive, send):
        seen.append(dict(scope["state"]))
        await foreign(log, "inner")(scope, receive, send)

    app.mount("/child", child)
    life, reply = start(app, state=state)
    assert reply == COMPLETE
    assert seen == [{"from": "the server"}]
    assert state == {"from": "the server", "inner": "its state"}
    stop(life)


def test_a_server_without_state_is_no_obstacle():
    app, log = App(), []
    app.mount("/child", foreign(log))
    life, reply = start(app)
    assert reply == COMPLETE
    stop(life)
    assert log == ["lifespan.startup", "lifespan.shutdown"]


def test_requests_of_the_mounted_app_see_its_state():
    seen = []

    async def child(scope, receive, send):
        if scope["type"] == "http":
            seen.append(scope["state"])
            await answer(send, "here")
        else:
            await foreign([])(scope, receive, send)

    app = App()
    app.mount("/child", child)
    with TestClient(app) as client:
        client.get("/child/")
    assert seen == [{"foreign": "its state"}]


def test_values_of_a_mounted_app_are_its_own():
    app, child = App(), App()
    for each, name in ((app, "outer"), (child, "inner")):
        each.provide(Thing, thing(name), lifetime="app")

        @each.get("/")
        async def home(thing: Thing):
            return thing.name

    app.mount("/child", child)
    with TestClient(app) as client:
        assert client.get("/").text == "outer"
        assert client.get("/child/").text == "inner"


class Thing:
    """A value with a name."""

    def __init__(self, name):
        self.name = name


def thing(name):
    """Return a factory for one."""

    def make():
        return Thing(name)

    return make


@pytest.mark.parametrize("number", [1, 2])
def test_mounted_apps_start_again_with_the_app(number):
    app, log = App(), []
    app.mount("/child", ours(log, "child"))
    for _ in range(number):
        with TestClient(app):
            pass
    assert log == ["child opened", "child closed"] * number


def test_stopping_is_set_in_the_app_before_mounted_apps_stop():
    app, child = App(), App()
    seen = []
    child.on_shutdown(
        lambda: seen.append((app.stopping.is_set(), child.stopping.is_set()))
    )
    app.mount("/child", child)
    with TestClient(app):
        assert not app.stopping.is_set()
        assert not child.stopping.is_set()
    assert seen == [(True, True)]
