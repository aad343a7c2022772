"""The budgets of the ladder: who may hold which file, and how large it may be.

The matrix is the budget of rewrites; the sizes count lines of code as `metrics`
defines them, except for the cap of a file, which counts every line that a
reader scrolls through. This module must not know how to repair anything.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from tools.stages.compose import composed_sources, tree_files
from tools.stages.exports import INIT
from tools.stages.metrics import code_lines, functions, new_lines, percentile
from tools.stages.model import Ladder, Stage

__all__ = [
    "MAX_FUNCTION",
    "MAX_MODULE",
    "MAX_RATIO",
    "MAX_SUPERSEDED",
    "check",
    "count_tests",
    "layer_ratio",
    "new_code",
    "sizes",
]

MAX_MODULE = 400
"""Lines of a file, all of them."""

MAX_FUNCTION = 60
"""Lines of code of a function."""

MAX_RATIO = 2.0
"""Lines of code of all layers together, as a multiple of the final ones."""

MAX_SUPERSEDED = 0.03
"""Share of all tests that later stages may supersede."""


def check(ladder: Ladder) -> list[str]:
    """Check every budget; each problem is one line."""
    parts: list[Callable[[Ladder], list[str]]] = [
        check_versions,
        check_tree,
        check_new_code,
        check_caps,
        check_ratio,
        check_superseded,
    ]
    return [problem for part in parts for problem in part(ladder)]


def check_versions(ladder: Ladder) -> list[str]:
    """Check how often the matrix lets a file be written."""
    problems = []
    for module in ladder.modules:
        cap = ladder.caps.get(module.path, ladder.caps["default"])
        if len(module.versions) > cap:
            problems.append(
                f"stages/matrix.toml: {module.path} has {len(module.versions)} "
                f"versions, at most {cap} are allowed; take one out of rewritten"
            )
    return problems


def check_tree(ladder: Ladder) -> list[str]:
    """Check that each layer holds the files that the matrix gives it."""
    problems = []
    for stage in ladder.stages:
        due = {m.path for m in ladder.modules if stage.number in m.versions}
        held = set(tree_files(stage.src))
        wanted = {f"microlith/{path}" for path in due}
        for path in sorted(held - wanted):
            problems.append(
                f"stages/{stage.name}/src/{path} is not given to this stage by "
                "stages/matrix.toml; move the file or change the matrix"
            )
        for path in sorted(wanted - held):
            problems.append(
                f"stages/{stage.name}/src/{path} is missing; "
                "write it or change stages/matrix.toml"
            )
    return problems


def check_new_code(ladder: Ladder) -> list[str]:
    """Check the new lines of code of each stage."""
    problems = []
    for stage in ladder.stages:
        count, limit = new_code(ladder, stage.number), ladder.plan(stage.number)
        if count > limit.max_lines:
            problems.append(
                f"stage {stage.number} has {count} new lines of code, at most "
                f"{limit.max_lines} are allowed; make it smaller"
            )
    return problems


def check_caps(ladder: Ladder) -> list[str]:
    """Check the length of every file and function of every layer."""
    problems = []
    for stage in ladder.stages:
        for path, source in _code(tree_files(stage.src)).items():
            where = f"stages/{stage.name}/src/{path}"
            length = len(source.splitlines())
            if length > MAX_MODULE:
                problems.append(
                    f"{where} has {length} lines, at most {MAX_MODULE} are allowed; "
                    "split it"
                )
            for function in functions(source):
                if function.length > MAX_FUNCTION:
                    problems.append(
                        f"{where}:{function.line}: {function.name} has "
                        f"{function.length} lines of code, at most {MAX_FUNCTION} "
                        "are allowed; split it"
                    )
    return problems


def check_ratio(ladder: Ladder) -> list[str]:
    """Check what the layers weigh together against the last stage."""
    ratio = layer_ratio(ladder)
    if ratio <= MAX_RATIO:
        return []
    return [
        f"the layers hold {ratio:.2f} times the code of the last stage, at most "
        f"{MAX_RATIO:.1f} is allowed; rewrite fewer files"
    ]


def check_superseded(ladder: Ladder) -> list[str]:
    """Check the share of tests that later stages supersede."""
    gone = sum(len(stage.superseded) for stage in ladder.stages)
    total = sum(count_tests(stage) for stage in ladder.stages)
    if gone <= total * MAX_SUPERSEDED:
        return []
    return [
        f"{gone} of {total} tests are superseded, at most {MAX_SUPERSEDED:.0%} are "
        "allowed; keep the older behaviour"
    ]


def new_code(ladder: Ladder, n: int) -> int:
    """Count the lines of code that stage `n` adds or changes."""
    before = _code(composed_sources(ladder, n - 1)) if n > 1 else {}
    after = _code(composed_sources(ladder, n))
    return sum(new_lines(before.get(path, b""), after[path]) for path in after)


def layer_ratio(ladder: Ladder) -> float:
    """Divide the code of all layers by the code of the last stage."""
    layers = sum(_count(tree_files(stage.src)) for stage in ladder.stages)
    final = _count(composed_sources(ladder, ladder.last))
    return layers / final if final else 1.0


def count_tests(stage: Stage) -> int:
    """Count the test functions of a stage, each once whatever its parameters."""
    count = 0
    for path, source in tree_files(stage.tests).items():
        if Path(path).name.startswith("test_") and path.endswith(".py"):
            nodes = ast.walk(ast.parse(source, path))
            count += sum(_is_test(node) for node in nodes)
    return count


def sizes(ladder: Ladder) -> str:
    """Draw a table of each stage's code, and the modules of the last one."""
    head = "stage            code   new  limit  tests  functions  median  p95  max"
    lines = [head]
    for stage in ladder.stages:
        sources = _code(composed_sources(ladder, stage.number))
        lengths = [f.length for s in sources.values() for f in functions(s)]
        limit = ladder.plan(stage.number).max_lines
        lines.append(
            f"{stage.name:<15}{_count(sources):>6}{new_code(ladder, stage.number):>6}"
            f"{limit:>7}{count_tests(stage):>7}{len(lengths):>11}"
            f"{percentile(lengths, 0.5):>8}{percentile(lengths, 0.95):>5}"
            f"{max(lengths, default=0):>5}"
        )
    lines.append(f"layers: {layer_ratio(ladder):.2f} times the code of the last stage")
    return "\n".join([*lines, "", *_module_table(ladder)])


def _module_table(ladder: Ladder) -> list[str]:
    """Draw the modules of the last stage; the target is for the whole book."""
    lines = ["module                        code  lines  target"]
    for path, source in _code(composed_sources(ladder, ladder.last)).items():
        name = path.removeprefix("microlith/")
        module = ladder.module(name)
        target = module.lines if module else 0
        lines.append(
            f"{name:<28}{len(code_lines(source)):>6}"
            f"{len(source.splitlines()):>7}{target:>8}"
        )
    return lines


def _code(files: dict[str, bytes]) -> dict[str, bytes]:
    """Keep what people write: Python files but the generated one."""
    return {p: s for p, s in files.items() if p.endswith(".py") and p != INIT}


def _count(files: dict[str, bytes]) -> int:
    return sum(len(code_lines(source)) for source in _code(files).values())


def _is_test(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("test_")
    return False
