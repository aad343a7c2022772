"""Read the ladder: `stages/matrix.toml` and each `stages/NN_slug/stage.toml`.

This module owns the shape of both files and refuses what contradicts itself.
It must not know how a stage is composed or checked; whether a named test or
file exists is a matter for `checks`. Its names are the interface of the other
tools; the records themselves are defined in `records`.

A folder in `stages/` counts as a stage once it and all before it have a
`stage.toml`. Folders that do not count yet are kept in `Ladder.unfinished`, one
message each, and make `check` fail; they do not stop work on earlier stages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tools.stages.records import (
    STAGES,
    Drill,
    Hint,
    Invariant,
    Ladder,
    Module,
    Planned,
    Simplification,
    Stage,
    Superseded,
)
from tools.stages.tables import LadderError, Table, read_toml

__all__ = [
    "STAGES",
    "Drill",
    "Hint",
    "Invariant",
    "Ladder",
    "LadderError",
    "Module",
    "Planned",
    "Simplification",
    "Stage",
    "Superseded",
    "is_ignored",
    "load",
]

SLUG = re.compile(r"[a-z][a-z0-9]*")
MODULE_PATH = re.compile(r"([a-z][a-z0-9]*/)?(__init__\.py|[a-z][a-z0-9]*\.(py|typed))")


def is_ignored(path: Path) -> bool:
    """Tell whether a path relative to a tree is a by-product of other tools."""
    return any(
        part == "__pycache__" or part.endswith(".egg-info") or part.startswith(".")
        for part in path.parts
    )


def load(root: Path) -> Ladder:
    """Read the matrix and every stage below `root`, and validate both."""
    root = root.resolve()
    matrix = read_toml(root / "stages" / "matrix.toml", "stages/matrix.toml")
    version = matrix.text("version")
    same_layer = matrix.texts("same_layer", empty=True)
    caps = _caps(matrix.table("versions"))
    planned = tuple(_planned(table) for table in matrix.tables("stage"))
    modules = tuple(_module(table) for table in matrix.tables("module"))
    matrix.done()
    _check_plan(planned)
    _check_modules(modules, {row.number for row in planned})
    stages, unfinished = _stages(root, planned)
    return Ladder(root, version, modules, planned, stages, same_layer, caps, unfinished)


def _caps(table: Table) -> Mapping[str, int]:
    caps = {key: table.number(key) for key in table.keys()}  # noqa: SIM118
    if "default" not in caps:
        raise LadderError(f"{table.where}: the key default is missing; add it")
    return caps


def _planned(table: Table) -> Planned:
    row = Planned(
        number=table.number("number"),
        slug=table.text("slug"),
        title=table.text("title"),
        after=table.text("after"),
        max_lines=table.number("max_lines"),
    )
    table.done()
    if not SLUG.fullmatch(row.slug):
        raise table.wrong("slug", "one lower-case word")
    return row


def _module(table: Table) -> Module:
    module = Module(
        path=table.text("path"),
        layer=table.number("layer"),
        new=table.number("new"),
        rewritten=table.numbers("rewritten"),
        lines=table.number("lines"),
        export=table.flag("export"),
    )
    table.done()
    if not MODULE_PATH.fullmatch(module.path):
        raise table.wrong("path", 'a path below src/microlith such as "routing.py"')
    versions = module.versions
    if list(versions) != sorted(set(versions)):
        raise table.wrong("rewritten", "later stages than new, in order, each once")
    return module


def _check_plan(planned: tuple[Planned, ...]) -> None:
    numbers = [row.number for row in planned]
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) > STAGES:
        raise LadderError(
            f"stages/matrix.toml: stages must be numbered 1, 2, … up to {STAGES}, "
            f"in order; found {numbers}"
        )
    slugs = [row.slug for row in planned]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise LadderError(f"stages/matrix.toml: the slug {slug} is used twice")


def _check_modules(modules: tuple[Module, ...], numbers: set[int]) -> None:
    seen: set[str] = set()
    for module in modules:
        where = f"stages/matrix.toml: {module.path}"
        if module.path in seen:
            raise LadderError(f"{where} is listed twice; keep one entry")
        if module.path == "__init__.py":
            raise LadderError(f"{where} is generated; remove its entry")
        if not set(module.versions) <= numbers:
            raise LadderError(f"{where} names a stage that the matrix does not have")
        seen.add(module.path)
    for path in sorted(seen):
        package = PurePosixPath(path).parent
        if package.name and f"{package}/__init__.py" not in seen:
            raise LadderError(
                f"stages/matrix.toml: {path} lies in a sub-package without an entry; "
                f'add path = "{package}/__init__.py"'
            )


def _stages(
    root: Path, planned: tuple[Planned, ...]
) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    folders = {f.name: f for f in (root / "stages").iterdir() if _has_files(f)}
    unknown = sorted(set(folders) - {row.name for row in planned})
    if unknown:
        raise LadderError(
            f"stages/{unknown[0]} is not in stages/matrix.toml; "
            "rename the folder or add the stage"
        )
    written: list[Stage] = []
    unfinished: list[str] = []
    for row in planned:
        if row.name not in folders:
            continue
        if len(written) + 1 < row.number:
            before = planned[len(written)].name
            unfinished.append(f"stages/{row.name} waits for stages/{before}/stage.toml")
        elif (folders[row.name] / "stage.toml").exists():
            written.append(_stage(folders[row.name], row))
        else:
            unfinished.append(f"stages/{row.name} has no stage.toml; write it")
    return tuple(written), tuple(unfinished)


def _has_files(folder: Path) -> bool:
    """Tell whether `folder` is a folder that holds more than by-products."""
    if not folder.is_dir() or is_ignored(Path(folder.name)):
        return False
    files = (path for path in folder.rglob("*") if path.is_file())
    return any(not is_ignored(path.relative_to(folder)) for path in files)


def _stage(folder: Path, row: Planned) -> Stage:
    table = read_toml(folder / "stage.toml", f"stages/{folder.name}/stage.toml")
    stage = Stage(
        number=table.number("number"),
        slug=table.text("slug"),
        title=table.text("title"),
        folder=folder,
        minutes=_minutes(table.table("minutes")),
        needs=table.numbers("needs"),
        invariants=tuple(_invariant(t) for t in table.tables("invariant")),
        hints=tuple(_hint(t) for t in table.tables("hint")),
        superseded=tuple(_superseded(t) for t in table.tables("superseded")),
        simplifications=tuple(_simple(t) for t in table.tables("simplification")),
        drills=tuple(_drill(t) for t in table.tables("drill")),
    )
    table.done()
    for key in ("number", "slug", "title"):
        if getattr(stage, key) != getattr(row, key):
            raise table.wrong(key, f"{getattr(row, key)!r}, as in stages/matrix.toml")
    if not all(1 <= n < stage.number for n in stage.needs):
        raise table.wrong("needs", "a list of earlier stages")
    for later in stage.simplifications:
        if not stage.number < later.stage <= STAGES:
            raise table.wrong("simplification: stage", "a later stage")
    return stage


def _minutes(table: Table) -> Mapping[str, int]:
    minutes = {"read": table.number("read"), "build": table.number("build")}
    table.done()
    return minutes


def _invariant(table: Table) -> Invariant:
    invariant = Invariant(table.text("text"), table.texts("tests"))
    table.done()
    return invariant


def _hint(table: Table) -> Hint:
    hint = Hint(
        title=table.text("title"),
        symbol=table.text("symbol"),
        tests=table.texts("tests"),
        text=table.text("text"),
    )
    table.done()
    return hint


def _superseded(table: Table) -> Superseded:
    superseded = Superseded(table.text("test"), table.text("reason"))
    table.done()
    return superseded


def _simple(table: Table) -> Simplification:
    simplification = Simplification(table.text("text"), table.number("stage"))
    table.done()
    return simplification


def _drill(table: Table) -> Drill:
    drill = Drill(
        title=table.text("title"),
        file=table.text("file"),
        find=table.text("find"),
        replace=table.raw("replace"),
        caught_by=table.texts("caught_by"),
    )
    table.done()
    return drill
