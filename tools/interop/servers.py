"""Starting other people's servers on free ports, and ending them for certain.

A server runs in a session of its own; at the end the whole session is killed,
whatever the server has started. Standard library alone.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SERVERS", "Running", "serve"]

START, STOP = 30.0, 20.0

UVICORN = ("-m", "uvicorn", "{app}", "--port", "{port}", "--log-level", "warning")

SERVERS: Mapping[str, tuple[str, ...]] = {
    f"uvicorn {http} {ws}": (*UVICORN, "--http", http, "--ws", ws)
    for http in ("h11", "httptools")
    for ws in ("websockets", "websockets-sansio", "wsproto")
    if (http, ws) != ("h11", "websockets-sansio")
} | {
    "hypercorn": ("-m", "hypercorn", "{app}", "--bind", "127.0.0.1:{port}"),
    "granian": (
        *("-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"),
        *("--port", "{port}", "--log-level", "warning", "{app}"),
    ),
}
"""How each server is called; its name says of what parts it is made."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs: where it is, and what its app has noted."""

    process: "subprocess.Popen[bytes]"
    port: int
    folder: Path

    @property
    def http(self) -> str:
        """The URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        """The URL of the server for WebSockets."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def notes(self) -> list[str]:
        """What the app has noted so far."""
        file = self.folder / "notes"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    @property
    def log(self) -> str:
        """The end of what the server has printed."""
        return (self.folder / "log").read_text("utf-8", "replace")[-2000:]

    def stop(self) -> bool:
        """Ask the server to stop; return whether it did so in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            return False
        return True


@contextmanager
def serve(name: str, app: str) -> Iterator[Running]:
    """Run an app on a server of `SERVERS` while the ``with`` block runs."""
    port = free_port()
    command = [part.format(app=app, port=port) for part in SERVERS[name]]
    with tempfile.TemporaryDirectory(prefix="interop-") as place:
        folder = Path(place)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, "INTEROP_NOTES": str(folder / "notes")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(process, port, folder)
        try:
            wait_for(running)
            yield running
        finally:
            # Also what the server has started: its workers share its group.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(running: Running) -> None:
    """Wait until the server takes connections."""
    end = time.monotonic() + START
    while time.monotonic() < end and running.process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", running.port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {running.log}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
