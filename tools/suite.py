"""Run every test that this machine can run, and say what it left out.

Owns the list of suites behind `make test`, their order, and the summary. A suite
is a command; this module knows no test, only how its last lines read. It goes on
after a failure, so that one run tells everything. A suite that ran nothing has
failed. Standard library alone.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools import doctor

__all__ = ["Result", "Suite", "count", "main", "run", "suites", "summary"]

COUNT = re.compile(r"(\d+) (passed|failed|skipped|xfailed|errors?|hanging|broken)\b")
FAULTS = ("failed", "error", "hanging", "broken")
STAGE = re.compile(r"stage \d\d \w+: ")
TOTAL = re.compile(r"(?=.*\d (?:passed|failed|skipped|error)).* in \d[\d.]*s\b")


INTEROP = Path(__file__).resolve().parent.parent / "build" / "interop-venv"


class Suite(NamedTuple):
    """A name for the summary and the command behind it."""

    name: str
    command: tuple[str, ...]


class Result(NamedTuple):
    """What one suite did."""

    name: str
    ok: bool
    counts: Counter[str]
    seconds: float


def suites(root: Path, workers: int, browser: bool) -> list[Suite]:
    """List the suites, quick ones first."""
    pytest = (sys.executable, "-m", "pytest", "-q")
    spread = ("-n", str(workers), "--dist", "loadfile") if workers > 1 else ()
    found = [
        Suite(name, (*pytest, *spread, f"tests/{folder}"))
        for name, folder in (
            ("library", "final"),
            ("ladder", "ladder"),
            ("book", "book"),
            ("repository", "repo"),
        )
    ]
    if browser:
        found.append(Suite("browser", (*pytest, "tests/browser")))
    numbers = sorted(
        file.parent.name.split("_")[0] for file in root.glob("stages/*/stage.toml")
    )
    stage = (sys.executable, "-m", "tools.stages", "test")
    found += [Suite(f"stages 1-{int(one)}", (*stage, one)) for one in numbers]
    if numbers:
        found.append(Suite("stages on final", (*stage, numbers[-1], "--dir", "final")))
    return found


def count(lines: Iterable[str]) -> Counter[str]:
    """Add up the results that a run names: by stage, or in pytest's last line."""
    lines = list(lines)
    stages = [line for line in lines if STAGE.match(line)]
    totals = [line for line in lines if TOTAL.match(line)]
    total: Counter[str] = Counter()
    for line in stages or totals[-1:]:
        # "stage 04 errors: 98 passed": the stage's own name is no count.
        for number, what in COUNT.findall(STAGE.sub("", line)):
            total[what.removesuffix("s")] += int(number)
    return total


def run(suite: Suite, root: Path) -> Result:
    """Run one suite, show its output and count its results."""
    print(f"\n== {suite.name}", flush=True)
    start = time.monotonic()
    path = os.pathsep.join([str(root / "final" / "src"), str(root)])
    lines = []
    with subprocess.Popen(
        suite.command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    counts = count(lines)
    ok = process.returncode == 0 and counts["passed"] > 0
    if process.returncode == 0 and not ok:
        print(f"{suite.name}: no test ran, which is a failure")
    return Result(suite.name, ok, counts, time.monotonic() - start)


def left_out(chromium: str | None) -> list[str]:
    """Say which tests cannot run here, and how to get them to run."""
    lines = []
    if not INTEROP.is_dir():
        lines.append("other people's servers and frameworks: make interop runs them")
    if not chromium:
        lines.append("browser tests: no Chromium; apt install chromium, then make test")
    for name, key, default, port, package in doctor.SERVICES:
        url = os.environ.get(f"MICROLITH_TEST_{key}", default)
        if not doctor.check_service(name, url, port, package).ok:
            lines.append(
                f"{name}: no test needs it before stage 17; apt install {package}"
            )
    return lines


def faults(result: Result) -> int:
    """Return how many tests of a suite did not pass and were not skipped."""
    return sum(result.counts[what] for what in FAULTS)


def summary(results: list[Result], not_run: list[str]) -> str:
    """Return the table of all suites, what was left out, and the total."""
    total: Counter[str] = Counter()
    lines = ["", "== summary"]
    for one in results:
        total.update(one.counts)
        counted = ", ".join(f"{n} {what}" for what, n in one.counts.items() if n)
        mark = "ok  " if one.ok else "FAIL"
        lines.append(
            f"{mark} {one.name:<16} {one.seconds:6.1f} s  {counted or 'nothing ran'}"
        )
    lines += [f"not run here: {line}" for line in not_run]
    if total["skipped"]:
        lines.append(f"{total['skipped']} skipped: each reason stands above (SKIPPED)")
    bad = [one.name for one in results if not one.ok]
    if bad:
        lines.append(f"FAILED: {', '.join(bad)}")
    # A suite that broke before it could count is one failure.
    failed = sum(max(faults(one), not one.ok) for one in results)
    lines.append(f"{total['passed']} passed, {failed} failed")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the suites; exit code 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="make test", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parent.parent
    chromium = doctor.find_chromium()
    plan = suites(root, options.workers, browser=chromium is not None)
    results = [run(suite, root) for suite in plan]
    print(summary(results, left_out(chromium)))
    return 0 if all(one.ok for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
