"""Notes on code: keyed by a text of the code, so that sources stay clean.

Owns the syntax of a snippet's block and the search for the noted line. It must not
know how notes look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.book.compare import Row
from tools.book.directives import Directive, unquote

__all__ = ["Note", "parse_notes", "place_notes"]

NOTE = re.compile(r"""("(?:[^"\\]|\\.)+"|'[^']+'):\s+(.*\S)\s*$""")


@dataclass(frozen=True, slots=True)
class Note:
    """A note with its number; `key` is the text that it belongs to."""

    number: int
    key: str
    text: str


def parse_notes(directive: Directive) -> list[Note]:
    """Read the block of a snippet."""
    notes: list[Note] = []
    for row in directive.block:
        match = NOTE.match(row)
        if match:
            notes.append(Note(len(notes) + 1, unquote(match[1]), match[2]))
        elif row.startswith(" ") and notes and row.strip():
            last = notes.pop()
            notes.append(Note(last.number, last.key, f"{last.text} {row.strip()}"))
        elif row.strip():
            directive.fail(f'cannot read the note {row!r}; write "text": note')
    return notes


def place_notes(
    directive: Directive, notes: Sequence[Note], rows: Sequence[Row]
) -> dict[int, list[Note]]:
    """Find the line of each note: line number of the new text -> notes."""
    placed: dict[int, list[Note]] = {}
    for note in notes:
        found = [row.new for row in rows if note.key in row.text]
        if len(found) != 1:
            directive.fail(
                f"the note {note.key!r} fits {len(found)} shown lines; "
                "choose a text that is on exactly one"
            )
        placed.setdefault(found[0], []).append(note)
    return placed
