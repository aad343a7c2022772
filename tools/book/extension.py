"""The Python-Markdown extension that knows the directives of the book.

A Markdown extension is not told which page it converts. So the page says it: the
first directive of a chapter, `@@card N`, sets its stage; other pages say
`@@stage N name=…`. The state is fresh for each conversion. Name it as
`tools.book.extension` in `markdown_extensions`, start the builder as
`python -m mkdocs` or `python -m zensical` from the root of the repository.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from tools.book.page import Page
from tools.book.project import Project
from tools.book.render import render_page

__all__ = ["BookExtension", "makeExtension"]

# After white space is normal (30), before fences and HTML blocks are taken (25).
PRIORITY = 27

_projects: dict[Path, Project] = {}


class BookExtension(Extension):
    """Registers the directives; `root` is the repository."""

    def __init__(self, **options: Any) -> None:
        self.config = {"root": [".", "The root of the repository"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Add the preprocessor that replaces directives."""
        root = Path(str(self.getConfig("root"))).resolve()
        project = _projects.setdefault(root, Project(root))
        md.preprocessors.register(Directives(md, project), "microlith", PRIORITY)


class Directives(Preprocessor):
    """Replaces the directives of one page."""

    def __init__(self, md: Markdown, project: Project) -> None:
        super().__init__(md)
        self.project = project

    def run(self, lines: list[str]) -> list[str]:
        """Return the lines of the page without directives."""
        return render_page(Page(self.project), lines, self.md.htmlStash.store)


def makeExtension(**options: Any) -> BookExtension:
    """Build the extension, as Python-Markdown asks for it."""
    return BookExtension(**options)
