"""The records of the ladder: modules, stages and what a `stage.toml` says.

Plain values without behaviour beyond naming and finding. This module must not
know TOML; `model` reads the files and fills these records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.stages.tables import LadderError

__all__ = [
    "STAGES",
    "Drill",
    "Hint",
    "Invariant",
    "Ladder",
    "Module",
    "Planned",
    "Simplification",
    "Stage",
    "Superseded",
]

STAGES = 22
"""The book has stages 1 to 22."""


@dataclass(frozen=True, slots=True)
class Module:
    """One file below `src/microlith`: its layer, its birth, its rewrites."""

    path: str
    layer: int
    new: int
    rewritten: tuple[int, ...]
    lines: int
    export: bool

    @property
    def versions(self) -> tuple[int, ...]:
        """The stages whose folder holds this file, oldest first."""
        return (self.new, *self.rewritten)


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of the plan: a stage, written or not."""

    number: int
    slug: str
    title: str
    after: str
    max_lines: int

    @property
    def name(self) -> str:
        """The name of the stage's folder, such as `03_routing`."""
        return f"{self.number:02d}_{self.slug}"


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence that holds from this stage on, and the tests that guard it."""

    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """Help for a reader whose tests fail: where it applies and for which."""

    title: str
    symbol: str
    tests: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """A test of an earlier stage that no longer holds, and why."""

    test: str
    reason: str


@dataclass(frozen=True, slots=True)
class Simplification:
    """What a stage knowingly leaves out, and the stage that adds it."""

    text: str
    stage: int


@dataclass(frozen=True, slots=True)
class Drill:
    """An edit that breaks the stage, and exactly the tests that catch it."""

    title: str
    file: str
    find: str
    replace: str
    caught_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One written stage: its folder and what its `stage.toml` says."""

    number: int
    slug: str
    title: str
    folder: Path
    minutes: Mapping[str, int]
    needs: tuple[int, ...]
    invariants: tuple[Invariant, ...]
    hints: tuple[Hint, ...]
    superseded: tuple[Superseded, ...]
    simplifications: tuple[Simplification, ...]
    drills: tuple[Drill, ...]

    @property
    def src(self) -> Path:
        """The folder of this stage's layer; it holds `microlith/`."""
        return self.folder / "src"

    @property
    def tests(self) -> Path:
        """The folder of the tests that this stage introduces."""
        return self.folder / "tests"

    @property
    def name(self) -> str:
        """The name of the folder, such as `03_routing`."""
        return f"{self.number:02d}_{self.slug}"


@dataclass(slots=True)
class Ladder:
    """The whole plan and the stages that are written so far."""

    root: Path
    version: str
    modules: tuple[Module, ...]
    planned: tuple[Planned, ...]
    stages: tuple[Stage, ...]
    same_layer: tuple[str, ...]
    caps: Mapping[str, int]
    unfinished: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The number of the last written stage."""
        if not self.stages:
            raise LadderError(
                f"no stage is written; write stages/{self.planned[0].name}/stage.toml"
            )
        return self.stages[-1].number

    @property
    def build(self) -> Path:
        """The folder of generated trees."""
        return self.root / "build"

    @property
    def final(self) -> Path:
        """The sources of the library: `final/src`."""
        return self.root / "final" / "src"

    def stage(self, n: int) -> Stage:
        """Find stage `n`, or say which stages there are."""
        for stage in self.stages:
            if stage.number == n:
                return stage
        written = ", ".join(str(stage.number) for stage in self.stages) or "none"
        if any(row.number == n for row in self.planned):
            raise LadderError(f"stage {n} is planned, not written; written: {written}")
        raise LadderError(f"there is no stage {n}; written: {written}")

    def plan(self, n: int) -> Planned:
        """Find the matrix's row of stage `n`."""
        for row in self.planned:
            if row.number == n:
                return row
        raise LadderError(f"stages/matrix.toml has no stage {n}; choose 1 to {STAGES}")

    def module(self, path: str) -> Module | None:
        """Find a module by its path below `src/microlith`."""
        return next((module for module in self.modules if module.path == path), None)
