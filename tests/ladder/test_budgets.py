"""The budgets: each kind can be broken, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import budgets
from tools.stages.metrics import code_lines, functions, new_lines, percentile

if TYPE_CHECKING:
    from conftest import Toy

MATRIX = "stages/matrix.toml"
TYPES = "stages/01_hello/src/microlith/types.py"

SOURCE = b'''"""Module docstring,
on two lines.
"""

NAME = 1  # a comment at the end
"""What NAME is."""

TEXT = """a
b
"""


# a comment


def outer(
    a: int,
) -> int:
    """Docstring."""

    def inner() -> int:
        return a  # why

    return inner()


class Box:
    """Docstring."""

    async def open(self) -> None: ...
'''


def one_problem(toy: Toy, text: str) -> None:
    """Expect exactly one problem that holds the text."""
    [problem] = budgets.check(toy.load())
    assert text in problem


def test_the_toy_keeps_its_budgets(toy_ladder: Toy) -> None:
    """Nothing to report."""
    assert budgets.check(toy_ladder.load()) == []


def test_only_code_counts() -> None:
    """No docstring, no note, no comment, no blank; other strings count."""
    assert code_lines(SOURCE) == [
        "NAME = 1  # a comment at the end",
        'TEXT = """a',
        "b",
        '"""',
        "def outer(",
        "    a: int,",
        ") -> int:",
        "    def inner() -> int:",
        "        return a  # why",
        "    return inner()",
        "class Box:",
        "    async def open(self) -> None: ...",
    ]
    lengths = {function.name: function.length for function in functions(SOURCE)}
    assert lengths == {"outer": 6, "outer.inner": 2, "Box.open": 1}


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (b"", b"a = 1\nb = 2\n", 2),
        (b"a = 1\nb = 2\n", b"a = 1\nb = 2\n", 0),
        (b"a = 1\nb = 2\n", b"a = 1\nb = 3\n", 1),
        (b"a = 1\nb = 2\n", b"a = 1\n", 0),
        (b"a = 1\n", b'"""Text."""\n\na = 1\n# why\n', 0),
        (b"a = 1\n", b"if x:\n    a = 1\n", 2),
    ],
)
def test_new_lines_are_those_added_or_changed(
    before: bytes, after: bytes, count: int
) -> None:
    """Taking lines away costs nothing; indenting is a change."""
    assert new_lines(before, after) == count


def test_percentiles_are_values_that_occur() -> None:
    """The median of an even number is the lower one of the two."""
    values = list(range(1, 21))
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [10, 19, 20]
    assert percentile([], 0.5) == 0


def test_too_many_versions(toy_ladder: Toy) -> None:
    """A file may be written so often, and no more."""
    toy_ladder.edit(MATRIX, '"applications.py" = 8', '"applications.py" = 2')
    one_problem(toy_ladder, "applications.py has 3 versions, at most 2")


def test_the_default_number_of_versions(toy_ladder: Toy) -> None:
    """A file without a cap of its own has the default one."""
    toy_ladder.edit(MATRIX, '"applications.py" = 8', "")
    assert budgets.check(toy_ladder.load()) == []
    toy_ladder.edit(MATRIX, "default = 3", "default = 2")
    one_problem(toy_ladder, "applications.py has 3 versions, at most 2")


def test_a_file_that_the_matrix_does_not_give(toy_ladder: Toy) -> None:
    """A rewrite needs an entry."""
    toy_ladder.write(
        "stages/03_chain/src/microlith/types.py", toy_ladder.read(TYPES) + "X = 1\n"
    )
    one_problem(toy_ladder, "03_chain/src/microlith/types.py is not given to this")


def test_a_file_beside_the_package(toy_ladder: Toy) -> None:
    """A layer holds the package and nothing else."""
    toy_ladder.write("stages/03_chain/src/notes.txt", "x\n")
    one_problem(toy_ladder, "03_chain/src/notes.txt is not given to this stage")


def test_a_file_that_is_missing(toy_ladder: Toy) -> None:
    """A rewrite that the matrix announces must be there."""
    toy_ladder.remove("stages/03_chain/src/microlith/applications.py")
    one_problem(toy_ladder, "03_chain/src/microlith/applications.py is missing")


def test_too_many_new_lines(toy_ladder: Toy) -> None:
    """Comments are free, code is not."""
    toy_ladder.append(TYPES, "# free\n" * 40)
    assert budgets.check(toy_ladder.load()) == []
    toy_ladder.append(TYPES, "x = 1\n" * 40)
    assert "stage 1 has 47 new lines of code, at most 30" in "\n".join(
        budgets.check(toy_ladder.load())
    )


def test_a_file_that_is_too_long(toy_ladder: Toy) -> None:
    """The cap of a file counts all of its lines."""
    lines = len(toy_ladder.read(TYPES).splitlines())
    toy_ladder.append(TYPES, "#\n" * (budgets.MAX_MODULE - lines))
    assert budgets.check(toy_ladder.load()) == []
    toy_ladder.append(TYPES, "#\n")
    one_problem(toy_ladder, "types.py has 401 lines, at most 400")


def test_a_function_that_is_too_long(toy_ladder: Toy) -> None:
    """The cap of a function counts code."""
    old = toy_ladder.read(TYPES)
    body = "    # free\n\n" + "    x = 1\n" * (budgets.MAX_FUNCTION - 1)
    toy_ladder.write(TYPES, f"{old}\n\nclass A:\n  def f(self):\n{body}")
    assert budgets.check_caps(toy_ladder.load()) == []
    toy_ladder.write(TYPES, f"{old}\n\nclass A:\n  def f(self):\n{body}    x = 1\n")
    [problem] = budgets.check_caps(toy_ladder.load())
    assert "types.py:12: A.f has 61 lines of code, at most 60" in problem


def test_too_much_rewriting(toy_ladder: Toy) -> None:
    """All layers together may weigh twice the last stage."""
    old = "stages/01_hello/src/microlith/applications.py"
    toy_ladder.append(old, "x = 1\n" * 28)
    assert budgets.check_ratio(toy_ladder.load()) == []
    toy_ladder.append(old, "x = 1\n")
    [problem] = budgets.check_ratio(toy_ladder.load())
    assert "at most 2.0 is allowed" in problem


def test_too_many_superseded_tests(toy_ladder: Toy) -> None:
    """One of four is far more than 3 %; one of 34 is not."""
    superseded = """
        [[superseded]]
        test = "01_hello/test_hello.py::test_greets_by_name"
        reason = "The greeting changed."
    """
    toy_ladder.append("stages/02_requests/stage.toml", superseded)
    one_problem(toy_ladder, "1 of 4 tests are superseded, at most 3%")
    toy_ladder.write("stages/01_hello/tests/helpers.py", "def test_no(): ...\n" * 99)
    one_problem(toy_ladder, "1 of 4 tests are superseded, at most 3%")
    more = "".join(f"\n\ndef test_{i}(): ...\n" for i in range(30))
    toy_ladder.append("stages/01_hello/tests/test_hello.py", more)
    assert budgets.check(toy_ladder.load()) == []


def test_sizes_draws_a_row_for_each_stage(toy_ladder: Toy) -> None:
    """The table's figures are those of the toy."""
    rows = [line.split() for line in budgets.sizes(toy_ladder.load()).splitlines()]
    assert rows[1] == ["01_hello", "7", "7", "30", "1", "1", "2", "2", "2"]
    assert rows[3] == ["03_chain", "39", "22", "40", "1", "9", "2", "4", "4"]
    assert ["applications.py", "10", "21", "40"] in rows
