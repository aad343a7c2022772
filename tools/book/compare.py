"""Comparing two versions of a text, line by line.

Owns the rows that snippets and diffs are made of. A row knows its line in the old
and in the new text. It must not know stages, pages or HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Row", "added_lines", "compare", "hunks"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison: `" "` kept, `"+"` added, `"-"` removed."""

    sign: str
    text: str
    old: int = 0
    new: int = 0


def compare(
    old: Sequence[str], new: Sequence[str], old_from: int = 1, new_from: int = 1
) -> list[Row]:
    """Compare lines; the numbers of the rows start where the caller says."""
    rows: list[Row] = []
    matcher = SequenceMatcher(None, list(old), list(new), autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            rows += [
                Row(" ", new[b], old_from + a, new_from + b)
                for a, b in zip(range(a1, a2), range(b1, b2), strict=True)
            ]
            continue
        rows += [Row("-", old[a], old=old_from + a) for a in range(a1, a2)]
        rows += [Row("+", new[b], new=new_from + b) for b in range(b1, b2)]
    return rows


def added_lines(old: str, new: str) -> set[int]:
    """Return the numbers of the non-blank lines that `new` adds or changes."""
    rows = compare(old.splitlines(), new.splitlines())
    return {row.new for row in rows if row.sign == "+" and row.text.strip()}


def hunks(rows: Sequence[Row], context: int) -> list[Row | None]:
    """Keep changed rows, rows around them and the `def` lines above them.

    `None` stands for rows that were left out.
    """
    keep: set[int] = set()
    for index, row in enumerate(rows):
        if row.sign != " ":
            keep |= set(range(index - context, index + context + 1))
            keep |= _headers(rows, index)
    result: list[Row | None] = []
    for index, row in enumerate(rows):
        if index in keep:
            result.append(row)
        elif result and result[-1] is not None:
            result.append(None)
    if result and result[-1] is None:
        result.pop()
    return result


def _headers(rows: Sequence[Row], index: int) -> set[int]:
    """Find the `class` and `def` lines that enclose a row."""
    found: set[int] = set()
    indent = _indent(rows[index].text) if rows[index].text.strip() else 999
    for position in range(index - 1, -1, -1):
        row = rows[position]
        if row.sign == "-" or not row.text.strip():
            continue
        if row.text.lstrip().startswith((")", "]", "}")):
            continue
        if _indent(row.text) < indent:
            indent = _indent(row.text)
            if row.text.lstrip().startswith(("def ", "async def ", "class ")):
                found.add(position)
    return found


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
