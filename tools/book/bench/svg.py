"""A small plot of horizontal bars as inline SVG, narrow enough for a phone.

Colours are custom properties of the site's CSS, text is never smaller than 12 units
of a drawing that is 256 wide. Owns geometry alone. It must not know what is plotted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["WIDTH", "Bar", "Scale", "chart", "logarithmic"]

WIDTH = 256
HEAD = 38
ROW = 19
THICK = 12
SIGN = 6.6
BOLD = 7.2
GAP = 8
MOST_SIGNS = 18
FIGURE = 42
TICK_ROOM = 26


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length, its figure, and `own`, `bound` or nothing."""

    name: str
    value: float | None
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """From which value to which the bars go; `mark` is a value with a line."""

    high: float
    low: float = 0.0
    log: bool = False
    mark: float | None = None

    def share(self, value: float) -> float:
        """Return how far along the scale a value lies, from 0 to 1."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = (math.log10(max(v, low)) for v in (value, low, high))
        if high <= low:
            return 1.0
        return min(max((value - low) / (high - low), 0.0), 1.0)

    @property
    def ticks(self) -> list[float]:
        """The round values along the scale."""
        if self.log:
            first = math.floor(math.log10(self.low))
            last = math.ceil(math.log10(self.high))
            steps = [s * 10.0**n for n in range(first, last + 1) for s in (1, 2, 5)]
            return [s for s in steps if self.low <= s <= self.high]
        step = 10.0 ** math.floor(math.log10(self.high)) if self.high > 0 else 1.0
        while self.high / step > 3:
            step *= 2
        return [n * step for n in range(int(self.high / step) + 1)]


def logarithmic(values: Sequence[float], mark: float | None = None) -> Scale:
    """Return a scale of powers that begins at one, or below if a value is less."""
    low = 1.0
    while values and low > min(values) and low > 1e-6:
        low /= 2
    return Scale(max([*values, low * 10]), low, log=True, mark=mark)


def chart(title: str, bars: Sequence[Bar], scale: Scale, identifier: str) -> str:
    """Draw bars, each with its name to the left and its figure to the right."""
    left = round(max((_length(bar) for bar in bars), default=0.0) + GAP, 1)
    room = WIDTH - left - FIGURE
    height = HEAD + ROW * len(bars) + 4
    name = escape(identifier)
    body = [
        f'<svg class="ml-plot" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" '
        'xmlns="http://www.w3.org/2000/svg" font-size="12">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(_described(bars))}</desc>',
        f'<text class="ml-plot-title" x="0" y="13" font-size="13">'
        f"{escape(title)}</text>",
        *_axis(scale, left, room, height),
    ]
    for number, bar in enumerate(bars):
        body += _bar(bar, scale, left, room, HEAD + ROW * number)
    return "\n".join([*body, "</svg>"])


def _described(bars: Sequence[Bar]) -> str:
    return "; ".join(f"{bar.name} {bar.text}" for bar in bars) + "."


def _axis(scale: Scale, left: float, room: float, height: float) -> list[str]:
    """Draw the ticks that have room, the mark before all others."""
    wanted = [scale.mark] if scale.mark is not None else []
    wanted += [tick for tick in scale.ticks if tick != scale.mark]
    placed: list[float] = []
    made = []
    for tick in wanted:
        x = round(left + scale.share(tick) * room, 1)
        if any(abs(x - other) < TICK_ROOM for other in placed):
            continue
        placed.append(x)
        kind = "ml-plot-mark" if tick == scale.mark else "ml-plot-tick"
        made.append(
            f'<line class="{kind}" x1="{x:g}" y1="{HEAD - 6}" x2="{x:g}" '
            f'y2="{height - 2:g}"/>'
            f'<text x="{x:g}" y="{HEAD - 9}" text-anchor="middle">{_round(tick)}</text>'
        )
    return made


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def _bar(bar: Bar, scale: Scale, left: float, room: float, top: float) -> list[str]:
    kind = f" ml-{bar.kind}" if bar.kind else ""
    base = top + THICK - 1.5
    made = [
        f'<text class="ml-plot-name{kind}" x="0" y="{base:g}">'
        f"{escape(_short(bar.name))}</text>"
    ]
    if bar.value is not None:
        width = round(scale.share(bar.value) * room, 2)
        made.append(
            f'<rect class="ml-plot-bar{kind}" x="{left:g}" y="{top:g}" '
            f'width="{width:g}" height="{THICK}"/>'
        )
    made.append(
        f'<text class="ml-plot-figure{kind}" x="{WIDTH}" y="{base:g}" '
        f'text-anchor="end">{escape(bar.text)}</text>'
    )
    return made


def _length(bar: Bar) -> float:
    return len(_short(bar.name)) * (BOLD if bar.kind == "own" else SIGN)


def _short(text: str) -> str:
    return text if len(text) <= MOST_SIGNS else f"{text[: MOST_SIGNS - 1]}…"
