"""The site: two builders, the same bytes twice, links that lead somewhere."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tools.book import site
from tools.book.errors import BookError
from tools.book.preview import preview

CHAPTER = "docs/stages/03-chain.md"


@pytest.fixture
def built(recorded: Any) -> Any:
    """Give the toy book all that a builder needs."""
    recorded.make_site()
    return recorded


def digests(folder: Path) -> dict[str, str]:
    """Name each file of a site by its content."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def blocks(page: Path) -> list[str]:
    """Return what our directives made of a page."""
    text = page.read_text("utf-8")
    found = re.findall(r"<pre tabindex=\"0\">(.*?)</pre>", text, re.DOTALL)
    return found + re.findall(r"<svg class=\"ml-sequence\".*?</svg>", text, re.DOTALL)


def test_both_builders_make_the_same(built: Any) -> None:
    """The same pages, the same code and drawings, whole links."""
    first = site.build(built.root)
    assert site.broken_links(first) == []
    second = site.build_zensical(built.root)
    assert site.compare_sites(first, second) == []
    for name in ("01-hello", "02-requests", "03-chain"):
        page = f"stages/{name}/index.html"
        assert blocks(first / page) == blocks(second / page)
        assert len(blocks(first / page)) > 5
    assert "<svg" in (first / "stages/03-chain/index.html").read_text("utf-8")
    assert not (first / "recordings").exists()
    (second / "stages/03-chain/index.html").unlink()
    assert site.compare_sites(first, second) == [
        "stages/03-chain/index.html: only in site"
    ]


def test_two_builds_are_the_same_bytes(built: Any) -> None:
    """No date and no random name gets into the site."""
    before = digests(site.build(built.root))
    assert digests(site.build(built.root)) == before


@pytest.mark.parametrize("build", [site.build, site.build_zensical])
def test_a_missing_symbol_fails_the_build(built: Any, build: Any) -> None:
    """In both builders, with our own message."""
    built.edit(CHAPTER, "@@code applications.py:App", "@@code applications.py:Nope")
    with pytest.raises(BookError, match="there is no Nope; the names are"):
        build(built.root)


def test_broken_links_are_found(built: Any) -> None:
    """A page, an anchor, and a way out of the site."""
    folder = site.build(built.root)
    page = folder / "index.html"
    text = page.read_text("utf-8")
    extra = (
        '<a href="none/">x</a><a href="stages/03-chain/#nope">x</a>'
        '<a href="../../up">x</a><a href="https://example.org/#x">x</a>'
        '<p id="twice"></p><p id="twice"></p></body>'
    )
    page.write_text(text.replace("</body>", extra), "utf-8")
    assert site.broken_links(folder) == [
        "index.html: the id twice stands twice",
        "index.html: none/: there is no such page or file",
        "index.html: stages/03-chain/#nope: that page has no such anchor",
        "index.html: ../../up: leaves the site",
    ]


def test_the_site_asks_no_other_host(built: Any) -> None:
    """Fonts, styles and scripts are its own."""
    folder = site.build(built.root)
    for page in folder.rglob("*.html"):
        text = page.read_text("utf-8")
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", text):
            assert "//" not in tag, f"{page.name}: {tag}"


def test_a_chapter_can_be_previewed(built: Any) -> None:
    """Quickly and without a theme."""
    path = preview(built.project, "03-chain")
    assert "compile_chain" in path.read_text("utf-8")
    with pytest.raises(BookError, match=r"there is no page nowhere\.md"):
        preview(built.project, "nowhere")
