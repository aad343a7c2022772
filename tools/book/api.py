"""`@@api`: the reference of one module of the library.

Owns what a reference shows: signature, docstring, birth and rewrites, the way to
the chapter. The result is Markdown, so that headings enter the table of contents
and links are resolved by the site's builder.
"""

from __future__ import annotations

import re
from pathlib import Path

from tools.book.about import chapter_name
from tools.book.directives import Directive
from tools.book.errors import BookError
from tools.book.page import Page
from tools.book.project import PACKAGE, Project
from tools.book.signatures import (
    Entry,
    exports,
    module_docstring,
    public_entries,
)

__all__ = ["documented_modules", "module_path", "render_api", "undocumented"]

ATTRIBUTES = ("attribute", "property")


def module_path(project: Project, module: str) -> tuple[str, Path]:
    """Return a module's path below the package and its file in `final/`."""
    if not re.fullmatch(r"microlith(\.[a-z]+)+", module):
        raise BookError(f"write the module as microlith.routing, not {module}")
    path = module.removeprefix("microlith.").replace(".", "/") + ".py"
    file = project.root / "final" / "src" / PACKAGE / path
    if not file.is_file():
        raise BookError(f"final/src has no {PACKAGE}{path}; name a module that it has")
    return path, file


def render_api(page: Page, directive: Directive) -> list[str]:
    """Render the reference of a module as Markdown."""
    (module,) = directive.arguments().only(1, "@@api microlith.routing")
    project = page.project
    path, file = module_path(project, module)
    text = file.read_text("utf-8")
    lines = [f"## `{module}` {{#{module}}}", "", *_prose(module_docstring(text)), ""]
    entries = public_entries(text)
    if not entries:
        directive.fail(f"{module} has no __all__; there is nothing to document")
    for entry in entries:
        lines += _entry(project, module, path, entry)
    return lines


def _entry(project: Project, module: str, path: str, entry: Entry) -> list[str]:
    own = entry.name.rpartition(".")[2]
    level = "####" if entry.member else "###"
    if not entry.doc and not entry.member:
        raise BookError(f"{module}.{entry.name} has no docstring; write one")
    if not entry.doc:
        if entry.kind in ATTRIBUTES:
            return []
        raise BookError(f"{module}.{entry.name} has no docstring; write one")
    lines = [f"{level} `{own}` {{#{module}.{entry.name}}}", ""]
    lines += ["```python", *entry.signature.splitlines(), "```", ""]
    lines += [*_prose(entry.doc), ""]
    if not entry.member and entry.kind != "borrowed":
        lines += [_history(project, path, entry.name), "{.ml-history}", ""]
    return lines


def _prose(text: str) -> list[str]:
    """Keep a docstring's Markdown; a drawing in it must stay a drawing."""
    return text.splitlines()


def _history(project: Project, path: str, name: str) -> str:
    stages = project.history(path, name, project.ladder.last)
    if not stages:
        raise BookError(f"no stage has {path}:{name}; run `make absorb`")
    born, rewritten = stages[0], stages[1:]
    text = f"Born in {_chapter(project, born)}"
    if rewritten:
        later = ", ".join(_chapter(project, n) for n in rewritten)
        text += f", rewritten in {later}"
    return f"{text}."


def _chapter(project: Project, n: int) -> str:
    name = chapter_name(project, n)
    label = f"stage {n:02d}"
    there = (project.docs / "stages" / f"{name}.md").is_file()
    return f"[{label}](../stages/{name}.md)" if there else label


def documented_modules(project: Project) -> list[str]:
    """List the modules that a reference must cover: those with an `__all__`."""
    package = project.root / "final" / "src" / PACKAGE
    found: list[str] = []
    for file in sorted(package.rglob("*.py")):
        path = file.relative_to(package)
        if path.name == "__init__.py" or not exports(file.read_text("utf-8")):
            continue
        found.append("microlith." + ".".join(path.with_suffix("").parts))
    return found


def undocumented(project: Project, covered: set[str]) -> list[str]:
    """List the public names that no page documents."""
    missing: list[str] = []
    for module in documented_modules(project):
        _, file = module_path(project, module)
        entries = public_entries(file.read_text("utf-8"))
        if module not in covered:
            missing += [f"{module}.{e.name}" for e in entries if not e.member]
        else:
            missing += [
                f"{module}.{e.name}"
                for e in entries
                if not e.doc and e.kind not in ATTRIBUTES
            ]
    return missing
