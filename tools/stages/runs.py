"""Run stage tests in a pytest of their own, and read what each one did.

Every run is alike: a fresh process, no configuration but ours, no plugin but the
probe, nothing written next to the sources, a clock for each test and one for the
whole run. This module must not judge an outcome: that is for its callers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.stages.compose import composed_tests
from tools.stages.model import Ladder, LadderError
from tools.stages.naming import split_test

__all__ = ["Outcome", "Run", "Setup", "base_name", "run_tests", "superseded"]

HOME = Path(__file__).resolve().parents[2]

TEST_SECONDS = 10.0
"""How long one test may take where a hang is a finding."""

RUN_SECONDS = 120.0
"""How long one whole run may take."""

INHERITED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Settings of the caller's shell that would change a run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test did: passed, failed, skipped, broken (not run), hanging."""

    test: str
    result: str
    kind: str = ""
    message: str = ""
    file: str = ""
    line: int = 0
    right: bool = False

    @property
    def passed(self) -> bool:
        """Whether the test ran and passed."""
        return self.result == "passed"

    @property
    def stage(self) -> str:
        """The folder of the test's stage, such as `03_routing`."""
        return self.test.partition("/")[0]

    @property
    def reason(self) -> str:
        """Say in one line what happened."""
        text = f"{self.kind}: {self.message}" if self.message else self.kind
        return text if self.kind else self.message


@dataclass(frozen=True, slots=True)
class Run:
    """All outcomes of one run, in order, and what pytest printed."""

    outcomes: tuple[Outcome, ...]
    superseded: tuple[str, ...]
    output: str

    def of(self, stage: str) -> list[Outcome]:
        """List the outcomes of one stage's tests."""
        return [outcome for outcome in self.outcomes if outcome.stage == stage]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run is about: where the code is, which tests, which clock."""

    src: Path
    tests: Path
    targets: Sequence[str] = ()
    superseded: Iterable[str] = ()
    args: Sequence[str] = ()
    first: Sequence[Path] = ()
    show: bool = False
    test_seconds: float = TEST_SECONDS
    run_seconds: float = RUN_SECONDS


def run_tests(setup: Setup) -> Run:
    """Run tests in a new process; raise if pytest itself did not work."""
    if importlib.util.find_spec("pytest") is None:
        raise LadderError("pytest is not installed; install requirements/dev.txt")
    with tempfile.TemporaryDirectory(prefix="ladder-") as name:
        folder = Path(name).resolve()
        log = folder / "log"
        log.touch()
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        code, output = _pytest(setup, folder, log)
        records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    if code in (3, 4):
        # 3: an error inside pytest; 4: it did not understand its arguments.
        lines = output.strip().splitlines() or ["see above"]
        told = next((line for line in lines if "error:" in line), lines[-1])
        raise LadderError(f"pytest stopped (exit {code}): {told.strip()}")
    return _read(records, output, timeout=code is None)


def superseded(ladder: Ladder, n: int) -> dict[str, str]:
    """Map tests that no longer hold at stage `n` to the reason."""
    found = {}
    for stage in ladder.stages[:n]:
        for gone in stage.superseded:
            file, name = split_test(stage, gone.test)
            found[f"{file}::{name}"] = gone.reason
    return found


def base_name(test: str) -> str:
    """Give a test's name without its parameters."""
    return test.partition("[")[0]


def check_helpers(ladder: Ladder, n: int) -> None:
    """Refuse helper modules of tests that would hide one another."""
    homes: dict[str, str] = {}
    for path in composed_tests(ladder, n):
        file = path.rpartition("/")[2]
        if not file.endswith(".py") or file.startswith("test_"):
            continue
        name = file.removesuffix(".py")
        if name in ("conftest", "__init__"):
            continue
        if name in homes or name in sys.stdlib_module_names:
            other = homes.get(name, "a module of Python")
            raise LadderError(
                f"the test helper {path} has the name of {other}; rename it"
            )
        homes[name] = path


def _pytest(setup: Setup, folder: Path, log: Path) -> tuple[int | None, str]:
    """Start pytest and wait; no exit code means that the time was over."""
    command = [sys.executable, "-m", "pytest", "-p", "tools.stages.probe"]
    command += [
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        "--no-header",
        "-rN",
    ]
    command += ["--continue-on-collection-errors", "-c", str(folder / "pytest.ini")]
    command += [f"--rootdir={setup.tests}", f"--confcutdir={setup.tests}"]
    command += setup.args
    command += [str(setup.tests / name) for name in setup.targets or ["."]]
    process = subprocess.Popen(
        command,
        cwd=None if setup.show else folder,
        env=_environment(setup, log),
        stdin=subprocess.DEVNULL,
        stdout=None if setup.show else subprocess.PIPE,
        stderr=None if setup.show else subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=setup.run_seconds)
    except subprocess.TimeoutExpired:
        _kill(process)
        return None, ""
    except BaseException:
        _kill(process)
        raise
    return process.returncode, output or ""


def _kill(process: subprocess.Popen[str]) -> None:
    """End a run with everything that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _environment(setup: Setup, log: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in INHERITED}
    folders = sorted(path for path in setup.tests.iterdir() if path.is_dir())
    path = [*setup.first, setup.src, *folders, HOME]
    orders = {
        "log": str(log),
        "src": [str(item) for item in (setup.src, *setup.first)],
        "tests": [str(setup.tests)],
        "seconds": setup.test_seconds,
        "superseded": sorted(setup.superseded),
    }
    return kept | {
        "PYTHONPATH": os.pathsep.join(str(item) for item in path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(log.parent / "hypothesis"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "LADDER_PROBE": json.dumps(orders),
    }


def _read(records: list[dict[str, Any]], output: str, *, timeout: bool) -> Run:
    outcomes: dict[str, Outcome] = {}
    running = ""
    gone = []
    for record in records:
        test = str(record["id"])
        if record["event"] == "superseded":
            gone.append(test)
        elif record["event"] == "start":
            running = test
        else:
            running = ""
            outcomes[test] = _outcome(test, record["outcome"], record["why"] or {})
    if timeout:
        test = running or "the run"
        message = "did not end; the whole run was stopped"
        outcomes[test] = Outcome(test, "hanging", message=message)
    elif running:
        message = "ended the whole process"
        outcomes[running] = Outcome(running, "failed", message=message)
    return Run(tuple(outcomes.values()), tuple(gone), output)


def _outcome(test: str, result: str, why: Mapping[str, Any]) -> Outcome:
    return Outcome(
        test,
        result,
        kind=str(why.get("type", "")),
        message=str(why.get("message", "")),
        file=str(why.get("file", "")),
        line=int(why.get("line", 0)),
        right=bool(why.get("right", False)),
    )
