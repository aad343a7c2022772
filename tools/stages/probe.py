"""A pytest plugin that writes down what each test did, and why it failed.

One JSON line when a test starts and one when it ends, so that a run that hangs
still names its test. "Why" is what the red gate asks: is this failure the answer
of a test, or an accident on the way to it? This module runs inside pytest, next
to the code under test; it must not import anything of that or of the ladder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import sysconfig
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

__all__ = ["reason_of"]

ORDERS = json.loads(os.environ.get("LADDER_PROBE", "{}"))
"""What `runs` asks for: log, src (folders), tests (folder), seconds, superseded."""

ACCIDENTS = (ImportError, NameError, SyntaxError)
"""What a missing name raises: red, but not because the test said so."""


class Hanging(BaseException):
    """Stop a test that takes too long."""


class Probe:
    """Write one line for each event of a run."""

    def __init__(self) -> None:
        self.log = Path(ORDERS["log"])
        self.seconds = float(ORDERS["seconds"])
        self.gone = set(ORDERS["superseded"])
        self.first: dict[str, dict[str, Any]] = {}

    def write(self, **record: Any) -> None:
        """Append one line."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Take out the tests that a later stage has superseded."""
        gone = [i for i in items if i.nodeid.partition("[")[0] in self.gone]
        if gone:
            config.hook.pytest_deselected(items=gone)
            items[:] = [item for item in items if item not in gone]
        for item in gone:
            self.write(event="superseded", id=item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Write down a file that could not be imported, or skipped itself."""
        if report.failed:
            why = {"type": "", "right": False, "message": _last_error(report)}
            self.write(event="end", id=report.nodeid, outcome="broken", why=why)
        elif report.skipped:
            why = _skip(report)
            self.write(event="end", id=report.nodeid, outcome="skipped", why=why)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Start the clock of one test and stop it."""
        self.write(event="start", id=item.nodeid)
        self.first[item.nodeid] = {"outcome": "passed", "why": None}
        with _alarm(self.seconds):
            result = yield
        self.write(event="end", id=item.nodeid, **self.first.pop(item.nodeid))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the first outcome of a test that is not a pass."""
        report = yield
        record = self.first.get(item.nodeid)
        if record is None or record["outcome"] != "passed":
            return report
        if report.skipped:
            self.first[item.nodeid] = {"outcome": "skipped", "why": _skip(report)}
        elif report.failed and call.excinfo is not None:
            why = reason_of(call.excinfo.value)
            hangs = isinstance(call.excinfo.value, Hanging)
            outcome = "hanging" if hangs else "failed"
            self.first[item.nodeid] = {"outcome": outcome, "why": why}
        elif report.failed:
            why = {"type": "", "right": False, "message": str(report.longrepr)}
            self.first[item.nodeid] = {"outcome": "failed", "why": why}
        elif getattr(report, "wasxfail", None) is not None:
            why = {"type": "", "right": False, "message": "xpass"}
            self.first[item.nodeid] = {"outcome": "skipped", "why": why}
        return report


def pytest_configure(config: pytest.Config) -> None:
    """Start to write, if this run was started by the ladder."""
    if ORDERS:
        config.pluginmanager.register(Probe(), "ladder-probe")


def reason_of(error: BaseException) -> dict[str, Any]:
    """Say what was raised, where, and whether it is the right reason."""
    place = _place(error)
    kind = type(error)
    lines = str(error).strip().splitlines()
    return {
        "type": kind.__name__,
        "right": _is_right(error),
        "message": lines[0] if lines else "",
        "file": place[0],
        "line": place[1],
    }


def _is_right(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_right(part) for part in error.exceptions)
    if isinstance(error, Hanging):
        return False
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return True
    module = sys.modules.get(type(error).__module__)
    if _within(getattr(module, "__file__", None) or "", "tests"):
        return True
    file, _ = _place(error)
    return _within(file, "src") and not isinstance(error, ACCIDENTS)


def _place(error: BaseException) -> tuple[str, int]:
    """Find the innermost frame that is neither a library's nor Python's own."""
    frames = list(traceback.extract_tb(error.__traceback__))
    if isinstance(error, AttributeError):
        # A missing attribute is missed by its caller, not by `__getattr__`.
        frames = [f for f in frames if f.name != "__getattr__"]
    own = [f for f in frames if not _is_foreign(f.filename)]
    return (own[-1].filename, own[-1].lineno or 0) if own else ("", 0)


def _is_foreign(file: str) -> bool:
    if file.startswith("<") or "site-packages" in Path(file).parts:
        return True
    if _within(file, "src") or _within(file, "tests"):
        return False
    paths = sysconfig.get_paths()
    homes = (paths["stdlib"], paths["platstdlib"])
    return any(Path(file).is_relative_to(home) for home in homes)


def _within(file: str, key: str) -> bool:
    folders: list[str] = ORDERS.get(key, [])
    return bool(file) and any(Path(file).is_relative_to(f) for f in folders)


def _last_error(report: pytest.CollectReport) -> str:
    lines = str(report.longrepr).strip().splitlines()
    errors = [line for line in lines if line.startswith("E ")] or lines
    return errors[-1].removeprefix("E ").strip() if errors else ""


def _skip(report: pytest.TestReport | pytest.CollectReport) -> dict[str, Any]:
    text = report.longrepr
    message = str(text[2]) if isinstance(text, tuple) else str(text or "")
    message = str(getattr(report, "wasxfail", "")) or message
    return {"type": "Skipped", "right": False, "message": message}


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `Hanging` in the main thread when the time is over."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hanging(f"the test took more than {seconds:g} seconds")

    # A system without this signal has only the clock of the whole run.
    if not seconds or not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    # Again each second: a loop that runs callbacks may have swallowed the first.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
