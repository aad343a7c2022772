"""`@@code` and `@@diff`: what is shown, what is refused, what is logged."""

from __future__ import annotations

from typing import Any

import pytest

from tools.book.errors import BookError

CHAIN = "middleware/chain.py"


def test_a_new_symbol_says_so(book: Any) -> None:
    """No signs where everything is new; each line is logged as walked."""
    page, html = book.page(f"@@code {CHAIN}:compile_chain")
    assert "new in stage 03" in html
    assert "ml-add" not in html
    (shown,) = page.shown
    assert (shown.file, shown.symbol, shown.level) == (CHAIN, "compile_chain", "walked")
    assert shown.lines == (13, 14, 15, 16, 17)


def test_a_changed_symbol_has_signs_and_views(book: Any) -> None:
    """Added lines are `ins`, removed ones `del`; two radio buttons choose."""
    html = book.render("@@code applications.py:App")
    assert "replaces 2 lines" in html
    assert html.count('<ins class="ml-add">') == 5
    assert html.count('<del class="ml-del">') == 2
    assert html.count('type="radio"') == 2
    assert "<label" in html


def test_an_unchanged_symbol_names_its_stage(book: Any) -> None:
    """The reader learns where it was explained."""
    assert "unchanged since stage 01" in book.render("@@code applications.py:App.greet")


def test_a_part_brings_the_whole_symbol_along(book: Any) -> None:
    """From and to are texts; the rest is folded."""
    html = book.render(
        '@@code applications.py:App from="def answer" to="return compile_chain"'
    )
    shown, _, whole = html.partition("Whole symbol (13 lines)")
    assert "greet whoever" not in shown.lower()
    assert "Greet whoever" in whole
    assert "<details" in shown


def test_skipped_lines_are_not_logged(book: Any) -> None:
    """The mark says that something is left out."""
    page, html = book.page(f'@@code {CHAIN}:compile_chain skip="for layer…handler = "')
    assert "⋯" in html
    assert page.shown[0].lines == (13, 14, 17)


def test_notes_are_numbered_and_linked_both_ways(book: Any) -> None:
    """They are Markdown and may continue on a deeper line."""
    page, html = book.page(
        f"@@code {CHAIN}:compile_chain level=annotated\n"
        '    "reversed(layers)": the *last*\n        first\n'
        '    "return handler": done\n'
    )
    assert page.shown[0].level == "annotated"
    assert "the <em>last</em> first" in html
    for number in (1, 2):
        assert f'href="#code-1-note-{number}"' in html
        assert f'<li id="code-1-note-{number}"' in html
        assert f'href="#code-1-note-{number}-mark"' in html
        assert f'id="code-1-note-{number}-mark"' in html


def test_other_files_are_named_as_a_reader_sees_them(book: Any) -> None:
    """Tests, demo, exercises and paths of the repository are shown, not logged."""
    page, html = book.page(
        "@@code tests/test_chain.py:test_first_is_outermost\n\n"
        "@@code tests/02_requests/test_request.py:test_strips\n\n"
        "@@code demo.py\n\n@@code repo:stages/01_hello/demo.py\n"
    )
    assert html.count('class="ml-code') == 4
    assert page.shown == []
    page, html = book.page("@@code exercises/01_a_shout/solution.py:shout", 1)
    assert "upper" in html


def test_a_diff_shows_hunks_only(book: Any) -> None:
    """The unchanged method is left out, its class stays."""
    html = book.render("@@diff applications.py:App context=0")
    shown = html.partition("Whole symbol")[0]
    assert "class" in shown
    assert "Answer with a greeting" not in shown
    assert "⋯" in shown


def test_listings_have_ids_of_their_own(book: Any) -> None:
    """The theme's copy button finds a block by the nearest id."""
    html = book.render('@@code applications.py:App to="def greet"')
    assert html.count('<div class="highlight" id="listing-') == 2
    assert 'id="listing-1"' in html
    assert 'id="listing-2"' in html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "@@code applications.py:Appp",
            "there is no Appp; the names are: __all__, App",
        ),
        ("@@code application.py:App", "stage 3 has no file application.py"),
        ('@@code applications.py:App from="def "', "is on 3 lines"),
        ('@@code applications.py:App to="nowhere"', "is on 0 lines"),
        ('@@code applications.py:App from="greet(s" to="class"', "swap them"),
        ('@@code applications.py:App skip="def"', "with one … between"),
        ("@@code applications.py:App level=annotated", "needs notes"),
        ('@@code applications.py:App\n    "def ": x', "fits 3 shown lines"),
        ("@@code applications.py:App\n    note", "cannot read the note"),
        ("@@code tests/test_none.py", "there is no tests/test_none.py"),
        ("@@code repo:../secret", "leaves the repository"),
        ("@@code exercises/../../../../secret", "leaves the repository"),
        ("@@diff requests.py", "nothing changed in stage 3"),
        (f"@@diff {CHAIN}", "no earlier version"),
        ("@@cod applications.py", "no such directive; there are @@api"),
        ("@@tree\n    text", "takes no block"),
    ],
)
def test_a_fault_stops_the_page(book: Any, text: str, message: str) -> None:
    """The message names the line and what is wrong."""
    with pytest.raises(BookError) as caught:
        book.render(f"prose\n\n{text}")
    assert str(caught.value).startswith("line 3: @@")
    assert message in str(caught.value)


def test_forty_lines_are_the_most(book: Any) -> None:
    """One more fails; so does a line of 80 columns."""
    path = "stages/03_chain/src/microlith/middleware/chain.py"
    text = book.read(path)
    lines = "".join(f"    x{n} = {n}\n" for n in range(39))
    book.write(path, f"{text}\n\ndef long():\n{lines}")
    assert "long" in book.render(f"@@code {CHAIN}:long")
    book.write(path, f"{text}\n\ndef long():\n{lines}    y = 1\n")
    with pytest.raises(BookError, match="41 lines; at most 40"):
        book.render(f"@@code {CHAIN}:long")
    wide = "    x = " + "1" * 71
    book.write(path, f"{text}\n\ndef wide():\n{wide}\n")
    assert len(wide) == 79
    assert "wide" in book.render(f"@@code {CHAIN}:wide")
    book.write(path, f"{text}\n\ndef wide():\n{wide}1\n")
    with pytest.raises(BookError, match="80 columns; at most 79"):
        book.render(f"@@code {CHAIN}:wide")


def test_code_is_escaped(book: Any) -> None:
    """Nothing from a file becomes markup."""
    path = "stages/03_chain/src/microlith/middleware/chain.py"
    book.write(
        path,
        book.read(path) + '\n\nEVIL = "<script>alert(1)</script> & </code></pre>"\n',
    )
    for text in (f"@@code {CHAIN}:EVIL", f"@@code {CHAIN}", "@@full"):
        html = book.render(text)
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert html.count("</pre>") == html.count("<pre")


def test_a_page_has_one_stage(book: Any) -> None:
    """Without one there is no code to show; two contradict each other."""
    with pytest.raises(BookError, match="the page has no stage"):
        book.render("@@code applications.py:App", None)
    with pytest.raises(BookError, match="say it once"):
        book.render("@@card 3\n\n@@card 2", None)
    with pytest.raises(BookError, match="stage 4 is planned, not written"):
        book.render("@@card 4", None)
    page, _ = book.page("@@stage last name=quickstart", None)
    assert (page.stage_number, page.name, page.chapter) == (3, "quickstart", False)
