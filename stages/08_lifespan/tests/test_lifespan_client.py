"""The test client as a server: one loop from the start to the stop."""

import asyncio
import threading

import pytest

from microlith.applications import App
from microlith.testing import TestClient


def test_start_requests_and_stop_share_one_loop_and_one_thread():
    app, seen = App(), []

    async def note():
        seen.append((asyncio.get_running_loop(), threading.get_ident()))

    app.on_startup(note)
    app.on_shutdown(note)

    @app.get("/")
    async def home(request):
        await note()
        return "x"

    with TestClient(app) as client:
        client.get("/")
        client.get("/")
    assert len(seen) == 4
    assert set(seen) == {(client.loop, threading.get_ident())}


def test_what_was_opened_at_the_start_works_in_a_request():
    app, queue = App(), []

    @app.on_startup
    async def make():
        queue.append(asyncio.Queue())
        queue[0].put_nowait("from the start")

    @app.get("/")
    async def home(request):
        return await queue[0].get()

    with TestClient(app) as client:
        assert client.get("/").text == "from the start"


def test_a_task_of_the_start_goes_on_while_requests_are_served():
    app, ticks = App(), []

    async def ticker():
        while True:
            ticks.append(len(ticks))
            await asyncio.sleep(0)

    @app.on_startup
    async def begin():
        ticks.clear()
        app_task.append(asyncio.create_task(ticker()))

    @app.on_shutdown
    async def end():
        app_task[0].cancel()

    @app.get("/")
    async def home(request):
        await asyncio.sleep(0)
        return str(len(ticks))

    app_task = []
    with TestClient(app) as client:
        first = int(client.get("/").text)
        assert int(client.get("/").text) > first > 0


def test_the_client_is_what_the_block_gets():
    client = TestClient(App())
    with client as found:
        assert found is client


def test_a_failed_start_is_an_assertion_error_with_the_reason():
    app = App()

    @app.on_startup
    def connect():
        raise OSError("no database")

    with pytest.raises(AssertionError) as caught, TestClient(app):
        raise RuntimeError("the block does not run")
    assert "lifespan.startup.failed" in str(caught.value)
    assert "OSError: no database" in str(caught.value)


def test_a_failed_stop_is_an_assertion_error_with_the_reason():
    app, ran = App(), []

    @app.on_shutdown
    def disconnect():
        raise OSError("gone")

    with pytest.raises(AssertionError) as caught, TestClient(app):
        ran.append(1)
    assert ran == [1]
    assert "lifespan.shutdown.failed: OSError: gone" in str(caught.value)


def test_the_app_stops_when_the_block_raises():
    app, log = App(), []
    app.on_shutdown(lambda: log.append("stopped"))
    with pytest.raises(ZeroDivisionError), TestClient(app):
        raise ZeroDivisionError
    assert log == ["stopped"]


def test_a_start_that_hangs_is_found_at_once():
    app = App()

    @app.on_startup
    async def wait():
        await asyncio.Event().wait()

    with pytest.raises(AssertionError, match="waits for ever"):
        TestClient(app).__enter__()


def test_a_stop_that_hangs_is_found_at_once():
    app = App()

    @app.on_shutdown
    async def wait():
        await asyncio.Event().wait()

    client = TestClient(app)
    client.__enter__()
    with pytest.raises(AssertionError, match="waits for ever"):
        client.__exit__(None, None, None)


def test_an_app_that_has_no_lifespan_raises_its_own_error():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError("HTTP only")

    with pytest.raises(NotImplementedError, match="HTTP only"):
        TestClient(app).__enter__()


def test_the_state_of_the_lifespan_reaches_each_request_as_a_copy():
    seen = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = "open"
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        seen.append(dict(scope["state"]))
        scope["state"]["mine"] = True
        start = {"type": "http.response.start", "status": 204, "headers": []}
        await send(start)
        await send({"type": "http.response.body"})

    with TestClient(app) as client:
        client.get("/")
        client.get("/")
    assert seen == [{"pool": "open"}] * 2
    assert client.state == {"pool": "open"}


def test_the_client_can_be_entered_again():
    app, log = App(), []
    app.on_startup(lambda: log.append("start"))
    app.on_shutdown(lambda: log.append("stop"))
    client = TestClient(app)
    for _ in range(2):
        with client:
            assert log[-1] == "start"
    assert log == ["start", "stop"] * 2
