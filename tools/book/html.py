"""Small pieces of HTML that several directives share.

Owns escaping, highlighting and the frame around code. Everything that comes from
a file or a run passes through `escape` or the highlighter. It must not know where
the text came from.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from markdown import Markdown
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

__all__ = [
    "banner",
    "code_box",
    "details",
    "escape",
    "highlighted",
    "inline",
    "markdown",
    "plain_box",
    "plural",
]

INNER = {
    "pymdownx.highlight": {"anchor_linenums": False},
    "pymdownx.superfences": {},
    "tables": {},
    "sane_lists": {},
}


@lru_cache(maxsize=512)
def highlighted(text: str, name: str) -> tuple[str, ...]:
    """Return each line of a file as HTML; the name chooses the language."""
    try:
        lexer = get_lexer_for_filename(name, stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    made = highlight(text, lexer, HtmlFormatter(nowrap=True)).split("\n")
    count = len(text.splitlines())
    return (*made[:count], *("" for _ in range(count - len(made))))


def markdown(text: str) -> str:
    """Render a piece of Markdown that stands alone, such as a hint."""
    return Markdown(extensions=list(INNER), extension_configs=INNER).convert(text)


def inline(text: str) -> str:
    """Render one paragraph of Markdown without the paragraph's tags."""
    made = markdown(" ".join(text.split()))
    return made.removeprefix("<p>").removesuffix("</p>")


def code_box(code: str) -> str:
    """Frame code so that it scrolls inside itself and takes the focus."""
    return f'<div class="highlight"><pre tabindex="0"><code>{code}</code></pre></div>'


def plain_box(text: str, name: str) -> str:
    """Frame a whole file without any marks."""
    return code_box("".join(f"{line}\n" for line in highlighted(text, name)))


def banner(parts: list[str], badge: str = "", kind: str = "") -> str:
    """Head a block with where its code comes from; `parts` are plain texts."""
    trail = ' <span aria-hidden="true">›</span> '.join(
        f"<code>{escape(part)}</code>" for part in parts
    )
    mark = f' <span class="ml-badge {kind}">{escape(badge)}</span>' if badge else ""
    return f'<p class="ml-banner">{trail}{mark}</p>'


def details(summary: str, body: str, kind: str = "", anchor: str = "") -> str:
    """Fold something; `summary` and `body` are HTML."""
    name = f' id="{escape(anchor)}"' if anchor else ""
    return (
        f'<details class="ml-fold {kind}"{name}><summary>{summary}</summary>\n'
        f"{body}\n</details>"
    )


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: `1 line`, `2 lines`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
