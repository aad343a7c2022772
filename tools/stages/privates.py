"""Stage tests use public names only, so that any honest solution passes them.

A name with a leading underscore may be used where the same file binds it. Dunder
names are public, and so are the few documented names of the standard library
that start with an underscore. Strings count where they name an attribute:
`getattr(x, "_y")`, `patch("microlith.x._y")`. This module reads syntax trees and
must not know what the tests test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.stages.model import Ladder, is_ignored

__all__ = ["check", "check_source"]

DOCUMENTED = {"_asdict", "_replace", "_make", "_fields", "_field_defaults"}
DOCUMENTED |= {"_exit", "_getframe"}

BY_NAME = {"getattr", "setattr", "hasattr", "delattr", "object", "attrgetter"}
"""Callables that take an attribute's name as a string (`patch.object` too)."""

DOTTED = re.compile(r"\bmicrolith(?:\.\w+)*?\.(_[A-Za-z0-9]\w*)")


def check(ladder: Ladder) -> list[str]:
    """Check tests, exercises and demo of each stage, and Python files in docs."""
    problems: list[str] = []
    for path in _files(ladder):
        shown = path.relative_to(ladder.root).as_posix()
        problems += check_source(path.read_bytes(), shown)
    return problems


def check_source(source: bytes, shown: str) -> list[str]:
    """Check one file; `shown` is its name in the messages."""
    tree = ast.parse(source, shown)
    bound = _bound(tree)
    seen: dict[tuple[int, str], None] = {}
    for name, line in _uses(tree):
        if _is_private(name) and name not in bound and name not in DOCUMENTED:
            seen[line, name] = None
    return [
        f"{shown}:{line}: uses the private name {name}; test through public names"
        for line, name in sorted(seen)
    ]


def _files(ladder: Ladder) -> Iterator[Path]:
    folders = [stage.folder for stage in ladder.stages]
    for folder in [*folders, ladder.root / "docs"]:
        for path in sorted(folder.rglob("*.py")):
            relative = path.relative_to(folder)
            if relative.parts[0] != "src" and not is_ignored(relative):
                yield path


def _is_private(name: str) -> bool:
    dunder = name.startswith("__") and name.endswith("__")
    return name.startswith("_") and name.strip("_") != "" and not dunder


def _bound(tree: ast.Module) -> set[str]:
    """Collect the names that this file itself creates; imports are no creation."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
                names.add(node.attr)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs) and node.name:
            names.add(node.name)
    return names


def _uses(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every name that a file imports, reads or spells in a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _import_names(node):
                yield name, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.lineno
        elif isinstance(node, ast.MatchClass):
            yield from ((name, node.cls.lineno) for name in node.kwd_attrs)
        elif isinstance(node, ast.Call):
            yield from _spelled(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for match in DOTTED.finditer(node.value):
                yield match[1], node.lineno


def _import_names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    module = getattr(node, "module", None) or ""
    names = [alias.name for alias in node.names]
    if module != "__future__":
        for dotted in [module, *names]:
            yield from dotted.split(".")


def _spelled(node: ast.Call) -> Iterator[tuple[str, int]]:
    """Yield the attribute names that a call spells as strings."""
    called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    if called not in BY_NAME:
        return
    for argument in node.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            for part in argument.value.split("."):
                yield part, argument.lineno
