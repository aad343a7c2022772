"""How a socket ends: close, errors, exits, and the stop of the app."""

import asyncio
import logging
from typing import Annotated

import pytest

from microlith.applications import App
from microlith.conversations import SocketRefused
from microlith.dependencies import Depends
from microlith.exceptions import (
    Conflict,
    Forbidden,
    ServiceUnavailable,
    WebSocketDisconnect,
    WebSocketException,
)
from microlith.responses import Response
from microlith.testing import Exchange, TestClient, http_scope
from microlith.websockets import WebSocket


def app_with(handler, **options):
    """Return an app with one socket at `/`."""
    app = App()
    app.websocket("/", **options)(handler)
    return app


def open_socket(handler, **options):
    """Serve a handler; return the client's side of one socket."""
    return TestClient(app_with(handler, **options)).websocket("/")


def end_of(ws):
    """Read the close that comes next; return its code and reason."""
    with pytest.raises(WebSocketDisconnect) as caught:
        ws.receive()
    return caught.value.code, caught.value.reason


def raising(exc):
    """Return a handler that accepts and raises."""

    async def handler(socket: WebSocket):
        await socket.accept()
        raise exc

    return handler


def tracing(trace, fails=None):
    """Return a generator that notes how it was closed."""

    async def dependency(socket: WebSocket):
        try:
            yield "value"
            trace.append("closed")
        except BaseException as error:
            trace.append(type(error).__name__)
            raise
        finally:
            trace.append(socket.state.value)
            if fails is not None:
                raise fails

    return dependency


# --- close -------------------------------------------------------------------


def test_a_handler_that_returns_closes_with_1000():
    async def show(socket: WebSocket):
        await socket.accept()

    with open_socket(show) as ws:
        assert end_of(ws) == (1000, "")


def test_close_with_code_and_reason():
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.close(4001, "The room is gone")

    with open_socket(show) as ws:
        assert end_of(ws) == (4001, "The room is gone")


def test_a_second_close_does_nothing():
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.close(4001)
        await socket.close(4002)

    exchange = Exchange(app_with(show), {**http_scope(), "type": "websocket"})
    exchange.put({"type": "websocket.connect"})
    exchange.finish()
    closes = [m for m in exchange.sent if m["type"] == "websocket.close"]
    assert [m["code"] for m in closes] == [4001], "one close, the first"


def test_close_after_the_client_has_left_does_nothing():
    async def show(socket: WebSocket):
        await socket.accept()
        async for _ in socket.iter_text():
            pass
        await socket.close(4001)

    exchange = Exchange(app_with(show), {**http_scope(), "type": "websocket"})
    exchange.put({"type": "websocket.connect"})
    exchange.put({"type": "websocket.disconnect", "code": 1001})
    exchange.finish()
    assert [m["type"] for m in exchange.sent] == ["websocket.accept"]


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 2999, 5000, 0])
def test_a_code_that_may_not_be_sent(code):
    seen = []

    async def show(socket: WebSocket):
        await socket.accept()
        try:
            await socket.close(code)
        except ValueError as error:
            seen.append(str(error))

    with open_socket(show) as ws:
        assert end_of(ws)[0] == 1000
    assert len(seen) == 1
    assert f"{code} is no close code" in seen[0]


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1014, 3000, 4999])
def test_a_code_that_may_be_sent(code):
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.close(code)

    with open_socket(show) as ws:
        assert end_of(ws)[0] == code


def test_a_reason_has_123_bytes():
    seen = []

    async def show(socket: WebSocket):
        await socket.accept()
        try:
            await socket.close(1000, "é" * 62)
        except ValueError as error:
            seen.append(str(error))
        await socket.close(1000, "é" * 61 + "x")

    with open_socket(show) as ws:
        assert end_of(ws) == (1000, "é" * 61 + "x")
    assert seen == ["A reason has at most 123 bytes of UTF-8"]


# --- errors ------------------------------------------------------------------


def test_an_unforeseen_error_is_1011_without_details(caplog):
    with open_socket(raising(ZeroDivisionError("a secret"))) as ws:
        assert end_of(ws) == (1011, "")
    records = [r for r in caplog.records if r.name == "microlith.errors"]
    assert [r.getMessage() for r in records] == [
        "Unhandled error in WEBSOCKET '/'"
    ]
    assert records[0].exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (Forbidden("no"), 1008),
        (Conflict("no"), 1008),
        (ServiceUnavailable("later"), 1011),
    ],
)
def test_an_http_exception_after_the_accept(exc, code):
    with open_socket(raising(exc)) as ws:
        assert end_of(ws) == (code, "")


def test_a_websocket_exception_is_its_code():
    with open_socket(raising(WebSocketException(4009, "slow down"))) as ws:
        assert end_of(ws) == (4009, "slow down")


