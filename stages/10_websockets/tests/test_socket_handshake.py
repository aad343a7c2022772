"""The handshake: accepted, or refused with an answer."""

import pytest

from microlith.applications import App
from microlith.conversations import SocketRefused
from microlith.exceptions import (
    NotFound,
    Unauthorized,
    WebSocketException,
)
from microlith.responses import JSONResponse, TextResponse
from microlith.routing import Router
from microlith.testing import Exchange, TestClient, http_scope
from microlith.websockets import WebSocket


def app_with(handler, **options):
    """Return an app with one socket at `/ws`."""
    app = App()
    app.websocket("/ws", **options)(handler)
    return app


def refused(app, target="/ws", **options):
    """Open a socket that is refused; return the refusal."""
    with pytest.raises(SocketRefused) as caught:
        TestClient(app).websocket(target, **options)
    return caught.value


def without_extension(app, target="/ws"):
    """Refuse a socket on a server that knows no denial; return the events."""
    scope = http_scope(target=target)
    del scope["method"]
    exchange = Exchange(app, {**scope, "type": "websocket"})
    exchange.put({"type": "websocket.connect"})
    exchange.finish()
    return exchange.sent


async def accepts(socket: WebSocket):
    await socket.accept()


def test_accept_and_echo():
    async def echo(socket: WebSocket):
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text.upper())

    with TestClient(app_with(echo)).websocket("/ws") as ws:
        ws.send_text("hello")
        assert ws.receive_text() == "HELLO"
        ws.send_text("again")
        assert ws.receive_text() == "AGAIN"


