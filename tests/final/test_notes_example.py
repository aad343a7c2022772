"""The notes example: its API, its limits and its problem documents.

What needs no database runs through `TestClient`; the rest goes over a socket,
because SQLite runs in a thread, which the test loop does not wait for.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import uvicorn

from microlith import App
from microlith.testing import TestClient

FILE = Path(__file__).resolve().parents[2] / "final/examples/notes/notes.py"


def load() -> ModuleType:
    spec = spec_from_file_location("notes_example", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


notes = load()


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(notes.create_app(str(tmp_path / "notes.db")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app below /api, as `make serve` does; give its base URL."""
    outer = App()
    path = tmp_path_factory.mktemp("notes") / "new" / "notes.db"
    outer.mount("/api", notes.create_app(str(path)))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = uvicorn.Config(outer, log_level="error", lifespan="on")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([taken],))
        thread.start()
        deadline = time.monotonic() + 20
        while not running.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        running.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def http(server: str) -> Iterator[httpx.Client]:
    """Give a client for the server, with no notes kept."""
    with httpx.Client(base_url=server, trust_env=False) as client:
        for note in client.get("/api/notes").json():
            assert client.delete(f"/api/notes/{note['id']}").status_code == 204
        yield client


def test_a_new_note_is_201_with_its_place(http: httpx.Client) -> None:
    made = http.post("/api/notes", json={"text": "  buy milk  "})
    assert made.status_code == 201
    assert made.json()["text"] == "buy milk"
    assert made.headers["location"] == f"/api/notes/{made.json()['id']}"
    assert http.get(made.headers["location"]).json() == made.json()


def test_the_newest_note_comes_first(http: httpx.Client) -> None:
    for text in ("one", "two", "three"):
        http.post("/api/notes", json={"text": text})
    texts = [note["text"] for note in http.get("/api/notes").json()]
    assert texts == ["three", "two", "one"]


def test_a_note_is_deleted_once(http: httpx.Client) -> None:
    place = http.post("/api/notes", json={"text": "x"}).headers["location"]
    assert http.delete(place).status_code == 204
    again = http.delete(place)
    assert again.status_code == 404
    assert again.headers["content-type"] == "application/problem+json"
    assert http.get("/api/notes").json() == []


def test_sql_in_a_text_stays_text(http: httpx.Client) -> None:
    text = "'); DROP TABLE notes; --"
    http.post("/api/notes", json={"text": text})
    assert [note["text"] for note in http.get("/api/notes").json()] == [text]


@pytest.mark.parametrize("sign", ["x", "ü", "😀"])
def test_the_longest_text_fits_in_any_encoding(http: httpx.Client, sign: str) -> None:
    text = sign * notes.LONGEST
    body = json.dumps({"text": text})
    kind = {"content-type": "application/json; charset=utf-8"}
    made = http.post("/api/notes", content=body, headers=kind)
    assert made.status_code == 201
    assert made.json()["text"] == text


def test_the_oldest_notes_are_dropped(tmp_path: Path) -> None:
    store = notes.Store(str(tmp_path / "notes.db"))
    ids = [store.add(f"note {i}")["id"] for i in range(notes.KEPT + 2)]
    assert [note["id"] for note in store.newest()] == ids[:1:-1]
    assert store.get(ids[0]) is None


def test_an_id_is_never_given_twice(tmp_path: Path) -> None:
    store = notes.Store(str(tmp_path / "notes.db"))
    first = store.add("gone")["id"]
    assert store.delete(first)
    assert store.add("new")["id"] != first


def test_notes_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "notes.db")
    kept = notes.Store(path).add("still here")
    assert notes.Store(path).newest() == [kept]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "string_type"),
        ([], "string_type"),
        ({"text": 3}, "string_type"),
        ({"text": ""}, "too_short"),
        ({"text": " \n "}, "too_short"),
        ({"text": "x" * 501}, "too_long"),
    ],
)
def test_an_unfit_note_is_422_and_names_the_field(
    client: TestClient, body: Any, kind: str
) -> None:
    answer = client.post("/notes", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["loc"] == ["body", "text"]
    assert error["type"] == kind
    assert error["msg"]


def test_what_is_no_json_is_400(client: TestClient) -> None:
    kind = {"content-type": "application/json"}
    assert client.post("/notes", content="{", headers=kind).status_code == 400


def test_a_form_of_a_foreign_page_is_415(client: TestClient) -> None:
    kind = {"content-type": "text/plain"}
    answer = client.post("/notes", content='{"text": "x"}', headers=kind)
    assert answer.status_code == 415


def test_a_large_body_is_413(client: TestClient) -> None:
    answer = client.post("/notes", json={"text": "x" * notes.MAX_BODY})
    assert answer.status_code == 413
    assert answer.json()["status"] == 413


@pytest.mark.parametrize("path", ["/", "/note", "/notes/", "/notes/x"])
def test_an_unknown_path_is_a_404_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


@pytest.mark.parametrize("id", [2**63, -(2**70), 10**100])
def test_an_id_that_sqlite_cannot_hold_is_404(client: TestClient, id: int) -> None:
    assert client.get(f"/notes/{id}").status_code == 404
    assert client.delete(f"/notes/{id}").status_code == 404


def test_another_method_is_405_with_allow(client: TestClient) -> None:
    answer = client.put("/notes")
    assert answer.status_code == 405
    allowed = set(answer.headers["allow"].split(", "))
    assert {"GET", "HEAD", "POST"} <= allowed


def test_the_routes_are_listed_as_printed(client: TestClient) -> None:
    answer = client.get("/routes")
    assert answer.headers["content-type"].startswith("text/plain")
    rows = [line.split()[:2] for line in answer.text.splitlines()]
    assert ["POST", "/notes"] in rows
    assert ["DELETE", "/notes/{id:int}"] in rows


def test_importing_opens_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTES_DB", "mine.db")
    module = load()
    assert list(tmp_path.iterdir()) == []
    assert isinstance(module.app, App)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.db"]
