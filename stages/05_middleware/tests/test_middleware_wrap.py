"""wrap(): pure-ASGI layers around the whole app; the access log is one."""

import logging

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.middleware.logging import AccessLogMiddleware
from microlith.responses import Response, TextResponse
from microlith.testing import Exchange, TestClient, http_scope


class Spy:
    """A layer that notes each connection that passes it."""

    def __init__(self, app, name, trace):
        self.app, self.name, self.trace = app, name, trace
        trace.append(f"{name} built")

    async def __call__(self, scope, receive, send):
        self.trace.append(f"{self.name} {scope['type']}")
        await self.app(scope, receive, send)


def hello_app():
    """Return an app with one route."""
    app = App()

    @app.get("/")
    async def home(request):
        return TextResponse("hello")

    return app


def test_a_layer_sees_every_kind_of_connection():
    app, trace = hello_app(), []
    app.wrap(Spy, name="spy", trace=trace)
    TestClient(app).get("/")
    lifespan = Exchange(app, {"type": "lifespan", "asgi": {"version": "3.0"}})
    lifespan.put({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    lifespan.finish()
    socket = Exchange(app, {**http_scope(), "type": "websocket"})
    socket.put({"type": "websocket.connect"})
    socket.finish()
    assert trace[1:] == ["spy http", "spy lifespan", "spy websocket"]


def test_layers_are_built_once_and_the_first_is_outermost():
    app, trace = hello_app(), []
    app.wrap(Spy, name="a", trace=trace)
    app.wrap(Spy, name="b", trace=trace)
    client = TestClient(app)
    client.get("/")
    client.get("/")
    assert sorted(trace[:2]) == ["a built", "b built"]
    assert trace[2:] == ["a http", "b http"] * 2


def test_a_layer_comes_before_routing_and_the_chain():
    app, trace = App(), []

    @app.add_middleware
    async def note(request, call_next):
        trace.append(f"chain {request.path}")
        return await call_next(request)

    @app.get("/new")
    async def new(request):
        return TextResponse("new")

    def rename(inner):
        async def layer(scope, receive, send):
            trace.append(f"layer {scope['path']}")
            await inner({**scope, "path": "/new"}, receive, send)

        return layer

    app.wrap(rename)
    assert TestClient(app).get("/old").text == "new"
    assert trace == ["layer /old", "chain /new"]


def test_a_layer_stands_outside_of_the_error_map():
    app, trace = hello_app(), []

    def broken(inner):
        async def layer(scope, receive, send):
            trace.append("layer")
            raise RuntimeError("a layer's own error")

        return layer

    app.wrap(broken)
    with pytest.raises(RuntimeError, match="a layer's own error"):
        TestClient(app).get("/")
    assert trace == ["layer"], "the server gets what a layer raises"


def test_wrap_too_late_once_frozen():
    app, trace = hello_app(), []
    app.wrap(Spy, name="spy", trace=trace)
    app.freeze()
    with pytest.raises(ConfigurationError, match="comes too late"):
        app.wrap(Spy, name="late", trace=trace)
    TestClient(app).get("/")
    assert trace == ["spy built", "spy http"]


def access_records(caplog):
    """Return the records of the access log."""
    return [r for r in caplog.records if r.name == "microlith.access"]


def test_one_line_for_each_request(caplog):
    caplog.set_level(logging.INFO)
    app = hello_app()
    app.wrap(AccessLogMiddleware)
    client = TestClient(app)
    client.get("/")
    client.post("/nowhere")
    first, second = access_records(caplog)
    assert first.getMessage().startswith("GET / 200 ")
    assert first.getMessage().endswith(f" {first.duration * 1000:.1f} ms")
    assert (first.method, first.path) == ("GET", "/")
    assert (first.status, first.size) == (200, 5)
    assert 0 <= first.duration < 60
    assert (second.method, second.path, second.status) == (
        "POST",
        "/nowhere",
        404,
    ), "what no route answers is logged too"


def test_a_path_cannot_forge_a_line(caplog):
    caplog.set_level(logging.INFO)
    app = hello_app()
    app.wrap(AccessLogMiddleware)
    TestClient(app).get("/x%0AGET%20/admin%20200")
    (record,) = access_records(caplog)
    assert "\n" not in record.getMessage()
    assert record.path == "/x%0AGET%20/admin%20200"


def test_what_the_app_lets_out_is_logged_as_500(caplog):
    caplog.set_level(logging.INFO)

    async def broken(scope, receive, send):
        raise RuntimeError("nobody answers")

    with pytest.raises(RuntimeError, match="nobody answers"):
        TestClient(AccessLogMiddleware(broken)).get("/")
    assert [r.status for r in access_records(caplog)] == [500]


def test_what_is_cut_short_keeps_the_status_that_was_sent(caplog):
    caplog.set_level(logging.INFO)

    async def cut(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": 206, "headers": []}
        )
        await send(
            {"type": "http.response.body", "body": b"abc", "more_body": True}
        )
        await send(
            {"type": "http.response.body", "body": b"de", "more_body": True}
        )
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        TestClient(AccessLogMiddleware(cut)).get("/")
    (record,) = access_records(caplog)
    assert (record.status, record.size) == (206, 5)


def test_a_client_that_left_is_logged_as_499(caplog):
    caplog.set_level(logging.INFO)
    app = App()
    app.wrap(AccessLogMiddleware)

    @app.post("/")
    async def save(request):
        await request.body()
        return Response()

    exchange = Exchange(app, http_scope("POST", "/"))
    exchange.put(
        {"type": "http.request", "body": b"ha", "more_body": True},
        {"type": "http.disconnect"},
    )
    exchange.finish()
    assert exchange.sent == []
    assert [r.status for r in access_records(caplog)] == [499]


def test_a_logger_of_your_own_and_no_line_for_the_lifespan(caplog):
    caplog.set_level(logging.INFO)
    app = hello_app()
    app.wrap(AccessLogMiddleware, logger=logging.getLogger("shop.access"))
    lifespan = Exchange(app, {"type": "lifespan", "asgi": {"version": "3.0"}})
    lifespan.put({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    lifespan.finish()
    TestClient(app).get("/")
    assert [r.name for r in caplog.records] == ["shop.access"]
