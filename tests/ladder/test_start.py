"""What a reader starts from: red where it should be, and never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import start
from tools.stages.compose import composed_sources, tree_files
from tools.stages.model import Ladder, LadderError
from tools.stages.symbols import symbols

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Toy


def leaks(ladder: Ladder, n: int, folder: Path) -> set[str]:
    """List lines of the new bodies of stage `n` that stand in a folder."""
    old = composed_sources(ladder, n - 1) if n > 1 else {}
    known = {line.strip() for s in old.values() for line in s.decode().split("\n")}
    new: set[str] = set()
    for path, source in tree_files(ladder.stage(n).src).items():
        lines = source.decode().split("\n")
        for symbol in symbols(path, source).values():
            new |= {line.strip() for line in lines[symbol.line : symbol.last]}
    texts = [p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()]
    shape = ("def ", "class ", "@", '"""')
    work = {line for line in new if line and not line.startswith(shape)}
    return {line for line in work - known if any(line in text for text in texts)}


def test_writes_stubs_tests_demo_and_readme(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader gets a tree that imports, the tests, the demo and a list."""
    ladder, folder = toy_ladder.load(), toy_ladder.path("mine")
    start.start(ladder, 3, folder)
    assert (folder / "src/microlith/middleware/chain.py").is_file()
    assert (folder / "tests/01_hello/test_hello.py").is_file()
    demo = toy_ladder.read("stages/03_chain/demo.py")
    assert (folder / "demo.py").read_text("utf-8") == demo
    readme = (folder / "README.md").read_text("utf-8")
    assert "Expected red: 1 of 1 new tests; green: 3 of 3 earlier tests." in readme
    assert f"make test-stage 3 DIR={folder}" in readme
    assert "- `middleware/chain.py:compile_chain`" in readme
    assert "- `applications.py:App.answer`" in readme
    assert "expected red: 1 of 1 new tests" in capsys.readouterr().out


def test_the_first_stage_starts_from_nothing(toy_ladder: Toy) -> None:
    """Stage 1 has no stage before it: the whole tree is stubs."""
    start.start(toy_ladder.load(), 1, toy_ladder.path("mine"))
    text = toy_ladder.read("mine/README.md")
    assert "You start from nothing." in text
    assert "Expected red: 1 of 1 new tests; green: 0 of 0 earlier tests." in text


@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_line_of_the_solution_is_in_it(toy_ladder: Toy, n: int) -> None:
    """The bodies of the stage's functions are nowhere in the folder."""
    ladder, folder = toy_ladder.load(), toy_ladder.path("mine")
    start.start(ladder, n, folder)
    assert leaks(ladder, n, folder) == set()


def test_a_leaked_solution_would_be_found(toy_ladder: Toy) -> None:
    """The search above finds one line of a body that was copied by mistake."""
    ladder, folder = toy_ladder.load(), toy_ladder.path("mine")
    start.start(ladder, 3, folder)
    (folder / "notes.txt").write_text("for layer in reversed(layers):", "utf-8")
    assert leaks(ladder, 3, folder) == {"for layer in reversed(layers):"}


def test_counts_are_counted(toy_ladder: Toy) -> None:
    """A test that passes too early shows in the number, not only in a check."""
    toy_ladder.append(
        "stages/03_chain/tests/test_chain.py", "\n\ndef test_vacuous() -> None: ...\n"
    )
    start.start(toy_ladder.load(), 3, toy_ladder.path("mine"))
    assert "Expected red: 1 of 2 new tests" in toy_ladder.read("mine/README.md")


def test_without_pytest_nothing_is_counted(
    toy_ladder: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare Python writes the same folder and claims no number."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    start.start(toy_ladder.load(), 3, toy_ladder.path("mine"))
    readme = toy_ladder.read("mine/README.md")
    assert "Expected red: every new test; green: every earlier test (not co" in readme


def test_a_tree_that_cannot_be_tried_claims_no_number(toy_ladder: Toy) -> None:
    """Files that cannot be collected are not counted as red."""
    toy_ladder.append("stages/03_chain/tests/test_chain.py", "\n\nimport nowhere\n")
    start.start(toy_ladder.load(), 3, toy_ladder.path("mine"))
    assert "(not counted)" in toy_ladder.read("mine/README.md")


def test_never_overwrites_a_folder_with_something_in_it(toy_ladder: Toy) -> None:
    """Without force even a single file stops it."""
    toy_ladder.write("mine/notes.txt", "mine\n")
    with pytest.raises(LadderError, match="FORCE=1"):
        start.start(toy_ladder.load(), 2, toy_ladder.path("mine"))
    assert [path.name for path in toy_ladder.path("mine").iterdir()] == ["notes.txt"]


def test_force_overwrites_a_start_and_nothing_else(toy_ladder: Toy) -> None:
    """With force src and tests become those of the stage; notes stay."""
    ladder, folder = toy_ladder.load(), toy_ladder.path("mine")
    start.start(ladder, 3, folder)
    toy_ladder.write("mine/notes.txt", "mine\n")
    start.start(ladder, 2, folder, force=True)
    assert toy_ladder.read("mine/notes.txt") == "mine\n"
    assert not (folder / "src/microlith/middleware").exists()
    assert not (folder / "tests/03_chain").exists()


def test_force_does_not_clear_a_foreign_folder(toy_ladder: Toy) -> None:
    """A folder with another src is somebody's work, force or not."""
    toy_ladder.write("mine/src/other.py", "OTHER = 1\n")
    with pytest.raises(LadderError, match="not a start"):
        start.start(toy_ladder.load(), 2, toy_ladder.path("mine"), force=True)
    assert toy_ladder.read("mine/src/other.py") == "OTHER = 1\n"


@pytest.mark.parametrize("place", [".", "final", "stages/01_hello", "build/02"])
def test_the_repository_is_no_place_for_it(toy_ladder: Toy, place: str) -> None:
    """Folders of the repository are refused, with force as well."""
    with pytest.raises(LadderError, match="belongs to the repository"):
        start.start(toy_ladder.load(), 2, toy_ladder.path(place), force=True)


def test_a_file_is_no_folder(toy_ladder: Toy) -> None:
    """A file of that name is left alone."""
    toy_ladder.write("mine", "text\n")
    with pytest.raises(LadderError, match="is a file"):
        start.start(toy_ladder.load(), 2, toy_ladder.path("mine"), force=True)
