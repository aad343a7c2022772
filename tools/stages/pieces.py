"""Cut Python source into pieces that can be put together again.

A piece is one statement with the comments that stand on it, as text: what is
kept keeps its comments and its layout. Everything is cut at whole lines, which
a formatted file allows. This module must not know what a stub is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

__all__ = [
    "Function",
    "Piece",
    "Text",
    "docstring_of",
    "is_block",
    "is_generator",
    "join",
    "names_of",
    "needed_names",
    "root_name",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement as text, without the newline at its end."""

    node: ast.stmt
    text: str
    banner: str = ""
    gap: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the statement binds."""
        return names_of(self.node)

    def with_text(self, text: str) -> Piece:
        """Give the same piece with another text."""
        return replace(self, text=text)


class Text:
    """A source file: its lines and its syntax tree."""

    def __init__(self, source: bytes) -> None:
        text = source.decode("utf-8")
        self.lines = text.split("\n")
        self.tree = ast.parse(text)

    def span(self, first: int, last: int) -> str:
        """Give the lines from `first` to `last`, both counted from 1."""
        return "\n".join(self.lines[first - 1 : last])

    def whole(self, node: ast.stmt) -> str:
        """Give all lines of a statement, its decorators included."""
        return self.span(_start(node), node.end_lineno or 0)

    def doc(self, node: ast.Module | ast.ClassDef | Function) -> str:
        """Give the lines of a docstring, or an empty text."""
        found = docstring_of(node)
        return self.span(found.lineno, found.end_lineno or 0) if found else ""

    def header(self, node: ast.ClassDef | Function, skip: Iterable[ast.expr]) -> str:
        """Give decorators and signature, without the decorators in `skip`."""
        dropped = {
            line
            for decorator in skip
            for line in range(decorator.lineno, (decorator.end_lineno or 0) + 1)
        }
        last = self.header_end(node)
        kept = [n for n in range(_start(node), last + 1) if n not in dropped]
        lines = [self.lines[n - 1] for n in kept]
        if node.body[0].lineno == last:
            raw = lines[-1].encode()[: node.body[0].col_offset]
            lines[-1] = raw.decode().rstrip()
        return "\n".join(lines)

    def header_end(self, node: ast.ClassDef | Function) -> int:
        """Give the last line of a signature."""
        line = _start(node.body[0])
        before = self.lines[line - 1].encode()[: node.body[0].col_offset]
        if line >= node.lineno and before.strip(b" @"):
            return line
        line -= 1
        while self._is_between(line):
            line -= 1
        return line

    def body(self, node: Function) -> str:
        """Give the lines of a function below signature and docstring."""
        doc = docstring_of(node)
        if doc is None and node.body[0].lineno == self.header_end(node):
            statement = ast.get_source_segment("\n".join(self.lines), node.body[0])
            return " " * (node.col_offset + 4) + str(statement)
        first = (doc.end_lineno or 0) if doc else self.header_end(node)
        return self.span(first + 1, node.end_lineno or 0).lstrip("\n")

    def pieces(self, node: ast.Module | ast.ClassDef) -> list[Piece]:
        """Cut a module or a class below its docstring into pieces."""
        doc = docstring_of(node)
        if doc is not None:
            above = doc.end_lineno or 0
        else:
            above = 0 if isinstance(node, ast.Module) else self.header_end(node)
        body = node.body[1:] if doc else node.body
        found: list[Piece] = []
        for stmt in body:
            end = stmt.end_lineno or 0
            if found and _is_text(stmt) and _is_assign(found[-1].node):
                text = f"{found[-1].text}\n{self.span(above + 1, end)}"
                found[-1] = found[-1].with_text(text)
            else:
                found.append(self._piece(stmt, above))
            above = end
        return found

    def _piece(self, stmt: ast.stmt, above: int) -> Piece:
        start = _start(stmt)
        between = self.lines[above : start - 1]
        gap = next((i for i, line in enumerate(between) if line.strip()), len(between))
        blanks = [i for i, line in enumerate(between) if not line.strip()]
        cut = blanks[-1] + 1 if blanks else 0
        banner = "\n".join(line for line in between[:cut] if line.strip())
        lines = [*between[cut:], self.span(start, stmt.end_lineno or 0)]
        return Piece(stmt, "\n".join(lines), banner, gap)

    def _is_between(self, line: int) -> bool:
        text = self.lines[line - 1].strip()
        return not text or text.startswith("#")


def docstring_of(node: ast.Module | ast.ClassDef | Function) -> ast.Expr | None:
    """Find the statement that is the docstring."""
    first = node.body[0] if node.body else None
    return first if isinstance(first, ast.Expr) and _is_text(first) else None


def names_of(node: ast.stmt) -> tuple[str, ...]:
    """List the names that a statement binds."""
    if isinstance(node, ast.ClassDef | Function):
        return (node.name,)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return tuple((a.asname or a.name).split(".")[0] for a in node.names)
    targets: Sequence[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    found = (n for target in targets for n in ast.walk(target))
    return tuple(n.id for n in found if isinstance(n, ast.Name))


def needed_names(source: str) -> set[str]:
    """List the names that must exist when this source is imported."""
    return {name for stmt in ast.parse(source).body for name in _needs(stmt)}


def _needs(node: ast.AST) -> Iterator[str]:
    """List names of a statement, but not those inside function bodies."""
    if isinstance(node, Function):
        outer: list[ast.AST] = [*node.decorator_list, node.args]
        for part in [*outer, *filter(None, [node.returns])]:
            yield from _needs(part)
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _quoted_names(node.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _needs(child)


def _quoted_names(text: str) -> Iterator[str]:
    """List the names in a quoted annotation."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return
    yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def is_generator(node: Function) -> bool:
    """Tell whether a function yields."""
    inside: list[ast.AST] = list(node.body)
    while inside:
        item = inside.pop()
        if isinstance(item, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(item, Function | ast.Lambda | ast.ClassDef):
            inside.extend(ast.iter_child_nodes(item))
    return False


def root_name(node: ast.expr) -> str:
    """Give `a` for `a`, `a.b`, `a[b]` and `a.b(c)`; else an empty text."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        else:
            return ""
    return node.id


def join(pieces: Sequence[Piece], *, wide: int = 2) -> str:
    """Put pieces below each other, with the blank lines of a formatter."""
    lines: list[str] = []
    before: ast.stmt | None = None
    for piece in pieces:
        blocks = is_block(piece.node)
        if before is not None:
            gap = wide if blocks or is_block(before) else min(piece.gap, wide)
            lines += [""] * max(gap, 1 if piece.banner else 0)
        if piece.banner:
            lines += [piece.banner, *[""] * (wide if blocks else 1)]
        lines.append(piece.text)
        before = piece.node
    return "\n".join(lines)


def is_block(node: ast.stmt) -> bool:
    """Tell whether a statement is a class or a function."""
    return isinstance(node, ast.ClassDef | Function)


def _start(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in _decorators(node))])


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.ClassDef | Function) else []


def _is_text(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_assign(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign)
