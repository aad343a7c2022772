"""Run the tests of stages 1 to N and say what a learner needs to know.

`test_stage` is for a person: one line a stage, then the first failures, each
with the invariant that it guards and a hint that fits. `forward` is for the
checks: every stage's tests on every later stage, and all of them on the library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.stages import exercises
from tools.stages.compose import compose
from tools.stages.model import Hint, Invariant, Ladder, LadderError
from tools.stages.naming import split_test
from tools.stages.runs import (
    Outcome,
    Run,
    Setup,
    base_name,
    check_helpers,
    run_tests,
    superseded,
)

__all__ = [
    "forward",
    "hints_for",
    "invariants_for",
    "run_stage",
    "source_folder",
    "summary",
    "test_exercise",
    "test_stage",
]

SHOWN = 5
"""How many failures are explained at once."""

LEARNER_SECONDS = 600.0
"""How long a reader's own run may take."""

SERVICE = "service:"
"""How the reason of a skip begins that waits for a service; others are faults."""


def test_stage(
    ladder: Ladder,
    n: int,
    directory: Path | None = None,  # noqa: PT028
    pytest_args: Sequence[str] = (),  # noqa: PT028
) -> int:
    """Run the tests of stages 1 to `n`, print a summary, return an exit code."""
    run = run_stage(ladder, n, directory, pytest_args, show=True)
    print("\n" + summary(ladder, n, run, directory), flush=True)
    return 0 if run.outcomes and all(_is_fine(o) for o in run.outcomes) else 1


def run_stage(
    ladder: Ladder,
    n: int,
    directory: Path | None = None,
    pytest_args: Sequence[str] = (),
    *,
    show: bool = False,
) -> Run:
    """Run the tests of stages 1 to `n` on the stage, or on a reader's folder."""
    check_helpers(ladder, n)
    ladder.stage(n)
    src = None if directory is None else source_folder(directory)
    build = compose(ladder, n).resolve()
    setup = Setup(
        src=src or build / "src",
        tests=build / "tests",
        superseded=superseded(ladder, n),
        args=["-q", "--tb=short", *pytest_args],
        show=show,
        run_seconds=LEARNER_SECONDS,
    )
    return run_tests(setup)


def test_exercise(
    ladder: Ladder,
    name: str,
    directory: Path | None = None,  # noqa: PT028
) -> int:
    """Run one exercise's tests on its stub, or on the reader's file."""
    return exercises.run(ladder, name, directory)


def source_folder(directory: Path) -> Path:
    """Give the `src` of a reader's folder, or say what is wrong with it."""
    directory = directory.resolve()
    if (directory / "src" / "microlith").is_dir():
        return directory / "src"
    if not directory.is_dir():
        raise LadderError(f"{directory} is not a folder; `make start N` makes one")
    if (directory / "microlith").is_dir():
        raise LadderError(
            f"{directory} is src itself; give the folder that holds it: "
            f"DIR={directory.parent}"
        )
    raise LadderError(
        f"{directory} holds no src/microlith; DIR is the folder that holds src/"
    )


def summary(ladder: Ladder, n: int, run: Run, directory: Path | None = None) -> str:
    """Say in a few lines how far the code is, and what to do next."""
    return "\n".join(_summary(ladder, n, run, directory))


def _summary(ladder: Ladder, n: int, run: Run, directory: Path | None) -> Iterator[str]:
    for stage in ladder.stages[:n]:
        counts = _counts(run.of(stage.name))
        yield f"stage {stage.number:02d} {stage.slug}: {counts}"
    for test, reason in superseded(ladder, n).items():
        if any(base_name(gone) == test for gone in run.superseded):
            yield f"not run, superseded: {test} ({reason})"
    failed = _by_test([o for o in run.outcomes if not _is_fine(o)])
    for cases in failed[:SHOWN]:
        yield ""
        yield from _failure(ladder, n, cases, directory)
    if len(failed) > SHOWN:
        yield f"\n… and {len(failed) - SHOWN} more; begin with the first."


def _counts(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "no test ran"
    results = [outcome.result for outcome in outcomes]
    names = ("passed", "failed", "hanging", "broken", "skipped")
    counts = {name: results.count(name) for name in names}
    return ", ".join(f"{c} {name}" for name, c in counts.items() if c)


def _by_test(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """Group the cases of a parametrised test."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(base_name(outcome.test), []).append(outcome)
    return list(groups.values())


def _failure(
    ladder: Ladder, n: int, cases: Sequence[Outcome], directory: Path | None
) -> Iterator[str]:
    first = cases[0]
    more = f" and {len(cases) - 1} more cases" if len(cases) > 1 else ""
    yield f"{first.test}{more}"
    yield f"    {first.reason or first.result}"
    for invariant in invariants_for(ladder, n, first.test):
        yield f"    guards: {invariant.text}"
    for hint in hints_for(ladder, n, first.test)[:1]:
        where = "mine" if directory is None else directory
        yield f"    hint: {hint.title} (make mine {n} DIR={where} shows it)"


def invariants_for(ladder: Ladder, n: int, test: str) -> list[Invariant]:
    """List the invariants that a test guards."""
    return [
        invariant
        for stage in ladder.stages[:n]
        for invariant in stage.invariants
        if base_name(test) in {"::".join(split_test(stage, t)) for t in invariant.tests}
    ]


def hints_for(ladder: Ladder, n: int, test: str) -> list[Hint]:
    """List the hints that fit a failing test, in the order of the stage."""
    return [
        hint
        for stage in ladder.stages[:n]
        for hint in stage.hints
        if base_name(test) in {"::".join(split_test(stage, t)) for t in hint.tests}
    ]


def forward(ladder: Ladder) -> list[str]:
    """List stage tests that do not pass on a later stage or on the library."""
    builds = [(f"build/{s.number:02d}", s.number) for s in ladder.stages]
    for _, n in builds:
        compose(ladder, n)
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda item: _forward(ladder, *item), [*builds, ("final", 0)])
        return [problem for problems in runs for problem in problems]


def _forward(ladder: Ladder, shown: str, n: int) -> list[str]:
    """Run all tests of one build; 0 stands for the library."""
    last = n or ladder.last
    check_helpers(ladder, last)
    tests = compose(ladder, last).resolve()
    src = (tests / "src") if n else ladder.final
    if not (src / "microlith").is_dir():
        return [
            f"{shown}: there is no src/microlith; run `python -m tools.stages sync`"
        ]
    gone = superseded(ladder, last)
    setup = Setup(src, tests / "tests", superseded=gone, args=["-W", "error"])
    run = run_tests(setup)
    empty = [s.name for s in ladder.stages[:last] if not run.of(s.name)]
    return [
        *(f"{shown}: no test of {name} ran; write one" for name in empty),
        *(
            f"{shown}: {o.test} {o.result}: {o.reason}"
            for o in run.outcomes
            if not _is_fine(o)
        ),
    ]


def _is_fine(outcome: Outcome) -> bool:
    """Tell whether a test passed, or only waits for a service."""
    waits = outcome.result == "skipped" and SERVICE in outcome.message
    return outcome.passed or waits
