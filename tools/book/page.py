"""The state of one page while its directives are rendered.

Owns which stage and which recordings a page has, and the log of what it showed.
It must not know how any directive is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tools.book.directives import Directive
from tools.book.errors import BookError
from tools.book.project import Project
from tools.stages.model import Stage

__all__ = ["LEVELS", "Page", "Shown", "digest"]

LEVELS = ("walked", "annotated", "listed")


@dataclass(frozen=True, slots=True)
class Shown:
    """One block of code that a page showed."""

    page: str
    stage: int
    file: str
    symbol: str
    lines: tuple[int, ...]
    level: str
    hash: str


@dataclass
class Page:
    """One page under way."""

    project: Project
    name: str = ""
    stage_number: int | None = None
    chapter: bool = False
    shown: list[Shown] = field(default_factory=list)
    snippets: list[int] = field(default_factory=list)
    purposes: dict[tuple[str, str], str] = field(default_factory=dict)
    has_full: bool = False
    results: str = ""
    tables: set[str] = field(default_factory=set)
    _ids: dict[str, int] = field(default_factory=dict)
    _recordings: set[str] = field(default_factory=set)

    def begin(self, stage: int, name: str, *, chapter: bool) -> None:
        """Set the stage of the page, once."""
        if self.stage_number is not None:
            raise BookError(f"the page is of stage {self.stage_number}; say it once")
        self.project.stage(stage)
        self.stage_number, self.name, self.chapter = stage, name, chapter

    @property
    def number(self) -> int:
        """The number of the page's stage."""
        if self.stage_number is None:
            raise BookError("the page has no stage; begin it with @@card N")
        return self.stage_number

    @property
    def stage(self) -> Stage:
        """The page's stage."""
        return self.project.stage(self.number)

    @property
    def recordings(self) -> Path:
        """The folder of the page's recordings."""
        self.number  # noqa: B018 - raises the clear error
        return self.project.docs / "recordings" / self.name

    def claim(self, directive: Directive, recording: str) -> None:
        """Refuse a recording's id that the page has used before."""
        if recording in self._recordings:
            directive.fail(f"the id [{recording}] is used above; choose another")
        self._recordings.add(recording)

    def identifier(self, kind: str) -> str:
        """Make an id that is unique on the page: `code-1`, `code-2`."""
        self._ids[kind] = self._ids.get(kind, 0) + 1
        return f"{kind}-{self._ids[kind]}"

    def show(
        self, file: str, symbol: str, lines: Iterable[int], level: str, text: str
    ) -> None:
        """Log that lines of a module were shown."""
        numbers = tuple(sorted(set(lines)))
        self.shown.append(
            Shown(self.name, self.number, file, symbol, numbers, level, digest(text))
        )


def digest(text: str) -> str:
    """Name a text by its content."""
    return sha256(text.encode()).hexdigest()[:16]
