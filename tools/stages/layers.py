"""The import graph of a composed stage: layers point down, and no cycle.

A module imports only from layers with a smaller number. Exceptions are data in
`stages/matrix.toml` (`same_layer`). Every import counts: inside a function,
under TYPE_CHECKING, and `import_module` with a literal name. This module reads
syntax trees; it must never import what it judges.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.stages.compose import composed_sources
from tools.stages.exports import INIT
from tools.stages.metrics import code_lines
from tools.stages.model import Ladder, Module

__all__ = ["Import", "check", "check_stage", "cycles", "graph", "table"]

PACKAGE = "microlith"
DYNAMIC = {"import_module", "__import__"}
INIT_NAME = INIT.removeprefix(f"{PACKAGE}/")


@dataclass(frozen=True, slots=True)
class Import:
    """One import of one module of the package by another."""

    importer: str
    target: str
    line: int


def check(ladder: Ladder) -> list[str]:
    """Check every written stage; each problem is one line."""
    problems: dict[str, None] = {}
    for stage in ladder.stages:
        problems |= dict.fromkeys(check_stage(ladder, stage.number))
    return list(problems)


def check_stage(ladder: Ladder, n: int) -> list[str]:
    """Check the layers and cycles of the composed stage `n`."""
    sources = composed_sources(ladder, n)
    found, problems = graph(sources)
    for edge in found:
        problem = _judge(ladder, edge)
        if problem:
            problems.append(f"{edge.importer}:{edge.line}: {problem}")
    for path in _code(sources):
        if path != INIT_NAME and ladder.module(path) is None:
            problems.append(f"{path} is not in stages/matrix.toml; give it a layer")
    for path in _code(sources):
        inner = path != INIT_NAME and path.endswith("/__init__.py")
        if inner and code_lines(sources[f"{PACKAGE}/{path}"]):
            problems.append(f"{path} holds code; leave its docstring only")
    for loop in cycles(found):
        problems.append(f"import cycle: {' -> '.join(loop)}; break it")
    return problems


def graph(sources: Mapping[str, bytes]) -> tuple[list[Import], list[str]]:
    """List the package's own imports, and what could not be resolved."""
    paths = set(_code(sources))
    found: list[Import] = []
    problems: list[str] = []
    for path in sorted(paths - {INIT_NAME}):
        tree = ast.parse(sources[f"{PACKAGE}/{path}"], path)
        for name, line in _imported(tree, path):
            target = _resolve(name, paths)
            if target is None:
                problems.append(f"{path}:{line}: there is no module {name}")
            elif target != path:
                found.append(Import(path, target, line))
    return found, problems


def cycles(found: list[Import]) -> list[list[str]]:
    """Find import cycles, each once, as a path that returns to its start."""
    targets: dict[str, list[str]] = {}
    for edge in found:
        targets.setdefault(edge.importer, []).append(edge.target)
    loops: dict[frozenset[str], list[str]] = {}
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> None:
        if node in trail:
            loop = trail[trail.index(node) :]
            loops.setdefault(frozenset(loop), [*loop, node])
        elif node not in done:
            for target in targets.get(node, ()):
                visit(target, [*trail, node])
            done.add(node)

    for node in sorted(targets):
        visit(node, [])
    return list(loops.values())


def table(ladder: Ladder, n: int) -> str:
    """Draw the layers of stage `n`: each module and what it imports."""
    found, _ = graph(composed_sources(ladder, n))
    wanted: dict[str, set[str]] = {}
    for edge in found:
        wanted.setdefault(edge.importer, set()).add(edge.target)
    lines = []
    present = set(_code(composed_sources(ladder, n)))
    for layer in sorted({module.layer for module in ladder.modules}):
        modules = [m for m in ladder.modules if m.layer == layer and m.path in present]
        if modules:
            lines.append(f"layer {layer}")
        for module in modules:
            imports = ", ".join(sorted(wanted.get(module.path, set()))) or "nothing"
            lines.append(f"  {module.path:<28} imports {imports}")
    return "\n".join(lines)


def _code(sources: Mapping[str, bytes]) -> list[str]:
    prefix = f"{PACKAGE}/"
    return [
        path.removeprefix(prefix)
        for path in sources
        if path.startswith(prefix) and path.endswith(".py")
    ]


def _imported(tree: ast.Module, path: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted names of the package that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _ours(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, path)
            for alias in node.names:
                yield from _ours(f"{base}.{alias.name}", node.lineno)
        elif isinstance(node, ast.Call):
            yield from _ours(_dynamic(node), node.lineno)


def _ours(name: str, line: int) -> Iterator[tuple[str, int]]:
    if name.split(".")[0] == PACKAGE:
        yield name, line


def _base(node: ast.ImportFrom, path: str) -> str:
    """Give the module that `from … import` names, relative ones resolved."""
    if not node.level:
        return node.module or ""
    parents = [PACKAGE, *PurePosixPath(path).parts[:-1]]
    kept = parents[: len(parents) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _dynamic(node: ast.Call) -> str:
    """Give the literal name in `import_module("…")`, or nothing."""
    called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    first = node.args[0] if node.args else None
    if called in DYNAMIC and isinstance(first, ast.Constant):
        return str(first.value)
    return ""


def _resolve(name: str, paths: set[str]) -> str | None:
    """Find the file of a dotted name, which may end in a name of that file."""
    parts = name.split(".")[1:]
    for length in (len(parts), len(parts) - 1):
        stem = "/".join(parts[: max(length, 0)])
        for path in (f"{stem}.py", f"{stem}/__init__.py" if stem else INIT_NAME):
            if path in paths:
                return path
    return None


def _judge(ladder: Ladder, edge: Import) -> str | None:
    """Say what is wrong with one import, if anything."""
    if edge.target == INIT_NAME:
        return f"imports from {PACKAGE} itself; import from the module instead"
    importer, target = ladder.module(edge.importer), ladder.module(edge.target)
    if importer is None or target is None:
        return None  # reported once, as a module without a layer
    if target.layer < importer.layer or _is_excepted(ladder, importer, target):
        return None
    way = "the same layer" if target.layer == importer.layer else "a higher layer"
    return (
        f"layer {importer.layer} imports {target.path} of {way} {target.layer}; "
        "turn the dependency round or move what is shared down"
    )


def _is_excepted(ladder: Ladder, importer: Module, target: Module) -> bool:
    if importer.layer != target.layer:
        return False
    if f"{importer.path} -> {target.path}" in ladder.same_layer:
        return True
    package = PurePosixPath(importer.path).parent.as_posix()
    inside = package == PurePosixPath(target.path).parent.as_posix()
    return inside and package in ladder.same_layer
