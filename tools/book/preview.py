"""One chapter as a bare HTML page, for authors who want to look quickly.

Uses Python-Markdown with the extensions of `mkdocs.yml` that need no theme. It
must not be used for the site.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markdown import Markdown
from pygments.formatters.html import HtmlFormatter

from tools.book.errors import BookError
from tools.book.narration import body_lines, page_files
from tools.book.project import Project

__all__ = ["preview"]

EXTENSIONS = [
    "abbr",
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "tables",
    "toc",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
    "pymdownx.tabbed",
]


def preview(project: Project, name: str) -> Path:
    """Render a page to `build/preview/NAME.html` and return the file."""
    found = [path for path in page_files(project) if path.stem == name]
    if not found:
        raise BookError(f"there is no page {name}.md below docs/")
    md = Markdown(
        extensions=[*EXTENSIONS, "tools.book.extension"],
        extension_configs={
            "tools.book.extension": {"root": str(project.root)},
            "pymdownx.tabbed": {"alternate_style": True},
        },
    )
    body = md.convert("\n".join(body_lines(found[0])))
    formatter: Any = HtmlFormatter(cssclass="highlight")
    colours = formatter.get_style_defs()
    css = (project.docs / "assets" / "book.css").read_text("utf-8")
    path = project.root / "build" / "preview" / f"{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{name}</title><style>{colours}\n{css}\n"
        "body{max-width:50rem;margin:1rem auto;padding:0 1rem;font-family:sans-serif}"
        f'</style><body class="md-typeset">{body}</body></html>\n',
        "utf-8",
    )
    return path
