"""Rows of code as HTML: signs, strikes, notes, and the views of a snippet.

One listing serves two views: *Result* hides the removed lines and the signs by
CSS, so both work without scripts. It must not know where rows come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.book.compare import Row
from tools.book.html import (
    banner,
    code_box,
    details,
    escape,
    highlighted,
    inline,
    plural,
)
from tools.book.notes import Note

__all__ = ["Box", "diff_html", "render_box"]

INDENT = re.compile(r'(?: |<span class="w"> *</span>)*')
GAP = '<span class="ml-gap">⋯</span>\n'


@dataclass(frozen=True, slots=True)
class Box:
    """All that a snippet shows."""

    identifier: str
    trail: list[str]
    badge: str
    kind: str
    new_text: str
    old_text: str
    rows: Sequence[Row | None]
    notes: Sequence[Note]
    placed: Mapping[int, Sequence[Note]]
    whole: Sequence[Row]

    @property
    def file(self) -> str:
        """The name that chooses the language of the colours."""
        return self.trail[0] if "." in self.trail[0] else "x.py"

    @property
    def mixed(self) -> bool:
        """Whether kept rows stand beside changed ones, so that signs say something."""
        signs = {row.sign for row in self.rows if row is not None}
        return len(signs) > 1 or "-" in signs


def render_box(box: Box) -> str:
    """Render a snippet with its banner, views, notes and the whole symbol."""
    label = " › ".join(box.trail)
    shown = "ml-diff" if box.mixed else "ml-plain"
    parts = [
        f'<div class="ml-code {shown} {box.kind}" id="{box.identifier}" '
        f'role="group" aria-label="{escape(label)}">',
        banner(box.trail, box.badge, box.kind),
    ]
    if box.mixed:
        parts.append(_switch(box.identifier))
    parts.append(code_box(_code(box)))
    if box.notes:
        parts.append(_notes(box))
    if box.whole:
        parts.append(_whole(box))
    parts.append("</div>")
    return "\n".join(parts)


def diff_html(rows: Sequence[Row | None], old: str, new: str, file: str) -> str:
    """Render rows as a listing with signs."""
    box = Box("", [file], "", "", new, old, rows, (), {}, ())
    return f'<div class="ml-diff">{code_box(_code(box))}</div>'


def _code(box: Box) -> str:
    new = highlighted(box.new_text, box.file)
    old = highlighted(box.old_text, box.file)
    mixed = box.mixed
    parts: list[str] = []
    for row in box.rows:
        if row is None:
            parts.append(GAP)
        elif row.sign == "-":
            parts.append(f'<del class="ml-del">{_struck(old[row.old - 1])}\n</del>')
        else:
            marks = "".join(_mark(box, n) for n in box.placed.get(row.new, ()))
            line = f"{new[row.new - 1]}{marks}\n"
            added = row.sign == "+" and mixed
            parts.append(f'<ins class="ml-add">{line}</ins>' if added else line)
    return "".join(parts)


def _struck(line: str) -> str:
    """Strike the code of a line, not its indentation."""
    match = INDENT.match(line)
    indent = match[0] if match else ""
    code = line.removeprefix(indent)
    return f"{indent}<s>{code}</s>" if code else line


def _switch(identifier: str) -> str:
    return "".join(
        f'<input class="ml-view ml-view-{view}" type="radio" '
        f'name="{identifier}-view" id="{identifier}-{view}"{checked}>'
        f'<label for="{identifier}-{view}">{title}</label>'
        for view, title, checked in (
            ("change", "Change", " checked"),
            ("result", "Result", ""),
        )
    )


def _mark(box: Box, note: Note) -> str:
    name = f"{box.identifier}-note-{note.number}"
    return (
        f'<sup class="ml-note" id="{name}-mark"> <a class="ml-mark" href="#{name}" '
        f'aria-label="Note {note.number}">{note.number}</a></sup>'
    )


def _notes(box: Box) -> str:
    items = "\n".join(
        f'<li id="{box.identifier}-note-{note.number}">{inline(note.text)} '
        f'<a class="ml-back" href="#{box.identifier}-note-{note.number}-mark" '
        f'aria-label="Back to the code of note {note.number}">↑</a></li>'
        for note in box.notes
    )
    return f'<ol class="ml-notes">\n{items}\n</ol>'


def _whole(box: Box) -> str:
    lines = highlighted(box.new_text, box.file)
    code = "".join(f"{lines[row.new - 1]}\n" for row in box.whole)
    what = "symbol" if len(box.trail) > 1 else "file"
    summary = f"Whole {what} ({plural(len(box.whole), 'line')})"
    return details(
        summary,
        f"<div data-search-exclude>{code_box(code)}</div>",
        "ml-whole",
    )
