"""`@@run` and `@@trace` on a page: recorded output and recorded diagrams.

Reads recordings and frames them. It must not run anything; that is `runs`.
"""

from __future__ import annotations

from typing import Any

from tools.book import recordings
from tools.book.diagram import Event, sequence, text_equivalent
from tools.book.directives import Directive
from tools.book.html import banner, code_box, details, escape, plain_box
from tools.book.page import Page
from tools.book.recipes import Recipe, recipe

__all__ = ["render_run", "render_trace"]


def render_run(page: Page, directive: Directive) -> str:
    """Render `@@run` from its recording."""
    asked, output = _recorded(page, directive)
    parts = ['<div class="ml-run" role="group" aria-label="A recorded run">']
    show = asked.option("show")
    if asked.script and show != "output":
        name = asked.options.get("file", "")
        parts.append(banner([name] if name else [], "experiment", "ml-is-script"))
        parts.append(plain_box(asked.script, "script.py"))
    if show != "script":
        parts.append(_terminal(asked, str(output)))
    parts.append("</div>")
    return "\n".join(parts)


def render_trace(page: Page, directive: Directive) -> str:
    """Render `@@trace` from its recording."""
    asked, answer = _recorded(page, directive)
    events = [Event(e["kind"], e["from"], e["to"], e["text"]) for e in answer["events"]]
    request = asked.request
    assert request is not None
    asked_for = f"{request.method} {request.target}".strip()
    title = asked.options.get("title", f"What passes for {asked_for}")
    drawing = sequence(events, title, page.identifier("trace"))
    script = plain_box(asked.script, "script.py") if asked.script else ""
    listing = details("The same as a list", text_equivalent(events), "ml-list")
    return (
        f'<figure class="ml-trace">\n{script}\n{drawing}\n'
        f"<figcaption>{escape(title)}, recorded from a run</figcaption>\n"
        f"{listing}\n</figure>"
    )


def _recorded(page: Page, directive: Directive) -> tuple[Recipe, Any]:
    asked = recipe(directive, page.number)
    page.claim(directive, asked.identifier + asked.suffix)
    return asked, recordings.read(page.recordings, asked)


def _terminal(asked: Recipe, output: str) -> str:
    lines = output.splitlines()
    gap = '<span class="ml-gap">⋯ {} lines not shown</span>\n'
    before = after = ""
    if lines[:1] == [recordings.GAP]:
        before, lines = gap.format("earlier"), lines[1:]
    elif lines[-1:] == [recordings.GAP]:
        after, lines = gap.format("more"), lines[:-1]
    shown = "".join(f"{escape(line)}\n" for line in lines)
    # The copy button takes the command, not what it printed.
    copy = ""
    prompt = ""
    if not asked.script or asked.command != "python":
        copy = f' data-copy="{escape(asked.command)}"'
        prompt = (
            '<span class="ml-prompt">$ </span>'
            f'<span class="ml-command">{escape(asked.command)}</span>\n'
        )
    code = f'{prompt}{before}<span class="ml-output">{shown}</span>{after}'
    return f'<div class="ml-terminal"{copy}>{code_box(code)}</div>'
