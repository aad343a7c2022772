"""`@@full`: all code of a stage, folded, one purpose line a symbol.

Owns the anchors of symbols and tests, and the rule that every function and class
that a stage touches has a purpose. It must not know how a chapter uses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from tools.book.about import change_of
from tools.book.compare import compare, hunks
from tools.book.directives import Directive
from tools.book.errors import BookError
from tools.book.html import (
    code_box,
    details,
    escape,
    highlighted,
    inline,
    plain_box,
    plural,
)
from tools.book.page import Page
from tools.book.project import GENERATED
from tools.book.rows import diff_html
from tools.book.snippets import split_target
from tools.book.symbols import Symbol, find, overrides, symbols

__all__ = ["full_anchor", "note_purpose", "render_full", "require_full"]


def note_purpose(page: Page, directive: Directive) -> None:
    """Keep the purpose that a chapter gives to a private symbol."""
    target, purpose = directive.arguments().only(2, '@@purpose file.py:_name "…"')
    if page.has_full:
        directive.fail("write it above @@full")
    file, name = split_target(target)
    source = page.project.source(file, page.number)
    find(source.text, name)
    found = next(s for s in symbols(source.text) if s.name == name)
    if found.purpose:
        directive.fail("the symbol has a docstring; remove this line")
    page.purposes[file, name] = purpose


def full_anchor(path: str, symbol: str = "") -> str:
    """Return the anchor of a file or symbol in `@@full`."""
    module = path.removesuffix(".py").replace("/", ".")
    return f"full-{module}.{symbol}" if symbol else f"full-{module}"


def render_full(page: Page, directive: Directive) -> str:
    """Render all code that the stage adds or rewrites."""
    directive.arguments().only(0, "@@full")
    if page.has_full:
        directive.fail("stands on the page already; keep one")
    project, n = page.project, page.number
    missing: list[str] = []
    parts: list[str] = []
    for path in project.written(n):
        text = project.modules(n)[path]
        if path == GENERATED or not text.strip():
            continue
        purposes = _purposes(page, path, text, missing)
        parts.append(_module(page, path, text, purposes))
        lines = [i for i, line in enumerate(text.splitlines(), 1) if line.strip()]
        page.show(path, "", lines, "listed", text)
    if missing:
        directive.fail(
            f"no purpose for {', '.join(missing)}; write a docstring, or "
            '@@purpose file.py:name "…" above'
        )
    page.has_full = True
    demo = page.stage.folder / "demo.py"
    if demo.is_file():
        text = demo.read_text("utf-8")
        parts.append(_fold("demo.py", "the demo", plain_box(text, "demo.py"), "demo"))
    for name, text in project.test_sources(n).items():
        parts.append(_tests(name, text))
    body = "\n".join(parts)
    return f'<div class="ml-full" data-search-exclude>\n{body}\n</div>'


def _fold(path: str, state: str, body: str, anchor: str) -> str:
    summary = f"<code>{escape(path)}</code> {escape(state)}"
    return details(summary, body, "ml-file", anchor)


def _module(page: Page, path: str, text: str, purposes: str) -> str:
    old = page.project.modules(page.number - 1).get(path)
    listing = _anchored(
        text, path, {s.line: full_anchor(path, s.name) for s in _first(text)}
    )
    if old is None:
        state, diff = f"new, {plural(len(text.splitlines()), 'line')}", ""
    else:
        added, removed = change_of(page.project, page.number, path)
        state = f"changed, +{added} −{removed} lines"
        rows = hunks(compare(old.splitlines(), text.splitlines()), 2)
        shown = diff_html(rows, old, text, path)
        diff = details(f"What changed since stage {page.number - 1:02d}", shown)
    return _fold(path, state, f"{purposes}\n{listing}\n{diff}", full_anchor(path))


def _tests(name: str, text: str) -> str:
    stem = PurePosixPath(name).stem
    anchors = {s.line: f"test-{stem}-{s.name}" for s in _first(text)}
    body = _anchored(text, name, anchors)
    return _fold(f"tests/{name}", plural(len(text.splitlines()), "line"), body, "")


def _first(text: str) -> list[Symbol]:
    """List symbols by name once: overloads and setters repeat theirs."""
    seen: dict[str, Symbol] = {}
    for symbol in symbols(text):
        seen.setdefault(symbol.name, symbol)
    return list(seen.values())


def _anchored(text: str, name: str, anchors: Mapping[int, str]) -> str:
    parts: list[str] = []
    for number, line in enumerate(highlighted(text, name), start=1):
        anchor = anchors.get(number)
        # Not a span: themes take spans with ids in code for numbered lines.
        mark = f'<a id="{escape(anchor)}"></a>' if anchor else ""
        parts.append(f"{mark}{line}\n")
    return code_box("".join(parts))


def _purposes(page: Page, path: str, text: str, missing: list[str]) -> str:
    """List the symbols with their purpose; collect those that have none."""
    touched = page.project.added(page.number, path)
    inherited = overrides(text)
    items: list[str] = []
    for symbol in _purposeful(text):
        purpose = symbol.purpose or page.purposes.get((path, symbol.name), "")
        if not purpose and symbol.name in inherited:
            purpose = f"Overrides `{inherited[symbol.name]}`."
        if purpose:
            link = f'<a href="#{escape(full_anchor(path, symbol.name))}">'
            name = f"{link}<code>{escape(symbol.name)}</code></a>"
            items.append(f"<li>{name} {inline(purpose)}</li>")
        elif touched & set(range(symbol.span.first, symbol.span.last + 1)):
            missing.append(f"{path}:{symbol.name}")
    return f'<ul class="ml-purposes">\n{chr(10).join(items)}\n</ul>' if items else ""


def _purposeful(text: str) -> list[Symbol]:
    """List what needs a purpose: dunders and overloads have it from the language."""
    documented = {s.name for s in symbols(text) if s.purpose}
    return [
        symbol
        for symbol in symbols(text)
        if symbol.purpose
        or (
            symbol.kind != "constant"
            and not symbol.dunder
            and not symbol.overload
            and symbol.name not in documented
        )
    ]


def require_full(page: Page) -> None:
    """Refuse a chapter that does not end with its full code."""
    if page.chapter and not page.has_full:
        raise BookError("the chapter has no @@full; put it at the end")
