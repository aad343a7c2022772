"""The built site in memory, and whether it is up to date.

Owns the table from URL paths to bytes and the stamp that says of which sources the
site was built. It must not know HTTP: `tools.serve.app` answers requests.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.book.site import SITE, build

__all__ = ["Page", "fresh", "load", "refresh", "stamp"]

STAMP = Path("build/site.stamp")
SOURCES = (
    "docs",
    "stages",
    "final",
    "tools/book",
    "tools/stages",
    "benchmarks",
    "mkdocs.yml",
    "Makefile",
)
TYPES = {".js": "text/javascript", ".map": "application/json", ".md": "text/markdown"}


class Page(NamedTuple):
    """One file of the site: its bytes and its Content-Type."""

    body: bytes
    content_type: str


def refresh(root: Path) -> Path:
    """Build the site unless it is up to date; return its folder."""
    before = stamp(root)
    if not fresh(root):
        build(root)
        (root / STAMP).write_text(before, "utf-8")
    return root / SITE


def fresh(root: Path) -> bool:
    """Whether the site was built of the sources as they are now."""
    file = root / STAMP
    built = file.is_file() and (root / SITE / "index.html").is_file()
    return built and file.read_text("utf-8") == stamp(root)


def stamp(root: Path) -> str:
    """Digest the name, size and time of every source: deletions count too."""
    digest = hashlib.sha256()
    for file in _sources(root):
        state = file.stat()
        row = f"{file.relative_to(root)} {state.st_size} {state.st_mtime_ns}\n"
        digest.update(row.encode())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = root / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def load(folder: Path) -> dict[str, Page]:
    """Read every file once: URL path -> page; a folder's index ends in a slash."""
    pages = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            path = "/" + file.relative_to(folder).as_posix()
            page = Page(file.read_bytes(), _content_type(file))
            pages[path] = page
            if file.name == "index.html":
                pages[path.removesuffix("index.html")] = page
    return pages


def _content_type(file: Path) -> str:
    guess = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    kind = guess or "application/octet-stream"
    textual = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
    return f"{kind}; charset=utf-8" if textual else kind
