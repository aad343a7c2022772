"""Drills: small edits that break a stage, each caught by exactly its tests.

A chapter asks the reader to guess which test catches an edit, so the answer must
be true: the edit is made in a copy of the composed stage, the tests of stages 1
to N run once, and the tests that fail must be those that the drill names.
"""

from __future__ import annotations

import ast
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.stages.compose import composed_sources, composed_tests, write_tree
from tools.stages.model import Drill, Ladder, LadderError, Stage
from tools.stages.naming import split_test
from tools.stages.runs import Setup, base_name, run_tests, superseded

__all__ = ["check", "failures"]


def check(ladder: Ladder) -> list[str]:
    """List the drills that do not do what they say."""
    every = [(stage, drill) for stage in ladder.stages for drill in stage.drills]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda item: _check(ladder, *item), every)
        return [problem for problems in found for problem in problems]


def failures(ladder: Ladder, stage: Stage, drill: Drill) -> set[str]:
    """Break the stage as the drill says and name the tests that fail."""
    sources = composed_sources(ladder, stage.number)
    path = f"microlith/{drill.file}"
    text = sources.get(path, b"").decode()
    if text.count(drill.find) != 1:
        count = text.count(drill.find)
        raise LadderError(f"its find matches {count} times; it must match exactly once")
    broken = text.replace(drill.find, drill.replace)
    try:
        ast.parse(broken)
    except SyntaxError as error:
        raise LadderError(f"the edit is no Python: {error.msg}; correct it") from None
    with tempfile.TemporaryDirectory(prefix="ladder-") as name:
        folder = Path(name).resolve()
        write_tree(folder / "src", sources | {path: broken.encode()})
        write_tree(folder / "tests", composed_tests(ladder, stage.number))
        gone = superseded(ladder, stage.number)
        run = run_tests(Setup(folder / "src", folder / "tests", superseded=gone))
    return {base_name(outcome.test) for outcome in run.outcomes if not outcome.passed}


def _check(ladder: Ladder, stage: Stage, drill: Drill) -> list[str]:
    shown = f"stage {stage.number:02d}: drill {drill.title!r}"
    try:
        failed = failures(ladder, stage, drill)
    except LadderError as error:
        return [f"{shown}: {error}"]
    named = {"::".join(split_test(stage, test)) for test in drill.caught_by}
    missed = [f"{shown}: {t} does not catch it; remove it" for t in named - failed]
    others = [f"{shown}: {t} catches it too; add it" for t in failed - named]
    return sorted([*missed, *others])
