"""Messages in and out, and what a socket does not take."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from microlith.applications import App
from microlith.exceptions import WebSocketDisconnect
from microlith.testing import TestClient
from microlith.websockets import WebSocket


def open_socket(handler, **options):
    """Serve a handler; return the client's side of one socket."""
    app = App()
    app.websocket("/", **options)(handler)
    return TestClient(app).websocket("/")


def end_of(ws):
    """Read the close that comes next; return its code and reason."""
    with pytest.raises(WebSocketDisconnect) as caught:
        ws.receive()
    assert ws.close_code == caught.value.code
    return caught.value.code, caught.value.reason


async def texts(socket: WebSocket):
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


async def blobs(socket: WebSocket):
    await socket.accept()
    async for data in socket.iter_bytes():
        await socket.send_bytes(data)


async def things(socket: WebSocket):
    await socket.accept()
    async for thing in socket.iter_json():
        await socket.send_json(thing)


def test_bytes_come_back():
    with open_socket(blobs) as ws:
        ws.send_bytes(b"\x00\xff")
        assert ws.receive_bytes() == b"\x00\xff"


@pytest.mark.parametrize("empty", ["", b""])
def test_an_empty_message_is_a_message(empty):
    with open_socket(texts if empty == "" else blobs) as ws:
        if empty == "":
            ws.send_text("")
            assert ws.receive_text() == ""
        else:
            ws.send_bytes(b"")
            assert ws.receive_bytes() == b""


@pytest.mark.parametrize("thing", [{"a": [1, None]}, 3, "x", None, [True]])
def test_json_comes_back(thing):
    with open_socket(things) as ws:
        ws.send_json(thing)
        assert ws.receive_json() == thing


def test_json_may_come_as_bytes():
    with open_socket(things) as ws:
        ws.send_bytes(b'{"a": 1}')
        assert ws.receive_json() == {"a": 1}


def test_json_goes_out_as_text():
    with open_socket(things) as ws:
        ws.send_json({"a": 1})
        assert ws.receive_text() == '{"a":1}'


def test_send_json_takes_a_model():
    class Point(BaseModel):
        x: int
        y: float

    async def show(socket: WebSocket):
        await socket.accept()
        await socket.send_json(Point(x=1, y=math.nan))

    with open_socket(show) as ws:
        assert ws.receive_json() == {"x": 1, "y": None}, "NaN is no JSON"


def test_receive_one_by_one():
    async def add(socket: WebSocket):
        await socket.accept()
        a = await socket.receive_text()
        b = await socket.receive_bytes()
        c = await socket.receive_json()
        await socket.send_json([a, b, c])

    with open_socket(add) as ws:
        ws.send_text("a")
        ws.send_bytes(b"b")
        ws.send_json(["c"])
        assert ws.receive_json() == ["a", "b", ["c"]]
        assert end_of(ws) == (1000, "")


@settings(max_examples=30, deadline=None)
@given(messages=st.lists(st.text(st.characters(codec="utf-8")), max_size=5))
def test_whatever_is_sent_comes_back(messages):
    with open_socket(texts) as ws:
        ws.send_text("hello")
        assert ws.receive_text() == "hello"
        for message in messages:
            ws.send_text(message)
        assert [ws.receive_text() for _ in messages] == messages


# --- not taken ---------------------------------------------------------------


def test_bytes_where_text_is_read_are_1003():
    with open_socket(texts) as ws:
        ws.send_bytes(b"x")
        assert end_of(ws) == (1003, "Only text is read here")


def test_text_where_bytes_are_read_is_1003():
    with open_socket(blobs) as ws:
        ws.send_text("x")
        assert end_of(ws) == (1003, "Only bytes are read here")


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "NaN", "[1] 2"])
def test_what_is_no_json_is_1007(text):
    with open_socket(things) as ws:
        ws.send_text(text)
        assert end_of(ws) == (1007, "This is not JSON")


def test_a_message_above_the_limit_is_1009():
    with open_socket(texts, max_message=10) as ws:
        ws.send_text("x" * 10)
        assert ws.receive_text() == "x" * 10
        ws.send_text("x" * 11)
        assert end_of(ws) == (1009, "A message has at most 10 bytes")


def test_the_limit_counts_bytes_not_characters():
    with open_socket(texts, max_message=10) as ws:
        ws.send_text("é" * 5)
        assert ws.receive_text() == "é" * 5
        ws.send_text("é" * 6)
        assert end_of(ws)[0] == 1009


