"""Pins, versions and licenses agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest

PIN = re.compile(r"([A-Za-z0-9._-]+)==[0-9][0-9A-Za-z.]*")


def key(name: str) -> str:
    """Return a project's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def rows(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def pins(file: Path) -> list[str]:
    names = []
    for row in rows(file):
        match = PIN.fullmatch(row)
        assert match, f"{file.name}: {row!r} is not `name==version`"
        names.append(key(match.group(1)))
    return names


@pytest.mark.parametrize("name", ["dev", "browser"])
def test_every_requirement_is_pinned_once(root: Path, name: str) -> None:
    folder = root / "requirements"
    pinned = pins(folder / f"{name}.txt")
    assert len(pinned) == len(set(pinned))
    for row in rows(folder / f"{name}.in"):
        asked = re.match(r"[A-Za-z0-9._-]+", row)
        assert asked
        assert key(asked.group()) in pinned


def test_the_browser_adds_to_the_pins_and_changes_none(root: Path) -> None:
    folder = root / "requirements"
    assert not set(pins(folder / "browser.txt")) & set(pins(folder / "dev.txt"))


def project(root: Path) -> dict[str, object]:
    with (root / "final" / "pyproject.toml").open("rb") as file:
        table: dict[str, object] = tomllib.load(file)["project"]
    return table


def test_the_package_has_the_version_of_the_ladder(root: Path) -> None:
    with (root / "stages" / "matrix.toml").open("rb") as file:
        assert project(root)["version"] == tomllib.load(file)["version"]


def test_the_package_needs_pydantic_and_what_it_brings(root: Path) -> None:
    needed = project(root)["dependencies"]
    assert isinstance(needed, list)
    names = {re.split(r"[<>=\[]", one)[0] for one in needed}
    assert names == {"pydantic", "pydantic-core", "typing-extensions"}


def test_the_package_carries_the_license_of_the_repository(root: Path) -> None:
    assert (root / "LICENSE").read_text() == (root / "final" / "LICENSE").read_text()


def test_no_pytest_setting_puts_final_before_a_stage(root: Path) -> None:
    """`pythonpath` stands before PYTHONPATH: a stage's tests would run on final."""
    with (root / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["pytest"]["ini_options"]
    assert "pythonpath" not in settings
