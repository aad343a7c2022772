"""Exercises: run one on the reader's file, and check that each is fair.

An exercise's tests import the module `exercise`; which file that is, stub,
solution or the reader's own, is decided here. Fair means: the stub fails for the
right reason, the solution passes, and there is a text, a hint and a TODO.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.stages.compose import compose, write_tree
from tools.stages.model import Ladder, LadderError, Stage
from tools.stages.runs import Run, Setup, run_tests

__all__ = ["check", "run"]

PARTS = ("README.md", "hints.md", "solution.py", "stub.py", "test_exercise.py")


def run(ladder: Ladder, name: str, directory: Path | None = None) -> int:
    """Run one exercise's tests, print what they did, return an exit code."""
    stage, folder = _find(ladder, name)
    result = _run(ladder, stage, folder, _tried(folder, directory), show=True)
    passed = sum(outcome.passed for outcome in result.outcomes)
    print(f"\nexercise {folder.name}: {passed} of {len(result.outcomes)} passed")
    if result.outcomes and passed == len(result.outcomes):
        return 0
    shown = (folder / "hints.md").relative_to(ladder.root)
    print(f"hints: {shown}")
    return 1


def check(ladder: Ladder) -> list[str]:
    """List what is wrong with the exercises of all stages."""
    every = [(stage, folder) for stage in ladder.stages for folder in _folders(stage)]
    for stage in ladder.stages:
        compose(ladder, stage.number)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda item: list(_check(ladder, *item)), every)
        return [problem for problems in found for problem in problems]


def _check(ladder: Ladder, stage: Stage, folder: Path) -> Iterator[str]:
    shown = folder.relative_to(ladder.root).as_posix()
    missing = [part for part in PARTS if not _is_filled(folder / part)]
    for part in missing:
        yield f"{shown}/{part} is missing or empty; write it"
    if missing:
        return
    if "TODO" not in (folder / "stub.py").read_text("utf-8"):
        yield f"{shown}/stub.py has no TODO; mark what the reader fills in"
    stub = _run(ladder, stage, folder, folder / "stub.py").outcomes
    if not any(outcome.result == "failed" for outcome in stub):
        yield f"{shown}/stub.py passes its tests; leave something to do"
    for outcome in stub:
        if not outcome.passed and not outcome.right:
            yield (
                f"{shown}/stub.py: {outcome.test} {outcome.result} by "
                f"{outcome.reason}; let it fail by an assertion or in the stub"
            )
    for outcome in _run(ladder, stage, folder, folder / "solution.py").outcomes:
        if not outcome.passed:
            yield (
                f"{shown}/solution.py: {outcome.test} {outcome.result}: "
                f"{outcome.reason}; correct the solution or the test"
            )


def _run(
    ladder: Ladder, stage: Stage, folder: Path, tried: Path, *, show: bool = False
) -> Run:
    """Run an exercise's tests with one file as the module `exercise`."""
    build = compose(ladder, stage.number).resolve()
    with tempfile.TemporaryDirectory(prefix="ladder-") as name:
        place = Path(name).resolve()
        tests = {"test_exercise.py": (folder / "test_exercise.py").read_bytes()}
        write_tree(place / "tests", tests)
        write_tree(place / "tried", {"exercise.py": tried.read_bytes()})
        setup = Setup(
            src=build / "src",
            tests=place / "tests",
            first=[place / "tried"],
            args=["-q", "--tb=short"],
            show=show,
        )
        return run_tests(setup)


def _find(ladder: Ladder, name: str) -> tuple[Stage, Path]:
    """Find an exercise by its name or by the start of it."""
    every = {f.name: (s, f) for s in ladder.stages for f in _folders(s)}
    found = [key for key in every if key == name or key.startswith(f"{name}_")]
    if name in every:
        return every[name]
    if len(found) == 1:
        return every[found[0]]
    known = ", ".join(found or every) or "none yet"
    what = "more than one exercise" if found else "no exercise"
    raise LadderError(f"{name} names {what}; choose one of: {known}")


def _tried(folder: Path, directory: Path | None) -> Path:
    """Give the file that is tried: the reader's, or the stub."""
    home = folder if directory is None else directory
    names = ("stub.py",) if directory is None else ("stub.py", "exercise.py")
    for name in names:
        if (home / name).is_file():
            return home / name
    raise LadderError(f"{home} holds no stub.py; copy it from {folder} and fill it in")


def _folders(stage: Stage) -> list[Path]:
    home = stage.folder / "exercises"
    if not home.is_dir():
        return []
    return sorted(f for f in home.iterdir() if f.is_dir() and f.name[:1].isdigit())


def _is_filled(path: Path) -> bool:
    return path.is_file() and bool(path.read_text("utf-8").strip())
