"""The driver: it stands where the server stands, event by event."""

from typing import Any

import pytest

from microlith.testing import Exchange, TestClient, TestResponse, http_scope
from microlith.types import Message, Receive, Scope, Send

START = {"type": "http.response.start", "status": 200, "headers": []}


async def collect(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body and send it back, one event for each received."""
    await send(START)
    more = True
    while more:
        event = await receive()
        more = event["more_body"]
        await send({**event, "type": "http.response.body"})


class Recorder:
    """An ASGI app that keeps its scope and the events that it received."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.received: list[Message] = []

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.scope = scope
        while not self.received or self.received[-1].get("more_body"):
            self.received.append(await receive())
        await send(START)
        await send({"type": "http.response.body", "body": b'{"a": [1]}'})
        self.received.append(await receive())


def test_http_scope_splits_the_target_and_decodes_the_path() -> None:
    scope = http_scope("PUT", "/a%20b?x=%20", {"X-Y": "é"})
    assert scope["type"] == "http"
    assert scope["method"] == "PUT"
    assert scope["path"] == "/a b"
    assert scope["raw_path"] == b"/a%20b"
    assert scope["query_string"] == b"x=%20", "the query stays as it was sent"
    assert scope["headers"] == [(b"host", b"testserver"), (b"x-y", b"\xe9")]


def test_http_scope_takes_other_keys_and_your_own_host() -> None:
    scope = http_scope(
        headers=[("Host", "a.example")], root_path="/api", http_version="2"
    )
    assert scope["headers"] == [(b"host", b"a.example")]
    assert (scope["root_path"], scope["http_version"]) == ("/api", "2")
    assert (scope["method"], scope["path"], scope["scheme"]) == (
        "GET",
        "/",
        "http",
    )


def test_an_exchange_goes_event_by_event() -> None:
    exchange = Exchange(collect, http_scope("POST"))
    assert exchange.take() == START, "the app has not been given a body yet"
    exchange.put({"type": "http.request", "body": b"a", "more_body": True})
    assert exchange.take()["body"] == b"a"
    exchange.put({"type": "http.request", "body": b"b", "more_body": False})
    assert exchange.take()["body"] == b"b"
    exchange.finish()
    assert [m["type"] for m in exchange.sent[1:]] == ["http.response.body"] * 2


def test_take_says_so_when_the_app_has_returned() -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)

    exchange = Exchange(silent, http_scope())
    exchange.take()
    with pytest.raises(AssertionError, match="returned after 1 event"):
        exchange.take()


def test_take_raises_what_the_app_raises() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        raise LookupError("half-way")

    exchange = Exchange(broken, http_scope())
    assert exchange.take() == START, (
        "what was sent before the error still counts"
    )
    with pytest.raises(LookupError, match="half-way"):
        exchange.take()


def test_the_client_sends_the_body_in_the_chunks_it_was_given() -> None:
    app = Recorder()
    TestClient(app).post("/", content=[b"ab", b"c"])
    assert app.received[:2] == [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c", "more_body": False},
    ]
    assert (b"content-length", b"3") in app.scope["headers"]


def test_without_a_body_one_empty_event_then_the_disconnect() -> None:
    app = Recorder()
    TestClient(app).get("/")
    assert app.scope["headers"] == [(b"host", b"testserver")]
    assert app.received[0] == {
        "type": "http.request",
        "body": b"",
        "more_body": False,
    }
    assert app.received[-1] == {"type": "http.disconnect"}, (
        "after the last body event, receive() says http.disconnect"
    )


@pytest.mark.parametrize(
    ("options", "body", "extra"),
    [
        (
            {"json": {"n": 1}},
            b'{"n":1}',
            (b"content-type", b"application/json"),
        ),
        ({"content": "é"}, b"\xc3\xa9", (b"content-length", b"2")),
        ({"headers": {"X-A": "1"}}, b"", (b"x-a", b"1")),
    ],
)
def test_the_client_encodes_what_it_is_given(
    options: dict[str, Any], body: bytes, extra: tuple[bytes, bytes]
) -> None:
    app = Recorder()
    TestClient(app).post("/", **options)
    assert app.received[0]["body"] == body
    assert extra in app.scope["headers"]


def test_client_headers_scope_and_params_reach_the_scope() -> None:
    app = Recorder()
    client = TestClient(app, {"X-Key": "k"}, root_path="/v1")
    client.delete("/?a=1", params={"b": [2, "x y"]})
    assert app.scope["method"] == "DELETE"
    assert app.scope["root_path"] == "/v1"
    assert (b"x-key", b"k") in app.scope["headers"]
    assert app.scope["query_string"] == b"a=1&b=2&b=x+y"


def test_the_answer_has_status_headers_and_the_whole_body() -> None:
    answer = TestClient(collect).post("/", content=[b'{"a": ', b"[1]}"])
    assert answer.status_code == 200
    assert answer.content == b'{"a": [1]}', "the body is all events together"
    assert answer.text == '{"a": [1]}'
    assert answer.json() == {"a": [1]}


def test_repeated_headers_can_be_told_apart() -> None:
    pairs = [(b"vary", b"a"), (b"x", b"\xe9"), (b"vary", b"b")]
    start = {**START, "headers": pairs}
    answer = TestResponse([start, {"type": "http.response.body"}])
    assert answer.raw_headers == pairs
    assert answer.getlist("Vary") == ["a", "b"]
    assert answer.headers == {"vary": "a, b", "x": "é"}


@pytest.mark.parametrize(
    ("starts", "fault"), [(0, "no http.response.start"), (2, "start twice")]
)
def test_an_answer_has_exactly_one_start(starts: int, fault: str) -> None:
    messages = [START] * starts + [
        {"type": "http.response.body", "body": b"x"}
    ]
    with pytest.raises(AssertionError, match=fault):
        TestResponse(messages)
