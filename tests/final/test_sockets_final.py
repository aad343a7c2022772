"""WebSockets under a real uvicorn, with the real `websockets` client.

Once for each implementation that uvicorn has and this machine can import.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

SOURCE = Path(__file__).resolve().parents[2] / "final" / "src"

APP = """
import asyncio
from microlith import (
    App, Depends, Forbidden, TextResponse, Unauthorized, WebSocket, WebSocketException,
)

app = App(max_message=1000)
log = []

@app.websocket("/echo")
async def echo(socket: WebSocket):
    offered = socket.subprotocols
    await socket.accept(offered[0] if offered else None, {"X-Server": "microlith"})
    async for text in socket.iter_text():
        await socket.send_text(text)

@app.websocket("/bytes")
async def blobs(socket: WebSocket):
    await socket.accept()
    async for data in socket.iter_bytes():
        await socket.send_bytes(data)

@app.websocket("/rooms/{room}")
async def room(socket: WebSocket, room: int, name: str = "nobody"):
    await socket.accept()
    await socket.send_json([room, name])

@app.websocket("/private")
async def private(socket: WebSocket):
    raise Unauthorized("Log in", {"WWW-Authenticate": "Bearer"})

@app.websocket("/full")
async def full(socket: WebSocket):
    await socket.deny(TextResponse("The room is full", 503))

@app.websocket("/closed")
async def closed(socket: WebSocket):
    await socket.close(4001)

@app.websocket("/broken")
async def broken(socket: WebSocket):
    await socket.accept()
    raise RuntimeError("a secret")

@app.websocket("/forbidden")
async def forbidden(socket: WebSocket):
    await socket.accept()
    raise Forbidden("no")

@app.websocket("/own")
async def own(socket: WebSocket):
    await socket.accept()
    await socket.close(4321, "as asked")

async def noted():
    try:
        yield
        log.append("fine")
    except BaseException as error:
        log.append(type(error).__name__)
        raise

@app.websocket("/noted", dependencies=[Depends(noted)])
async def noting(socket: WebSocket):
    await socket.accept()
    async for text in socket.iter_text():
        log.append(f"{text}")
    log.append(socket.close_code)

