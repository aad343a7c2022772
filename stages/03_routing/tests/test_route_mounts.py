"""Mounts: any ASGI app below a path, with the right root_path."""

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.responses import TextResponse
from microlith.routing import Router
from microlith.testing import Exchange, TestClient, http_scope


async def mirror(scope, receive, send):
    """Answer with the path and the root_path of the scope: plain ASGI."""
    body = f"{scope['path']} {scope['root_path']}".encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"x-mirror", b"1")],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def show(request):
    """Answer with the values of the route."""
    return TextResponse(str(request.path_params))


def test_a_mounted_app_gets_the_whole_path_and_its_root():
    app = App()
    app.mount("/m", mirror)
    client = TestClient(app)
    assert client.get("/m/a/b").text == "/m/a/b /m"
    assert client.post("/m/").text == "/m/ /m", "a mount takes every method"
    assert client.get("/m").text == "/m /m"
    assert client.get("/m/x").headers["x-mirror"] == "1"


def test_a_mount_ends_at_a_segment():
    app = App()
    app.mount("/m", mirror)
    client = TestClient(app)
    assert client.get("/m/n").status_code == 200
    assert client.get("/mn").status_code == 404


def test_mounts_nest():
    leaf = App()
    leaf.get("/items/{x:int}")(show)
    middle = App()
    middle.mount("/v1", leaf)
    middle.mount("/raw", mirror)
    app = App()
    app.mount("/api", middle)
    client = TestClient(app)
    assert client.get("/api/v1/items/3").text == "{'x': 3}"
    assert client.get("/api/raw/z").text == "/api/raw/z /api/raw"
    assert client.get("/api/v1/nothing").status_code == 404


def test_the_root_path_of_the_server_comes_first():
    app = App()
    app.get("/items/{x}")(show)
    app.mount("/m", mirror)
    client = TestClient(app, root_path="/proxy")
    assert client.get("/proxy/items/1").text == "{'x': '1'}"
    assert client.get("/items/1").text == "{'x': '1'}", "root not in the path"
    assert client.get("/proxy/m/a").text == "/proxy/m/a /proxy/m"
    assert client.get("/m/a").text == "/proxy/m/a /proxy/m"


def test_the_root_path_is_taken_off_at_a_segment_only():
    app = App()
    app.get("/apis")(show)
    app.get("/")(show)
    client = TestClient(app, root_path="/api")
    assert client.get("/apis").status_code == 200
    assert client.get("/api").status_code == 200, "the root itself is /"


def test_a_route_goes_before_a_mount():
    app = App()
    app.mount("/m", mirror)
    app.get("/m/own/{x}")(show)
    app.get("/m/{x}/deep")(show)
    client = TestClient(app)
    assert client.get("/m/own/1").text == "{'x': '1'}"
    assert client.get("/m/a/deep").text == "{'x': 'a'}"
    assert client.get("/m/a/flat").text == "/m/a/flat /m"
    assert client.put("/m/own/1").text == "/m/own/1 /m", "the method decides"


def test_a_mount_at_the_root_takes_what_is_left():
    app = App()
    app.get("/a")(show)
    app.mount("/", mirror)
    client = TestClient(app)
    assert client.get("/a").text == "{}"
    assert client.get("/b/c").text == "/b/c "
    assert client.get("/").text == "/ "


def test_a_mount_may_set_its_own_limit():
    app = App(max_body=4)
    app.mount("/small", mirror)
    app.mount("/large", mirror, max_body=8)
    client = TestClient(app)
    assert client.post("/small", content="12345").status_code == 413
    assert client.post("/large", content="12345").text == "/large /large"


def test_a_mount_below_a_router_gets_its_prefix():
    router = Router("/r")
    router.mount("/m", mirror)
    app = App()
    app.include(router, prefix="/v1")
    assert TestClient(app).get("/v1/r/m/x").text == "/v1/r/m/x /v1/r/m"


def test_a_mounts_path_takes_no_parameters():
    app = App()
    app.mount("/{tenant}", mirror)
    with pytest.raises(ConfigurationError, match="a mount takes no param"):
        app.freeze()


def test_two_mounts_at_one_path_are_refused():
    app = App()
    app.mount("/m", mirror)
    app.mount("/m/", App())
    with pytest.raises(ConfigurationError, match="already taken") as caught:
        app.freeze()
    assert str(caught.value).count("mount (test_route_mounts.py:") >= 2


def test_a_socket_goes_to_the_mounted_app_or_is_closed():
    seen = []

    async def sockets(scope, receive, send):
        seen.append((scope["path"], scope["root_path"]))
        await send({"type": "websocket.accept"})

    app = App()
    app.mount("/ws", sockets)
    exchange = Exchange(
        app, {**http_scope(target="/ws/chat"), "type": "websocket"}
    )
    exchange.put({"type": "websocket.connect"})
    assert exchange.take() == {"type": "websocket.accept"}
    assert seen == [("/ws/chat", "/ws")]
    other = Exchange(app, {**http_scope(target="/chat"), "type": "websocket"})
    other.put({"type": "websocket.connect"})
    assert other.take()["type"] == "websocket.close"
