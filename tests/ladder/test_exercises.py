"""Exercises: a stub that fails rightly, a solution that passes, help that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import exercises, runner
from tools.stages.model import LadderError

if TYPE_CHECKING:
    from conftest import Toy

FOLDER = "stages/01_hello/exercises/01_a_shout"
SOLVED = "from microlith import App\n\n\ndef shout(name):\n    return {}\n"


def test_the_toy_exercise_is_fair(toy_ladder: Toy) -> None:
    """A right exercise has no problem."""
    assert exercises.check(toy_ladder.load()) == []


def test_a_stub_that_passes_is_found(toy_ladder: Toy) -> None:
    """There must be something to do."""
    solution = toy_ladder.read(f"{FOLDER}/solution.py")
    toy_ladder.write(f"{FOLDER}/stub.py", f"# TODO\n{solution}")
    assert exercises.check(toy_ladder.load()) == [
        f"{FOLDER}/stub.py passes its tests; leave something to do"
    ]


def test_a_stub_that_fails_by_accident_is_found(toy_ladder: Toy) -> None:
    """A name that the stub lacks is not an answer of the test."""
    toy_ladder.write(f"{FOLDER}/stub.py", "# TODO: write shout\n")
    found = exercises.check(toy_ladder.load())
    assert f"{FOLDER}/stub.py: test_exercise.py broken by" in found[-1]


def test_a_solution_that_fails_is_found(toy_ladder: Toy) -> None:
    """The solution's failing test is named."""
    toy_ladder.edit(f"{FOLDER}/solution.py", ".upper()", ".lower()")
    found = exercises.check(toy_ladder.load())
    assert len(found) == 1
    assert f"{FOLDER}/solution.py: test_exercise.py::test_shouts failed: " in found[0]


def test_a_skipped_solution_is_found(toy_ladder: Toy) -> None:
    """A test that skips itself proves nothing about the solution."""
    toy_ladder.append(
        f"{FOLDER}/test_exercise.py",
        "\n\ndef test_more():\n    import pytest\n    pytest.skip('later')\n",
    )
    found = exercises.check(toy_ladder.load())
    assert f"{FOLDER}/solution.py: test_exercise.py::test_more skipped" in found[-1]


@pytest.mark.parametrize("part", ["README.md", "hints.md", "solution.py", "stub.py"])
def test_an_empty_or_missing_part_is_found(toy_ladder: Toy, part: str) -> None:
    """Each part is needed, with something in it."""
    toy_ladder.write(f"{FOLDER}/{part}", " \n")
    wanted = [f"{FOLDER}/{part} is missing or empty; write it"]
    assert exercises.check(toy_ladder.load()) == wanted
    toy_ladder.remove(f"{FOLDER}/{part}")
    assert exercises.check(toy_ladder.load()) == wanted


def test_a_stub_without_a_todo_is_found(toy_ladder: Toy) -> None:
    """A reader must see where to write."""
    toy_ladder.edit(f"{FOLDER}/stub.py", "TODO: ", "")
    found = exercises.check(toy_ladder.load())
    assert found == [f"{FOLDER}/stub.py has no TODO; mark what the reader fills in"]


def test_runs_the_stub_or_the_readers_file(
    toy_ladder: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a folder the stub is tried; with one, the file in it."""
    ladder = toy_ladder.load()
    assert runner.test_exercise(ladder, "01_a") == 1
    assert f"exercise 01_a_shout: 0 of 1 passed\nhints: {FOLDER}/hints.md\n" in (
        capfd.readouterr().out
    )
    toy_ladder.write("mine/stub.py", SOLVED.format("App().greet(name).upper()"))
    assert runner.test_exercise(ladder, "01_a_shout", toy_ladder.path("mine")) == 0
    assert "exercise 01_a_shout: 1 of 1 passed\n" in capfd.readouterr().out


def test_names_must_be_clear(toy_ladder: Toy) -> None:
    """An unknown name, a doubtful one and a missing file are explained."""
    ladder = toy_ladder.load()
    with pytest.raises(LadderError, match="no exercise; choose one of: 01_a_shout"):
        runner.test_exercise(ladder, "01_b")
    with pytest.raises(LadderError, match=r"holds no stub\.py; copy it from"):
        runner.test_exercise(ladder, "01_a", toy_ladder.path("stages"))
    toy_ladder.write("stages/01_hello/exercises/01_a_other/README.md", "x\n")
    with pytest.raises(LadderError, match="more than one exercise"):
        runner.test_exercise(ladder, "01_a")
