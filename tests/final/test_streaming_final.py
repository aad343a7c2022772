"""Streams under a real uvicorn, seen from the other end of a socket.

The app writes down what it does in a file; the tests read that and the wire.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "final" / "src"

PIECE = 64 * 1024
PIECES = 2000

APP = f"""
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from microlith import App, Request, ServerSentEvent, StreamingResponse

app = App()
here = Path(__file__).parent
made = 0

def note(text):
    with (here / "notes").open("a") as file:
        file.write(text + "\\n")

@app.get("/made")
async def count():
    return made

@app.get("/large")
async def large():
    global made
    made = 0
    for _ in range({PIECES}):
        made += 1
        yield b"x" * {PIECE}

@app.get("/large/plain")
def large_plain():
    global made
    made = 0
    for _ in range({PIECES}):
        made += 1
        yield b"x" * {PIECE}

@app.get("/endless")
async def endless():
    try:
        yield "first"
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        note("cancelled")
        raise
    finally:
        note("closed")

@app.get("/cut")
async def cut():
    yield "half"
    raise RuntimeError("a secret")

@app.get("/early")
async def early():
    raise RuntimeError("a secret")
    yield

@app.get("/events")
async def events() -> AsyncIterator[ServerSentEvent]:
    gate = here / "gate"
    yield ServerSentEvent("one")
    while not gate.exists():
        await asyncio.sleep(0.01)
    yield ServerSentEvent("two")

@app.post("/echo", max_body=10_000_000)
async def echo(request: Request):
    return StreamingResponse(request.stream())
"""


class Server:
    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def made(self) -> int:
        return int(httpx.get(f"{self.url}/made", trust_env=False).text)


def wait_for(done: Callable[[], bool], what: str) -> None:
    """Wait until something is true, at most ten seconds."""
    for _ in range(500):
        if done():
            return
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


@pytest.fixture(scope="module", params=["h11", "httptools"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "stream_app.py").write_text(APP)
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("w") as out:
        number = listening.fileno()
        command = [
            sys.executable, "-m", "uvicorn", "stream_app:app", "--app-dir",
            str(folder), "--fd", str(number), "--http", request.param,
            "--no-access-log", "--timeout-graceful-shutdown", "1",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=out, stderr=out, pass_fds=[number],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        found = Server(listening.getsockname()[1], folder)
        try:
            wait_for(lambda: "startup complete" in found.read("log"), "the start")
            yield found
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=10, trust_env=False) as client:
        yield client


def steady(server: Server) -> int:
    """Return how many pieces were made, once no more are."""
    seen = [-1]

    def stands_still() -> bool:
        seen.append(server.made())
        time.sleep(0.1)
        return len(seen) > 3 and 0 < seen[-1] == seen[-2] == seen[-3]

    wait_for(stands_still, "a generator that stands still")
    return seen[-1]


@pytest.mark.parametrize("path", ["/large", "/large/plain"])
def test_a_slow_reader_holds_the_generator_back(server: Server, path: str) -> None:
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        wire.settimeout(10)
        wire.connect(("127.0.0.1", server.port))
        wire.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        held = steady(server)
        # The buffers of the kernel and of uvicorn are full: a few megabytes.
        assert held < PIECES / 10, f"{held} pieces were made for nobody"
        got = 0
        while data := wire.recv(1 << 20):
            got += len(data)
    assert got > PIECES * PIECE
    assert server.made() == PIECES


def test_a_client_that_goes_away_closes_the_generator(
    server: Server, client: httpx.Client
) -> None:
    before = server.read("notes").count("closed")
    with client.stream("GET", "/endless") as answer:
        assert next(answer.iter_text()) == "first"
    wait_for(lambda: server.read("notes").count("closed") > before, "the close")
    assert server.read("notes").endswith("cancelled\nclosed\n")
    assert "'/endless'" not in server.read("log"), "a client may leave"


def test_an_error_in_the_middle_is_an_incomplete_transfer(
    server: Server, client: httpx.Client
) -> None:
    with client.stream("GET", "/cut") as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()
    record = "Unhandled error in GET '/cut'"
    wait_for(lambda: record in server.read("log"), "the log record")
    assert server.read("log").count(record) == 1


def test_an_error_before_the_first_piece_is_a_500(client: httpx.Client) -> None:
    answer = client.get("/early")
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"


def test_events_arrive_piece_by_piece(server: Server, client: httpx.Client) -> None:
    gate = server.folder / "gate"
    gate.unlink(missing_ok=True)
    with client.stream("GET", "/events") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        pieces = answer.iter_text()
        assert next(pieces) == "data: one\n\n", "before the second is made"
        gate.touch()
        assert next(pieces) == "data: two\n\n"
        assert list(pieces) == []


def test_an_echo_of_a_large_chunked_body(client: httpx.Client) -> None:
    sent = [bytes([n % 256]) * 5000 for n in range(200)]
    answer = client.post("/echo", content=iter(sent))
    assert answer.status_code == 200
    assert answer.content == b"".join(sent)


def test_head_of_a_stream(client: httpx.Client) -> None:
    answer = client.head("/large")
    assert (answer.status_code, answer.content) == (200, b"")