@pytest.mark.parametrize("handler", [blobs, things])
def test_the_limit_holds_for_bytes_and_json(handler):
    with open_socket(handler, max_message=3) as ws:
        ws.send_bytes(b'"xx"')
        assert end_of(ws)[0] == 1009


def test_the_limit_is_a_mebibyte():
    size = 1024 * 1024
    with open_socket(blobs) as ws:
        ws.send_bytes(b"x" * size)
        assert len(ws.receive_bytes()) == size
        ws.send_bytes(b"x" * (size + 1))
        assert end_of(ws)[0] == 1009


def test_the_limit_may_be_the_apps():
    app = App(max_message=3)
    app.websocket("/app")(texts)
    app.websocket("/own", max_message=5)(texts)
    client = TestClient(app)
    for path, limit in (("/app", 3), ("/own", 5)):
        with client.websocket(path) as ws:
            ws.send_text("x" * limit)
            assert ws.receive_text() == "x" * limit
            ws.send_text("x" * (limit + 1))
            assert end_of(ws)[0] == 1009


@pytest.mark.parametrize("what", ["receive", "send"])
def test_no_message_before_the_accept(what):
    seen = []

    async def hasty(socket: WebSocket):
        try:
            if what == "send":
                await socket.send_text("x")
            else:
                await socket.receive_text()
        except RuntimeError as error:
            seen.append(str(error))
        await socket.accept()

    with open_socket(hasty):
        pass
    assert seen == [f"{what}: call accept() first."]


@pytest.mark.parametrize("what", ["send_text", "send_bytes", "send_json"])
def test_nothing_is_sent_after_the_close(what):
    seen = []

    async def late(socket: WebSocket):
        await socket.accept()
        await socket.close(4000)
        try:
            await getattr(socket, what)(b"x" if "bytes" in what else "x")
        except WebSocketDisconnect as error:
            seen.append(error.code)

    with open_socket(late) as ws:
        assert end_of(ws) == (4000, "")
    assert seen == [4000]


# --- the client leaves -------------------------------------------------------


def test_a_client_that_leaves_raises_in_receive():
    seen = []

    async def wait(socket: WebSocket):
        await socket.accept()
        try:
            await socket.receive_text()
        except WebSocketDisconnect as error:
            seen.append((error.code, error.reason, socket.close_code))

    open_socket(wait).close(4123, "bye")
    assert seen == [(4123, "bye", 4123)]


@pytest.mark.parametrize("name", ["iter_text", "iter_bytes", "iter_json"])
def test_a_client_that_leaves_ends_the_iteration(name):
    seen = []

    async def wait(socket: WebSocket):
        await socket.accept()
        async for _ in getattr(socket, name)():
            pass
        seen.append(socket.close_code)

    open_socket(wait).close(1001)
    assert seen == [1001], "the handler goes on behind its loop"


def test_a_server_that_raises_oserror_has_lost_its_client():
    app, seen = App(), []

    @app.websocket("/")
    async def show(socket: WebSocket):
        await socket.accept()
        try:
            await socket.send_text("into the void")
        except WebSocketDisconnect as error:
            seen.append(error.code)
        await socket.close()

    async def broken(app, scope, receive, send):
        async def lossy(message):
            if message["type"] != "websocket.accept":
                raise OSError("connection lost")
            await send(message)

        await app(scope, receive, lossy)

    def layer(app):
        async def call(scope, receive, send):
            await broken(app, scope, receive, send)

        return call

    app.wrap(layer)
    with TestClient(app).websocket("/"):
        pass
    assert seen == [1006]


@pytest.mark.parametrize("denies", [True, False])
def test_a_client_that_is_lost_in_the_handshake_is_no_error(denies, caplog):
    app, seen = App(), []

    @app.websocket("/")
    async def show(socket: WebSocket):
        seen.append("called")
        if not denies:
            await socket.accept()
            seen.append("accepted")

    def layer(app):
        async def call(scope, receive, send):
            async def lost(message):
                raise OSError("connection lost")

            await app(scope, receive, lost)

        return call

    app.wrap(layer)
    with pytest.raises(AssertionError, match="returned after 0 events"):
        TestClient(app).websocket("/")
    assert seen == ["called"]
    assert caplog.records == []
