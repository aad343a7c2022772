"""The matrix of other people's parts: its pins, its page, and a part of it run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.interop import page

PIN = re.compile(r"([A-Za-z0-9._-]+)==[0-9][0-9A-Za-z.]*")


def pins(file: Path) -> dict[str, str]:
    """Return the pins of a file by name; every line of it has to be one."""
    found = {}
    for row in file.read_text().splitlines():
        if row and not row.startswith("#"):
            assert PIN.fullmatch(row), f"{file.name}: {row!r} is not name==version"
            name, _, version = row.partition("==")
            found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return found


@pytest.fixture(scope="module")
def data(root: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (root / "docs/guide/interop.json").read_text()
    )
    return found


def test_every_package_asked_for_is_pinned(root: Path) -> None:
    folder = root / "requirements"
    pinned = pins(folder / "interop.txt")
    rows = (folder / "interop.in").read_text().splitlines()
    asked = [re.split(r"[<>=\[]", r)[0] for r in rows if r and r[0] != "#"]
    assert asked
    assert not [name for name in asked if name.lower() not in pinned]


def test_the_pins_are_those_of_the_repository(root: Path) -> None:
    """Only then is what is shown about uvicorn true of what is installed."""
    folder = root / "requirements"
    ours, theirs = pins(folder / "dev.txt"), pins(folder / "interop.txt")
    shared = ours.keys() & theirs.keys()
    assert "uvicorn" in shared
    assert {n: ours[n] for n in shared} == {n: theirs[n] for n in shared}


def test_the_matrix_was_made_with_the_pins(root: Path, data: dict[str, object]) -> None:
    versions = data["versions"]
    assert isinstance(versions, dict)
    pinned = pins(root / "requirements/interop.txt")
    stale = {n: v for n, v in versions.items() if n != "microlith" and pinned[n] != v}
    assert not stale, "run `make interop`"


def test_the_page_is_that_of_the_data(root: Path, data: dict[str, object]) -> None:
    written = (root / "docs/guide/interop.md").read_text()
    assert written == page.as_page(data), "run `make interop`"


def test_no_cell_has_failed(data: dict[str, object]) -> None:
    assert "FAIL" not in json.dumps(data)
    assert json.dumps(data).count('"ok"') > 90


def test_a_failed_cell_is_shown_as_one() -> None:
    cells = [
        page.Cell(True, ""),
        page.Cell(False, "late"),
        page.Cell(False, "x", theirs=True),
    ]
    table = page.Table("Drivers", ["a", "b", "c"], {"row": cells})
    data = {
        "date": "2026-01-01",
        "python": "CPython 3",
        "versions": {"microlith": "1", "x": "2"},
        "tables": [table.data()],
    }
    assert "| row | yes | **no** (1) | theirs (2) |" in page.as_page(data)
    assert re.search(r"FAIL +row +late", page.as_text(data))


def test_every_comparison_has_its_output(root: Path) -> None:
    programs = list((root / "tools/interop/peers").glob("*.py"))
    assert programs
    assert all(file.with_suffix(".out").is_file() for file in programs)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [["--only", "uvicorn httptools wsproto"], ["--only", "drivers"], ["--peers"]],
    ids=lambda words: words[-1],
)
def test_a_part_of_the_matrix_passes(root: Path, part: list[str]) -> None:
    venv = root / "build" / "interop-venv"
    if not venv.is_dir():
        pytest.skip("build/interop-venv is not there: `make interop` makes it")
    done = subprocess.run(
        [sys.executable, "-m", "tools.interop", *part],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* passed, 0 failed", done.stdout, re.MULTILINE)
