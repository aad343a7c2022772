"""The test client: requests, streams, sockets and lifespan in one."""

import asyncio

import pytest

from microlith.applications import App
from microlith.background import BackgroundTasks
from microlith.conversations import SocketRefused
from microlith.exceptions import WebSocketDisconnect
from microlith.streaming import StreamingResponse
from microlith.testing import Stuck, TestClient
from microlith.websockets import WebSocket


def chat_app():
    """Return an app with one room and a page that counts who is in it."""
    app, members = App(), []

    @app.websocket("/room")
    async def room(socket: WebSocket, name: str):
        await socket.accept()
        members.append(socket)
        try:
            async for text in socket.iter_text():
                for member in members:
                    await member.send_text(f"{name}: {text}")
        finally:
            members.remove(socket)

    @app.get("/count")
    async def count() -> int:
        return len(members)

    return app


def test_several_sockets_at_a_time():
    with (
        TestClient(chat_app()) as client,
        client.websocket("/room?name=Ada") as ada,
        client.websocket("/room", params={"name": "Bob"}) as bob,
    ):
        ada.send_text("hi")
        assert ada.receive_text() == bob.receive_text() == "Ada: hi"
        bob.send_text("hello")
        assert ada.receive_text() == bob.receive_text() == "Bob: hello"


def test_requests_between_messages():
    client = TestClient(chat_app())
    with client.websocket("/room?name=Ada"):
        assert client.get("/count").json() == 1
        with client.websocket("/room?name=Bob"):
            assert client.get("/count").json() == 2
        assert client.get("/count").json() == 1
    assert client.get("/count").json() == 0


def test_the_lifespan_and_its_state_reach_sockets():
    app, trace = App(), []

    @app.on_startup
    def started():
        trace.append("start")

    @app.websocket("/")
    async def show(socket: WebSocket):
        trace.append("socket")
        await socket.accept()

    with TestClient(app) as client, client.websocket("/"):
        assert trace == ["start", "socket"]


def test_headers_of_the_client_go_with_sockets():
    app = App()

    @app.websocket("/")
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.send_json(socket.headers.getlist("x-a"))

    client = TestClient(app, headers={"x-a": "1"})
    with client.websocket("/", headers={"x-a": "2"}) as ws:
        assert ws.receive_json() == ["1", "2"]


def test_keys_of_the_scope_may_be_replaced():
    app, seen = App(), []

    @app.websocket("/")
    async def show(socket: WebSocket):
        seen.append((socket.client.host, socket.scope["type"]))
        await socket.accept()

    client = TestClient(app, client=("10.0.0.1", 5))
    with client.websocket("/"):
        pass
    assert seen == [("10.0.0.1", "websocket")]


def test_a_refusal_tells_everything():
    client = TestClient(chat_app())
    with pytest.raises(SocketRefused, match="400") as caught:
        client.websocket("/room")
    refusal = caught.value
    assert refusal.status_code == 400
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.json()["errors"][0]["loc"] == ["query", "name"]
    assert refusal.close_code is None


def test_an_error_of_the_test_closes_the_socket():
    client = TestClient(chat_app())
    with (
        pytest.raises(ZeroDivisionError),
        client.websocket("/room?name=Ada"),
    ):
        raise ZeroDivisionError
    assert client.get("/count").json() == 0


def test_a_message_that_never_comes_is_stuck_at_once():
    with (
        pytest.raises(Stuck, match="next event"),
        TestClient(chat_app()).websocket("/room?name=Ada") as ws,
    ):
        ws.receive_text()


def test_a_piece_that_never_comes_is_stuck_at_once():
    app = App()

    async def one():
        yield "one"
        await asyncio.Event().wait()

    @app.get("/")
    async def handler(request):
        return StreamingResponse(one())

    with (
        pytest.raises(Stuck, match="next event"),
        TestClient(app).stream("GET", "/") as answer,
    ):
        list(answer.iter_bytes())


def test_receive_after_the_end_raises_again():
    app = App()

    @app.websocket("/")
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.close(4000)

    with TestClient(app).websocket("/") as ws:
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect) as caught:
                ws.receive_text()
            assert caught.value.code == 4000


def test_the_wrong_kind_fails_the_test():
    app = App()

    @app.websocket("/")
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.send_bytes(b"x")
        await socket.send_text("y")

    with TestClient(app).websocket("/") as ws:
        with pytest.raises(AssertionError, match="sent bytes, not text"):
            ws.receive_text()
        with pytest.raises(AssertionError, match="sent text, not bytes"):
            ws.receive_bytes()


# --- streams -----------------------------------------------------------------


def endless(trace):
    """Return an app that counts for ever, and notes when it stops."""
    app = App()

    async def numbers():
        try:
            n = 0
            while True:
                yield f"{n}\n"
                n += 1
                await asyncio.sleep(0)
        finally:
            trace.append("closed")

    @app.get("/")
    async def count(request):
        return StreamingResponse(numbers(), 201, {"x-a": "1"})

    return app


def test_a_stream_is_read_while_it_is_sent():
    trace = []
    with TestClient(endless(trace)).stream("GET", "/") as answer:
        assert answer.status_code == 201
        assert answer.headers["x-a"] == "1"
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(3)] == ["0", "1", "2"]
        assert trace == []
    assert trace == ["closed"], "the end of the block is a client that leaves"


def test_the_pieces_of_a_stream():
    app = App()

    @app.post("/")
    async def copy(request):
        return StreamingResponse(request.stream())

    client = TestClient(app)
    with client.stream("POST", "/", content=[b"ab", b"c"]) as answer:
        assert list(answer.iter_bytes()) == [b"ab", b"c"]


def test_lines_across_pieces():
    app = App()

    @app.post("/")
    async def copy(request):
        return StreamingResponse(request.stream())

    client = TestClient(app)
    content = [b"a", b"b\nc", b"\nd"]
    with client.stream("POST", "/", content=content) as answer:
        assert list(answer.iter_lines()) == ["ab", "c", "d"]


def test_a_stream_and_a_socket_at_a_time():
    app, queue = App(), asyncio.Queue()

    async def feed():
        while True:
            yield await queue.get()

    @app.get("/feed")
    async def read(request):
        return StreamingResponse(feed())

    @app.websocket("/say")
    async def say(socket: WebSocket):
        await socket.accept()
        async for text in socket.iter_text():
            await queue.put(text)

    client = TestClient(app)
    with client.websocket("/say") as ws:
        ws.send_text("one")
        with client.stream("GET", "/feed") as answer:
            pieces = answer.iter_bytes()
            assert next(pieces) == b"one"
            ws.send_text("two")
            assert next(pieces) == b"two"


# --- background tasks --------------------------------------------------------


def test_background_tasks_have_run_when_a_request_returns():
    app, trace = App(), []

    async def slow():
        for _ in range(5):
            await asyncio.sleep(0)
        trace.append("done")

    @app.post("/")
    async def handler(tasks: BackgroundTasks) -> str:
        tasks.add_task(slow)
        tasks.add_task(slow)
        return "sent"

    with TestClient(app) as client:
        assert client.post("/").text == "sent"
        assert trace == ["done", "done"]


def test_a_waiting_socket_does_not_hold_a_request_up():
    app, trace = App(), []

    @app.websocket("/")
    async def waits(socket: WebSocket):
        await socket.accept()
        await socket.receive_text()

    @app.post("/")
    async def handler(tasks: BackgroundTasks) -> str:
        tasks.add_task(note)
        return "sent"

    async def note():
        trace.append("done")

    with TestClient(app) as client, client.websocket("/"):
        assert client.post("/").text == "sent"
        assert trace == ["done"]
