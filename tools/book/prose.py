"""Rules for the text of a page: its length, and no line numbers.

Counts words as a reader meets them: headings, paragraphs, lists, tables and notes,
without code, output and generated text. It must not know stages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.book.directives import Directive, scan
from tools.book.notes import parse_notes

__all__ = ["line_number_includes", "words"]

FENCE = re.compile(r" *(`{3,}|~{3,})")
NOISE = re.compile(r"\]\([^)]*\)|\{[^}\s][^}]*\}|<[^>]+>|<!--.*?-->")
INCLUDES = (
    re.compile(r" *(?:`{3,}|~{3,}).*\b(?:hl_lines|linenums)="),
    re.compile(r".*--8<--.*:\d+"),
    re.compile(r" *@@(?:code|diff) .*(?:ln\[|\.\w+:\d+(?::\d+)?(?:\s|$))"),
)


def words(lines: Iterable[str]) -> int:
    """Count the words of prose."""
    return sum(
        sum(any(sign.isalnum() for sign in word) for word in text.split())
        for text in _prose(lines)
    )


def _prose(lines: Iterable[str]) -> Iterator[str]:
    fence = ""
    for item in scan(lines):
        if isinstance(item, Directive):
            if item.name in ("code", "diff"):
                yield from (note.text for note in parse_notes(item))
            continue
        opened = FENCE.match(item)
        if fence:
            if item.strip() and set(item.strip()) == {fence[0]}:
                fence = ""
        elif opened:
            fence = opened[1]
        else:
            yield NOISE.sub(" ", item)


def line_number_includes(lines: Iterable[str]) -> list[int]:
    """List the lines that show code by its line numbers."""
    return [
        number
        for number, line in enumerate(lines, start=1)
        if any(pattern.match(line) for pattern in INCLUDES)
    ]
