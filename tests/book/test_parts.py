"""Card, tree, invariants, hints, exercises, quiz, full code and reference."""

from __future__ import annotations

from typing import Any

import pytest

from tools.book.errors import BookError
from tools.book.quiz import load_quiz

APP = "stages/03_chain/src/microlith/applications.py"


def test_the_card_sums_the_stage_up(book: Any) -> None:
    """Counts come from the layers, links are the builder's to resolve."""
    html = book.render("@@card 3", None)
    assert "**Stage 03 · Chain**" in html
    assert "+46 −3 lines" in html
    space = "\N{NO-BREAK SPACE}"  # a sign stays on the line of its file
    assert f"~{space}`applications.py` · +{space}`middleware/__init__.py`" in html
    assert "[stage 01](01-hello.md), [stage 02](02-requests.md)" in html
    assert "5 minutes to read, 10 to build" in html
    assert "wrap a handler" in html


def test_the_tree_marks_files_with_signs_and_words(book: Any) -> None:
    """Colour alone says nothing."""
    html = book.render("@@tree")
    assert "<td>+ new</td><td>17</td>" in html
    assert "<td>~ changed</td><td>21</td><td>+7 −3</td>" in html
    assert "requests.py" in html
    assert "generated" in html
    changed = book.render("@@tree changed tests")
    assert "requests.py" not in changed
    assert "tests/03_chain/test_chain.py" in changed
    with pytest.raises(BookError, match="write @@tree"):
        book.render("@@tree everything")


def test_invariants_link_to_their_tests(book: Any) -> None:
    """The anchor is the one that the full code has."""
    html = book.render("@@invariants\n\n@@full")
    anchor = "test-test_chain-test_first_is_outermost"
    assert f'href="#{anchor}"' in html
    assert f'id="{anchor}"' in html


@pytest.mark.parametrize(
    ("find", "message"),
    [
        ("test_chain.py::", "has no file"),
        ("test_first_is_outermost", "there is no"),
    ],
)
def test_an_invariant_without_its_test_is_refused(
    book: Any, find: str, message: str
) -> None:
    """A renamed test or file stops the page."""
    path = "stages/03_chain/stage.toml"
    text = book.read(path)
    book.write(path, text.replace(find, "x" + find, 1))
    with pytest.raises(BookError, match=message.replace("file", "")):
        book.render("@@invariants")


def test_hints_go_from_question_to_code(book: Any) -> None:
    """The code is the last rung, in a fold of its own."""
    html = book.render("@@hints 1")
    assert html.index("Which end comes first?") < html.index("Wrap from the inside")
    assert html.index("Wrap from the inside") < html.index("compile_chain")
    assert html.count("<details") == 2
    with pytest.raises(BookError, match="there is no hint 2; choose 1 to 1"):
        book.render("@@hints 2")


def test_an_exercise_shows_all_its_parts(book: Any) -> None:
    """The title becomes a heading of the chapter."""
    html = book.render("@@exercise 01_a_shout", 1)
    assert "### Greet loudly {#exercise-01_a_shout}" in html
    for part in ("Stub", "Tests", "Hints", "Solution"):
        assert f"<summary>{part}</summary>" in html
    book.write("stages/01_hello/exercises/01_a_shout/README.md", "No title.\n")
    with pytest.raises(BookError, match="must begin with `# Title`"):
        book.render("@@exercise 01_a_shout", 1)


def test_a_quiz_is_a_form_that_works_without_scripts(book: Any) -> None:
    """The answers with their reasons are in a fold."""
    html = book.render("@@quiz", 1)
    assert html.count('type="radio"') == 2
    assert "<legend>What does <code>greet</code> answer?</legend>" in html
    answers = html[html.index("<details") :]
    assert "It says so." in answers
    assert "Nothing counts here." in answers


@pytest.mark.parametrize(
    ("find", "replace", "message"),
    [
        ("right = true", "right = false", "exactly one right"),
        ('why = "It says so."', "", "`why` must be a text"),
        ("right = true", "correct = true", "only `text`, `why` and `right"),
        ("right = true", 'right = "yes"', "`right` is true or false"),
        ("[[question]]", "[[questions]]", r"not valid TOML|write \[\[question"),
        ('text = "What', 'txt = "What', "needs `text`"),
        ('text = "A text"', 'text = ""', "`text` must be a text"),
        ("[[question]]", "[[question", "not valid TOML"),
    ],
)
def test_a_broken_quiz_is_refused(
    book: Any, find: str, replace: str, message: str
) -> None:
    """The message names the question."""
    book.edit("docs/quiz/01-hello.toml", find, replace)
    with pytest.raises(BookError, match=message):
        load_quiz(book.path("docs/quiz/01-hello.toml"))


def test_a_missing_quiz_is_refused(book: Any) -> None:
    """The message names the file to write."""
    with pytest.raises(BookError, match=r"docs/quiz/03-chain\.toml is missing"):
        book.render("@@quiz")


def test_the_full_code_has_purposes_anchors_and_diffs(book: Any) -> None:
    """Everything that the stage brings, nothing that it leaves alone."""
    page, html = book.page("@@full")
    for anchor in ("full-applications", "full-middleware.chain.compile_chain"):
        assert f'id="{anchor}"' in html
    assert "Fold" not in html.partition("<code>")[0]
    assert "Wrap the handler; the first layer is the outermost." in html
    assert "What changed since stage 02" in html
    assert "full-requests" not in html
    assert {shown.level for shown in page.shown} == {"listed"}


def test_each_function_needs_a_purpose(book: Any) -> None:
    """A private one may have it from the chapter."""
    book.write(APP, book.read(APP) + "\n\ndef _helper() -> int:\n    return 1\n")
    with pytest.raises(BookError, match=r"no purpose for applications\.py:_helper"):
        book.render("@@full")
    html = book.render('@@purpose applications.py:_helper "Counts `one`."\n\n@@full')
    assert "Counts <code>one</code>." in html
    with pytest.raises(BookError, match="write it above @@full"):
        book.render('@@full\n\n@@purpose applications.py:App "x"', 2)
    with pytest.raises(BookError, match="has a docstring; remove this line"):
        book.render('@@purpose applications.py:App "x"')
    with pytest.raises(BookError, match="there is no _gone"):
        book.render('@@purpose applications.py:_gone "x"')


def test_the_reference_shows_signature_docstring_and_history(book: Any) -> None:
    """The history follows the symbol, not the file."""
    html = book.render("@@api microlith.applications", None)
    assert "## `microlith.applications` {#microlith.applications}" in html
    assert "App(layers: tuple[Layer, ...] = ())" in html
    assert "Answer a request through all layers." in html
    assert "Born in [stage 01](../stages/01-hello.md), rewritten in" in html
    assert "`__init__`" not in html
    constants = book.render("@@api microlith.requests", None)
    assert "EMPTY = ''" in constants
    assert "name: str" in constants


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@@api microlith.none", "final/src has no microlith/none.py"),
        ("@@api os", "write the module as microlith.routing"),
        ("@@api microlith", "write the module as microlith.routing"),
    ],
)
def test_a_wrong_module_is_refused(book: Any, text: str, message: str) -> None:
    """The message says how to write it."""
    with pytest.raises(BookError, match=message):
        book.render(text, None)


def test_a_name_without_docstring_stops_the_reference(book: Any) -> None:
    """A public method counts, too."""
    book.edit(
        "final/src/microlith/applications.py", '"""Answer with a greeting."""', ""
    )
    with pytest.raises(BookError, match=r"App\.greet has no docstring"):
        book.render("@@api microlith.applications", None)
