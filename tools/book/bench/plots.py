"""Plots of the results: a small one for each scenario, a bar for each framework.

Owns what a bar is measured by. Each set of plots names the table that says the same.
It must not know how a bar is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.report import number
from benchmarks.scenarios import SCENARIOS
from tools.book.bench.html import DASH
from tools.book.bench.results import (
    Data,
    figure,
    frameworks,
    is_bound,
    is_own,
    median,
    ratio,
    scenarios,
    times,
)
from tools.book.bench.svg import Bar, Scale, chart, logarithmic
from tools.book.bench.tables import nothing
from tools.book.errors import BookError
from tools.book.html import escape

__all__ = ["PLOTS"]

Named = Callable[[str], str]

EXACT = ("calls", "bytecodes")


def wire(data: Data, wanted: Sequence[str], named: Named) -> str:
    """Plot requests a second as parts of what hand-written ASGI does."""
    caption = "Requests a second, raw ASGI = 1. Longer is better."
    found = _ratios(data, "wire", "raw", wanted)
    values = [bar.value for bars in found.values() for bar in bars if bar.value]
    if not values:
        return nothing(data, "wire", caption)
    scale = Scale(max(1.0, *values), mark=1.0)
    return _figure(found, scale, caption, "wire", named)


def in_process(data: Data, wanted: Sequence[str], named: Named) -> str:
    """Plot the time of a request as multiples of the least honest work."""
    caption = "Time a request, ideal = 1, on a logarithmic scale. Shorter is better."
    found = _ratios(data, "inprocess", "ideal", wanted)
    values = [bar.value for bars in found.values() for bar in bars if bar.value]
    if not values:
        return nothing(data, "inprocess", caption)
    scale = logarithmic(values, mark=1.0)
    return _figure(found, scale, caption, "inprocess", named)


def _ratios(
    data: Data, part: str, unit: str, wanted: Sequence[str]
) -> dict[str, list[Bar]]:
    """Return a list of bars for each scenario, the best first, dashes last."""
    made = {}
    for scenario in _chosen(scenarios(data, part), wanted):
        one = figure(data, part, scenario, unit)
        bars = []
        for name in frameworks(data, part):
            value = ratio(figure(data, part, scenario, name), one)
            text = DASH if value is None else times(value)
            bars.append(Bar(name, value, text, _kind(name)))
        best = 1 if part == "inprocess" else -1
        bars.sort(key=lambda b: (b.value is None, best * (b.value or 0)))
        made[SCENARIOS[scenario].title] = bars
    return made


def _chosen(known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the scenarios that were asked for and measured; all if none was."""
    for name in wanted:
        if name not in SCENARIOS:
            raise BookError(
                f"there is no scenario {name}; there are {', '.join(SCENARIOS)}"
            )
    return [name for name in (wanted or known) if name in known]


def _kind(name: str) -> str:
    return "own" if is_own(name) else "bound" if is_bound(name) else ""


def stages(data: Data, wanted: Sequence[str], named: Named) -> str:
    """Plot the exact counts of a request on each stage."""
    found = data.get("stages", {})
    known = list(dict.fromkeys(name for row in found.values() for name in row))
    caption = "Exact counts of one request on each stage of the book."
    if not known:
        return nothing(data, "stages", caption)
    charts: dict[str, list[Bar]] = {}
    for request in wanted or known[:1]:
        if request not in known:
            raise BookError(f"no stage has {request}; there are {', '.join(known)}")
        for key in EXACT:
            bars = []
            for stage, row in found.items():
                value = median(row.get(request), key)
                text = DASH if value is None else number(round(value))
                text = text.removesuffix(".00")
                bars.append(Bar(f"stage {stage}", value, text))
            charts[f"{request}: {key}"] = bars
    made = []
    for title, bars in charts.items():
        scale = Scale(max((bar.value or 0 for bar in bars), default=1) or 1)
        made.append(chart(title, bars, scale, named("plot")))
    return _framed(made, caption, "stages")


def _figure(
    found: dict[str, list[Bar]], scale: Scale, caption: str, anchor: str, named: Named
) -> str:
    made = [chart(t, bars, scale, named("plot")) for t, bars in found.items()]
    return _framed(made, caption, anchor)


def _framed(charts: Sequence[str], caption: str, anchor: str) -> str:
    body = "\n".join(charts)
    return (
        f'<figure class="ml-plots"><div class="ml-plot-grid">\n{body}\n</div>\n'
        f'<figcaption>{escape(caption)} <a href="#bench-{anchor}">The same as a '
        "table</a></figcaption></figure>"
    )


PLOTS: dict[str, Callable[[Data, Sequence[str], Named], str]] = {
    "wire": wire,
    "inprocess": in_process,
    "stages": stages,
}
"""The plots by the word that asks for them."""