@pytest.mark.parametrize(
    "exc", [WebSocketException(1006), WebSocketException(1000, "x" * 124)]
)
def test_a_websocket_exception_that_cannot_be_sent_is_1011(exc, caplog):
    with open_socket(raising(exc)) as ws:
        assert end_of(ws) == (1011, "")
    assert "Unhandled error in WEBSOCKET '/'" in caplog.messages


def test_the_apps_own_error_handlers_decide_the_code(caplog):
    app = app_with(raising(KeyError("x")))

    @app.exception_handler(KeyError)
    async def missing(connection, exc):
        return Response(status_code=404)

    with TestClient(app).websocket("/") as ws:
        assert end_of(ws)[0] == 1008
    assert caplog.records == [], "it was foreseen"


def test_a_client_that_leaves_is_no_error(caplog):
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.receive_text()

    with open_socket(show):
        pass
    assert caplog.records == []


def test_the_disconnect_of_another_socket_is_an_error(caplog):
    app, rooms = App(), []

    @app.websocket("/")
    async def chat(socket: WebSocket):
        await socket.accept()
        rooms.append(socket)
        async for text in socket.iter_text():
            for other in rooms:
                await other.send_text(text)

    client = TestClient(app)
    with client.websocket("/") as ws:
        client.websocket("/").close()
        ws.send_text("is anybody there?")
        assert ws.receive_text() == "is anybody there?"
        assert end_of(ws) == (1011, ""), "it is the other one that has left"
    assert "Unhandled error in WEBSOCKET '/'" in caplog.messages


# --- exits -------------------------------------------------------------------


def test_exits_run_before_the_final_close():
    trace = []

    async def show(
        socket: WebSocket, value: Annotated[str, Depends(tracing(trace))]
    ):
        await socket.accept()

    with open_socket(show) as ws:
        assert end_of(ws)[0] == 1000
    assert trace == ["closed", "open"]


def test_exits_run_before_the_close_of_an_error():
    trace = []

    async def show(
        socket: WebSocket, value: Annotated[str, Depends(tracing(trace))]
    ):
        await socket.accept()
        raise Conflict("no")

    with open_socket(show) as ws:
        assert end_of(ws)[0] == 1008
    assert trace == ["Conflict", "open"]


def test_exits_run_before_the_refusal():
    trace = []
    needs = [Depends(tracing(trace))]

    async def show(socket: WebSocket):
        raise Conflict("no")

    with pytest.raises(SocketRefused) as caught:
        open_socket(show, dependencies=needs)
    assert caught.value.status_code == 409
    assert trace == ["Conflict", "connecting"]


def test_a_failing_exit_is_1011(caplog):
    needs = [Depends(tracing([], RuntimeError("the commit failed")))]

    async def show(socket: WebSocket):
        await socket.accept()

    with open_socket(show, dependencies=needs) as ws:
        assert end_of(ws) == (1011, "")
    assert "Unhandled error in WEBSOCKET '/'" in caplog.messages


def test_an_exit_may_change_the_answer():
    async def translate():
        try:
            yield
        except KeyError:
            raise Conflict("taken") from None

    async def show(socket: WebSocket):
        raise KeyError("x")

    with pytest.raises(SocketRefused) as caught:
        open_socket(show, dependencies=[Depends(translate)])
    assert caught.value.status_code == 409


def test_a_client_that_leaves_is_no_reason_to_roll_back():
    trace = []

    async def show(
        socket: WebSocket, value: Annotated[str, Depends(tracing(trace))]
    ):
        await socket.accept()
        await socket.receive_text()

    with open_socket(show):
        pass
    assert trace == ["closed", "closed"]


def test_an_exit_may_send_a_last_word():
    async def goodbye(socket: WebSocket):
        yield
        await socket.send_text("goodbye")

    async def show(socket: WebSocket):
        await socket.accept()

    with open_socket(show, dependencies=[Depends(goodbye)]) as ws:
        assert ws.receive_text() == "goodbye"
        assert end_of(ws)[0] == 1000


# --- the stop ----------------------------------------------------------------


async def waits(socket: WebSocket):
    await socket.accept()
    await socket.receive_text()


def test_the_stop_closes_with_1012():
    app = app_with(waits)
    client = TestClient(app)
    with client:
        ws = client.websocket("/")
    assert end_of(ws) == (1012, "The server is stopping")


def test_stopping_is_enough():
    app = app_with(waits)
    with TestClient(app) as client, client.websocket("/") as ws:
        app.stopping.set()
        assert end_of(ws)[0] == 1012


def test_the_stop_ends_every_socket():
    app = app_with(waits)
    with TestClient(app) as client:
        sockets = [client.websocket("/") for _ in range(3)]
        app.stopping.set()
        assert [end_of(ws)[0] for ws in sockets] == [1012] * 3


