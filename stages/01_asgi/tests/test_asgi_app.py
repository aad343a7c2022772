"""An `App` answers each of the three kinds of connection."""

import pytest

from microlith.applications import App
from microlith.requests import Request
from microlith.responses import Response
from microlith.testing import Exchange, Stuck, TestClient, http_scope


async def hello(request: Request) -> Response:
    return Response(f"{request.method} {request.path}")


def test_the_handler_answers_whatever_is_asked() -> None:
    client = TestClient(App(hello))
    assert client.get("/").text == "GET /"
    answer = client.post("/a/b?x=1")
    assert answer.text == "POST /a/b", "the path is without the query"
    assert answer.status_code == 200
    assert client.get("/caf%C3%A9%20au").text == "GET /café au"


def test_the_handler_gets_the_scope_and_receive_of_the_server() -> None:
    seen = []

    async def look(request: Request) -> Response:
        seen.append(request.scope)
        event = await request.receive()
        return Response(event["body"])

    scope = http_scope("PUT", "/")
    exchange = Exchange(App(look), scope)
    exchange.put({"type": "http.request", "body": b"by hand"})
    exchange.take()
    assert exchange.take()["body"] == b"by hand"
    assert seen[0] is scope, "hand the server's scope on, do not copy it"


def test_without_a_handler_every_request_is_a_404() -> None:
    answer = TestClient(App()).get("/anything")
    assert answer.status_code == 404
    assert answer.text == "Not Found"


def test_what_the_handler_raises_reaches_the_server() -> None:
    async def broken(request: Request) -> Response:
        raise ValueError(f"no luck with {request.path}")

    exchange = Exchange(App(broken), http_scope("GET", "/x"))
    with pytest.raises(ValueError, match="no luck with /x"):
        exchange.finish()
    assert exchange.sent == [], (
        "nothing may be sent before the handler is done"
    )


def test_an_unknown_scope_type_is_a_clear_error() -> None:
    exchange = Exchange(App(hello), {"type": "gopher"})
    with pytest.raises(RuntimeError) as caught:
        exchange.finish()
    text = str(caught.value)
    assert "'gopher'" in text, f"the message does not name what came: {text}"
    for known in ("'http'", "'lifespan'", "'websocket'"):
        assert known in text, f"the message does not name {known}: {text}"
    assert exchange.sent == [], (
        "an event was sent to a server that is not understood"
    )


def test_startup_is_answered_and_the_app_waits_on() -> None:
    exchange = Exchange(App(hello), {"type": "lifespan"})
    exchange.put({"type": "lifespan.startup"})
    assert exchange.take() == {"type": "lifespan.startup.complete"}
    with pytest.raises(Stuck):
        exchange.finish()
    assert len(exchange.sent) == 1, "one answer to one event"


def test_shutdown_is_answered_and_ends_the_call() -> None:
    exchange = Exchange(App(hello), {"type": "lifespan"})
    exchange.put({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert exchange.take()["type"] == "lifespan.startup.complete"
    assert exchange.take() == {"type": "lifespan.shutdown.complete"}
    exchange.finish()
    assert len(exchange.sent) == 2


def test_a_websocket_is_closed_before_it_is_accepted() -> None:
    exchange = Exchange(
        App(hello), {"type": "websocket", "path": "/", "headers": []}
    )
    exchange.put({"type": "websocket.connect"})
    assert exchange.take()["type"] == "websocket.close"
    exchange.finish()
    assert len(exchange.sent) == 1, "no accept, no second event"


def test_a_websocket_is_not_closed_before_connect_has_come() -> None:
    exchange = Exchange(
        App(hello), {"type": "websocket", "path": "/", "headers": []}
    )
    with pytest.raises(Stuck):
        exchange.take()
    assert exchange.sent == [], "receive websocket.connect first, then answer"
