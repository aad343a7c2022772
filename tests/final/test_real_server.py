"""The framework under a real uvicorn, seen from the other end of a socket.

One server process for each HTTP parser; what it logs goes to a file that the
tests read. Each test asks by raw bytes or by httpx.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "final" / "src"

APP = """
import asyncio
from microlith import App, JSONResponse, RedirectResponse, Response, TextResponse
from microlith.middleware.cors import CORSMiddleware
from microlith.middleware.logging import AccessLogMiddleware

app = App(max_body=1000, redirect_slashes=True)
app.wrap(AccessLogMiddleware)
app.add_middleware(CORSMiddleware(["https://shop.example"]))

@app.get("/")
async def home(request):
    return TextResponse("hello")

@app.post("/echo")
async def echo(request):
    return Response(await request.body())

@app.post("/slow", max_body=10_000_000)
async def slow(request):
    return TextResponse(str(len(await request.body())))

@app.get("/items/{name}")
async def item(request):
    return JSONResponse(request.path_params)

@app.get("/files/{path:path}")
async def file(request):
    return JSONResponse(request.path_params)

@app.get("/url")
async def url(request):
    return TextResponse(str(request.url))

@app.get("/broken")
async def broken(request):
    raise RuntimeError("a secret")

@app.get("/cookies")
async def cookies(request):
    response = JSONResponse(request.cookies)
    response.set_cookie("one", "1")
    response.set_cookie("two", "2; x")
    return response

@app.get("/nothing")
async def nothing(request):
    return Response(status_code=204)

@app.get("/folder/")
async def folder(request):
    return TextResponse("the folder")

async def cuts(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"100")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("cut after the start")

async def fails(scope, receive, send):
    raise RuntimeError("failed before the start")

app.mount("/cuts", cuts)
app.mount("/fails", fails)
"""


class Server(NamedTuple):
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def logged(self, text: str, count: int = 1) -> str:
        """Wait until the log has this text as often; return the log."""
        for _ in range(200):
            log = self.log.read_text()
            if log.count(text) >= count:
                return log
            time.sleep(0.02)
        raise AssertionError(f"{text!r} is not {count} times in the log:\n{log}")

    def raw(self, data: bytes) -> bytes:
        """Send these bytes and return what comes until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as wire:
            wire.sendall(data)
            return read_all(wire)


def read_all(wire: socket.socket) -> bytes:
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := wire.recv(65536):
            got += piece
    return got


def uvicorn(folder: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "uvicorn", "server_app:app", "--app-dir", str(folder),
        "--no-access-log", "--timeout-graceful-shutdown", "1", *options,
    ]  # fmt: skip


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module", params=["h11", "httptools"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(request.param)
    access = (
        "import logging\n"
        "logging.basicConfig(level=logging.INFO, format='%(name)s: %(message)s')\n"
    )
    (folder / "server_app.py").write_text(access + APP)
    log = folder / "log"
    # The socket is ours before the server starts: no port is guessed.
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("w") as out:
        port = listening.getsockname()[1]
        number = listening.fileno()
        command = uvicorn(folder, "--fd", str(number), "--http", request.param)
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment(), pass_fds=[number]
        )
        found = Server(port, log)
        try:
            found.logged("Application startup complete")
            yield found
        finally:
            process.terminate()
            process.wait(20)
    assert process.returncode in (0, -15), log.read_text()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=10, trust_env=False) as client:
        yield client


# --- plain answers -----------------------------------------------------------


def test_get_and_head(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (200, "hello")
    head = client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == "5"


def test_a_chunked_body_arrives_whole(client: httpx.Client) -> None:
    pieces = [b"one", b"two", b"", b"three"]
    answer = client.post("/echo", content=iter(pieces))
    assert "content-length" not in answer.request.headers
    assert answer.content == b"onetwothree"


def test_no_content_on_a_connection_that_stays_open(client: httpx.Client) -> None:
    for _ in range(3):
        answer = client.get("/nothing")
        assert (answer.status_code, answer.content) == (204, b"")
        assert client.get("/").text == "hello"


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/none", 404, None),
        ("PUT", "/echo", 405, "OPTIONS, POST"),
        ("OPTIONS", "/", 204, "GET, HEAD, OPTIONS"),
        ("DELETE", "/items/x", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/broken", 500, None),
        ("GET", "/fails", 500, None),
    ],
)
def test_what_the_app_answers_by_itself(
    client: httpx.Client, method: str, path: str, status: int, allow: str | None
) -> None:
    origin = {"origin": "https://shop.example"}
    answer = client.request(method, path, headers=origin)
    assert answer.status_code == status
    assert answer.headers.get("allow") == allow
    assert "secret" not in answer.text
    assert answer.headers["access-control-allow-origin"] == origin["origin"]
    if status >= 400:
        assert answer.json()["status"] == status