def test_the_stop_rolls_back_what_was_cut():
    trace = []

    async def show(
        socket: WebSocket, value: Annotated[str, Depends(tracing(trace))]
    ):
        await socket.accept()
        await socket.receive_text()

    app = app_with(show)
    with TestClient(app) as client, client.websocket("/") as ws:
        app.stopping.set()
        assert end_of(ws)[0] == 1012
    assert trace == ["CancelledError", "open"]


def test_a_handler_may_say_goodbye_itself():
    async def show(socket: WebSocket):
        await socket.accept()
        try:
            await socket.receive_text()
        except asyncio.CancelledError:
            await socket.send_text("goodbye")
            raise

    app = app_with(show)
    with TestClient(app) as client, client.websocket("/") as ws:
        app.stopping.set()
        assert ws.receive_text() == "goodbye"
        assert end_of(ws)[0] == 1012


def test_sockets_end_before_what_they_use_is_closed():
    trace, app = [], App()

    @app.on_shutdown
    async def close_pool():
        trace.append("pool closed")

    async def slow():
        try:
            yield
        finally:
            await asyncio.sleep(0.01)
            trace.append("socket closed")

    app.websocket("/", dependencies=[Depends(slow)])(waits)
    with TestClient(app) as client:
        client.websocket("/")
    assert trace == ["socket closed", "pool closed"]


def test_a_socket_that_comes_during_the_stop_is_refused():
    release = asyncio.Event()

    async def lingers(socket: WebSocket):
        await socket.accept()
        try:
            await socket.receive_text()
        finally:
            await release.wait()

    app = app_with(lingers)
    app.websocket("/late")(waits)
    with TestClient(app) as client, client.websocket("/") as ws:
        app.stopping.set()
        with pytest.raises(SocketRefused) as late:
            client.websocket("/late")
        assert late.value.close_code == 1012
        release.set()
        assert end_of(ws)[0] == 1012


def test_a_cancel_that_is_not_ours_goes_on():
    app, seen = App(), []

    @app.websocket("/")
    async def show(socket: WebSocket):
        await socket.accept()
        asyncio.current_task().cancel()
        await socket.receive_text()

    def layer(app):
        async def call(scope, receive, send):
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError:
                seen.append("cancelled")

        return call

    app.wrap(layer)
    with TestClient(app).websocket("/"):
        pass
    assert seen == ["cancelled"], "only the stop of the app becomes a 1012"


def test_a_stopped_app_may_start_again():
    app = app_with(waits)
    for _ in range(2):
        with TestClient(app) as client:
            ws = client.websocket("/")
        assert end_of(ws)[0] == 1012


# --- mounts and layers -------------------------------------------------------


def test_sockets_of_a_mounted_app():
    inner, outer = App(), App()

    @inner.websocket("/echo/{word}")
    async def echo(socket: WebSocket, word: str):
        await socket.accept()
        await socket.send_text(word)

    @outer.websocket("/own")
    async def own(socket: WebSocket):
        await socket.accept()

    outer.mount("/inner", inner)
    with TestClient(outer) as client:
        with client.websocket("/inner/echo/hi") as ws:
            assert ws.receive_text() == "hi"
        with pytest.raises(SocketRefused) as caught:
            client.websocket("/inner/none")
    assert caught.value.status_code == 404


def test_the_stop_reaches_sockets_of_a_mounted_app():
    inner, outer = app_with(waits), App()
    outer.mount("/inner", inner)
    with TestClient(outer) as client:
        ws = client.websocket("/inner/")
    assert end_of(ws)[0] == 1012


def test_layers_of_wrap_see_sockets():
    seen = []

    def layer(app, word):
        async def call(scope, receive, send):
            seen.append((scope["type"], word))
            await app(scope, receive, send)

        return call

    async def show(socket: WebSocket):
        await socket.accept()

    app = app_with(show)
    app.wrap(layer, word="hi")
    with TestClient(app).websocket("/"):
        pass
    assert seen == [("websocket", "hi")]


def test_middleware_is_for_requests():
    called = []

    async def show(socket: WebSocket):
        await socket.accept()

    app = app_with(show)

    @app.add_middleware
    async def note(request, call_next):
        called.append(request.path)
        return await call_next(request)

    @app.get("/page")
    async def page(request):
        return Response()

    client = TestClient(app)
    with client.websocket("/"):
        client.get("/page")
    assert called == ["/page"]


def test_errors_of_sockets_are_logged_as_errors(caplog):
    with (
        caplog.at_level(logging.DEBUG, "microlith.errors"),
        open_socket(raising(KeyError("x"))) as ws,
    ):
        end_of(ws)
    levels = [r.levelname for r in caplog.records if "errors" in r.name]
    assert levels == ["ERROR"]
