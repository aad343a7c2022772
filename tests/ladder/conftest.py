"""A toy ladder for the tests of the tools: three stages of a tiny package.

It is small enough to read at once, and `Toy` makes it easy to sabotage: every
check is shown a ladder that is right and one that is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, Path(__file__).resolve().parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from toy_files import FILES  # noqa: E402

from tools.stages.compose import composed_sources, write_tree  # noqa: E402
from tools.stages.model import Ladder, load  # noqa: E402


class Toy:
    """A ladder in a temporary folder, and ways to spoil it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in FILES.items():
            self.write(path, text)
        self.sync_final()

    def load(self) -> Ladder:
        """Read the ladder as it now lies on disk."""
        return load(self.root)

    def path(self, path: str) -> Path:
        """Give a path below the root."""
        return self.root / path

    def read(self, path: str) -> str:
        """Read a file below the root."""
        return self.path(path).read_text("utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file below the root; common indentation is removed."""
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(dedent(text).lstrip("\n"), "utf-8")

    def edit(self, path: str, find: str, replace: str) -> None:
        """Replace a text that occurs exactly once."""
        text = self.read(path)
        assert text.count(find) == 1, f"{find!r} occurs {text.count(find)} times"
        self.path(path).write_text(text.replace(find, replace), "utf-8")

    def append(self, path: str, text: str) -> None:
        """Add lines at the end of a file."""
        self.path(path).write_text(self.read(path) + dedent(text), "utf-8")

    def remove(self, path: str) -> None:
        """Delete a file below the root."""
        self.path(path).unlink()

    def sync_final(self) -> None:
        """Make final/src the composition of the last stage."""
        ladder = self.load()
        write_tree(self.root / "final/src", composed_sources(ladder, ladder.last))


@pytest.fixture
def toy_ladder(tmp_path: Path) -> Toy:
    """Write the toy ladder: stages 1 to 3 written, stage 4 planned."""
    return Toy(tmp_path / "toy")


@pytest.fixture
def repository() -> Path:
    """Give the root of this repository."""
    return ROOT
