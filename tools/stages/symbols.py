"""Compare two versions of the package by symbol, as syntax, not as text.

Comments, docstrings, annotations, layout and the names of local variables do not
count. This module reads sources and must not run them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass

from tools.stages.holes import is_public
from tools.stages.pieces import Function, docstring_of, names_of, root_name

__all__ = ["Comparison", "Symbol", "compare", "symbols"]

PLACEHOLDERS = ("NotBuilt", "Unbuilt", "NotImplementedError")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One public name of a file: `Router.match` at a line."""

    file: str
    name: str
    line: int
    last: int
    shape: str
    built: bool

    @property
    def full(self) -> str:
        """The symbol with its file: `routing.py:Router.match`."""
        return f"{self.file}:{self.name}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a reader's package lacks, has not built, or does differently."""

    missing: tuple[Symbol, ...]
    unbuilt: tuple[tuple[Symbol, Symbol], ...]
    different: tuple[tuple[Symbol, Symbol], ...]
    same: int
    broken: tuple[str, ...]


def compare(mine: Mapping[str, bytes], reference: Mapping[str, bytes]) -> Comparison:
    """Compare the public symbols of two trees (path below src -> source)."""
    missing: list[Symbol] = []
    unbuilt: list[tuple[Symbol, Symbol]] = []
    different: list[tuple[Symbol, Symbol]] = []
    broken: list[str] = []
    same = 0
    for path, source in reference.items():
        if not path.endswith(".py") or path == "microlith/__init__.py":
            continue
        try:
            own = symbols(path, mine.get(path, b""))
        except (SyntaxError, UnicodeDecodeError, ValueError) as error:
            line = getattr(error, "lineno", None)
            broken.append(f"{path}:{line or 1}: {getattr(error, 'msg', error)}")
            continue
        for name, wanted in symbols(path, source).items():
            found = own.get(name)
            if found is None:
                missing.append(wanted)
            elif not found.built and wanted.built:
                unbuilt.append((found, wanted))
            elif found.shape != wanted.shape:
                different.append((found, wanted))
            else:
                same += 1
    found_all = (tuple(missing), tuple(unbuilt), tuple(different), same)
    return Comparison(*found_all, tuple(broken))


def symbols(path: str, source: bytes) -> dict[str, Symbol]:
    """List the public symbols of one file by name."""
    file = path.removeprefix("microlith/")
    found: dict[str, Symbol] = {}
    _collect(ast.parse(source).body, file, "", found)
    return found


def _collect(
    body: list[ast.stmt], file: str, prefix: str, found: dict[str, Symbol]
) -> None:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for name in names_of(node):
            if not is_public(name) or name in ("__all__", "__slots__"):
                continue
            full = f"{prefix}{name}"
            last = node.end_lineno or node.lineno
            shape, built = _shape(node), not _is_hole(node)
            # The first of several (a property, then its setter) keeps the name.
            known = found.get(full)
            if known is not None:
                shape, built = known.shape + shape, known.built and built
            line = known.line if known is not None else node.lineno
            found[full] = Symbol(file, full, line, last, shape, built)
            if isinstance(node, ast.ClassDef):
                _collect(node.body, file, f"{full}.", found)


def _is_hole(node: ast.stmt) -> bool:
    """Tell whether a function or a value is still to be built."""
    if isinstance(node, Function):
        body = node.body[1:] if docstring_of(node) else node.body
        first = body[0] if body else None
        raised = first.exc if isinstance(first, ast.Raise) else None
        return raised is not None and root_name(raised) in PLACEHOLDERS
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and root_name(value) == "Unbuilt"


def _shape(node: ast.stmt) -> str:
    """Dump a statement without what does not count."""
    node = copy.deepcopy(node)
    if isinstance(node, ast.ClassDef):
        node.body = [ast.Pass()]
    cleaned = _Cleaner().visit(node)
    if isinstance(cleaned, Function):
        _rename_locals(cleaned)
    return ast.dump(cleaned)


class _Cleaner(ast.NodeTransformer):
    """Take out docstrings and annotations."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: Function) -> ast.AST:
        if docstring_of(node):
            node.body = node.body[1:] or [ast.Pass()]
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def _rename_locals(function: Function) -> None:
    """Number the local variables in the order in which they are first bound."""
    parameters = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    kept = {
        name
        for node in ast.walk(function)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for name in node.names
    }
    order: dict[str, str] = {}
    for node in ast.walk(function):
        name = None
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.ExceptHandler):
            name = node.name
        if name is not None and name not in parameters | kept:
            order.setdefault(name, f"local{len(order)}")
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = order.get(node.id, node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            node.name = order.get(node.name, node.name)
