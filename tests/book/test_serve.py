"""What `make serve` does with the built site: stale or not, and each answer."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from microlith import App
from microlith.testing import TestClient
from tools.serve.__main__ import bind, main
from tools.serve.app import create_app, notes_app, site_handler
from tools.serve.site import STAMP, fresh, load, stamp

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = {
    "index.html": "<h1>Home</h1>",
    "404.html": "<h1>404</h1>",
    "stages/index.html": "<h1>Map</h1>",
    "assets/book.css": "a {}",
    "assets/home.js": "0",
    "assets/logo.svg": "<svg/>",
    "search/index.json": "{}",
    "sitemap.xml.gz": "x",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "build/site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "build/site"


@pytest.fixture
def client(site: Path) -> TestClient:
    return TestClient(create_app(load(site), App()))


# --- answers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/stages/", "text/html; charset=utf-8"),
        ("/stages/index.html", "text/html; charset=utf-8"),
        ("/assets/book.css", "text/css; charset=utf-8"),
        ("/assets/home.js", "text/javascript; charset=utf-8"),
        ("/assets/logo.svg", "image/svg+xml; charset=utf-8"),
        ("/search/index.json", "application/json; charset=utf-8"),
    ],
)
def test_a_file_has_its_type(client: TestClient, path: str, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_every_file_of_the_site_is_served(client: TestClient) -> None:
    for name, text in FILES.items():
        assert client.get(f"/{name}").text == text


def test_a_folder_without_its_slash_is_308(client: TestClient) -> None:
    answer = client.get("/stages?q=1")
    assert answer.status_code == 308
    assert answer.headers["location"] == "/stages/?q=1"


@pytest.mark.parametrize(
    "path",
    [
        "/../../secret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        "/..%2f..%2fsecret.txt",
        "/assets/../../../secret.txt",
        "/stages//",
        "//stages",
        "//example.org",
        "/assets",
        "/assets/",
        "/stages/index.html/",
        "/%00",
        "/nothing",
    ],
)
def test_every_other_path_is_the_404_of_the_site(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.text == "<h1>404</h1>"


def test_head_has_the_length_and_no_body(client: TestClient) -> None:
    answer = client.head("/")
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len(FILES["index.html"]))


def test_pages_take_no_other_method(client: TestClient) -> None:
    answer = client.post("/")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_the_example_has_problems_and_the_same_headers(
    site: Path, tmp_path: Path
) -> None:
    api = notes_app(REPOSITORY, tmp_path / "new" / "notes.db")
    with TestClient(create_app(load(site), api)) as client:
        answer = client.get("/api/nothing")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_example_starts_and_stops_with_the_book(site: Path, tmp_path: Path) -> None:
    api = notes_app(REPOSITORY, tmp_path / "new" / "notes.db")
    assert not (tmp_path / "new").exists()
    with TestClient(create_app(load(site), api)) as client:
        account = {"name": "ada", "mail": "a@b.org", "password": "correct horse"}
        assert client.post("/api/accounts", json=account).status_code == 201
        token = client.post("/api/tokens", json=account).json()["token"]
        offered = ["notes", f"bearer.{token}"]
        who = {"authorization": f"Bearer {token}"}
        with client.websocket("/api/live", subprotocols=offered) as feed:
            client.post("/api/notes", json={"text": "hello"}, headers=who)
            assert feed.receive_json()["change"]["note"]["text"] == "hello"
        assert client.get("/").text == FILES["index.html"]
    names = sorted(file.name for file in (tmp_path / "new").iterdir())
    assert names == ["notes.db", "notes.mbox"]


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_example_has_its_page(site: Path, tmp_path: Path, path: str) -> None:
    api = notes_app(REPOSITORY, tmp_path / "notes.db")
    with TestClient(create_app(load(site), api)) as client:
        assert "<title>Notes</title>" in client.get(path).text


def test_a_missing_example_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="final/examples/notes is missing"):
        notes_app(tmp_path, tmp_path / "notes.db")


def test_a_page_names_the_service(client: TestClient) -> None:
    assert client.get("/").headers["link"] == '</api/>; rel="service"'


def test_each_request_is_logged(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "microlith.access"):
        client.get("/stages/")
    assert [r.getMessage().rsplit(" ", 2)[0] for r in caplog.records] == [
        "GET /stages/ 200"
    ]


def test_the_handler_is_async(site: Path) -> None:
    assert asyncio.iscoroutinefunction(site_handler(load(site)))


# --- stale or not ----------------------------------------------------------------


@pytest.fixture
def built(site: Path, tmp_path: Path) -> Path:
    """Give a root whose site is marked as built of its sources."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Home\n")
    (tmp_path / "docs/old.md").write_text("# Old\n")
    (tmp_path / "benchmarks/results").mkdir(parents=True)
    for name in ("mkdocs.yml", "Makefile"):
        (tmp_path / name).write_text("\n")
    (tmp_path / STAMP).write_text(stamp(tmp_path))
    return tmp_path


def test_a_site_of_these_sources_is_fresh(built: Path) -> None:
    assert fresh(built)


def test_an_edit_an_addition_and_a_deletion_make_it_stale(built: Path) -> None:
    for name, change in {
        "docs/index.md": lambda file: os.utime(file, (1, 1)),
        "docs/new.md": lambda file: file.write_text("# New\n"),
        "docs/old.md": lambda file: file.unlink(),
        "benchmarks/results/2026-01-02.json": lambda file: file.write_text("{}"),
    }.items():
        assert fresh(built), name
        change(built / name)
        assert not fresh(built), name
        (built / STAMP).write_text(stamp(built))


def test_a_site_without_pages_or_stamp_is_stale(built: Path) -> None:
    (built / "build/site/index.html").unlink()
    assert not fresh(built)
    (built / "build/site/index.html").write_text("")
    assert fresh(built)
    (built / STAMP).unlink()
    assert not fresh(built)


# --- the command -----------------------------------------------------------------


def test_a_taken_port_is_told_before_anything_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert main(["--port", port, "--root", str(tmp_path)]) == 1
    assert f"127.0.0.1:{port} cannot be taken" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_port_0_takes_a_free_one() -> None:
    with bind("127.0.0.1", 0) as taken:
        assert taken.getsockname()[1] > 0


def test_a_book_that_does_not_build_says_what_to_do(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (built / STAMP).unlink()
    (built / "mkdocs.yml").write_text("site_name: [\n")
    assert main(["--port", "0", "--root", str(built)]) == 1
    assert "make docs" in capsys.readouterr().err
    assert not fresh(built)


def test_it_serves_and_stops_on_interrupt(built: Path) -> None:
    example = Path("final/examples/notes")
    shutil.copytree(REPOSITORY / example, built / example)
    (built / STAMP).write_text(stamp(built))
    command = [sys.executable, "-m", "tools.serve", "--port", "0", "--root", str(built)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("The book: http://127.0.0.1:")
        address = line.split()[2].split("//")[1].rstrip("/")
        host, port = address.split(":")
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(2)
        rest = process.stdout.read()
        assert process.wait(20) == 0
    assert "stopped" in rest
