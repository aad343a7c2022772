"""Building the site, comparing two builders, and following every internal link.

Owns how builders are started: from the root, with a fixed date, so that two builds
give the same bytes. It must not know directives.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.book.errors import BookError

__all__ = ["Document", "broken_links", "build", "build_zensical", "compare_sites"]

TOOLS = Path(__file__).resolve().parents[2]
SITE = Path("build/site")
SECOND = Path("build/site-zensical")
FAULT = re.compile(r"tools\.book\.errors\.BookError: line \d+")
EPOCH = "1767225600"
LINKS = (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"))
NOT_PAGES = {"404.html"}


def build(root: Path) -> Path:
    """Build the site with MkDocs, strictly, into `build/site`."""
    shutil.rmtree(root / SITE, ignore_errors=True)
    _start(root, ["mkdocs", "build", "--strict", "--clean", "--quiet"])
    return root / SITE


def build_zensical(root: Path) -> Path:
    """Build the same sources with Zensical into `build/site-zensical`."""
    # Zensical writes below the folder of its configuration, so it gets a copy.
    folder = root / "build" / "zensical"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(root / SECOND, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = (root / "mkdocs.yml").read_text("utf-8")
    wanted = {"site_dir: build/site": "site_dir: site", "root: .": f"root: {root}"}
    for old, new in wanted.items():
        if settings.count(old) != 1:
            raise BookError(f"mkdocs.yml must hold `{old}` exactly once; correct it")
        settings = settings.replace(old, new)
    (folder / "mkdocs.yml").write_text(settings, "utf-8")
    shutil.copytree(root / "docs", folder / "docs")
    config = str(folder / "mkdocs.yml")
    _start(root, ["zensical", "build", "--clean", "--strict", "-f", config])
    shutil.move(folder / "site", root / SECOND)
    shutil.rmtree(folder)
    return root / SECOND


def _start(root: Path, arguments: list[str]) -> None:
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": EPOCH,
        "PYTHONPATH": str(TOOLS),
        "NO_MKDOCS_2_WARNING": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BookError(f"{arguments[0]} failed:\n{_essence(done.stdout)}")


def _essence(output: str) -> str:
    """Keep the fault itself: a traceback through a builder helps no author."""
    lines = output.strip().splitlines()
    said = [line for line in lines if line.startswith(("ERROR", "WARNING"))]
    ours = [line for line in lines if FAULT.match(line)]
    return "\n".join(said or dict.fromkeys(ours)) or "\n".join(lines[-30:])


@dataclass
class Document(HTMLParser):
    """The anchors, links and code blocks of one page."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    blocks: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag names and points to."""
        values = {key: value or "" for key, value in attrs}
        if values.get("id"):
            self.ids.append(values["id"])
        if tag == "a" and values.get("name"):
            self.ids.append(values["name"])
        self.links += [values[key] for t, key in LINKS if t == tag and values.get(key)]
        self.blocks += tag == "pre"


@lru_cache(maxsize=512)
def _document(path: Path, stamp: int) -> Document:
    document = Document()
    document.feed(path.read_text("utf-8"))
    return document


def _read(path: Path) -> Document:
    return _document(path, path.stat().st_mtime_ns)


def broken_links(site: Path) -> list[str]:
    """List internal links that lead nowhere and ids that stand twice."""
    faults: list[str] = []
    for page in sorted(site.rglob("*.html")):
        place = page.relative_to(site).as_posix()
        document = _read(page)
        twice = {name for name in document.ids if document.ids.count(name) > 1}
        faults += [f"{place}: the id {name} stands twice" for name in sorted(twice)]
        for link in dict.fromkeys(document.links):
            reason = _fault(site, page, link)
            if reason:
                faults.append(f"{place}: {link}: {reason}")
    return faults


def _fault(site: Path, page: Path, link: str) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    target = page
    if parts.path:
        base = site if parts.path.startswith("/") else page.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve()
        if not target.is_relative_to(site.resolve()):
            return "leaves the site"
        if target.is_dir():
            target = target / "index.html"
    if not target.is_file():
        return "there is no such page or file"
    anchor = unquote(parts.fragment)
    if anchor and target.suffix == ".html" and anchor not in _read(target).ids:
        return "that page has no such anchor"
    return ""


def compare_sites(first: Path, second: Path) -> list[str]:
    """List the differences of two builds: pages, and code blocks a page."""
    left, right = _pages(first), _pages(second)
    faults = [f"{p}: only in {first.name}" for p in sorted(left.keys() - right.keys())]
    faults += [
        f"{p}: only in {second.name}" for p in sorted(right.keys() - left.keys())
    ]
    return faults + [
        f"{path}: {left[path]} code blocks in {first.name}, "
        f"{right[path]} in {second.name}"
        for path in sorted(left.keys() & right.keys())
        if left[path] != right[path]
    ]


def _pages(site: Path) -> dict[str, int]:
    return {
        path.relative_to(site).as_posix(): _read(path).blocks
        for path in sorted(site.rglob("*.html"))
        if path.name not in NOT_PAGES
    }
