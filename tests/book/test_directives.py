"""The syntax of directives: where they stand, how arguments and blocks are read."""

from __future__ import annotations

import pytest

from tools.book.directives import Directive, scan, split_words
from tools.book.errors import BookError


def directives(text: str) -> list[Directive]:
    """Return the directives of a text."""
    return [item for item in scan(text.splitlines()) if isinstance(item, Directive)]


def test_a_directive_has_name_rest_and_line() -> None:
    """All three are there."""
    (found,) = directives('prose\n\n@@code a.py:B from="x y"\n')
    assert (found.name, found.rest, found.line) == ("code", 'a.py:B from="x y"', 3)


def test_a_fence_keeps_its_text() -> None:
    """What stands in a fence is no directive, and a directive after it is."""
    text = "````\n@@code a\n```\n@@code b\n````\n@@tree\n"
    assert [d.name for d in directives(text)] == ["tree"]


def test_indented_text_is_a_directive_only_in_a_container() -> None:
    """The same indented line means two things."""
    assert directives("    @@tree\n") == []
    (found,) = directives('??? question "Why?"\n    text\n\n    @@tree\n')
    assert found.indent == 4
    assert directives("??? a\n    text\n\nout\n\n    @@tree\n") == []


def test_the_block_ends_at_the_first_line_that_is_not_deeper() -> None:
    """Empty lines inside stay, those at the end go."""
    (found,) = directives("@@run python\n    a\n\n        b\n\nprose\n")
    assert found.block == ("a", "", "    b")


@pytest.mark.parametrize(
    ("text", "words", "options", "left"),
    [
        ("a b", ["a", "b"], [], ""),
        ('from="x \\" y" a', ["a"], [("from", 'x " y')], ""),
        ("body='{\"a\": 1}'", [], [("body", '{"a": 1}')], ""),
        ('a "b', ["a"], [], '"b'),
    ],
)
def test_words_are_shell_like(
    text: str, words: list[str], options: list[tuple[str, str]], left: str
) -> None:
    """Quotes group; what cannot be read is handed back."""
    known = ("from", "body")
    assert split_words(text, known, stop=False) == (words, options, left)


def test_a_command_keeps_its_text() -> None:
    """Options end at the first word that is none; quotes stay in the command."""
    found = split_words("head=2 echo 'a  b' head=3", ("head",), stop=True)
    assert found == ([], [("head", "2")], "echo 'a  b' head=3")


def read_all(directive: Directive) -> None:
    """Read every option, as a directive does."""
    arguments = directive.arguments("from", "level", "context")
    arguments.get("from")
    arguments.choice("level", "walked", "annotated")
    arguments.number("context", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('@@code "open', "cannot read"),
        ("@@code a.py colour=red", "colour= is unknown"),
        ("@@code a.py from=x from=y", "from= is given twice"),
        ("@@code a.py level=seen", "must be one of"),
        ("@@code a.py context=many", "must be a number"),
    ],
)
def test_bad_arguments_are_refused(text: str, message: str) -> None:
    """Each refusal names the line."""
    (found,) = directives(text)
    with pytest.raises(BookError, match=f"line 1: .*{message}"):
        read_all(found)
