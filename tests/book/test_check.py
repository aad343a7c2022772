"""The checks of the whole book: each passes a right book and fails a wrong one."""

from __future__ import annotations

from json import loads
from typing import Any

import pytest

from tools.book.__main__ import main
from tools.book.check import Checker
from tools.book.narration import coverage
from tools.book.prose import line_number_includes, words

CHAPTER = "docs/stages/02-requests.md"


def checker(book: Any) -> Checker:
    """Render all pages and return the state of the check."""
    made = Checker(book.project, say=lambda line: None)
    assert made.render() == []
    return made


def test_a_right_book_passes(recorded: Any) -> None:
    """Apart from its length: a toy has no 2,500 words."""
    made = checker(recorded)
    for step in (made.chapters, made.narration, made.reference, made.orphans):
        assert step() == []
    assert made.line_numbers() == []
    assert len(made.length()) == 3


def test_a_line_that_no_chapter_shows_is_found(recorded: Any) -> None:
    """Without the full code, what nothing else showed is missing."""
    made = checker(recorded)
    page = next(p for p in made.pages.values() if p.name == "02-requests")
    assert coverage(recorded.project, page).missing == ()
    page.shown = [shown for shown in page.shown if shown.level != "listed"]
    seen = coverage(recorded.project, page)
    assert seen.missing == ("applications.py:1", "applications.py:3")
    assert "2 lines not shown: applications.py:1" in made.narration()[0]


def test_a_chapter_without_its_full_code_is_found(recorded: Any) -> None:
    """That is how a line could be missing."""
    recorded.edit(CHAPTER, "@@full", "")
    (fault,) = Checker(recorded.project, say=lambda line: None).render()
    assert "02-requests.md: the chapter has no @@full" in fault


def test_a_chapter_that_only_lists_is_found(recorded: Any) -> None:
    """Enough lines must be walked, or walked and annotated."""
    recorded.edit(CHAPTER, "@@code requests.py\n", "")
    faults = checker(recorded).narration()
    assert any("walked or annotated, not 60 %" in fault for fault in faults)
    recorded.edit(CHAPTER, "@@diff applications.py:App\n", "")
    faults = checker(recorded).narration()
    assert any("0 % walked, not 30 %" in fault for fault in faults)


def test_each_line_counts_at_its_best_level(recorded: Any) -> None:
    """A line that is walked and listed is walked."""
    made = checker(recorded)
    page = next(p for p in made.pages.values() if p.name == "03-chain")
    seen = coverage(recorded.project, page)
    assert seen.walked + seen.annotated + seen.listed == seen.total
    assert seen.annotated == 5


def test_the_log_of_narration_is_written(recorded: Any) -> None:
    """It is the raw data of every figure."""
    checker(recorded)
    blocks = loads(recorded.read("build/narration.json"))
    assert {"page", "stage", "file", "symbol", "lines", "level", "hash"} == set(
        blocks[0]
    )


def test_a_missing_chapter_is_found(recorded: Any) -> None:
    """Each written stage has one, under its own name."""
    text = recorded.read(CHAPTER)
    recorded.path(CHAPTER).unlink()
    assert checker(recorded).chapters() == [f"{CHAPTER} is missing; write it"]
    recorded.write("docs/stages/02-other.md", text)
    (fault,) = Checker(recorded.project, say=lambda line: None).render()
    assert "the chapter of stage 2 is 02-requests.md; rename" in fault


def test_an_undocumented_name_is_found(recorded: Any) -> None:
    """A module without a page, and a name without a docstring."""
    recorded.edit("docs/reference/index.md", "@@api microlith.types\n", "")
    (fault,) = checker(recorded).reference()
    assert fault.startswith("microlith.types.Handler is in no reference page")


def test_an_orphaned_recording_is_found(recorded: Any) -> None:
    """Old recordings would never be checked again."""
    recorded.write("docs/recordings/02-requests/old.txt", "x")
    (fault,) = checker(recorded).orphans()
    assert "old.txt is used by no page" in fault


@pytest.mark.parametrize(
    "line",
    [
        '```python hl_lines="2"',
        '``` { .py linenums="1" }',
        '--8<-- "a.py:3:9"',
        "@@code routing.py:10:20",
        "@@code routing.py ln[3-4]",
    ],
)
def test_line_numbers_are_found(line: str) -> None:
    """They break silently when a line moves."""
    assert line_number_includes(["prose", line]) == [2]


def test_line_numbers_in_prose_are_allowed() -> None:
    """A page may speak of them."""
    text = ["`hl_lines` is banned", "@@code a.py:App.run", "@@run curl 127.0.0.1:8000"]
    assert line_number_includes(text) == []


def test_words_are_those_of_prose() -> None:
    """Notes count; code, output, attributes and link targets do not."""
    text = [
        "# Two words {#anchor}",
        "A [link text](some/where.md) — and <b>bold</b>.",
        "```python",
        "not counted = 1",
        "```",
        "| a | b |",
        "|---|---|",
        "@@code a.py:App",
        '    "text": three more words',
        "",
        "@@run python",
        "    print(1)",
    ]
    assert words(text) == 2 + 5 + 2 + 3


def test_the_command_line_says_what_failed(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 for faults, 2 for a question that makes no sense."""
    root = ["--root", str(recorded.root)]
    assert main([*root, "check", "--no-run", "--no-site"]) == 1
    said = capsys.readouterr().out
    assert "FAIL length of chapters" in said
    assert "ok   lines are shown" in said
    assert "skip recordings are fresh (--no-run)" in said
    assert "02-requests" in said.rpartition("walked")[2]
    assert main([*root, "record", "nowhere"]) == 2
    assert "error: no page named nowhere" in capsys.readouterr().err


def test_all_failures_fail_the_check(recorded: Any) -> None:
    """A page that does not render is one failure, not the end of the check."""
    recorded.edit(CHAPTER, "@@diff applications.py:App", "@@diff applications.py:Ap")
    said: list[str] = []
    made = Checker(recorded.project, say=said.append)
    assert made.run(rerun=False, build=False) >= 1
    assert said[0] == "FAIL pages render"
    assert "02-requests.md: line " in said[1]
