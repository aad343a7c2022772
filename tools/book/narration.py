"""Which lines of a stage its chapter shows, and how.

Owns the pages of the book as a whole: rendering all of them without a builder and
comparing what they showed with what the stages add. It must not judge prose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.book.about import chapter_name
from tools.book.directives import Directive, scan
from tools.book.errors import BookError
from tools.book.full import require_full
from tools.book.page import LEVELS, Page
from tools.book.project import GENERATED, Project
from tools.book.recipes import Recipe, recipe
from tools.book.render import begin_stage, render_page
from tools.stages.model import LadderError

__all__ = [
    "Coverage",
    "body_lines",
    "coverage",
    "page_files",
    "page_recipes",
    "render_file",
    "write_log",
]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the lines that a stage adds or changes are shown in its chapter."""

    total: int
    walked: int
    annotated: int
    listed: int
    missing: tuple[str, ...]

    def share(self, *levels: str) -> float:
        """Return the percentage of lines at some levels."""
        if not self.total:
            return 100.0
        counts = {
            "walked": self.walked,
            "annotated": self.annotated,
            "listed": self.listed,
        }
        return 100 * sum(counts[level] for level in levels) / self.total


def page_files(project: Project) -> list[Path]:
    """List the pages of the site."""
    return sorted(project.docs.rglob("*.md"))


def body_lines(path: Path) -> list[str]:
    """Return the lines of a page without its front matter."""
    lines = path.read_text("utf-8").expandtabs(4).splitlines()
    if lines[:1] == ["---"] and "---" in lines[1:]:
        return lines[lines.index("---", 1) + 1 :]
    return lines


def render_file(project: Project, path: Path) -> Page:
    """Render a page as the builders do and return what it showed."""
    page = Page(project)
    place = path.relative_to(project.root).as_posix()
    try:
        render_page(page, body_lines(path), lambda html: "")
        if path.parent == project.docs / "stages" and path.name != "index.md":
            _check_chapter(page, path)
    except (BookError, LadderError) as error:
        raise BookError(f"{place}: {error}") from error
    return page


def _check_chapter(page: Page, path: Path) -> None:
    if not page.chapter:
        raise BookError("a chapter begins with @@card N; add it")
    if page.name != path.stem:
        raise BookError(f"the chapter of stage {page.number} is {page.name}.md; rename")
    require_full(page)


def page_recipes(
    project: Project, lines: Iterable[str]
) -> tuple[str, list[tuple[Directive, Recipe]]]:
    """List what a page asks to be run, without rendering it."""
    page = Page(project)
    found: list[tuple[Directive, Recipe]] = []
    for item in scan(lines):
        if isinstance(item, str):
            continue
        if item.name == "card":
            words = item.arguments().words
            if not words or not words[0].isdecimal():
                item.fail("write the number of the stage, such as @@card 3")
            n = int(words[0])
            page.begin(n, chapter_name(project, n), chapter=True)
        elif item.name == "stage":
            begin_stage(page, item)
        elif item.name in ("run", "trace"):
            if page.stage_number is None:
                item.fail("the page has no stage; begin it with @@card N")
            found.append((item, recipe(item, page.number)))
    return page.name, found


def coverage(project: Project, page: Page) -> Coverage:
    """Compare what a chapter showed with what its stage adds or changes."""
    counts = dict.fromkeys(LEVELS, 0)
    missing: list[str] = []
    total = 0
    for path in project.written(page.number):
        if path == GENERATED:
            continue
        levels = _levels(page, path)
        for line in sorted(project.added(page.number, path)):
            total += 1
            if line in levels:
                counts[levels[line]] += 1
            else:
                missing.append(f"{path}:{line}")
    walked, annotated, listed = (counts[level] for level in LEVELS)
    return Coverage(total, walked, annotated, listed, tuple(missing))


def _levels(page: Page, path: str) -> dict[int, str]:
    """Return the best level at which each line was shown."""
    levels: dict[int, str] = {}
    for shown in page.shown:
        if shown.file == path and shown.stage == page.number:
            for line in shown.lines:
                best = levels.get(line, shown.level)
                levels[line] = min(best, shown.level, key=LEVELS.index)
    return levels


def write_log(project: Project, pages: Iterable[Page]) -> Path:
    """Write what all pages showed to `build/narration.json`."""
    blocks = [asdict(shown) for page in pages for shown in page.shown]
    path = project.root / "build" / "narration.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(blocks, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path
