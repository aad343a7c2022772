"""Check that what a `stage.toml` names exists: tests, files, symbols, texts.

A renamed test or method must not leave an invariant without its guard or a hint
without its place. This module reads sources only; whether a named test fails when
it should is for the checks that run things.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.stages.compose import composed_sources, composed_tests, tree_files
from tools.stages.model import Ladder, Stage

__all__ = ["check", "split_test", "symbol_exists", "tests_in"]


def check(ladder: Ladder) -> list[str]:
    """Check every name in every `stage.toml`, and that each stage is complete."""
    problems = list(ladder.unfinished)
    for stage in ladder.stages:
        found = [*_parts(stage), *_tests(ladder, stage), *_places(ladder, stage)]
        problems += [f"stages/{stage.name}: {problem}" for problem in found]
    return problems


def split_test(stage: Stage, test: str) -> tuple[str, str]:
    """Split a test's name into `NN_slug/file.py` and `Class::test`.

    A name without a folder belongs to `stage`; parameters in brackets go.
    """
    file, _, name = test.partition("::")
    folder = "" if "/" in file else f"{stage.name}/"
    return f"{folder}{file}", name.partition("[")[0]


def tests_in(source: bytes) -> set[str]:
    """List the tests of a file as `test_x` and `TestClass::test_y`."""
    body = ast.parse(source).body
    names = set(_functions(body))
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return names


def symbol_exists(source: bytes, symbol: str) -> bool:
    """Tell whether a module defines `Router.match`, `Router` or `NAME`."""
    body: list[ast.stmt] = ast.parse(source).body
    for name in symbol.split("."):
        node = next((node for node in body if name in _defined(node)), None)
        if node is None:
            return False
        body = getattr(node, "body", [])
    return True


def _parts(stage: Stage) -> Iterator[str]:
    """Check that the folder holds what every stage has."""
    if not (stage.folder / "demo.py").is_file():
        yield "there is no demo.py; write the smallest app that shows the stage"
    if not any(tests_in(source) for _, source in _test_files(stage)):
        yield "there are no tests; write tests/test_*.py"
    if not stage.invariants:
        yield "stage.toml has no [[invariant]]; say what holds from now on"


def _tests(ladder: Ladder, stage: Stage) -> Iterator[str]:
    """Check that each named test exists, in this stage or an earlier one."""
    files = composed_tests(ladder, stage.number)
    for place, test in _named_tests(stage):
        file, name = split_test(stage, test)
        if file not in files:
            yield f"{place} names {test}, but there is no file {file}; correct it"
        elif name not in tests_in(files[file]):
            yield f"{place} names {test}, but {file} has no {name}; correct it"
        elif place == "superseded" and file.startswith(f"{stage.name}/"):
            yield f"{place} names {test}, a test of this stage; remove the test"


def _named_tests(stage: Stage) -> Iterator[tuple[str, str]]:
    for invariant in stage.invariants:
        yield from ((f"invariant {invariant.text!r}", t) for t in invariant.tests)
    for hint in stage.hints:
        yield from ((f"hint {hint.title!r}", t) for t in hint.tests)
    for drill in stage.drills:
        yield from ((f"drill {drill.title!r}", t) for t in drill.caught_by)
    yield from (("superseded", gone.test) for gone in stage.superseded)


def _places(ladder: Ladder, stage: Stage) -> Iterator[str]:
    """Check the symbols of hints, and the file and text of drills."""
    sources = composed_sources(ladder, stage.number)
    for hint in stage.hints:
        file, _, symbol = hint.symbol.partition(":")
        source = sources.get(f"microlith/{file}")
        if source is None or (symbol and not symbol_exists(source, symbol)):
            yield f"hint {hint.title!r} names {hint.symbol}, which does not exist"
    for drill in stage.drills:
        source = sources.get(f"microlith/{drill.file}")
        if source is None:
            yield f"drill {drill.title!r} names {drill.file}, which does not exist"
            continue
        count = source.decode().count(drill.find)
        if count != 1:
            yield (
                f"drill {drill.title!r}: its find matches {count} times in "
                f"{drill.file}; it must match exactly once"
            )
        if drill.find == drill.replace:
            yield f"drill {drill.title!r} replaces a text by itself; break something"


def _test_files(stage: Stage) -> Iterator[tuple[str, bytes]]:
    for path, source in tree_files(stage.tests).items():
        if path.startswith("test_") and path.endswith(".py"):
            yield path, source


def _functions(body: list[ast.stmt]) -> Iterator[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in body:
        if isinstance(node, functions) and node.name.startswith("test"):
            yield node.name


def _defined(node: ast.stmt) -> set[str]:
    """Name what one statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()
