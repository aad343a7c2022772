"""Real servers on one core, and a client that checks what they answer."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scenarios import Exchange
from benchmarks.verify import Answer, judge
from benchmarks.workers import ROOT, environment, pinned

__all__ = ["Server", "ServerError", "check_over_wire", "rss_mib", "serving"]

PATIENCE = 60.0
"""How many seconds a server may take to start."""

UVICORN = (
    *("-m", "uvicorn", "--factory", "--loop", "uvloop", "--http", "httptools"),
    *("--no-access-log", "--log-level", "critical"),
)
GRANIAN = (
    *("-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop"),
    *("--no-log", "--runtime-threads", "1", "--runtime-mode", "st"),
)


class ServerError(Exception):
    """A server does not start, or does not answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it listens, and its process."""

    port: int
    pid: int


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    target: str, server: str = "uvicorn", core: int | None = 0, workers: int = 1
) -> Iterator[Server]:
    """Serve `module:factory` until the block ends."""
    port = free_port()
    arguments = UVICORN if server == "uvicorn" else GRANIAN
    where = ("--host", "127.0.0.1", "--port", str(port), "--workers", str(workers))
    process = subprocess.Popen(
        [*pinned(core), sys.executable, *arguments, *where, target],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait(process, port, target)
        yield Server(port, process.pid)
    finally:
        # The whole group, which is this server and its own workers.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(process: subprocess.Popen[bytes], port: int, target: str) -> None:
    """Wait until the server answers; raise ServerError if it never does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ServerError(f"{target}: the server ended ({process.returncode})")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ServerError(f"{target}: the server does not listen")


def fetch(port: int, exchange: Exchange) -> Answer:
    """Ask a server for what an exchange asks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        body = exchange.body or None
        headers = dict(exchange.headers)
        connection.request(exchange.method, exchange.target, body, headers)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read(), 1)
    finally:
        connection.close()


def check_over_wire(port: int, exchange: Exchange) -> None:
    """Raise WrongAnswer unless the server answers as the scenario demands."""
    judge(exchange, fetch(port, exchange), over_wire=True)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, itself first."""
    found = [pid]
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in file.read_text().split():
                found += children(int(child))
    return found


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process and its children, in MiB."""
    pages = 0
    for one in children(pid):
        with contextlib.suppress(OSError):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
