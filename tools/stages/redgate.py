"""The red gate: each new test fails before its stage is built, and says why.

A test that passes on the stage before tests nothing. So the tests of stages 1 to
N run on the stubs of stage N: the old ones must pass, and each new one must fail
by its own assertion, by `NotBuilt` or by a crash inside the package. Then the
new ones run on hollow stubs, whose bodies return None, and must not pass. This
module must not know how stubs are made.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.stages.compose import composed_tests, write_tree
from tools.stages.model import Ladder, LadderError, Stage
from tools.stages.runs import (
    TEST_SECONDS,
    Outcome,
    Setup,
    check_helpers,
    run_tests,
    superseded,
)
from tools.stages.stubs import stub_sources

__all__ = ["check", "check_stage"]

WORKERS = 2
"""How many runs go on at once."""


def check(ladder: Ladder, n: int | None = None) -> list[str]:
    """List what is wrong with the new tests of stage `n`, or of every stage."""
    stages = ladder.stages if n is None else (ladder.stage(n),)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = pool.map(lambda stage: check_stage(ladder, stage), stages)
        return [problem for problems in found for problem in problems]


def check_stage(
    ladder: Ladder, stage: Stage, seconds: float = TEST_SECONDS
) -> list[str]:
    """List what is wrong with the new tests of one stage."""
    try:
        return [f"stage {stage.number:02d}: {p}" for p in _gate(ladder, stage, seconds)]
    except LadderError as error:
        return [f"stage {stage.number:02d}: {error}"]


def _gate(ladder: Ladder, stage: Stage, seconds: float) -> Iterator[str]:
    check_helpers(ladder, stage.number)
    with tempfile.TemporaryDirectory(prefix="ladder-") as name:
        folder = Path(name).resolve()
        tests = folder / "tests"
        write_tree(tests, composed_tests(ladder, stage.number))
        for hollow in (False, True):
            src = folder / ("hollow" if hollow else "stubs")
            sources = stub_sources(ladder, stage.number, hollow)
            write_tree(src, sources)
            if error := _import_error(src, sources):
                kind = "hollow stubs" if hollow else "stubs"
                yield f"the {kind} do not import: {error}"
                continue
            setup = Setup(
                src=src,
                tests=tests,
                targets=[stage.name] if hollow else [],
                superseded=superseded(ladder, stage.number),
                test_seconds=seconds,
            )
            outcomes = run_tests(setup).outcomes
            yield from _hollow(outcomes) if hollow else _raising(outcomes, stage)


def _import_error(src: Path, sources: Mapping[str, bytes]) -> str:
    """Import every module of a tree in a fresh process."""
    paths = (path for path in sources if path.endswith(".py"))
    names = [p.removesuffix(".py").removesuffix("/__init__") for p in paths]
    code = "import " + ", ".join(name.replace("/", ".") for name in names)
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=src,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1:] or ["no message"]
    return last[0] if done.returncode else ""


def _raising(outcomes: tuple[Outcome, ...], stage: Stage) -> Iterator[str]:
    new = [o for o in outcomes if o.stage == stage.name]
    if not new:
        yield "it has no test that could fail; write tests/test_*.py"
    for outcome in outcomes:
        if outcome.stage != stage.name:
            yield from _older(outcome, stage)
        elif not (outcome.result == "failed" and outcome.right):
            yield f"{outcome.test} {_wrong(outcome)}"


def _older(outcome: Outcome, stage: Stage) -> Iterator[str]:
    if not outcome.passed:
        yield (
            f"the older test {outcome.test} {_did(outcome)} on the stubs; keep the "
            "old signature working, or list it as superseded with a reason"
        )


def _wrong(outcome: Outcome) -> str:
    advice = {
        "passed": "make it assert what only this stage gives",
        "skipped": "a skip is never red: run it or remove it",
        "broken": "import public names only and build no app at import",
        "hanging": "bound its waiting, so that it fails",
        "failed": "let it fail by its own assertion, through a public name",
    }
    return f"{_did(outcome)} on the stubs; {advice[outcome.result]}"


def _did(outcome: Outcome) -> str:
    if outcome.passed:
        return "passes"
    if outcome.result == "skipped":
        return f"is skipped ({outcome.message})"
    if outcome.result == "broken":
        return f"cannot be collected ({outcome.message})"
    if outcome.result == "hanging":
        return f"hangs ({outcome.message})"
    file = Path(outcome.file).name
    place = f" at {file}:{outcome.line}" if file else ""
    return f"fails by {outcome.reason}{place}"


def _hollow(outcomes: tuple[Outcome, ...]) -> Iterator[str]:
    for outcome in outcomes:
        if outcome.passed:
            yield (
                f"{outcome.test} passes on hollow stubs, whose bodies return None; "
                "make it assert a value that must be there"
            )
        elif outcome.result in ("hanging", "broken"):
            yield f"{outcome.test} {_did(outcome)} on hollow stubs; make it fail"
