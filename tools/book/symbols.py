"""Finding things in Python source by name, with the lines that they take.

Works on text through `ast` and never imports what it reads, only the standard
library's own classes. It must not know stages, pages or HTML.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from tools.book.errors import BookError

__all__ = ["Span", "Symbol", "find", "names", "overrides", "symbols"]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Span:
    """A range of lines, both ends included, counted from 1."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A class, a function, a method or a constant of a module."""

    name: str
    kind: str
    span: Span
    line: int
    purpose: str
    overload: bool = False

    @property
    def own(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def dunder(self) -> bool:
        """Whether the language, not the author, chose the name."""
        return self.own.startswith("__") and self.own.endswith("__")

    @property
    def private(self) -> bool:
        """Whether a part of the name starts with an underscore."""
        return any(part.startswith("_") for part in self.name.split("."))


@lru_cache(maxsize=256)
def symbols(text: str) -> tuple[Symbol, ...]:
    """List the symbols of a module in the order of their lines."""
    return tuple(_walk(_parse(text).body, ""))


def find(text: str, name: str) -> Span:
    """Return the lines of a symbol, or say which names there are."""
    if name == "<module>":
        return _docstring(text)
    if name == "<imports>":
        return _imports(text)
    found = [s for s in symbols(text) if s.name == name]
    if not found:
        raise BookError(f"there is no {name}; the names are: {names(text)}")
    return Span(found[0].span.first, found[-1].span.last)


@lru_cache(maxsize=256)
def overrides(text: str) -> Mapping[str, str]:
    """Name the methods that replace one of a class of the standard library.

    `StepLoop.time` -> `asyncio.AbstractEventLoop.time`: its documentation is there.
    """
    tree = _parse(text)
    origins = _origins(tree)
    found: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        for base in node.bases:
            path = _standard(ast.unparse(base), origins)
            methods = [item for item in node.body if isinstance(item, Definition)]
            for item in methods:
                if path and hasattr(_load(path), item.name):
                    found[f"{node.name}.{item.name}"] = f"{path}.{item.name}"
    return found


def _origins(tree: ast.Module) -> dict[str, str]:
    """Map the names that a module imports to where they come from."""
    origins: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            origins |= {a.asname or a.name: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            home = node.module
            origins |= {a.asname or a.name: f"{home}.{a.name}" for a in node.names}
    return origins


def _standard(base: str, origins: Mapping[str, str]) -> str:
    """Return the full name of a base from the standard library, or nothing."""
    head, dot, tail = base.partition("[")[0].partition(".")
    path = f"{origins.get(head, '')}{dot}{tail}"
    known = "." in path and path.partition(".")[0] in sys.stdlib_module_names
    return path if known else ""


def _load(path: str) -> object:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name, None)


def names(text: str) -> str:
    """List the names that `find` knows, for messages."""
    known = dict.fromkeys(symbol.name for symbol in symbols(text))
    return ", ".join(known) or "none"


def _parse(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise BookError(f"not valid Python: {error}") from error


def _walk(body: list[ast.stmt], prefix: str) -> Iterator[Symbol]:
    for position, node in enumerate(body):
        follower = body[position + 1] if position + 1 < len(body) else None
        if isinstance(node, Definition):
            yield _definition(node, prefix)
            if isinstance(node, ast.ClassDef):
                yield from _walk(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from _walk(node.body, prefix)
        else:
            yield from _assignment(node, follower, prefix)


def _definition(node: Definition, prefix: str) -> Symbol:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    marks = {ast.unparse(d).rpartition(".")[2] for d in node.decorator_list}
    doc = ast.get_docstring(node) or ""
    return Symbol(
        prefix + node.name,
        kind,
        Span(first, node.end_lineno or first),
        node.lineno,
        doc.partition("\n")[0],
        "overload" in marks,
    )


def _assignment(
    node: ast.stmt, follower: ast.stmt | None, prefix: str
) -> Iterator[Symbol]:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return
    last, purpose = node.end_lineno or node.lineno, ""
    if (
        isinstance(follower, ast.Expr)
        and isinstance(follower.value, ast.Constant)
        and isinstance(follower.value.value, str)
    ):
        last = follower.end_lineno or last
        purpose = follower.value.value.strip().partition("\n")[0]
    for target in targets:
        if isinstance(target, ast.Name):
            span = Span(node.lineno, last)
            yield Symbol(prefix + target.id, "constant", span, node.lineno, purpose)


def _docstring(text: str) -> Span:
    body = _parse(text).body
    if body and isinstance(body[0], ast.Expr) and ast.get_docstring(_parse(text)):
        return Span(body[0].lineno, body[0].end_lineno or body[0].lineno)
    raise BookError("the module has no docstring; write one")


def _imports(text: str) -> Span:
    lines = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in _parse(text).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    if not lines:
        raise BookError("the module imports nothing; remove <imports>")
    return Span(lines[0][0], lines[-1][1])
