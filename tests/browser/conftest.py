"""Chromium and the served book, once for all browser tests.

The book is served as readers get it: `python -m tools.serve` in a process of its
own, on a free port, with a fresh database. Without Chromium the tests are skipped,
and say how to get it; every other fault is a failure.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.doctor import find_chromium  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WAIT = 15_000
"""How long an element may take, in milliseconds: two slow cores are enough."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium; skip when there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: apt install chromium, then make test")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def book(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the book and give its address."""
    folder = tmp_path_factory.mktemp("serve")
    database, log = folder / "notes.db", folder / "log"
    command = [sys.executable, "-m", "tools.serve", "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--db", str(database)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
        try:
            yield address(process, log)
        finally:
            process.terminate()
            process.communicate(timeout=20)


def address(process: subprocess.Popen[str], log: Path) -> str:
    """Read where the server listens; fail with what it said if it ends."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("The book: "):
            return line.split()[2].rstrip("/")
    pytest.fail(f"the server ended:\n{log.read_text()}")


class Visit:
    """One page in a window of its own, and all that went wrong on it."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.book = base
        self.faults: list[str] = []
        context.set_default_timeout(WAIT)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("requestfailed", lambda one: self.faults.append(one.url))
        self.page.on("response", self._response)

    def _console(self, message: Any) -> None:
        # Chromium writes a line for each 4xx; `_response` has it with its address.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url}")

    def open(self, path: str) -> Page:
        """Go to a page and wait until the network is quiet."""
        self.page.goto(self.book + path, wait_until="networkidle")
        return self.page


@pytest.fixture
def windows(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Give a way to open windows: base, width, dark or light, with scripts or not."""
    contexts = []

    def make(
        base: str, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        return Visit(context, base)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def visit(windows: Callable[..., Visit], book: str) -> Callable[..., Visit]:
    """Give a way to open windows on the book."""
    return partial(windows, book)
