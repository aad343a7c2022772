"""The demo of stage 10: two visitors in a room, in process and typed."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from microlith.conversations import SocketRefused
from microlith.testing import TestClient

DEMO = Path(__file__).resolve().parents[2] / "stages" / "10_websockets" / "demo.py"


@pytest.fixture
def client() -> Iterator[TestClient]:
    spec = importlib.util.spec_from_file_location("chat_demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with TestClient(module.app) as client:
        yield client


def test_two_visitors_talk(client: TestClient) -> None:
    with client.websocket("/rooms/blue?name=Ada") as ada:
        assert ada.receive_text() == "Ada came in"
        with client.websocket("/rooms/blue?name=Bob") as bob:
            assert ada.receive_text() == bob.receive_text() == "Bob came in"
            bob.send_text("hello")
            assert ada.receive_text() == bob.receive_text() == "Bob: hello"
        assert ada.receive_text() == "Bob left"


def test_rooms_are_apart(client: TestClient) -> None:
    with (
        client.websocket("/rooms/blue?name=Ada") as ada,
        client.websocket("/rooms/red?name=Bob") as bob,
    ):
        ada.send_text("blue?")
        bob.send_text("red?")
        assert [ada.receive_text() for _ in "12"] == ["Ada came in", "Ada: blue?"]
        assert [bob.receive_text() for _ in "12"] == ["Bob came in", "Bob: red?"]
        assert client.get("/rooms").json() == {"blue": 1, "red": 1}
    assert client.get("/rooms").json() == {}


def test_one_without_a_name_stays_outside(client: TestClient) -> None:
    with pytest.raises(SocketRefused) as caught:
        client.websocket("/rooms/blue")
    assert caught.value.status_code == 401
    assert caught.value.json()["detail"] == "Say who you are: ?name="


def test_a_page_of_another_host_stays_outside(client: TestClient) -> None:
    head = {"origin": "https://evil.example"}
    with pytest.raises(SocketRefused) as caught:
        client.websocket("/rooms/blue?name=Eve", headers=head)
    assert caught.value.status_code == 403


def test_the_page_is_served(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "new WebSocket(" in page.text
