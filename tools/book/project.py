"""The ladder as a page sees it: files by the names that readers use.

Owns the way from `routing.py` or `tests/test_x.py` to a text, its previous version
and its history. It must not know directives or HTML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tools.book.compare import added_lines
from tools.book.errors import BookError
from tools.book.symbols import find
from tools.stages.compose import composed_sources
from tools.stages.model import Ladder, LadderError, Stage, load

__all__ = ["PACKAGE", "Project", "Source"]

PACKAGE = "microlith/"
GENERATED = "__init__.py"
TEST_FOLDER = re.compile(r"tests/(?:(\d\d_[a-z0-9]+)/)?([\w/]+\.py)")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a page: its text, and its text one stage earlier."""

    label: str
    text: str
    previous: str | None
    layered: bool

    @property
    def lines(self) -> list[str]:
        """The text as lines."""
        return self.text.splitlines()


@dataclass
class Project:
    """The repository that the book is about."""

    root: Path
    _composed: dict[int, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def ladder(self) -> Ladder:
        """The ladder, read once."""
        try:
            return load(self.root)
        except LadderError as error:
            raise BookError(str(error)) from error

    @property
    def docs(self) -> Path:
        """The sources of the site."""
        return self.root / "docs"

    def stage(self, n: int) -> Stage:
        """Return a written stage, or say which there are."""
        try:
            return self.ladder.stage(n)
        except LadderError as error:
            raise BookError(str(error)) from error

    def modules(self, n: int) -> dict[str, str]:
        """Return the composed package of stage `n`: path -> text."""
        if n < 1:
            return {}
        if n not in self._composed:
            self.stage(n)
            files = composed_sources(self.ladder, n)
            self._composed[n] = {
                path.removeprefix(PACKAGE): content.decode()
                for path, content in sorted(files.items())
            }
        return self._composed[n]

    def written(self, n: int) -> list[str]:
        """List the files that stage `n` itself adds or rewrites."""
        folder = self.stage(n).src / PACKAGE
        known = self.modules(n)
        return [path for path in known if (folder / path).is_file()]

    def added(self, n: int, path: str) -> set[int]:
        """Return the numbers of the lines that stage `n` adds or changes."""
        return added_lines(self.modules(n - 1).get(path, ""), self.modules(n)[path])

    def source(self, name: str, n: int | None) -> Source:
        """Find a file by the name that an author writes."""
        if name.startswith("repo:"):
            path = self._inside(self.root, name.removeprefix("repo:"))
            return Source(name.removeprefix("repo:"), _read(path, name), None, False)
        if n is None:
            raise BookError("the page has no stage; begin it with @@card N")
        folder = self.stage(n).folder
        if name == "demo.py" or name.startswith("exercises/"):
            path = self._inside(folder, name)
            return Source(name, _read(path, name), None, False)
        if name.startswith("tests/"):
            return self._test(name, n)
        return self._module(name, n)

    def test_sources(self, n: int) -> dict[str, str]:
        """Return the tests that stage `n` introduces: file name -> text."""
        folder = self.stage(n).tests
        return {p.name: p.read_text("utf-8") for p in sorted(folder.glob("*.py"))}

    def history(self, path: str, symbol: str, until: int) -> list[int]:
        """List the stages that brought or changed a symbol, oldest first."""
        stages: list[int] = []
        before: str | None = None
        for n in range(1, until + 1):
            now = self.piece(path, symbol, n)
            if now is not None and now != before:
                stages.append(n)
            before = now
        return stages

    def piece(self, path: str, symbol: str, n: int) -> str | None:
        """Return the text of a symbol at a stage, None if it is not there."""
        text = self.modules(n).get(path)
        if text is None or not symbol:
            return text
        try:
            span = find(text, symbol)
        except BookError:
            return None
        return "\n".join(text.splitlines()[span.first - 1 : span.last])

    def _module(self, name: str, n: int) -> Source:
        files = self.modules(n)
        if name not in files:
            known = ", ".join(path for path in files if path.endswith(".py"))
            raise BookError(f"stage {n} has no file {name}; it has {known}")
        previous = self.modules(n - 1).get(name)
        return Source(name, files[name], previous, True)

    def _test(self, name: str, n: int) -> Source:
        match = TEST_FOLDER.fullmatch(name)
        if match is None:
            raise BookError(f"write a test file as tests/test_x.py, not {name}")
        folder = self.stage(n).folder
        if match[1]:
            folder = self.stage(int(match[1][:2])).folder
            if folder.name != match[1]:
                raise BookError(f"the folder of that stage is {folder.name}")
        path = self._inside(folder / "tests", match[2])
        return Source(name, _read(path, name), None, False)

    def _inside(self, folder: Path, name: str) -> Path:
        path = (folder / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise BookError(f"{name} leaves the repository; name a file inside it")
        return path


def _read(path: Path, name: str) -> str:
    if not path.is_file():
        near = path.parent
        known = ", ".join(sorted(p.name for p in near.glob("*.*"))) or "no file"
        raise BookError(f"there is no {name}; its folder holds {known}")
    return path.read_text("utf-8")
