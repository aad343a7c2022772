"""What the browser tests share besides fixtures: a server, and two measurements."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "overflow", "serious", "serving"]

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(app: str, folder: Path, log: Path, **environment: str) -> Iterator[str]:
    """Run an app under uvicorn, as its reader would; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken, log.open("w") as output:
        command = [sys.executable, "-m", "uvicorn", app, "--fd", str(taken.fileno())]
        process = subprocess.Popen(
            [*command, "--timeout-graceful-shutdown", "1"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "final/src"), **environment},
            pass_fds=[taken.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            base = f"http://127.0.0.1:{taken.getsockname()[1]}"
            # The socket listens already: it is the app that may not be there yet.
            deadline = time.monotonic() + 20
            while "startup complete" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield base
        finally:
            process.terminate()
            process.wait(timeout=20)


def overflow(page: Any) -> int:
    """Return by how many pixels the page is wider than the window."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def serious(page: Any) -> list[str]:
    """Return what axe finds serious or critical on a page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response
    assert found["passes"], "axe checked nothing"
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
