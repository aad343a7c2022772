"""Apply the edit between two texts to a third one, or say that it does not fit.

A hunk fits where its old lines stand in the third text next to a line that both
share. Unlike the merge of version control, a difference directly beside the hunk
is no conflict: stages differ in what follows a line, not in the line. A hunk that
is there already counts as done. This module knows lines, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

__all__ = ["merge"]

Block = tuple[int, int, int]
"""Where equal lines start in two texts, and how many they are."""


def merge(ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """Apply the edit from `base` to `theirs` to `ours`; None if it conflicts."""
    mine, old, new = (t.decode().splitlines(True) for t in (ours, base, theirs))
    from_old, from_new = _blocks(old, mine), _blocks(new, mine)
    result = list(mine)
    edits = SequenceMatcher(None, old, new, False).get_opcodes()
    for tag, i1, i2, j1, j2 in reversed(edits):
        if tag == "equal":
            continue
        place = _place(from_old, old, i1, i2, len(mine))
        if place is not None:
            result[place : place + i2 - i1] = new[j1:j2]
        elif _place(from_new, new, j1, j2, len(mine)) is None:
            return None
    return "".join(result).encode()


def _blocks(left: list[str], right: list[str]) -> Sequence[Block]:
    return SequenceMatcher(None, left, right, False).get_matching_blocks()


def _place(
    blocks: Sequence[Block], lines: list[str], start: int, stop: int, end: int
) -> int | None:
    """Find where `lines[start:stop]` stands in the other text, `end` lines long.

    Lines to insert before (start == stop) need a shared line on both sides, or
    the edge of both texts; otherwise their place would be a guess.
    """
    for a, b, size in blocks:
        if not a <= start <= stop <= a + size:
            continue
        if start == stop:
            at_top = start == 0 == b
            at_end = start == len(lines) and b + size == end
            if not (a < start < a + size or at_top or at_end):
                continue
        around = lines[a:start] + lines[stop : a + size]
        if any(line.strip() for line in around):
            return b + start - a
    return None
