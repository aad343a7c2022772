"""Reading the matrix and the stage files: what is right, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages.model import LadderError, load

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Toy

MATRIX = "stages/matrix.toml"
FIRST = "stages/01_hello/stage.toml"
SECOND = "stages/02_requests/stage.toml"


def test_reads_modules_plan_and_stages(toy_ladder: Toy) -> None:
    """Each table of each file becomes a record."""
    ladder = toy_ladder.load()
    module = ladder.module("applications.py")
    assert module is not None
    assert module.versions == (1, 2, 3)
    assert [row.name for row in ladder.planned][-1] == "04_later"
    stage = ladder.stage(1)
    assert (stage.name, stage.minutes["build"]) == ("01_hello", 10)
    assert stage.src == stage.folder / "src"
    assert stage.invariants[0].tests == ("test_hello.py::test_greets_by_name",)
    assert stage.hints[0].symbol == "applications.py:App.greet"
    assert stage.drills[0].replace == '"Hello!"'
    assert stage.simplifications[0].stage == 2
    assert (ladder.last, ladder.build) == (3, ladder.root / "build")


def test_says_which_stages_there_are(toy_ladder: Toy) -> None:
    """A planned stage and an impossible one get different answers."""
    ladder = toy_ladder.load()
    with pytest.raises(LadderError, match="stage 4 is planned, not written"):
        ladder.stage(4)
    with pytest.raises(LadderError, match="there is no stage 9; written: 1, 2, 3"):
        ladder.stage(9)


@pytest.mark.parametrize(
    ("path", "find", "replace", "message"),
    [
        (MATRIX, 'version = "0.1.0"', "version = 1", "version must be a string"),
        (MATRIX, 'version = "0.1.0"', 'versoin = "1"', "version is missing"),
        (MATRIX, "layer = 4", "layer = 4\ncolour = 1", "unknown key colour"),
        (MATRIX, "layer = 4", "layer = true", "layer must be a whole number"),
        (MATRIX, "rewritten = [2, 3]", "rewritten = [3, 2]", "in order"),
        (MATRIX, "rewritten = [2, 3]", "rewritten = [1]", "later stages"),
        (MATRIX, "rewritten = [2, 3]", "rewritten = [9]", "does not have"),
        (MATRIX, 'path = "types.py"', 'path = "../types.py"', "path below"),
        (MATRIX, 'path = "types.py"', 'path = "requests.py"', "listed twice"),
        (MATRIX, 'path = "types.py"', 'path = "__init__.py"', "is generated"),
        (MATRIX, '"middleware/__init__.py"', '"other.py"', "without an entry"),
        (MATRIX, "default = 3", "", "key default is missing"),
        (MATRIX, "number = 4", "number = 5", "must be numbered"),
        (MATRIX, 'slug = "later"', 'slug = "chain"', "used twice"),
        (MATRIX, 'slug = "later"', 'slug = "../x"', "one lower-case word"),
        (MATRIX, 'slug = "hello"', 'slug = "hallo"', "is not in stages/matrix.toml"),
        (FIRST, 'title = "Hello"', 'title = "Hi"', "title must be 'Hello'"),
        (FIRST, "number = 1", "number = 2", "number must be 1"),
        (FIRST, "needs = []", "", "needs is missing"),
        (FIRST, "needs = []", "needs = [1]", "earlier stages"),
        (FIRST, "needs = []", 'needs = []\nmode = "x"', "unknown key mode"),
        (FIRST, "needs = []", 'needs = ["1"]', "needs must be a list of whole"),
        (
            SECOND,
            '["test_request.py::test_strips"]\n\n[[hint]]',
            "[]\n[[hint]]",
            "list",
        ),
        (
            SECOND,
            '["test_request.py::test_strips"]\n\n[[hint]]',
            "[1]\n[[hint]]",
            "list",
        ),
        (SECOND, '["test_request.py::test_strips"]\n\n[[hint]]', "3\n[[hint]]", "list"),
        (FIRST, "stage = 2", "stage = 1", "a later stage"),
        (FIRST, "read = 5, ", "", "read is missing"),
        (FIRST, "read = 5, ", "read = 5, eat = 1, ", "unknown key eat"),
        (FIRST, "[[simplification]]", "[simplification]", "list of tables"),
        (FIRST, 'title = "Forget the name"', 'title = " "', "drill 1: title must"),
        (SECOND, "needs = [1]", "needs = [", "is not valid TOML"),
    ],
)
def test_refuses_what_contradicts_itself(
    toy_ladder: Toy, path: str, find: str, replace: str, message: str
) -> None:
    """Each mistake is named together with its file."""
    toy_ladder.edit(path, find, replace)
    with pytest.raises(LadderError, match=message):
        toy_ladder.load()


def test_refuses_a_folder_that_is_not_planned(toy_ladder: Toy) -> None:
    """A stage that the matrix does not know is a mistake."""
    toy_ladder.write("stages/09_other/notes.txt", "x\n")
    with pytest.raises(LadderError, match="stages/09_other is not in"):
        toy_ladder.load()


def test_unfinished_stages_are_named_and_do_not_count(toy_ladder: Toy) -> None:
    """A stage without stage.toml stops neither itself nor later ones silently."""
    toy_ladder.remove(SECOND)
    ladder = toy_ladder.load()
    assert ladder.last == 1
    assert ladder.unfinished == (
        "stages/02_requests has no stage.toml; write it",
        "stages/03_chain waits for stages/02_requests/stage.toml",
    )


def test_ignores_folders_that_hold_by_products_only(toy_ladder: Toy) -> None:
    """Caches make no stage."""
    toy_ladder.write("stages/04_later/src/__pycache__/x.pyc", "x")
    toy_ladder.write("stages/.cache/x", "x")
    assert toy_ladder.load().unfinished == ()


def test_a_missing_matrix_is_named(tmp_path: Path) -> None:
    """Without the matrix there is no ladder."""
    with pytest.raises(LadderError, match=r"stages/matrix\.toml does not exist"):
        load(tmp_path)


def test_the_repository_plans_all_stages(repository: Path) -> None:
    """The real matrix is valid and has 22 stages."""
    ladder = load(repository)
    assert len(ladder.planned) == 22
    assert all(300 <= row.max_lines <= 1170 for row in ladder.planned)
