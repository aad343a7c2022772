"""`@@results`, `@@bench`, `@@plot` and `{{bench …}}` on a page.

Owns which words a page may write and which file they are answered from. It must not
know what a figure means.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tools.book.bench.about import ABOUT
from tools.book.bench.costs import COSTS
from tools.book.bench.figures import say
from tools.book.bench.plots import PLOTS
from tools.book.bench.results import Data, read
from tools.book.bench.tables import TABLES
from tools.book.directives import Directive, split_words
from tools.book.errors import BookError
from tools.book.html import escape
from tools.book.page import Page

__all__ = ["name_results", "render_bench", "render_plot", "replace_figures"]

SHOWN: dict[str, Callable[[Data], str]] = {**TABLES, **COSTS, **ABOUT}
FIGURE = re.compile(r"\{\{bench\b([^{}]*)\}\}")


def name_results(page: Page, directive: Directive) -> None:
    """Name the file of results that the page shows from here on."""
    (name,) = directive.arguments().only(1, "@@results benchmarks/results/DATE.json")
    page.results = name
    results_of(page)


def results_of(page: Page) -> Data:
    """Read the page's file of results: the one it names, or the newest."""
    return read(page.project.root, page.results)


def render_bench(page: Page, directive: Directive) -> str:
    """Show a table, or what there is to say about the run."""
    (name,) = directive.arguments().only(1, "@@bench wire")
    if name not in SHOWN:
        directive.fail(f"there is no {name}; there are {', '.join(sorted(SHOWN))}")
    if name in page.tables:
        directive.fail(f"{name} is shown above; a table stands once on a page")
    page.tables.add(name)
    return SHOWN[name](results_of(page))


def render_plot(page: Page, directive: Directive) -> str:
    """Show plots; the words after the first choose scenarios."""
    words = directive.arguments().words
    if not words or words[0] not in PLOTS:
        directive.fail(f"write it as @@plot wire; there are {', '.join(PLOTS)}")
    name, *wanted = words
    return PLOTS[name](results_of(page), wanted, page.identifier)


def replace_figures(
    page: Page, line: str, number: int, stash: Callable[[str], str]
) -> str:
    """Replace the figures in a line of prose."""

    def replaced(match: re.Match[str]) -> str:
        try:
            words, _, left = split_words(match[1], (), stop=False)
            if left:
                raise BookError(f"cannot read {left!r}; quote texts with spaces")
            return stash(escape(say(results_of(page), words)))
        except BookError as error:
            raise BookError(f"line {number}: {match[0]}: {error}") from error

    return FIGURE.sub(replaced, line)
