"""Tables of figures as HTML: one box that scrolls, a title, marked rows.

Owns how a figure, a dash and an error look. It must not know what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report import safe
from tools.book.bench.results import is_own
from tools.book.html import escape

__all__ = ["DASH", "Cell", "cell", "listing", "table"]

DASH = "–"
ERROR = "error"
GROUP = "</tbody><tbody>\n"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, and whether it is the best of its row or an error."""

    text: str
    kind: str = ""

    @property
    def html(self) -> str:
        """The text with its mark."""
        text = escape(self.text)
        return f"<strong>{text}</strong>" if self.kind in ("best", ERROR) else text


def cell(
    found: Mapping[str, Any] | None, show: Callable[[Any], str], kind: str = ""
) -> Cell:
    """Show a figure, a dash where there is none, `error` where it was wrong."""
    text = safe(found, show)
    if text == "-":
        return Cell(DASH)
    return Cell(ERROR, ERROR) if text == "ERR" else Cell(text, kind)


def table(
    anchor: str,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    *,
    words: bool = False,
) -> str:
    """Return a table in a box of its own that scrolls; `words` aligns to the left.

    A row of one cell heads the rows below it.
    """
    own = [is_own(name) for name in head]
    first, *others = head
    kinds = "ml-numbers ml-words" if words else "ml-numbers"
    columns = "".join(
        f'<th scope="col"{_mark(mark)}>{escape(name)}</th>'
        for name, mark in zip(others, own[1:], strict=True)
    )
    body = "\n".join(_row(row, own[1:]) for row in rows).removeprefix(GROUP)
    corner = f'<th scope="col">{escape(first)}</th>' if first else "<td></td>"
    name = escape(f"bench-{anchor}")
    return (
        f'<div class="ml-table" id="{name}">\n'
        f'<p class="ml-table-title" id="{name}-title">{escape(title)}</p>\n'
        f'<div class="ml-scroll" tabindex="0" role="group" '
        f'aria-labelledby="{name}-title">'
        f'<table class="{kinds}" aria-labelledby="{name}-title">\n'
        f"<thead><tr>{corner}{columns}</tr></thead>\n<tbody>\n{body}\n</tbody>"
        f"</table></div>\n</div>"
    )


def _row(row: Sequence[Cell | str], own: Sequence[bool]) -> str:
    first, *others = (c if isinstance(c, Cell) else Cell(c) for c in row)
    if own and not others:
        head = f'<th scope="rowgroup" colspan="{len(own) + 1}">{first.html}</th>'
        return f'{GROUP}<tr class="ml-group">{head}</tr>'
    mark = is_own(first.text)
    cells = "".join(
        f"<td{_mark(column)}>{one.html}</td>"
        for one, column in zip(others, own, strict=True)
    )
    return f'<tr{_mark(mark)}><th scope="row">{first.html}</th>{cells}</tr>'


def _mark(own: bool) -> str:
    return ' class="ml-own"' if own else ""


def listing(items: Sequence[str]) -> str:
    """Return a list; the items are HTML."""
    inner = "\n".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="ml-found">\n{inner}\n</ul>'
