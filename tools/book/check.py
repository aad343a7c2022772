"""Every check of the book, one line each, and the table of chapters.

Owns what a chapter must reach: coverage, words, recordings, references, links. It
must not know how pages are rendered or runs are made.
"""

from __future__ import annotations

import difflib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.book import recordings, site
from tools.book.about import chapter_name
from tools.book.api import undocumented
from tools.book.directives import Directive, scan
from tools.book.errors import BookError
from tools.book.html import plural
from tools.book.narration import (
    body_lines,
    coverage,
    page_files,
    page_recipes,
    render_file,
    write_log,
)
from tools.book.page import Page
from tools.book.project import Project
from tools.book.prose import line_number_includes, words
from tools.book.recipes import Recipe
from tools.book.runs import execute

__all__ = ["Checker", "record"]

WORDS = (2500, 5000)
WALKED = 30.0
WALKED_OR_ANNOTATED = 60.0


@dataclass
class Checker:
    """The state of one check of the whole book."""

    project: Project
    only: Sequence[str] = ()
    say: Callable[[str], None] = print
    pages: dict[Path, Page] = field(default_factory=dict)
    failed: int = 0

    def run(self, *, rerun: bool = True, build: bool = True) -> int:
        """Run the checks and return how many failed."""
        self._step("pages render", self.render())
        self._step("chapters exist", self.chapters())
        self._step("lines are shown", self.narration())
        self._step("length of chapters", self.length())
        self._step("no line numbers", self.line_numbers())
        self._step("reference is complete", self.reference())
        self._step("no orphaned recordings", self.orphans())
        if rerun:
            self._step("recordings are fresh", self.stale())
        else:
            self.say("skip recordings are fresh (--no-run)")
        if build:
            self._step("links and anchors", self.links())
        else:
            self.say("skip links and anchors (--no-site)")
        self.say("\n".join(["", *self.table()]))
        return self.failed

    def _step(self, title: str, faults: list[str]) -> None:
        self.failed += bool(faults)
        self.say(f"{'FAIL' if faults else 'ok  '} {title}")
        for fault in faults:
            self.say(f"     {fault}")

    def _files(self) -> list[Path]:
        files = page_files(self.project)
        return [f for f in files if not self.only or f.stem in self.only]

    def _chapters(self) -> dict[Path, Page]:
        return {path: page for path, page in self.pages.items() if page.chapter}

    def render(self) -> list[str]:
        """Render each page; write the log of what was shown."""
        faults: list[str] = []
        for path in self._files():
            try:
                self.pages[path] = render_file(self.project, path)
            except BookError as error:
                faults.append(str(error))
        write_log(self.project, self.pages.values())
        return faults

    def chapters(self) -> list[str]:
        """Each written stage has its chapter."""
        folder = self.project.docs / "stages"
        names = [
            chapter_name(self.project, stage.number)
            for stage in self.project.ladder.stages
        ]
        return [
            f"docs/stages/{name}.md is missing; write it"
            for name in names
            if not (folder / f"{name}.md").is_file()
        ]

    def narration(self) -> list[str]:
        """Each line is shown, enough of them walked."""
        faults: list[str] = []
        for page in self._chapters().values():
            seen = coverage(self.project, page)
            if seen.missing:
                count = plural(len(seen.missing), "line")
                first = ", ".join(seen.missing[:5])
                faults.append(f"{page.name}: {count} not shown: {first}")
            walked = seen.share("walked")
            both = seen.share("walked", "annotated")
            if walked < WALKED:
                faults.append(f"{page.name}: {walked:.0f} % walked, not {WALKED:.0f} %")
            if both < WALKED_OR_ANNOTATED:
                faults.append(
                    f"{page.name}: {both:.0f} % walked or annotated, "
                    f"not {WALKED_OR_ANNOTATED:.0f} %"
                )
        return faults

    def length(self) -> list[str]:
        """A chapter has the length that its reader was promised."""
        low, high = WORDS
        counts = {
            p.name: words(body_lines(path)) for path, p in self._chapters().items()
        }
        return [
            f"{name}: {count} words of prose, not {low} to {high}"
            for name, count in counts.items()
            if not low <= count <= high
        ]

    def line_numbers(self) -> list[str]:
        """No page shows code by its line numbers."""
        return [
            f"{path.relative_to(self.project.root)}: line {number} shows code by "
            "line numbers; use a symbol or a text of the code"
            for path in self._files()
            for number in line_number_includes(body_lines(path))
        ]

    def reference(self) -> list[str]:
        """Each exported name of `final/` is in the reference."""
        covered = {
            item.rest
            for path in page_files(self.project)
            for item in scan(body_lines(path))
            if isinstance(item, Directive) and item.name == "api"
        }
        names = undocumented(self.project, covered)
        return [f"{name} is in no reference page or has no docstring" for name in names]

    def orphans(self) -> list[str]:
        """Each recording is used by a page."""
        folder = self.project.docs / "recordings"
        used = {
            recordings.path_of(folder / name, recipe)
            for _, name, recipe in _recipes(self.project, ())
        }
        return [
            f"{path.relative_to(self.project.root)} is used by no page; remove it"
            for path in sorted(folder.rglob("*.*"))
            if path not in used
        ]

    def stale(self) -> list[str]:
        """Each recording is what its command gives now."""
        faults: list[str] = []
        folder = self.project.docs / "recordings"
        for place, name, recipe in _recipes(self.project, self.only):
            path = recordings.path_of(folder / name, recipe)
            if not path.is_file():
                continue
            try:
                now = recordings.serialise(recipe, execute(self.project, recipe))
            except BookError as error:
                faults.append(f"{place}: {error}")
                continue
            was = path.read_text("utf-8")
            if now != was:
                faults.append(
                    f"{place}: {path.name} is stale:\n{_difference(was, now)}"
                )
        return faults

    def links(self) -> list[str]:
        """The site builds strictly and its links lead somewhere."""
        try:
            return site.broken_links(site.build(self.project.root))
        except BookError as error:
            return [str(error)]

    def table(self) -> list[str]:
        """Return the figures of each chapter."""
        rows = [
            f"{'chapter':<16}{'words':>7}{'snippets':>10}{'median':>8}{'max':>5}"
            f"{'lines':>7}{'walked':>8}{'annot.':>8}{'listed':>8}"
        ]
        for path, page in self._chapters().items():
            seen = coverage(self.project, page)
            sizes = page.snippets or [0]
            rows.append(
                f"{page.name:<16}{words(body_lines(path)):>7}{len(page.snippets):>10}"
                f"{statistics.median(sizes):>8.0f}{max(sizes):>5}{seen.total:>7}"
                f"{seen.share('walked'):>7.0f}%{seen.share('annotated'):>7.0f}%"
                f"{seen.share('listed'):>7.0f}%"
            )
        return rows