def test_the_events_are_those_of_asgi():
    async def hello(socket: WebSocket):
        await socket.accept()
        await socket.send_text("hello")

    scope = {**http_scope(target="/ws"), "type": "websocket"}
    exchange = Exchange(app_with(hello), scope)
    exchange.put({"type": "websocket.connect"})
    exchange.finish()
    assert [m["type"] for m in exchange.sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert exchange.sent[0]["subprotocol"] is None
    assert exchange.sent[0]["headers"] == []
    assert exchange.sent[1]["text"] == "hello"
    assert exchange.sent[2]["code"] == 1000


def test_a_socket_on_a_router_has_its_prefix():
    router = Router("/chat")

    @router.websocket("/{room}")
    async def chat(socket: WebSocket, room: str):
        await socket.accept()
        await socket.send_text(room)

    app = App()
    app.include(router, prefix="/api")
    with TestClient(app).websocket("/api/chat/blue") as ws:
        assert ws.receive_text() == "blue"
    assert refused(app, "/chat/blue").status_code == 404


def test_a_socket_has_a_name_and_a_url():
    async def chat(socket: WebSocket, room: str):
        await socket.accept()

    app = App()
    app.websocket("/chat/{room}", name="chat")(chat)
    assert app.url_for("chat", room="blue") == "/chat/blue"


def test_the_offered_subprotocols_are_seen():
    async def show(socket: WebSocket):
        await socket.accept(subprotocol=socket.subprotocols[-1])

    client = TestClient(app_with(show))
    with client.websocket("/ws", subprotocols=["v1", "v2"]) as ws:
        assert ws.subprotocol == "v2"


def test_none_is_offered_and_none_chosen():
    seen = []

    async def show(socket: WebSocket):
        seen.append(socket.subprotocols)
        await socket.accept()

    with TestClient(app_with(show)).websocket("/ws") as ws:
        assert ws.subprotocol is None
    assert seen == [[]]


def test_a_subprotocol_that_was_not_offered_is_a_mistake():
    seen = []

    async def wrong(socket: WebSocket):
        try:
            await socket.accept(subprotocol="v9")
        except ValueError as error:
            seen.append(str(error))
        await socket.accept()

    client = TestClient(app_with(wrong))
    with client.websocket("/ws", subprotocols=["v1"]):
        pass
    assert len(seen) == 1, "the browser would break the connection off"
    assert "'v9'" in seen[0]
    assert "['v1']" in seen[0]


def test_headers_of_the_accept():
    async def show(socket: WebSocket):
        await socket.accept(headers={"X-Room": "blue"})

    with TestClient(app_with(show)).websocket("/ws") as ws:
        assert ws.headers == {"x-room": "blue"}


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\0b"])
def test_a_header_that_would_be_two_is_refused(value):
    seen = []

    async def show(socket: WebSocket):
        try:
            await socket.accept(headers={"x-room": value})
        except ValueError:
            seen.append("refused")
        await socket.accept()

    with TestClient(app_with(show)).websocket("/ws"):
        pass
    assert seen == ["refused"]


def test_only_one_accept():
    seen = []

    async def twice(socket: WebSocket):
        await socket.accept()
        try:
            await socket.accept()
        except RuntimeError as error:
            seen.append(str(error))

    with TestClient(app_with(twice)).websocket("/ws"):
        pass
    assert seen == ["accept(): the socket is open."]


def test_the_head_is_that_of_a_request():
    seen = []

    async def show(socket: WebSocket):
        seen.append((socket.path, socket.headers["x-a"], socket.url.scheme))
        seen.append((socket.query_params.get("b"), socket.cookies))
        await socket.accept()

    app = app_with(show)
    head = {"x-a": "1", "cookie": "c=3"}
    with TestClient(app).websocket("/ws?b=2", headers=head):
        pass
    assert seen == [("/ws", "1", "ws"), ("2", {"c": "3"})]


# --- refused -----------------------------------------------------------------


def test_an_unknown_path_is_a_404():
    answer = refused(app_with(accepts), "/nowhere")
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.close_code is None


def test_an_error_before_the_accept_is_its_answer():
    async def show(socket: WebSocket):
        raise Unauthorized("Log in", {"WWW-Authenticate": "Bearer"})

    answer = refused(app_with(show))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"] == "Log in"
    assert b"Log in" in answer.content


def test_an_unforeseen_error_before_the_accept_is_a_500(caplog):
    async def show(socket: WebSocket):
        raise ZeroDivisionError("a secret")

    answer = refused(app_with(show))
    assert answer.status_code == 500
    assert b"secret" not in answer.content
    assert [r.getMessage() for r in caplog.records] == [
        "Unhandled error in WEBSOCKET '/ws'"
    ], "one record, with the word for a method that a socket does not have"


def test_a_refusal_of_ones_own():
    async def show(socket: WebSocket):
        await socket.deny(TextResponse("The room is full", 503))

    answer = refused(app_with(show))
    assert (answer.status_code, answer.content) == (503, b"The room is full")
    assert answer.headers["content-length"] == "16"


def test_deny_only_before_the_accept():
    seen = []

    async def show(socket: WebSocket):
        await socket.accept()
        try:
            await socket.deny(TextResponse("no", 403))
        except RuntimeError as error:
            seen.append(str(error))

    with TestClient(app_with(show)).websocket("/ws"):
        pass
    assert seen == ["deny(): the socket is open."]


def test_close_before_the_accept_is_a_plain_403():
    async def show(socket: WebSocket):
        await socket.close(4001)

    answer = refused(app_with(show))
    assert (answer.status_code, answer.content) == (403, b"")
    assert (answer.headers, answer.close_code) == ({}, 4001)


def test_a_websocket_exception_before_the_accept_is_a_plain_403():
    async def show(socket: WebSocket):
        raise WebSocketException(1008, "no")

    answer = refused(app_with(show))
    assert (answer.status_code, answer.close_code) == (403, 1008)


def test_a_handler_that_never_accepts_is_a_refusal():
    async def show(socket: WebSocket):
        return None

    assert refused(app_with(show)).status_code == 403


def test_a_refusal_passes_the_apps_own_error_handlers():
    app = App()

    @app.exception_handler(NotFound)
    async def own(request, exc):
        return JSONResponse({"sorry": request.path}, 404)

    app.websocket("/ws")(accepts)
    answer = refused(app, "/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"sorry": "/nowhere"})


@pytest.mark.parametrize("target", ["/ws", "/nowhere"])
def test_a_server_without_denial_gets_a_close(target):
    async def show(socket: WebSocket):
        raise Unauthorized("Log in")

    sent = without_extension(app_with(show), target)
    assert [m["type"] for m in sent] == ["websocket.close"]
    assert sent[0]["code"] == 1008


def test_a_denial_is_two_events():
    scope = {
        **http_scope(target="/nowhere"),
        "type": "websocket",
        "extensions": {"websocket.http.response": {}},
    }
    exchange = Exchange(app_with(accepts), scope)
    exchange.put({"type": "websocket.connect"})
    exchange.finish()
    start, body = exchange.sent
    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == 404
    assert body["type"] == "websocket.http.response.body"
    assert b"Not Found" in body["body"]


@pytest.mark.parametrize("target", ["/ws", "/nowhere"])
def test_a_client_that_left_before_the_answer(target):
    called = []

    async def show(socket: WebSocket):
        called.append("handler")

    exchange = Exchange(
        app_with(show), {**http_scope(target=target), "type": "websocket"}
    )
    exchange.put({"type": "websocket.disconnect", "code": 1006})
    exchange.finish()
    assert exchange.sent == [], "nobody is there to be answered"
    assert called == []


@pytest.mark.parametrize("host", ["a/b", "user@evil", "a b"])
def test_a_malformed_host_is_a_400(host):
    answer = refused(app_with(accepts), headers={"host": host})
    assert answer.status_code == 400


# --- sockets and requests apart ----------------------------------------------


def test_a_path_may_have_both():
    app = app_with(accepts)

    @app.get("/ws")
    async def page(request):
        return TextResponse("page")

    client = TestClient(app)
    with client.websocket("/ws"):
        assert client.get("/ws").text == "page"
    assert client.post("/ws").headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_request_does_not_reach_a_socket():
    client = TestClient(app_with(accepts))
    assert client.get("/ws").status_code == 404, "there is nothing to GET"


@pytest.mark.parametrize("method", ["WEBSOCKET", "websocket"])
def test_the_method_websocket_is_no_socket(method):
    called = []

    async def show(socket: WebSocket):
        called.append(socket)

    client = TestClient(app_with(show))
    assert client.request(method, "/ws").status_code in (404, 405)
    assert called == []


def test_a_socket_does_not_reach_a_request_handler():
    app = App()

    @app.route("/ws", methods=["GET", "WEBSOCKET"])
    async def page(request):
        return TextResponse("page")

    app.websocket("/other")(accepts)
    assert refused(app).status_code == 404
