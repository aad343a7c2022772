"""The figures of the benchmarks in prose, and the directives that show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tools.book.bench.figures import NOT_MEASURED, say
from tools.book.bench.results import nearest, read
from tools.book.errors import BookError

if TYPE_CHECKING:
    from conftest import Book


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("wire plaintext microlith rps", "30,000"),
        ("inprocess body microlith us", "9.50"),
        ("inprocess body microlith bytecodes", "400"),
        ("ratio inprocess body fastapi microlith", "10.0"),
        ("best inprocess body", "falcon"),
        ("best wire body", "fastapi"),
        ("share body microlith", "24%"),
        ("features|a middleware|calls", "2"),
        ("stages 02 plaintext bytecodes", "300"),
        ("footprint microlith packages", "2"),
        ("scaling websockets kib_each", "21.84"),
        ("scaling workers 2", "60,000"),
        ("goals missed", "1"),
        ("goals all", "3"),
        ("machine cpu", "A <CPU> & co"),
        ("versions python", "3.11.7"),
        ("date", "2026-01-02"),
        ("inprocess dependencies falcon us", NOT_MEASURED),
        ("inprocess query microlith us", NOT_MEASURED),
        ("ratio inprocess dependencies fastapi microlith", NOT_MEASURED),
    ],
)
def test_a_figure_is_what_the_file_says(
    data: dict[str, Any], words: str, wanted: str
) -> None:
    assert say(data, words.split("|" if "|" in words else None)) == wanted


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "name a figure; it begins with inprocess, wire"),
        ("speed", "'speed' is no kind of figure of the results; there are inprocess"),
        ("wire home microlith rps", "'home' is no scenario"),
        ("wire body django rps", "'django' is no framework"),
        ("wire body microlith us", "'us' is no figure .* there are rps, p99_ms"),
        ("wire body", r"write it as \{\{bench wire SCENARIO FRAMEWORK KEY\}\}"),
        ("date today", r"write it as \{\{bench date\}\}"),
        ("stages 11 plaintext us", "'11' is no stage of the results; there are 01, 02"),
        ("features magic us", "'magic' is no feature"),
        ("scaling workers 9", "'9' is no figure"),
    ],
)
def test_an_unknown_figure_is_refused(
    data: dict[str, Any], words: str, message: str
) -> None:
    with pytest.raises(BookError, match=message):
        say(data, words.split())


def test_another_server_is_no_peer_and_noise_no_figure(data: dict[str, Any]) -> None:
    data["wire"]["fastapi+granian"] = data["wire"]["microlith+granian"]
    assert nearest(data, "wire", "body") == "fastapi"
    data["inprocess"]["falcon"]["body"]["us"]["median"] = -0.1
    assert nearest(data, "inprocess", "body") == "fastapi"


# --- on a page ---------------------------------------------------------------


def keep(book: Book, name: str, data: dict[str, Any]) -> None:
    """Write results into the toy book."""
    book.write(f"benchmarks/results/{name}.json", json.dumps(data))


def test_a_page_shows_the_newest_file_or_the_one_it_names(
    book: Book, data: dict[str, Any]
) -> None:
    keep(book, "2026-01-02", data)
    keep(book, "2025-12-31", data | {"date": "2025-12-31"})
    text = "On {{bench date}} it took {{bench inprocess body microlith us}} µs."
    assert "2026-01-02\n9.50" in book.render(text, None)
    named = f"@@results benchmarks/results/2025-12-31.json\n\n{text}"
    assert "2025-12-31\n9.50" in book.render(named, None)


def test_a_block_above_counts_its_lines(book: Book, data: dict[str, Any]) -> None:
    keep(book, "2026-01-02", data)
    code = "@@code middleware/chain.py:compile_chain level=annotated"
    page = f'{code}\n    "return handler": what is left\n\n{{{{bench x}}}}'
    with pytest.raises(BookError, match=r"line 4: \{\{bench x\}\}: 'x' is no kind"):
        book.render(page)


def test_figures_are_escaped_and_fences_left_alone(
    book: Book, data: dict[str, Any]
) -> None:
    keep(book, "2026-01-02", data)
    page = "{{bench machine cpu}}\n\n```\n{{bench machine cores}}\n```\n"
    html = book.render(page, None)
    assert "A &lt;CPU&gt; &amp; co" in html
    assert "{{bench machine cores}}" in html
    assert "{{bench machine cpu}}" not in html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@@bench speed", r"line 1: @@bench speed: there is no speed; there are"),
        ("@@bench goals\n\n@@bench goals", r"line 3: .*goals is shown above"),
        ("@@plot", r"line 1: .*write it as @@plot wire"),
        ("@@plot wire home", r"line 1: .*there is no scenario home"),
        ("@@results nowhere.json", r"line 1: .*there is no nowhere\.json"),
        ("@@results ../x.json", r"line 1: .*leaves the repository"),
        ("@@tree\n\nIt is\n{{bench goals won}}", r"line 4: \{\{bench goals won\}\}: "),
        ('{{bench versions "x}}', r"line 1: .*quote texts with spaces"),
    ],
)
def test_a_fault_names_its_line(
    book: Book, data: dict[str, Any], text: str, message: str
) -> None:
    keep(book, "2026-01-02", data)
    with pytest.raises(BookError, match=message):
        book.render(text)


@pytest.mark.parametrize("text", ["@@bench wire", "@@plot wire", "{{bench date}}"])
def test_without_results_the_page_does_not_build(book: Book, text: str) -> None:
    with pytest.raises(BookError, match=r"line 1: .*no results; `make bench-full`"):
        book.render(text, None)


def test_a_file_that_is_no_file_of_results_is_refused(
    book: Book, data: dict[str, Any]
) -> None:
    keep(book, "2026-01-02", data | {"schema": 0})
    with pytest.raises(BookError, match="schema 0, not 1; `make bench-full`"):
        read(book.root)
    book.write("benchmarks/results/2026-01-03.json", "{")
    with pytest.raises(BookError, match=r"2026-01-03\.json is no JSON"):
        read(book.root)
