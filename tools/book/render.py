"""A page's Markdown with every directive replaced by what it shows.

Owns the table of directives and the places in messages. HTML goes through a
`stash`, because Markdown must not touch it; Markdown stays in the text. It must
not know which builder calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import count

from tools.book.about import (
    render_card,
    render_exercise,
    render_hints,
    render_invariants,
    render_tree,
)
from tools.book.api import render_api
from tools.book.bench.directive import (
    name_results,
    render_bench,
    render_plot,
    replace_figures,
)
from tools.book.directives import Directive, fence_after, scan
from tools.book.errors import BookError
from tools.book.full import note_purpose, render_full
from tools.book.page import Page
from tools.book.quiz import render_quiz
from tools.book.recorded import render_run, render_trace
from tools.book.snippets import render_code, render_diff
from tools.stages.model import LadderError

__all__ = ["DIRECTIVES", "begin_stage", "render_page"]

Stash = Callable[[str], str]
Renderer = Callable[[Page, Directive], str]

HTML: dict[str, Renderer] = {
    "code": render_code,
    "diff": render_diff,
    "tree": render_tree,
    "run": render_run,
    "trace": render_trace,
    "invariants": render_invariants,
    "hints": render_hints,
    "quiz": render_quiz,
    "full": render_full,
    "bench": render_bench,
    "plot": render_plot,
}
LISTING = re.compile(r'<div class="highlight">(?=<pre tabindex)')
LISTED = '<div class="highlight" id="listing-{}">'
WITH_BLOCK = ("code", "diff", "run", "trace")
DIRECTIVES = (*HTML, "card", "stage", "exercise", "purpose", "api", "results")


def render_page(page: Page, lines: Iterable[str], stash: Stash) -> list[str]:
    """Replace the directives of a page."""
    result: list[str] = []
    numbered = _numbering(stash)
    fence, number = "", 0
    for item in scan(lines):
        if isinstance(item, str):
            number += 1
            inside, fence = fence, fence_after(item, fence)
            code = inside or fence
            result.append(item if code else replace_figures(page, item, number, stash))
            continue
        number = item.line + len(item.block)
        try:
            made = _render(page, item, numbered)
        except (BookError, LadderError) as error:
            if str(error).startswith("line "):
                raise
            raise BookError(f"{item.where}: {error}") from error
        margin = " " * item.indent
        result += ["", *(f"{margin}{line}" if line else "" for line in made), ""]
    return result


def _numbering(stash: Stash) -> Stash:
    """Give each listing an id: the copy button looks for the nearest one."""
    numbers = count(1)

    def store(html: str) -> str:
        return stash(LISTING.sub(lambda _: LISTED.format(next(numbers)), html))

    return store


def begin_stage(page: Page, directive: Directive) -> None:
    """Set the stage of a page that is not a chapter: `@@stage last name=index`."""
    arguments = directive.arguments("name")
    (word,) = arguments.only(1, "@@stage 3 name=quickstart")
    if word != "last" and not word.isdecimal():
        directive.fail("write the number of a stage, or last")
    n = page.project.ladder.last if word == "last" else int(word)
    name = arguments.get("name")
    if not name.replace("-", "").isalnum():
        directive.fail("name the folder of the page's recordings: name=quickstart")
    page.begin(n, name, chapter=False)


def _render(page: Page, directive: Directive, stash: Stash) -> list[str]:
    name = directive.name
    if name not in DIRECTIVES:
        known = ", ".join(f"@@{known}" for known in sorted(DIRECTIVES))
        directive.fail(f"no such directive; there are {known}")
    if name not in WITH_BLOCK:
        directive.no_block()
    if name == "stage":
        begin_stage(page, directive)
        return []
    if name == "purpose":
        note_purpose(page, directive)
        return []
    if name == "results":
        name_results(page, directive)
        return []
    if name == "card":
        return render_card(page, directive)
    if name == "api":
        return render_api(page, directive)
    if name == "exercise":
        text, folds = render_exercise(page, directive)
        return [*text, *(stash(fold) for fold in folds)]
    return [stash(HTML[name](page, directive))]
