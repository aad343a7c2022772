"""Carry edits between `final/src` and the layers, in both directions.

`absorb` takes an edit made in `final/src` down to the layer that holds the last
version of the file, and tries the same edit on older versions. `sync` writes the
composition of the last stage into `final/src`. Neither loses an edit in silence,
and neither judges whether an older stage still works: its tests do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.stages import exports
from tools.stages.compose import composed_sources, tree_files, write_tree
from tools.stages.merge import merge
from tools.stages.model import Ladder, LadderError, Stage

__all__ = ["Outcome", "absorb", "differences", "sync"]

APPLIED, SAME, CONFLICT = "applied cleanly", "identical", "conflict"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one edit in one version of a file."""

    path: str
    stage: str
    result: str

    def __str__(self) -> str:
        """Draw one line of the report."""
        line = f"stages/{self.stage}/src/{self.path}: {self.result}"
        if self.result == CONFLICT:
            line += (
                "; left untouched: backport by hand, or declare a "
                "[[simplification]] in its stage.toml"
            )
        elif self.result == SAME:
            line += " already; nothing to do"
        return line


def differences(ladder: Ladder) -> list[str]:
    """List how `final/src` differs from the layers, byte for byte."""
    final = tree_files(ladder.final)
    composed = composed_sources(ladder, ladder.last)
    problems = []
    for path in sorted(final.keys() | composed.keys()):
        if path not in composed:
            problems.append(f"final/src/{path} is in no layer; {_where_to_put(path)}")
        elif path not in final:
            problems.append(
                f"final/src/{path} is missing; run python -m tools.stages sync"
            )
        elif final[path] != composed[path]:
            problems.append(
                f"final/src/{path} differs from the layers; run python -m "
                "tools.stages absorb (edit made in final) or sync --force (in a layer)"
            )
    return problems


def absorb(ladder: Ladder, *, write: bool = True) -> list[Outcome]:
    """Take the edits in `final/src` into the layers; `write=False` only reports."""
    final = tree_files(ladder.final)
    composed = composed_sources(ladder, ladder.last)
    _refuse_new_and_missing(final, composed)
    outcomes: list[Outcome] = []
    updates: dict[Path, bytes] = {}
    for path, text in final.items():
        if path != exports.INIT and text != composed[path]:
            outcomes += _absorb_file(ladder, path, text, composed[path], updates)
    init = exports.generate(ladder, final)
    if final[exports.INIT] not in (init, composed[exports.INIT]):
        raise LadderError(
            f"final/src/{exports.INIT} is generated, but was edited; change the "
            "__all__ of a module and restore the file with sync --force"
        )
    if write:
        for file, content in updates.items():
            file.write_bytes(content)
        (ladder.final / exports.INIT).write_bytes(init)
        _confirm(ladder)
    return outcomes


def sync(ladder: Ladder, *, force: bool = False) -> list[str]:
    """Write the last composition to `final/src`; list the files written.

    Without `force`, a file in `final/src` that differs stops it, because the
    difference may be an edit that is not absorbed yet. It never deletes.
    """
    final = tree_files(ladder.final)
    composed = composed_sources(ladder, ladder.last)
    extra = sorted(final.keys() - composed.keys())
    if extra:
        raise LadderError(f"final/src/{extra[0]} is in no layer; move or delete it")
    differing = sorted(p for p in final if final[p] != composed[p])
    if differing and not force:
        raise LadderError(
            f"final/src differs from the layers in {', '.join(differing)}; absorb "
            "these edits first, or give --force to overwrite them"
        )
    write_tree(ladder.final, composed)
    return sorted({*differing, *(composed.keys() - final.keys())})


def _absorb_file(
    ladder: Ladder, path: str, text: bytes, base: bytes, updates: dict[Path, bytes]
) -> list[Outcome]:
    """Plan one file's update in each layer that holds it, newest first."""
    holders = [s for s in reversed(ladder.stages) if (s.src / path).exists()]
    outcomes = []
    for stage in holders:
        merged = text if stage is holders[0] else _try(stage, path, base, text)
        old = (stage.src / path).read_bytes()
        if merged is None:
            result = CONFLICT
        elif merged == old:
            result = SAME
        else:
            result, updates[stage.src / path] = APPLIED, merged
        outcomes.append(Outcome(path, stage.name, result))
    return outcomes


def _try(stage: Stage, path: str, base: bytes, text: bytes) -> bytes | None:
    return merge((stage.src / path).read_bytes(), base, text)


def _refuse_new_and_missing(
    final: dict[str, bytes], composed: dict[str, bytes]
) -> None:
    for path in sorted(final.keys() - composed.keys()):
        raise LadderError(f"final/src/{path} is in no layer; {_where_to_put(path)}")
    for path in sorted(composed.keys() - final.keys()):
        raise LadderError(
            f"final/src/{path} is missing, and layers never delete; restore it with "
            "python -m tools.stages sync"
        )


def _where_to_put(path: str) -> str:
    name = path.removeprefix("microlith/")
    return (
        "create it in the src of the stage that introduces it "
        f'(stages/matrix.toml, path = "{name}", new = that stage), then run sync'
    )


def _confirm(ladder: Ladder) -> None:
    """Make sure that the layers now give what `final/src` holds."""
    left = differences(ladder)
    if left:
        raise LadderError(f"absorb left a difference: {left[0]}")
