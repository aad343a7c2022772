"""Which pages may open a socket."""

import pytest

from microlith.applications import App
from microlith.conversations import SocketRefused
from microlith.routing import Router
from microlith.testing import TestClient
from microlith.websockets import WebSocket

HOST = "shop.example"


async def accepts(socket: WebSocket):
    await socket.accept()


def connect(origin, host=HOST, **options):
    """Open a socket from a page of an origin; return the status or 101."""
    app = App()
    app.websocket("/", **options)(accepts)
    headers = [("host", host)] if host else []
    origins = [origin] if isinstance(origin, str) else origin
    headers += [("origin", value) for value in origins]
    try:
        with TestClient(app).websocket("/", headers=headers):
            return 101
    except SocketRefused as refusal:
        return refusal.status_code


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://shop.example", "shop.example"),
        ("https://shop.example", "shop.example"),
        ("HTTPS://Shop.Example", "shop.example"),
        ("https://shop.example", "shop.example:443"),
        ("http://shop.example:80", "shop.example"),
        ("http://localhost:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_a_page_of_the_same_host_may_connect(origin, host):
    assert connect(origin, host) == 101


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://shop.example:8443",
        "https://evil.example/shop.example",
        "https://shop.example@evil.example",
        "null",
        "",
        "shop.example",
    ],
)
def test_a_page_of_another_host_may_not(origin):
    assert connect(origin) == 403, origin


def test_a_client_without_origin_is_no_browser():
    assert connect([]) == 101


def test_two_origins_are_refused():
    assert connect([f"https://{HOST}", "https://evil.example"]) == 403


def test_the_listed_origins_may_connect():
    origins = ["https://app.example", "http://localhost:3000"]
    for origin in [*origins, f"https://{HOST}"]:
        assert connect(origin, origins=origins) == 101, origin
    assert connect("https://evil.example", origins=origins) == 403
    assert connect("http://app.example", origins=origins) == 403


def test_a_star_is_everybody():
    for origin in ("https://evil.example", "null", f"https://{HOST}"):
        assert connect(origin, origins=["*"]) == 101


def test_the_refusal_says_what_to_do():
    app = App()
    app.websocket("/")(accepts)
    head = {"host": HOST, "origin": "https://evil.example"}
    with pytest.raises(SocketRefused) as caught:
        TestClient(app).websocket("/", headers=head)
    detail = caught.value.json()["detail"]
    assert "'https://evil.example' may not connect" in detail
    assert "origins=" in detail


def test_a_refused_origin_calls_nothing():
    called, app = [], App()

    @app.websocket("/")
    async def show(socket: WebSocket, n: int):
        called.append(n)

    with pytest.raises(SocketRefused) as caught:
        TestClient(app).websocket("/", headers={"origin": "https://a.b"})
    assert caught.value.status_code == 403, "not the 400 for a missing n"
    assert called == []


def test_origins_of_app_and_router():
    app = App(origins=["https://app.example"])
    router = Router("/r", origins=["https://router.example"])
    router.websocket("/")(accepts)
    app.websocket("/")(accepts)
    app.include(router)
    client = TestClient(app)
    for path, name in (("/", "app"), ("/r/", "router")):
        head = {"origin": f"https://{name}.example"}
        with client.websocket(path, headers=head):
            pass
        head = {"origin": "https://other.example"}
        with pytest.raises(SocketRefused):
            client.websocket(path, headers=head)
