"""Start and stop under a real uvicorn: signals, deadlines, failures.

A process of its own for each test, since each one ends it. What the server and
the app print goes to a file that the tests read.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "final" / "src"

HEAD = """
import asyncio
import os
import signal
from contextlib import asynccontextmanager
from microlith import App

def say(text):
    print("app:", text, flush=True)

@asynccontextmanager
async def lifespan(app):
    say("open")
    yield
    say("closed")

app = App(lifespan=lifespan)

@app.get("/")
async def home(request):
    return "hello"

@app.get("/slow")
async def slow(request):
    say("slow began")
    try:
        await asyncio.sleep(float(request.query_params.get("for", "0.5")))
    except asyncio.CancelledError:
        say("slow was cancelled")
        raise
    return "done"

@app.get("/until-stop")
async def until_stop(request):
    say("waiting")
    await app.stopping.wait()
    return "stopping"
"""


class Server(NamedTuple):
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def logged(self, text: str) -> str:
        """Wait until the log has this text; return the log."""
        for _ in range(500):
            log = self.log.read_text()
            if text in log:
                return log
            time.sleep(0.02)
        raise AssertionError(f"{text!r} is not in the log:\n{log}")

    def ask(self, path: str) -> socket.socket:
        """Send a request; return the socket, without reading."""
        wire = socket.create_connection(("127.0.0.1", self.port), 20)
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        wire.sendall(head.encode())
        return wire

    def stop(self) -> tuple[int, list[str]]:
        """Send SIGTERM; return the exit status and the lines of the app."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        lines = self.log.read_text().splitlines()
        return code, [line[5:] for line in lines if line.startswith("app: ")]


@contextlib.contextmanager
def serving(folder: Path, source: str, *options: str) -> Iterator[Server]:
    """Run uvicorn with an app; the socket is ours, so no port is guessed."""
    (folder / "lifespan_app.py").write_text(source)
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as out:
        number = listening.fileno()
        command = [
            sys.executable, "-m", "uvicorn", "lifespan_app:app",
            "--app-dir", str(folder), "--fd", str(number), *options,
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment, pass_fds=[number]
        )
        try:
            yield Server(listening.getsockname()[1], log, process)
        finally:
            process.kill()
            process.wait(20)


def read_all(wire: socket.socket) -> bytes:
    """Return what comes until the server hangs up."""
    got = b""
    with wire, contextlib.suppress(ConnectionResetError):
        while piece := wire.recv(65536):
            got += piece
    return got


READY = "Application startup complete"


def test_a_request_under_way_is_answered_before_the_app_closes(tmp_path: Path) -> None:
    with serving(tmp_path, HEAD, "--timeout-graceful-shutdown", "10") as server:
        server.logged(READY)
        wire = server.ask("/slow")
        server.logged("slow began")
        code, lines = server.stop()
        answer = read_all(wire)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"done")
    assert lines == ["open", "slow began", "closed"]
    assert code in (0, -signal.SIGTERM)


def test_a_request_that_takes_too_long_is_cancelled_at_the_deadline(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, HEAD, "--timeout-graceful-shutdown", "1") as server:
        server.logged(READY)
        wire = server.ask("/slow?for=60")
        server.logged("slow began")
        code, lines = server.stop()
        answer = read_all(wire)
    assert b"done" not in answer
    assert sorted(lines) == ["closed", "open", "slow began", "slow was cancelled"]
    assert lines[:2] == ["open", "slow began"]
    assert code in (0, -signal.SIGTERM)


def test_bare_uvicorn_sets_stopping_only_after_the_connections(tmp_path: Path) -> None:
    """Why the deadline is needed: uvicorn drains before it tells the app."""
    with serving(tmp_path, HEAD, "--timeout-graceful-shutdown", "1") as server:
        server.logged(READY)
        wire = server.ask("/until-stop")
        server.logged("waiting")
        server.stop()
        log = server.log.read_text()
        answer = read_all(wire)
    assert b"HTTP/1.1 200" not in answer
    assert "timeout graceful shutdown exceeded" in log
    assert "app: closed" in log


def test_a_hook_on_the_signal_lets_waiting_requests_end_in_time(tmp_path: Path) -> None:
    hook = """
@app.on_startup
async def watch():
    before = signal.getsignal(signal.SIGTERM)
    loop = asyncio.get_running_loop()
    def first(number, frame):
        loop.call_soon_threadsafe(app.stopping.set)
        before(number, frame)
    signal.signal(signal.SIGTERM, first)
"""
    with serving(tmp_path, HEAD + hook) as server:  # no deadline is needed
        server.logged(READY)
        wire = server.ask("/until-stop")
        server.logged("waiting")
        code, lines = server.stop()
        answer = read_all(wire)
    assert answer.endswith(b"stopping")
    assert lines == ["open", "waiting", "closed"]
    assert code in (0, -signal.SIGTERM)


def test_a_failed_start_ends_the_server_and_undoes_what_had_started(
    tmp_path: Path,
) -> None:
    source = HEAD + "\n@app.on_startup\ndef connect():\n    raise OSError('no disk')\n"
    with serving(tmp_path, source) as server:
        assert server.process.wait(20) != 0
        log = server.log.read_text()
    assert log.index("app: open") < log.index("app: closed")
    assert "OSError: no disk" in log
    assert READY not in log
    assert "Application startup failed" in log


def test_a_failed_stop_is_in_the_servers_log(tmp_path: Path) -> None:
    source = HEAD + "\n@app.on_shutdown\ndef hang_up():\n    raise OSError('gone')\n"
    with serving(tmp_path, source) as server:
        server.logged(READY)
        server.stop()
        log = server.log.read_text()
    assert "OSError: gone" in log
    assert "app: closed" in log, "the others are closed all the same"
    assert "Application shutdown failed" in log


@pytest.mark.parametrize("mode", ["on", "off"])
def test_with_and_without_the_protocol(tmp_path: Path, mode: str) -> None:
    with serving(tmp_path, HEAD, "--lifespan", mode) as server:
        server.logged("Uvicorn running")
        for _ in range(2):
            assert read_all(server.ask("/")).endswith(b"hello")
        _, lines = server.stop()
    assert lines[0] == "open"
    assert lines.count("open") == 1
    assert lines[1:] == (["closed"] if mode == "on" else []), "documented: no teardown"
