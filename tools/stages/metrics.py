"""Count code: lines that are neither docstring, comment nor blank.

The one definition of a line of code for budgets and tables. A bare string
statement anywhere (a docstring, or the note below a constant) is documentation.
This module knows source text only, no ladder.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Function", "code_lines", "functions", "new_lines", "percentile"]

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its dotted name, its line, its lines of code."""

    name: str
    line: int
    length: int


def code_lines(source: bytes) -> list[str]:
    """List the lines of code, stripped at the end."""
    text = source.decode()
    lines = text.splitlines()
    return [lines[number - 1].rstrip() for number in sorted(_numbers(text))]


def new_lines(before: bytes, after: bytes) -> int:
    """Count the lines of code in `after` that are added or changed."""
    matcher = SequenceMatcher(None, code_lines(before), code_lines(after), False)
    return sum(j2 - j1 for tag, _, _, j1, j2 in matcher.get_opcodes() if tag != "equal")


def functions(source: bytes) -> list[Function]:
    """List all functions and methods; a nested one counts for itself too."""
    text = source.decode()
    numbers = _numbers(text)
    found: list[Function] = []

    def visit(node: ast.AST, trail: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = trail
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = (*trail, child.name)
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                span = range(child.lineno, (child.end_lineno or child.lineno) + 1)
                length = len(numbers & set(span))
                found.append(Function(".".join(inner), child.lineno, length))
            visit(child, inner)

    visit(ast.parse(text), ())
    return found


def percentile(values: Iterable[int], share: float) -> int:
    """Give the smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return 0
    rank = -(-len(ordered) * share // 1)
    return ordered[max(int(rank), 1) - 1]


def _numbers(text: str) -> set[int]:
    """Number the lines that hold code."""
    silent = _documentation(text)
    numbers: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            numbers |= set(range(token.start[0], token.end[0] + 1))
    return numbers - silent


def _documentation(text: str) -> set[int]:
    """Number the lines of bare string statements."""
    numbers: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            numbers |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return numbers