def record(
    project: Project,
    only: Sequence[str] = (),
    *,
    missing: bool = False,
    say: Callable[[str], None] = print,
) -> int:
    """Run what pages ask for, store the recordings, return the failures."""
    folder = project.docs / "recordings"
    failed = 0
    found = _recipes(project, only)
    if only and not found:
        raise BookError(f"no page named {', '.join(only)} asks for a recording")
    for place, name, recipe in found:
        path = recordings.path_of(folder / name, recipe)
        if missing and _known(folder / name, recipe):
            continue
        try:
            text = recordings.serialise(recipe, execute(project, recipe))
        except BookError as error:
            failed += 1
            say(f"FAIL {place}: {error}")
            continue
        state = "same" if path.is_file() and path.read_text("utf-8") == text else "new"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        say(f"{state}  {path.relative_to(project.root)}")
    return failed


def _known(folder: Path, recipe: Recipe) -> bool:
    try:
        recordings.read(folder, recipe)
    except BookError:
        return False
    return True


def _recipes(project: Project, only: Sequence[str]) -> list[tuple[str, str, Recipe]]:
    """List what all pages ask to be run: place, page, recipe."""
    result: list[tuple[str, str, Recipe]] = []
    for path in page_files(project):
        place = path.relative_to(project.root).as_posix()
        try:
            name, recipes = page_recipes(project, body_lines(path))
        except BookError as error:
            if only and path.stem not in only:
                continue
            raise BookError(f"{place}: {error}") from error
        if not only or name in only or path.stem in only:
            result += [(f"{place}: {d.where}", name, r) for d, r in recipes]
    return result


def _difference(was: str, now: str) -> str:
    lines = difflib.unified_diff(
        was.splitlines(), now.splitlines(), "recorded", "now", lineterm="", n=1
    )
    return "\n".join(f"       {line}" for line in list(lines)[:30])
