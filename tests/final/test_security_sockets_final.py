"""What an attacker sends to a WebSocket, and who may open one."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from microlith import (
    App,
    Conflict,
    ContentTooLarge,
    Depends,
    HTTPException,
    NotFound,
    Unauthorized,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from microlith.conversations import SocketRefused
from microlith.scopes import socket_scope
from microlith.testing import Exchange, TestClient, http_scope

SECRET = "hunter2-hunter2"


def chat_app(log: list[str] | None = None, **options: Any) -> App:
    """An app with a socket that echoes, and writes down who came how far."""
    app, seen = App(), [] if log is None else log

    async def guard(socket: WebSocket) -> AsyncIterator[None]:
        seen.append("guard")
        if "token" not in socket.query_params:
            raise Unauthorized("Say who you are")
        yield

    @app.websocket("/chat", dependencies=[Depends(guard)], **options)
    async def chat(socket: WebSocket, page: int = 1) -> None:
        seen.append("handler")
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    return app


def refused(app: App, target: str, headers: Any = ()) -> SocketRefused:
    with pytest.raises(SocketRefused) as caught:
        TestClient(app).websocket(target, headers=headers)
    return caught.value


# --- cross-site WebSocket hijacking (RFC 6455 §10.2) -------------------------

STRANGERS = (
    "https://evil.example", "http://testserver.evil.example", "http://eviltestserver",
    "http://testserver@evil.example", "http://evil.example/testserver", "null", "",
    "http://testserver:8080", "https://testserver:80", "testserver", "//testserver",
    "http://testserver/", "http://testserver#", "http://", "file://", "http:testserver",
    "http://testserver, http://testserver", " http://evil.example", "http://TESTSERVER.",
    "javascript://evil", "http://testserver\t", "*", "http://*", "http://no host",
)  # fmt: skip


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("options", [{}, {"origins": ["https://shop.example"]}])
def test_a_page_of_another_site_may_not_connect(
    origin: str, options: dict[str, Any]
) -> None:
    log: list[str] = []
    app = chat_app(log, **options)
    error = refused(app, "/chat?token=1", {"origin": origin, "cookie": "session=1"})
    assert error.status_code == 403
    assert log == [], "a dependency ran for a page of another site"


@pytest.mark.parametrize("origin", ["http://testserver", "https://testserver",
                                    "HTTP://TestServer", "http://testserver:80",
                                    "https://testserver:443"])  # fmt: skip
def test_a_page_of_the_same_host_may_connect(origin: str) -> None:
    for app in (chat_app(), chat_app(origins=["https://shop.example"])):
        client = TestClient(app)
        with client.websocket("/chat?token=1", headers={"origin": origin}) as ws:
            ws.send_text("a")
            assert ws.receive_text() == "a"


def test_only_the_origins_that_are_named_may_connect() -> None:
    client = TestClient(chat_app(origins=["https://shop.example"]))
    for origin in ("https://shop.example", "https://SHOP.example"):
        with client.websocket("/chat?token=1", headers={"origin": origin}):
            pass
    for origin in ("http://shop.example", "https://shop.example:444", "https://shop.ex",
                   "https://a.shop.example", "https://shop.example.evil"):  # fmt: skip
        error = refused(client.app, "/chat?token=1", {"origin": origin})  # type: ignore[arg-type]
        assert error.status_code == 403


def test_two_origins_are_refused() -> None:
    headers = [("origin", "http://testserver"), ("origin", "http://testserver")]
    assert refused(chat_app(), "/chat?token=1", headers).status_code == 403


def test_the_word_of_a_proxy_is_not_taken_for_the_host() -> None:
    headers = {"origin": "https://evil.example", "x-forwarded-host": "evil.example"}
    assert refused(chat_app(), "/chat?token=1", headers).status_code == 403


def test_what_is_no_browser_may_connect() -> None:
    with TestClient(chat_app()).websocket("/chat?token=1") as ws:
        ws.send_text("a")
        assert ws.receive_text() == "a"


@pytest.mark.parametrize("host", ["a b", "a/b", "testserver@evil", "a, b"])
def test_a_malformed_host_is_refused_before_any_dependency(host: str) -> None:
    log: list[str] = []
    error = refused(chat_app(log), "/chat?token=1", {"host": host})
    assert error.status_code == 400
    assert log == []


def test_two_hosts_are_refused_before_any_dependency() -> None:
    log: list[str] = []
    scope = {**socket_scope(http_scope(target="/chat?token=1"), ())}
    scope["headers"] = [(b"host", b"a"), (b"host", b"b")]
    exchange = Exchange(chat_app(log), scope)
    exchange.put({"type": "websocket.connect"}, {"type": "websocket.disconnect"})
    exchange.finish()
    assert log == []
    assert exchange.sent[0]["type"] == "websocket.http.response.start"
    assert exchange.sent[0]["status"] == 400


# --- refusals ----------------------------------------------------------------


@pytest.mark.parametrize("target", ["/chat", "/chat?page=x"])
def test_a_stranger_is_refused_before_anything_is_said_of_the_input(
    target: str,
) -> None:
    log: list[str] = []
    error = refused(chat_app(log), target)
    assert error.status_code == 401
    assert "errors" not in error.json()
    assert log == ["guard"]


def test_a_socket_and_a_page_at_one_path_are_two() -> None:
    app = chat_app()
    app.get("/page")(lambda: "page")
    client = TestClient(app)
    assert client.get("/chat?token=1").status_code in (404, 405)
    assert "WEBSOCKET" not in str(client.get("/chat").headers)
    assert refused(app, "/page").status_code in (403, 404)


@pytest.mark.parametrize("extension", [True, False])
def test_an_error_before_the_accept_is_told_without_its_text(
    extension: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.websocket("/")
    async def handler(socket: WebSocket) -> None:
        raise ValueError(SECRET)

    scope = dict(socket_scope(http_scope(), ()))
    if not extension:
        scope["extensions"] = {}
    exchange = Exchange(app, scope)
    exchange.put({"type": "websocket.connect"})
    exchange.finish()
    kinds = [message["type"] for message in exchange.sent]
    if extension:
        assert kinds == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert exchange.sent[0]["status"] == 500
    else:
        assert kinds == ["websocket.close"]
    assert SECRET not in str(exchange.sent)
    assert SECRET in caplog.text


# --- after the accept --------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ValueError(SECRET), 1011, ""),
        (HTTPException(500, SECRET), 1011, ""),
        (HTTPException(503, SECRET), 1011, ""),
        (Conflict(SECRET), 1008, ""),
        (NotFound(SECRET), 1008, ""),
        (ContentTooLarge(SECRET), 1008, ""),
        (WebSocketException(4001, "for you"), 4001, "for you"),
        (ExceptionGroup(SECRET, [ValueError(SECRET)]), 1011, ""),
    ],
)
@pytest.mark.parametrize("where", ["handler", "exit"])
def test_a_close_tells_no_details(
    error: Exception, code: int, reason: str, where: str
) -> None:
    async def opened() -> AsyncIterator[None]:
        yield
        if where == "exit":
            raise error

    app = App()

    @app.websocket("/", dependencies=[Depends(opened)])
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        if where == "handler":
            raise error

    with (
        TestClient(app).websocket("/") as ws,
        pytest.raises(WebSocketDisconnect) as caught,
    ):
        ws.receive()
    assert (caught.value.code, caught.value.reason) == (code, reason)


def test_a_path_cannot_forge_a_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App()

    @app.websocket("/{name}")
    async def handler(socket: WebSocket, name: str) -> None:
        await socket.accept()
        raise ValueError("x")

    with (
        TestClient(app).websocket("/a%0aERROR%20forged") as ws,
        pytest.raises(WebSocketDisconnect),
    ):
        ws.receive()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert all("\n" not in record.getMessage() for record in caplog.records)


# --- messages ----------------------------------------------------------------


def reading_app(method: str, **options: Any) -> App:
    app = App()

    @app.websocket("/", **options)
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await getattr(socket, method)()
            await socket.send_text("read")

    return app


def code_for(app: App, message: str | bytes) -> int | None:
    """The code that a message is closed with, or None if it is read."""
    with TestClient(app).websocket("/") as ws:
        if isinstance(message, str):
            ws.send_text(message)
        else:
            ws.send_bytes(message)
        try:
            assert ws.receive_text() == "read"
        except WebSocketDisconnect as error:
            return error.code
    return None


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("receive_text", "x" * 101),
        ("receive_text", "é" * 51),
        ("receive_text", "😀" * 26),
        ("receive_bytes", b"x" * 101),
        ("receive_json", '"' + "x" * 99 + '"'),
        ("receive_json", b" " * 101),
    ],
)
def test_a_message_above_the_limit_is_1009(method: str, message: str | bytes) -> None:
    assert code_for(reading_app(method, max_message=100), message) == 1009
    less = message[: len(message) * 100 // 104 - 1]
    code = code_for(reading_app(method, max_message=100), less)
    assert code is None or method == "receive_json"


def test_there_is_a_limit_by_default() -> None:
    app = reading_app("receive_bytes")
    assert code_for(app, b"x" * 2**20) is None
    assert code_for(app, b"x" * (2**20 + 1)) == 1009


@pytest.mark.parametrize(
    "message",
    ["", "{", "NaN", "[Infinity]", "-Infinity", "[" * 100_000, '{"a":' * 50_000,
     b"\xff", b"", "nul", "01", "'a'", '"\ud83d"'.encode("utf-8", "surrogatepass")],
)  # fmt: skip
def test_what_is_not_json_is_1007(message: str | bytes) -> None:
    assert code_for(reading_app("receive_json"), message) == 1007


@pytest.mark.parametrize(
    ("method", "message"), [("receive_text", b"a"), ("receive_bytes", "a")]
)
def test_the_wrong_kind_of_message_is_1003(method: str, message: str | bytes) -> None:
    assert code_for(reading_app(method), message) == 1003


# --- the answer to a handshake -----------------------------------------------


@pytest.mark.parametrize("evil", ["a\r\nx-evil: 1", "a\nb", "a\0"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_an_accept_cannot_be_split(evil: str, place: str) -> None:
    app = App()

    @app.websocket("/")
    async def handler(socket: WebSocket) -> None:
        headers = {evil: "x"} if place == "name" else {"x-a": evil}
        await socket.accept(headers=headers)

    error = refused(app, "/")
    assert error.status_code == 500
    assert "evil" not in str(error.content)


@pytest.mark.parametrize("chosen", ["v2", "", "v1, v2", "V1", "v1\r\nx-evil: 1"])
def test_a_subprotocol_is_one_that_was_offered(chosen: str) -> None:
    app = App()

    @app.websocket("/")
    async def handler(socket: WebSocket) -> None:
        await socket.accept(chosen)

    with pytest.raises(SocketRefused) as caught:
        TestClient(app).websocket("/", subprotocols=["v1"])
    assert caught.value.status_code == 500
