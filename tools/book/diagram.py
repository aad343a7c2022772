"""A trace as a drawing: lanes, arrows and one line of text for each event.

The drawing is inline SVG, narrow enough for a phone, coloured by `currentColor`
and the site's variables. Owns the geometry and the text equivalent. It must not
know how a trace is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Event", "lanes", "sequence", "text_equivalent"]

WIDTH = 290
MARGIN = 30
HEAD = 40
LINE = 15
GAP = 17
CHARACTER = 6.4
MOST_LANES = 4
MOST_CHARACTERS = 43


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a trace: who spoke to whom, and what was said."""

    kind: str
    source: str
    target: str
    text: str

    @property
    def sentence(self) -> str:
        """The event in words."""
        ends = f"{self.source} → {self.target}"
        verb = "" if self.kind in ("call", "return", "raise") else f"{self.kind} "
        return f"{ends}: {verb}{self.text}"


def lanes(events: Sequence[Event]) -> list[str]:
    """List who takes part: the server, the app, then functions as they come."""
    found = ["server", "app"]
    for event in events:
        found += [n for n in (event.source, event.target) if n not in found]
    return found


def sequence(events: Sequence[Event], title: str, identifier: str) -> str:
    """Draw the events as a sequence diagram."""
    names = lanes(events)
    step = (WIDTH - 2 * MARGIN) / (len(names) - 1)
    where = {name: round(MARGIN + i * step, 1) for i, name in enumerate(names)}
    body: list[str] = []
    y = float(HEAD + 8)
    for number, event in enumerate(events, start=1):
        rows = _wrap(f"{number}. {_label(event)}")
        middle = (where[event.source] + where[event.target]) / 2
        for row in rows:
            y += LINE
            body.append(_text(_inside(middle, row), y, row, "ml-say"))
        y += GAP / 2
        body.append(_arrow(where[event.source], where[event.target], y, event))
        y += GAP / 2
    height = y + 10
    lines = [
        f'<line class="ml-lane" x1="{x}" y1="{HEAD}" x2="{x}" y2="{height - 4:g}" '
        'stroke="currentColor" stroke-opacity="0.35"/>'
        for x in where.values()
    ]
    size = min(18, int(step / CHARACTER))
    heads = [
        _text(x, 22 if i % 2 == 0 or len(names) < MOST_LANES else 36, name, "ml-who")
        for i, (name, x) in enumerate((_short(n, size), where[n]) for n in names)
    ]
    described = " ".join(f"{n}. {e.sentence}." for n, e in enumerate(events, start=1))
    return (
        f'<svg class="ml-sequence" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-labelledby="{identifier}-title {identifier}-desc" '
        'xmlns="http://www.w3.org/2000/svg" font-size="12" fill="currentColor">'
        f'<title id="{identifier}-title">{escape(title)}</title>'
        f'<desc id="{identifier}-desc">{escape(described)}</desc>'
        f"{''.join(lines)}{''.join(heads)}{''.join(body)}</svg>"
    )


def text_equivalent(events: Sequence[Event]) -> str:
    """Write the events as an ordered list."""
    items = "\n".join(f"<li>{escape(event.sentence)}</li>" for event in events)
    return f'<ol class="ml-events">\n{items}\n</ol>'


def _label(event: Event) -> str:
    if event.kind == "call":
        return f"{event.target}()"
    if event.kind in ("return", "raise"):
        return event.text
    return f"{event.kind}: {event.text}"


def _wrap(text: str) -> list[str]:
    rows = [""]
    for word in text.split():
        if rows[-1] and len(rows[-1]) + len(word) + 1 > MOST_CHARACTERS:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return [_short(row, MOST_CHARACTERS) for row in rows]


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _inside(middle: float, text: str) -> float:
    half = len(text) * CHARACTER / 2 + 2
    return round(min(max(middle, half), WIDTH - half), 1)


def _text(x: float, y: float, text: str, kind: str) -> str:
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="middle">'
        f"{escape(text)}</text>"
    )


def _arrow(start: float, end: float, y: float, event: Event) -> str:
    kind = f"ml-arrow ml-arrow-{event.kind}"
    dashes = ' stroke-dasharray="4 3"' if event.kind == "return" else ""
    if start == end:
        return f'<circle class="{kind}" cx="{start:g}" cy="{y:g}" r="3"/>'
    tip = -7 if end > start else 7
    return (
        f'<g class="{kind}"><line x1="{start:g}" y1="{y:g}" x2="{end:g}" y2="{y:g}" '
        f'stroke="currentColor" stroke-width="1.5"{dashes}/>'
        f'<path d="M{end:g} {y:g}l{tip} -4v8z"/></g>'
    )
