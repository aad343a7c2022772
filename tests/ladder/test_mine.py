"""The reader's code beside the reference: by symbol, by test, by hint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.stages import mine, start
from tools.stages.compose import compose
from tools.stages.model import LadderError
from tools.stages.symbols import compare

if TYPE_CHECKING:
    from conftest import Toy

SRC = "mine/src/microlith"


@pytest.fixture
def reader(toy_ladder: Toy) -> Toy:
    """Give a reader who has finished stage 3."""
    compose(toy_ladder.load(), 3, toy_ladder.path("mine"))
    return toy_ladder


def report(toy: Toy, n: int, *, hint: int = 1, show: bool = False) -> str:
    """Report on the reader's folder."""
    return mine.report(toy.load(), n, toy.path("mine"), hint=hint, show=show)


def test_a_finished_reader_has_nothing_to_read(reader: Toy) -> None:
    """Golden text: all is the same and all tests pass."""
    assert (
        report(reader, 3)
        == """\
stage 03 chain: your code beside the reference
the same: 15

tests: 4 of 4 passed"""
    )


def test_a_wrong_symbol_is_found_with_its_hint(reader: Toy) -> None:
    """Golden text: a chain folded the wrong way round."""
    reader.edit(f"{SRC}/middleware/chain.py", "reversed(layers)", "layers")
    assert (
        report(reader, 3)
        == """\
stage 03 chain: your code beside the reference
written differently (no fault in itself): 1
    middleware/chain.py:compile_chain  yours: line 13  \
reference: build/03/src/microlith/middleware/chain.py:13
the same: 14

tests: 3 of 4 passed

03_chain/test_chain.py::test_first_is_outermost
    AssertionError: assert '<b><a>Hello, Ada!</a></b>' == '<a><b>Hello, Ada!</b></a>'
    guards: The first layer added is the outermost.
    hint 1 of 1: Which end comes first?
        Wrap from the inside: the last layer first.
        see: middleware/chain.py:compile_chain  yours: line 13  \
reference: build/03/src/microlith/middleware/chain.py:13"""
    )


def test_a_missing_symbol_is_found_with_its_hint(reader: Toy) -> None:
    """Golden text: a request without a name."""
    reader.edit(f"{SRC}/requests.py", "def name(self)", "def label(self)")
    reader.edit(f"{SRC}/applications.py", "request.name", "request.label")
    assert (
        report(reader, 2)
        == """\
stage 02 requests: your code beside the reference
missing: 1
    requests.py:Request.name  reference: build/02/src/microlith/requests.py:16
written differently (no fault in itself): 1
    applications.py:App.answer  yours: line 19  \
reference: build/02/src/microlith/applications.py:15
the same: 6

tests: 2 of 3 passed

02_requests/test_request.py::test_strips
    AttributeError: 'Request' object has no attribute 'name'
    guards: A name has no spaces around it.
    hint 1 of 1: Who cleans the name?
        The request does, so that every reader sees it clean.
        see: requests.py:Request.name  yours: missing  \
reference: build/02/src/microlith/requests.py:16"""
    )


def test_what_is_not_built_yet_is_listed(toy_ladder: Toy) -> None:
    """A reader who just started sees every hole with its place."""
    start.start(toy_ladder.load(), 3, toy_ladder.path("mine"))
    text = report(toy_ladder, 3)
    assert "not built yet: 4\n" in text
    assert "    middleware/hooks.py:Tag.as_layer  yours: line " in text
    assert "    NotBuilt: stage 03: build Tag.__init__\n" in text


def test_hints_come_one_at_a_time(reader: Toy) -> None:
    """The second hint is named, and shown only when asked for."""
    reader.append(
        "stages/03_chain/stage.toml",
        '''
        [[hint]]
        title = "What does reversed do?"
        symbol = "middleware/chain.py"
        tests = ["test_chain.py::test_first_is_outermost"]
        text = """
        It goes from the end.
        Look it up."""
        ''',
    )
    reader.edit(f"{SRC}/middleware/chain.py", "reversed(layers)", "layers")
    first, second = report(reader, 3), report(reader, 3, hint=2)
    assert "hint 2 of 2: What does reversed do?\n        HINT=2 shows it" in first
    assert "Look it up." not in first
    assert "        Look it up." in second
    assert "        see: build/03/src/microlith/middleware/chain.py" in second


def test_the_references_text_is_shown_only_on_request(reader: Toy) -> None:
    """No line of the solution without `show`."""
    reader.edit(f"{SRC}/middleware/chain.py", "reversed(layers)", "layers")
    line = "|     for layer in reversed(layers):"
    assert line not in report(reader, 3)
    assert line in report(reader, 3, show=True)


def test_hint_and_show_come_from_the_environment(
    reader: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make mine 3 DIR=mine HINT=x SHOW=1` reach the report as variables."""
    reader.edit(f"{SRC}/middleware/chain.py", "reversed(layers)", "layers")
    ladder, folder = reader.load(), reader.path("mine")
    monkeypatch.setenv("SHOW", "1")
    assert "reversed(layers)" in mine.report(ladder, 3, folder)
    monkeypatch.setenv("HINT", "two")
    with pytest.raises(LadderError, match="HINT=two is not a number"):
        mine.report(ladder, 3, folder)


def test_a_file_that_does_not_parse_is_named(reader: Toy) -> None:
    """The rest of the report is there all the same."""
    reader.append(f"{SRC}/requests.py", "\ndef (\n")
    text = report(reader, 2)
    assert "does not parse: src/microlith/requests.py:20: invalid syntax" in text
    assert "tests: 0 of " in text


def test_a_folder_without_src_is_refused(toy_ladder: Toy) -> None:
    """The same clear errors as for `test`."""
    with pytest.raises(LadderError, match="holds no src/microlith"):
        mine.report(toy_ladder.load(), 3, toy_ladder.path("stages"))


ONE = '''
def total(numbers: list[int], start: int = 0) -> int:
    """Add numbers."""
    result = start
    for number in numbers:
        result += number
    return result
'''


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (ONE.replace("result", "sum_so_far").replace("number ", "n "), False),
        (ONE.replace("result", "sum_so_far"), True),
        (ONE.replace("Add numbers.", "Other words.") + "# comment\n", True),
        (ONE.replace(": list[int]", "").replace(" -> int", ""), True),
        (ONE.replace("start: int = 0", "start: int = 1"), False),
        (ONE.replace("start", "begin"), False),
        (ONE.replace("+=", "-="), False),
        (ONE.replace("return result", "return start"), False),
    ],
)
def test_what_counts_as_different(other: str, same: bool) -> None:
    """Locals, docstrings, comments and annotations do not count; the rest does."""
    path = "microlith/total.py"
    found = compare({path: other.encode()}, {path: ONE.encode()})
    assert (found.same, len(found.different)) == ((1, 0) if same else (0, 1))


def test_private_symbols_and_extra_ones_are_the_readers_business() -> None:
    """Only public names of the reference are compared."""
    path = Path("microlith/x.py").as_posix()
    reference = b"def _help(): return 1\ndef f(): return 2\n"
    own = b"def other(): return 3\ndef f(): return 2\n"
    found = compare({path: own}, {path: reference})
    assert (found.same, found.missing, found.different) == (1, (), ())
