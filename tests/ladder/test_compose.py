"""Composing: layers over each other, idempotent, nothing stale, nothing lost."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.stages.compose import compose, composed_sources, composed_tests
from tools.stages.model import LadderError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Toy


def listing(folder: Path) -> set[str]:
    """List the files below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in paths}


def test_the_newest_layer_wins(toy_ladder: Toy) -> None:
    """Stage 2 has its own App and stage 1's types."""
    ladder = toy_ladder.load()
    first, second = composed_sources(ladder, 1), composed_sources(ladder, 2)
    app = "microlith/applications.py"
    text = toy_ladder.read("stages/02_requests/src/microlith/applications.py")
    assert second[app] == text.encode() != first[app]
    assert second["microlith/types.py"] == first["microlith/types.py"]
    assert "microlith/requests.py" not in first


def test_writes_sources_tests_and_demo(toy_ladder: Toy) -> None:
    """A build has the tests of all stages so far and its own demo."""
    ladder = toy_ladder.load()
    folder = compose(ladder, 2)
    assert folder == ladder.build / "02"
    assert listing(folder) == {
        ".microlith-stage",
        "demo.py",
        "src/microlith/__init__.py",
        "src/microlith/applications.py",
        "src/microlith/requests.py",
        "src/microlith/types.py",
        "tests/01_hello/test_hello.py",
        "tests/02_requests/test_request.py",
    }
    assert "to a request" in (folder / "demo.py").read_text()
    assert set(composed_tests(ladder, 1)) == {"01_hello/test_hello.py"}


def test_the_composed_package_can_be_imported(toy_ladder: Toy) -> None:
    """Each build is a working package."""
    ladder = toy_ladder.load()
    code = "import microlith; print(*microlith.__all__, microlith.__version__)"
    printed = [
        subprocess.check_output(
            [sys.executable, "-c", code], cwd=compose(ladder, n) / "src", text=True
        )
        for n in (1, 2, 3)
    ]
    assert printed == [
        "App __version__ 0.1.0\n",
        "EMPTY App Request __version__ 0.1.0\n",
        "EMPTY App Request Tag __version__ 0.1.0\n",
    ]


def test_composing_again_touches_nothing(toy_ladder: Toy) -> None:
    """Unchanged files keep their time of change."""
    ladder = toy_ladder.load()
    folder = compose(ladder, 3)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    compose(ladder, 3)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_is_stale_goes(toy_ladder: Toy) -> None:
    """Files and whole packages that no layer holds disappear."""
    ladder = toy_ladder.load()
    folder = compose(ladder, 2)
    fresh = listing(folder)
    toy_ladder.write("build/02/src/microlith/old.py", "x = 1\n")
    toy_ladder.write("build/02/src/microlith/gone/__pycache__/a.pyc", "x")
    toy_ladder.write("build/02/tests/09_old/test_old.py", "x = 1\n")
    toy_ladder.append("build/02/src/microlith/types.py", "x = 1\n")
    compose(ladder, 2)
    assert listing(folder) == fresh
    assert not (folder / "src/microlith/gone").exists()
    assert "x = 1" not in toy_ladder.read("build/02/src/microlith/types.py")


def test_by_products_are_neither_copied_nor_removed(toy_ladder: Toy) -> None:
    """Caches of a layer stay there; caches of a build stay too."""
    toy_ladder.write("stages/01_hello/src/microlith/__pycache__/types.pyc", "x")
    toy_ladder.write("stages/01_hello/src/toy.egg-info/PKG-INFO", "x")
    toy_ladder.write("stages/01_hello/src/.mypy_cache/x.db", "x")
    ladder = toy_ladder.load()
    assert set(composed_sources(ladder, 1)) == {
        "microlith/__init__.py",
        "microlith/applications.py",
        "microlith/types.py",
    }
    compose(ladder, 1)
    toy_ladder.write("build/01/src/microlith/__pycache__/types.pyc", "x")
    compose(ladder, 1)
    assert toy_ladder.path("build/01/src/microlith/__pycache__/types.pyc").exists()


def test_a_demo_that_was_removed_goes_from_the_build(toy_ladder: Toy) -> None:
    """The build never shows a demo that the stage does not have."""
    folder = compose(toy_ladder.load(), 1)
    toy_ladder.remove("stages/01_hello/demo.py")
    compose(toy_ladder.load(), 1)
    assert not (folder / "demo.py").exists()


def test_a_foreign_folder_is_never_cleared(toy_ladder: Toy, tmp_path: Path) -> None:
    """Only an empty folder or an earlier composition may be written to."""
    ladder = toy_ladder.load()
    target = tmp_path / "target"
    compose(ladder, 1, target)
    compose(ladder, 2, target)
    assert (target / "src/microlith/requests.py").exists()
    foreign = tmp_path / "foreign"
    (foreign / "tests").mkdir(parents=True)
    (foreign / "tests/precious.txt").write_text("mine")
    with pytest.raises(LadderError, match="is not a composed stage"):
        compose(ladder, 1, foreign)
    assert listing(foreign) == {"tests/precious.txt"}


def test_a_layer_must_not_hold_the_generated_file(toy_ladder: Toy) -> None:
    """The top-level __init__ has one source: the modules' __all__."""
    toy_ladder.write("stages/02_requests/src/microlith/__init__.py", "x = 1\n")
    with pytest.raises(LadderError, match="is generated; remove it"):
        composed_sources(toy_ladder.load(), 2)


def test_a_symbolic_link_is_refused(toy_ladder: Toy) -> None:
    """A layer holds files, not ways out of the repository."""
    link = toy_ladder.path("stages/01_hello/src/microlith/link.py")
    link.symlink_to(toy_ladder.path("stages/matrix.toml"))
    with pytest.raises(LadderError, match="symbolic link"):
        composed_sources(toy_ladder.load(), 1)
