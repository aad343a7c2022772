"""The map of the stages says what the matrix says, and links what is written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROW = re.compile(r"\| (\d\d) (.+?) \| (.+) \|")
LINK = re.compile(r"\[(.+)\]\((.+)\)")
PLANNED = " *(planned)*"


class Row(NamedTuple):
    """One stage on the map; a planned one has no link."""

    number: int
    title: str
    link: str
    after: str


def parse(text: str) -> list[Row]:
    """Read the rows of the map, in order."""
    rows = []
    for number, cell, after in ROW.findall(text):
        link = LINK.fullmatch(cell)
        if link:
            title, target = link.groups()
        else:
            title, target = cell.removesuffix(PLANNED), ""
            assert cell.endswith(PLANNED), f"stage {number}: neither linked nor planned"
        rows.append(Row(int(number), title, target, after.replace("`", "")))
    return rows


def expected(root: Path) -> list[Row]:
    """Make the rows that the matrix and the written stages ask for."""
    matrix = tomllib.loads((root / "stages/matrix.toml").read_text("utf-8"))
    rows = []
    for stage in matrix["stage"]:
        name = f"{stage['number']:02d}_{stage['slug']}"
        written = (root / "stages" / name / "stage.toml").is_file()
        link = f"{name.replace('_', '-', 1)}.md" if written else ""
        rows.append(Row(stage["number"], stage["title"], link, stage["after"]))
    return rows


def test_the_map_equals_the_matrix(repository: Path) -> None:
    text = (repository / "docs/stages/index.md").read_text("utf-8")
    assert parse(text) == expected(repository), "correct docs/stages/index.md"


def test_the_map_has_every_stage_once(repository: Path) -> None:
    text = (repository / "docs/stages/index.md").read_text("utf-8")
    assert [row.number for row in parse(text)] == list(range(1, 23))


def test_a_row_without_link_or_mark_is_refused() -> None:
    with pytest.raises(AssertionError, match="neither linked nor planned"):
        parse("| 07 Dependencies | inject |")
