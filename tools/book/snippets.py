"""`@@code` and `@@diff`: a symbol or a part of it, compared with the stage before.

Owns which lines are chosen and what the banner says about them; `rows` turns them
into HTML. It must not know recordings or the other directives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.book.compare import Row, compare, hunks
from tools.book.directives import Arguments, Directive
from tools.book.errors import BookError
from tools.book.html import plural
from tools.book.notes import Note, parse_notes, place_notes
from tools.book.page import Page
from tools.book.project import Source
from tools.book.rows import Box, render_box
from tools.book.symbols import find

__all__ = ["render_code", "render_diff", "split_target"]

MAX_LINES = 40
MAX_COLUMNS = 79


@dataclass(frozen=True, slots=True)
class Piece:
    """A symbol or file with its rows against the stage before."""

    source: Source
    symbol: str
    rows: list[Row]
    compared: bool
    new: bool

    @property
    def changed(self) -> bool:
        """Whether any row was added or removed."""
        return any(row.sign != " " for row in self.rows)


def render_code(page: Page, directive: Directive) -> str:
    """Render `@@code`."""
    arguments = directive.arguments("from", "to", "skip", "level", "title", "plain")
    piece = _piece(page, directive, arguments)
    chosen = _part(directive, piece.rows, arguments)
    whole = len(chosen) == len(piece.rows)
    rows: list[Row | None] = list(chosen)
    for pair in arguments.all("skip"):
        rows = _skip(directive, rows, pair)
        whole = False
    return _finish(page, directive, arguments, piece, rows, whole)


def render_diff(page: Page, directive: Directive) -> str:
    """Render `@@diff`."""
    arguments = directive.arguments("from", "to", "level", "title", "context")
    piece = _piece(page, directive, arguments)
    if piece.new or not piece.compared:
        directive.fail("there is no earlier version to compare with; use @@code")
    if not piece.changed:
        directive.fail(f"nothing changed in stage {page.number}; use @@code")
    chosen = _part(directive, piece.rows, arguments)
    rows = hunks(chosen, arguments.number("context", 1))
    return _finish(page, directive, arguments, piece, rows, whole=False)


def split_target(target: str) -> tuple[str, str]:
    """Split `file:symbol`; the symbol may be missing."""
    prefix = "repo:" if target.startswith("repo:") else ""
    file, _, symbol = target.removeprefix(prefix).partition(":")
    return prefix + file, symbol


def _piece(page: Page, directive: Directive, arguments: Arguments) -> Piece:
    (target,) = arguments.only(1, f"@@{directive.name} file.py:Symbol")
    file, symbol = split_target(target)
    source = page.project.source(file, page.stage_number)
    text = source.lines
    first = 1
    if symbol:
        span = find(source.text, symbol)
        first, text = span.first, text[span.first - 1 : span.last]
    if not source.layered or arguments.get("plain") == "yes":
        rows = [Row(" ", line, new=first + i) for i, line in enumerate(text)]
        return Piece(source, symbol, rows, compared=False, new=False)
    old, old_first = _previous(source, symbol)
    rows = compare(old or [], text, old_first, first)
    return Piece(source, symbol, rows, compared=True, new=old is None)


def _previous(source: Source, symbol: str) -> tuple[list[str] | None, int]:
    if source.previous is None:
        return None, 1
    lines = source.previous.splitlines()
    if not symbol:
        return lines, 1
    try:
        span = find(source.previous, symbol)
    except BookError:
        return None, 1
    return lines[span.first - 1 : span.last], span.first


def _part(directive: Directive, rows: list[Row], arguments: Arguments) -> list[Row]:
    start, stop = 0, len(rows)
    if arguments.all("from"):
        start = _once(directive, rows, arguments.get("from"), "from")
        while start and rows[start].sign == "+" and rows[start - 1].sign == "-":
            start -= 1
    if arguments.all("to"):
        stop = _once(directive, rows, arguments.get("to"), "to") + 1
    if start >= stop:
        directive.fail('to="…" stands above from="…"; swap them')
    return rows[start:stop]


def _once(
    directive: Directive, rows: Sequence[Row | None], text: str, option: str
) -> int:
    """Find the one line of the new version that holds a text."""
    found = [
        index
        for index, row in enumerate(rows)
        if row is not None and row.sign != "-" and text in row.text
    ]
    if not text.strip() or len(found) != 1:
        directive.fail(
            f"{option}={text!r} is on {plural(len(found), 'line')} of the code; "
            "choose a text that is on exactly one"
        )
    return found[0]


def _skip(directive: Directive, rows: list[Row | None], pair: str) -> list[Row | None]:
    first, found, last = pair.partition("…")
    if not found:
        directive.fail('write skip="first text…last text", with one … between')
    start = _once(directive, rows, first, "skip")
    stop = _once(directive, rows, last or first, "skip")
    if stop < start:
        directive.fail("the last text of skip= stands above the first; swap them")
    return [*rows[:start], None, *rows[stop + 1 :]]


def _finish(
    page: Page,
    directive: Directive,
    arguments: Arguments,
    piece: Piece,
    rows: list[Row | None],
    whole: bool,
) -> str:
    now = [row for row in rows if row is not None and row.sign != "-"]
    _check_size(directive, now)
    level = arguments.choice("level", "walked", "annotated")
    notes = parse_notes(directive)
    if level == "annotated" and not notes:
        directive.fail("level=annotated needs notes in the block below it")
    placed: dict[int, list[Note]] = place_notes(directive, notes, now)
    text = "\n".join(row.text for row in now)
    if piece.source.layered:
        lines = [row.new for row in now]
        page.show(piece.source.label, piece.symbol, lines, level, text)
    page.snippets.append(len(now))
    badge, kind = _badge(page, piece, rows)
    trail = [arguments.get("title") or piece.source.label]
    trail += [piece.symbol] if piece.symbol else []
    return render_box(
        Box(
            page.identifier("code"),
            trail,
            badge,
            kind,
            piece.source.text,
            piece.source.previous or "",
            rows,
            notes,
            placed,
            [] if whole else [row for row in piece.rows if row.sign != "-"],
        )
    )


def _check_size(directive: Directive, rows: list[Row]) -> None:
    if not rows:
        directive.fail("no line is left to show; choose another part")
    if len(rows) > MAX_LINES:
        directive.fail(
            f"{len(rows)} lines; at most {MAX_LINES}. "
            'Choose a part with from="…" to="…" or leave lines out with skip="…"'
        )
    for row in rows:
        if len(row.text) > MAX_COLUMNS:
            directive.fail(
                f"{len(row.text)} columns; at most {MAX_COLUMNS}. Shorten in the "
                f"source: {row.text.strip()[:50]}…"
            )


def _badge(page: Page, piece: Piece, rows: list[Row | None]) -> tuple[str, str]:
    if not piece.compared:
        return "", ""
    if piece.new:
        return f"new in stage {page.number:02d}", "ml-is-new"
    if not piece.changed:
        history = page.project.history(piece.source.label, piece.symbol, page.number)
        return f"unchanged since stage {history[-1]:02d}", "ml-is-same"
    removed = sum(row is not None and row.sign == "-" for row in rows)
    added = sum(row is not None and row.sign == "+" for row in rows)
    if removed:
        return f"replaces {plural(removed, 'line')}", "ml-is-changed"
    if added:
        return f"adds {plural(added, 'line')}", "ml-is-changed"
    return "this part is unchanged", "ml-is-same"