def test_cookies_both_ways(client: httpx.Client) -> None:
    first = client.get("/cookies", headers={"cookie": "a=1; b=2"})
    assert first.json() == {"a": "1", "b": "2"}
    assert len(first.headers.get_list("set-cookie")) == 2
    assert client.get("/cookies").json() == {"one": "1", "two": "2; x"}


def test_a_redirect_leads_to_the_twin(client: httpx.Client) -> None:
    answer = client.get("/folder?a=1", follow_redirects=True)
    assert answer.text == "the folder"
    assert [step.status_code for step in answer.history] == [308]
    assert answer.url.query == b"a=1"


# --- the wire ----------------------------------------------------------------


def test_too_long_a_body_is_refused_before_it_is_sent(server: Server) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 10) as wire:
        wire.sendall(head)
        answer = wire.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 "), answer


def test_too_long_a_chunked_body_is_refused(client: httpx.Client) -> None:
    answer = client.post("/echo", content=iter([b"x" * 600, b"x" * 600]))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "raw", ["/items/a%2Fb", "/items/a%2fb"], ids=["upper", "lower"]
)
def test_an_escaped_slash_acts_as_a_slash(server: Server, raw: str) -> None:
    answer = server.raw(
        f"GET {raw} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 404 "), answer
    raw = raw.replace("items", "files")
    answer = server.raw(
        f"GET {raw} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert b'{"path":"a/b"}' in answer, answer


def test_escapes_are_decoded_once(client: httpx.Client) -> None:
    assert client.get("/items/%C3%A9%20%2525").json() == {"name": "é %25"}


@pytest.mark.parametrize(
    "hosts",
    [
        b"Host: a\r\nHost: b\r\n",
        b"Host: a\r\nHost: a\r\n",
        b"Host: a/b\r\n",
        b"Host: user@evil\r\n",
        b"Host: a b\r\n",
        b"Host: a?b\r\n",
    ],
)
def test_a_host_that_is_none_is_a_400(server: Server, hosts: bytes) -> None:
    answer = server.raw(b"GET /url HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 "), answer


@pytest.mark.parametrize(
    "target", [b"@evil.example/", b"http://evil.example/", b"*", b"//evil.example/"]
)
def test_an_odd_target_never_becomes_the_host(server: Server, target: bytes) -> None:
    answer = server.raw(
        b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target
    )
    status = int(answer.split()[1])
    assert status in (200, 400, 404), answer
    assert b"location" not in answer.lower()


def test_http_1_0_without_a_host(server: Server) -> None:
    answer = server.raw(b"GET /url HTTP/1.0\r\n\r\n")
    assert answer.endswith(f"http://127.0.0.1:{server.port}/url".encode()), answer


def test_an_error_after_the_start_cuts_the_connection(
    server: Server, client: httpx.Client
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/cuts")
    assert "cut after the start" in server.logged("cut after the start")


# --- the log -----------------------------------------------------------------


def test_each_request_is_one_line_in_the_access_log(
    server: Server, client: httpx.Client
) -> None:
    client.get("/files/one%0Amicrolith.access:%20GET%20/forged%20200")
    log = server.logged("/files/one")
    lines = [line for line in log.splitlines() if "/files/one" in line]
    assert len(lines) == 1
    assert re.fullmatch(
        r"microlith\.access: GET /files/one%0A\S+ 200 \d+\.\d ms", lines[0]
    ), lines
    assert not re.search(r"^microlith\.access: GET /forged", log, re.MULTILINE)


def test_an_unhandled_error_is_logged_once_with_its_traceback(
    server: Server, client: httpx.Client
) -> None:
    before = server.log.read_text().count("RuntimeError: a secret")
    client.get("/broken")
    log = server.logged("RuntimeError: a secret", before + 1)
    time.sleep(0.1)
    assert server.log.read_text().count("RuntimeError: a secret") == before + 1
    assert "Unhandled error in GET '/broken'" in log


def test_a_client_that_leaves_logs_no_traceback(server: Server) -> None:
    before = server.log.read_text()
    with socket.create_connection(("127.0.0.1", server.port), 10) as wire:
        wire.sendall(
            b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nab"
        )
        time.sleep(0.1)
    log = server.logged("POST /slow 499", before.count("POST /slow 499") + 1)
    assert "Traceback" not in log[len(before) :]


# --- start and stop ----------------------------------------------------------


def test_a_mistake_stops_the_server_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "server_app.py").write_text(
        "from microlith import App\n"
        "app = App()\n"
        "@app.get('/x')\n"
        "async def first(request): ...\n"
        "@app.get('/x')\n"
        "async def second(request): ...\n"
        "@app.get('/y')\n"
        "def third(other): ...\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        process = subprocess.run(
            uvicorn(tmp_path, "--fd", str(number)),
            env=environment(), pass_fds=[number], timeout=30, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
    assert process.returncode != 0
    assert "2 mistakes in this app" in process.stderr
    for place in ("first (server_app.py:3)", "second (server_app.py:5)"):
        assert place in process.stderr
    assert "third (server_app.py:7): the parameter 'other'" in process.stderr
    assert "startup complete" not in process.stderr