@app.websocket("/flood", dependencies=[Depends(noted)])
async def flood(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_bytes(b"x" * 65536)
        await asyncio.sleep(0)

@app.websocket("/shop", origins=["https://shop.example"])
async def shop(socket: WebSocket):
    await socket.accept()

@app.get("/log")
async def read_log() -> list[str | int]:
    return log

@app.on_shutdown
async def stopped():
    print("LOG", log, flush=True)
"""


class Server(NamedTuple):
    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    def open(self, path: str, **options: Any) -> Any:
        url = f"ws://127.0.0.1:{self.port}{path}"
        return connect(url, open_timeout=10, close_timeout=10, proxy=None, **options)

    def refusal(self, path: str, **options: Any) -> InvalidStatus:
        with pytest.raises(InvalidStatus) as caught, self.open(path, **options):
            pass
        return caught.value

    def logged(self, text: str) -> str:
        """Wait until the log has this text; return the log."""
        log = ""
        for _ in range(500):
            log = self.log.read_text()
            if text in log:
                return log
            time.sleep(0.02)
        raise AssertionError(f"{text!r} is not in the log:\n{log}")


def serve(folder: Path, implementation: str) -> Iterator[Server]:
    (folder / "socket_app.py").write_text(APP)
    log = folder / "log"
    # The socket is ours before the server starts: no port is guessed.
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("w") as out:
        number = listening.fileno()
        command = [
            sys.executable, "-m", "uvicorn", "socket_app:app", "--app-dir", str(folder),
            "--no-access-log", "--timeout-graceful-shutdown", "3",
            "--fd", str(number), "--ws", implementation,
        ]  # fmt: skip
        environment = {
            **os.environ,
            "PYTHONPATH": str(SOURCE),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
        }
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment, pass_fds=[number]
        )
        found = Server(listening.getsockname()[1], log, process)
        try:
            found.logged("Application startup complete")
            yield found
        finally:
            process.terminate()
            process.wait(20)


IMPLEMENTATIONS = [
    "websockets",
    "websockets-sansio",
    pytest.param(
        "wsproto",
        marks=pytest.mark.skipif(
            find_spec("wsproto") is None, reason="wsproto is not installed"
        ),
    ),
]


@pytest.fixture(scope="module", params=IMPLEMENTATIONS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    yield from serve(tmp_path_factory.mktemp("server"), request.param)


@pytest.fixture(params=IMPLEMENTATIONS)
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    yield from serve(tmp_path, request.param)


def end_of(ws: ClientConnection) -> tuple[int, str]:
    """Read up to the close; return its code and reason."""
    with pytest.raises(ConnectionClosed) as caught:
        drain(ws)
    close = caught.value.rcvd
    assert close is not None, "the connection was cut without a close"
    return close.code, close.reason


def drain(ws: ClientConnection) -> None:
    """Read messages until there are no more."""
    while True:
        ws.recv(timeout=10)


# --- talk --------------------------------------------------------------------


def test_echo_headers_and_subprotocol(server: Server) -> None:
    with server.open("/echo", subprotocols=[Subprotocol("v1")]) as ws:
        assert ws.subprotocol == "v1"
        assert ws.response is not None
        assert ws.response.headers["x-server"] == "microlith"
        for text in ("hello", "", "é" * 100):
            ws.send(text)
            assert ws.recv(timeout=10) == text
    with server.open("/echo") as ws:
        assert ws.subprotocol is None


def test_bytes(server: Server) -> None:
    with server.open("/bytes") as ws:
        ws.send(b"\x00\xff")
        assert ws.recv(timeout=10) == b"\x00\xff"


def test_parameters_and_the_end_of_a_handler(server: Server) -> None:
    with server.open("/rooms/7?name=Ada") as ws:
        assert json.loads(ws.recv(timeout=10)) == [7, "Ada"]
        assert end_of(ws) == (1000, "")


# --- refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/nowhere", 404, b"Not Found"),
        ("/private", 401, b"Log in"),
        ("/rooms/x", 422, b"room"),
        ("/full", 503, b"The room is full"),
        ("/closed", 403, b""),
    ],
)
def test_a_refusal_has_status_and_body(
    server: Server, path: str, status: int, text: bytes
) -> None:
    response = server.refusal(path).response
    assert response.status_code == status
    assert text in (response.body or b"")
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"


def test_origins(server: Server) -> None:
    same = f"http://127.0.0.1:{server.port}"
    for path, origin, status in (
        ("/echo", same, 101),
        ("/echo", "https://evil.example", 403),
        ("/shop", "https://shop.example", 101),
        ("/shop", "https://evil.example", 403),
    ):
        if status == 101:
            with server.open(path, origin=origin):
                pass
        else:
            response = server.refusal(path, origin=origin).response
            assert response.status_code == status
            assert b"may not connect" in (response.body or b"")


# --- closed by the app -------------------------------------------------------


def test_a_message_above_the_limit_is_1009(server: Server) -> None:
    with server.open("/echo") as ws:
        ws.send("x" * 1001)
        assert end_of(ws) == (1009, "A message has at most 1000 bytes")


def test_the_wrong_kind_is_1003(server: Server) -> None:
    with server.open("/echo") as ws:
        ws.send(b"x")
        assert end_of(ws) == (1003, "Only text is read here")


@pytest.mark.parametrize(
    ("path", "code", "reason"),
    [
        ("/forbidden", 1008, ""),
        ("/broken", 1011, ""),
        ("/own", 4321, "as asked"),
    ],
)
def test_how_the_app_closes(server: Server, path: str, code: int, reason: str) -> None:
    with server.open(path) as ws:
        assert end_of(ws) == (code, reason)


def test_an_error_is_logged_once(own_server: Server) -> None:
    with own_server.open("/broken") as ws:
        end_of(ws)
    own_server.logged("RuntimeError: a secret")
    time.sleep(0.1)
    log = own_server.log.read_text()
    assert log.count("RuntimeError: a secret") == 1, log
    assert "Unhandled error in WEBSOCKET '/broken'" in log


# --- closed by the client, and by the stop -----------------------------------


def test_a_client_that_closes_is_no_error(own_server: Server) -> None:
    with own_server.open("/noted") as ws:
        ws.send("hello")
        ws.close(4005, "bye")
    own_server.process.send_signal(signal.SIGTERM)
    log = own_server.logged("LOG")
    assert "['hello', 4005, 'fine']" in log
    assert "Traceback" not in log, log


@pytest.mark.parametrize("path", ["/noted", "/flood"])
def test_a_client_that_vanishes_is_no_error(own_server: Server, path: str) -> None:
    with own_server.open(path) as ws:
        if path == "/flood":
            ws.recv(timeout=10)
        ws.socket.shutdown(socket.SHUT_RDWR)
    time.sleep(0.2)
    own_server.process.send_signal(signal.SIGTERM)
    log = own_server.logged("LOG")
    assert "'fine']" in log
    assert "Unhandled" not in log, log


def test_a_stop_is_1012(own_server: Server) -> None:
    with own_server.open("/noted") as ws:
        ws.send("hello")
        time.sleep(0.1)
        own_server.process.send_signal(signal.SIGTERM)
        assert end_of(ws)[0] == 1012
    log = own_server.logged("LOG")
    assert "Unhandled" not in log, log
    assert own_server.process.wait(20) in (0, -15)
