"""What a stage changes, for reading: a summary, then the diff of each file.

Compares the composed stage N-1 with the composed stage N. The headers name files
and stages, nothing else. This module must not write or judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff

from tools.stages.budgets import count_tests
from tools.stages.compose import composed_sources
from tools.stages.exports import INIT
from tools.stages.model import Ladder

__all__ = ["Change", "changes", "diff"]


@dataclass(frozen=True, slots=True)
class Change:
    """How one file differs between two stages."""

    path: str
    mark: str
    added: int
    removed: int
    lines: tuple[str, ...]


def diff(ladder: Ladder, n: int) -> str:
    """Draw what stage `n` changes from the stage before."""
    stage = ladder.stage(n)
    before = composed_sources(ladder, n - 1) if n > 1 else {}
    after = composed_sources(ladder, n)
    found = changes(before, after)
    start = f"stage {n - 1:02d}" if n > 1 else "an empty folder"
    parts = [f"stage {n:02d} {stage.title}: what changes from {start}", ""]
    parts += [_summary(change) for change in found]
    parts.append(f"  = {len(after) - len(found)} files stay as they are")
    parts.append(f"  new tests in tests/{stage.name}: {count_tests(stage)}")
    for change in found:
        parts += ["", *_body(change, n)]
    return "\n".join(parts) + "\n"


def changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[Change]:
    """List the files that differ; new ones first, then changed ones."""
    found = [
        _change(path, before.get(path), content)
        for path, content in after.items()
        if before.get(path) != content
    ]
    return sorted(found, key=lambda change: (change.mark, change.path == INIT))


def _change(path: str, old: bytes | None, new: bytes) -> Change:
    was = [] if old is None else old.decode().splitlines()
    lines = tuple(unified_diff(was, new.decode().splitlines(), lineterm="", n=3))[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return Change(path, "+" if old is None else "~", added, removed, lines)


def _summary(change: Change) -> str:
    name = change.path.removeprefix("microlith/")
    count = f"+{change.added}" + (f" -{change.removed}" if change.removed else "")
    made = " (generated)" if change.path == INIT else ""
    return f"  {change.mark} {name:<28} {count}{made}"


def _body(change: Change, n: int) -> Iterator[str]:
    name = change.path.removeprefix("microlith/")
    if change.mark == "+":
        yield f"+ {name}: new in stage {n:02d}"
    else:
        yield f"~ {name}: stage {n - 1:02d} -> stage {n:02d}"
    yield "-" * 79
    for line in change.lines:
        if not line.startswith("@@"):
            yield line.rstrip()
        elif change.mark == "~":
            start = line.split("+")[1].split(" ")[0].split(",")[0]
            yield f"@@ line {start} @@"
