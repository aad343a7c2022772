"""Run all checks of the ladder and report them, one line each.

The structural checks read sources only and take a second or two. The others run
tests: the red gate, every stage's tests on every later stage, the drills and the
exercises. This module knows which checks there are, not how they work.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.stages import absorb, budgets, layers, naming, privates
from tools.stages.compose import tree_files
from tools.stages.model import Ladder, LadderError

__all__ = ["Check", "Result", "fast_checks", "run", "slow_checks", "syntax_errors"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it proves, and the function that lists problems."""

    title: str
    find: Callable[[Ladder], list[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; no problems means that it passed."""

    title: str
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """Draw the check's line, and one line for each problem below it."""
        mark = "FAIL" if self.problems else "ok  "
        return "\n".join([f"{mark}  {self.title}", *self._details()])

    def _details(self) -> Iterator[str]:
        for problem in self.problems:
            yield "      " + problem.replace("\n", "\n      ")


def fast_checks() -> list[Check]:
    """List the structural checks."""
    return [
        Check("final/src equals the layers, byte for byte", absorb.differences),
        Check("imports point down, without cycles", layers.check),
        Check("budgets of files, lines and tests hold", budgets.check),
        Check("tests and exercises use public names only", privates.check),
        Check("stage.toml names what exists", naming.check),
    ]


def slow_checks() -> list[Check]:
    """List the checks that run tests; their modules are imported only here."""
    from tools.stages import drills, exercises, redgate, runner

    return [
        Check("new tests fail on the stage before", redgate.check),
        Check("earlier tests pass on later stages and on final", runner.forward),
        Check("each drill is caught by exactly its tests", drills.check),
        Check("exercises: stub fails, solution passes", exercises.check),
    ]


def run(ladder: Ladder, *, fast: bool = False) -> Iterator[Result]:
    """Run the checks one by one; a check that cannot run has failed.

    Nothing else can be said about sources that do not parse: then only that is.
    """
    syntax = Result("every Python file parses", tuple(syntax_errors(ladder)))
    yield syntax
    if syntax.problems:
        return
    checks = fast_checks() if fast else [*fast_checks(), *slow_checks()]
    for check in checks:
        yield Result(check.title, tuple(_problems(check, ladder)))


def syntax_errors(ladder: Ladder) -> list[str]:
    """List the Python files of stages and final that do not parse."""
    problems = []
    for folder in [*(stage.folder for stage in ladder.stages), ladder.final]:
        for path, source in tree_files(folder).items():
            try:
                if path.endswith(".py"):
                    ast.parse(source)
            except SyntaxError as error:
                shown = (folder / path).relative_to(ladder.root).as_posix()
                problems.append(f"{shown}:{error.lineno}: {error.msg}; correct it")
    return problems


def _problems(check: Check, ladder: Ladder) -> list[str]:
    try:
        return check.find(ladder)
    except LadderError as error:
        return [str(error)]
