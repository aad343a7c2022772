"""Drills: what breaks, and that exactly the named tests notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import drills

if TYPE_CHECKING:
    from conftest import Toy

TOML = "stages/02_requests/stage.toml"
DRILL = "stage 02: drill 'Keep the spaces'"


def test_the_toy_drills_are_true(toy_ladder: Toy) -> None:
    """Each is caught by exactly the tests that it names."""
    assert drills.check(toy_ladder.load()) == []


def test_a_test_that_also_catches_it_is_named(toy_ladder: Toy) -> None:
    """A failing test that the drill does not name would spoil the guess."""
    toy_ladder.edit(TOML, '    "test_request.py::test_answers_a_request",\n', "")
    assert drills.check(toy_ladder.load()) == [
        f"{DRILL}: 02_requests/test_request.py::test_answers_a_request catches it "
        "too; add it"
    ]


def test_a_test_that_does_not_catch_it_is_named(toy_ladder: Toy) -> None:
    """A named test that passes all the same is not a guard."""
    more = '[\n    "01_hello/test_hello.py::test_greets_by_name",\n    '
    toy_ladder.edit(TOML, '[\n    "test_request', f'{more}"test_request')
    assert drills.check(toy_ladder.load()) == [
        f"{DRILL}: 01_hello/test_hello.py::test_greets_by_name does not catch it; "
        "remove it"
    ]


def test_tests_of_earlier_stages_count(toy_ladder: Toy) -> None:
    """An edit that an earlier stage's test notices must name that test."""
    toy_ladder.append(
        TOML,
        """
        [[drill]]
        title = "Forget to greet"
        file = "applications.py"
        find = "Hello, "
        replace = ""
        caught_by = ["test_request.py::test_answers_a_request"]
        """,
    )
    assert drills.check(toy_ladder.load()) == [
        "stage 02: drill 'Forget to greet': "
        "01_hello/test_hello.py::test_greets_by_name catches it too; add it"
    ]


@pytest.mark.parametrize(
    ("replace", "said"),
    [
        ("self._raw.strip(", "the edit is no Python: "),
        ("self._raw.strip()", "test_strips does not catch it; remove it"),
    ],
)
def test_an_edit_that_breaks_nothing_or_python_is_named(
    toy_ladder: Toy, replace: str, said: str
) -> None:
    """The edit must be Python, and must change what a test sees."""
    toy_ladder.edit(TOML, 'replace = "self._raw"', f'replace = "{replace}"')
    found = drills.check(toy_ladder.load())
    assert any(line.startswith(DRILL) and said in line for line in found)


def test_a_find_that_does_not_match_once_is_named(toy_ladder: Toy) -> None:
    """The place of an edit must be clear."""
    toy_ladder.edit(TOML, 'find = "self._raw.strip()"', 'find = "self._raw"')
    assert drills.check(toy_ladder.load()) == [
        f"{DRILL}: its find matches 2 times; it must match exactly once"
    ]
