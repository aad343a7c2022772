"""Tables of microlith beside its peers: in process, over the wire, footprint.

Owns rows and columns. It must not know how a table is marked up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.report import counted, number
from benchmarks.report import median as shown
from benchmarks.scenarios import SCENARIOS
from tools.book.bench.html import DASH, Cell, cell, table
from tools.book.bench.results import (
    BETTER,
    HEADLINES,
    OWN,
    Data,
    figure,
    found_in,
    frameworks,
    is_bound,
    nearest,
    ratio,
    scenarios,
    times,
    wire_missing,
)
from tools.book.html import escape

__all__ = ["TABLES"]

FOOTPRINT = {
    "import_ms": "import, ms",
    "import_mib": "import, MiB",
    "start_mib": "app, MiB",
    "typed_ms": "500 routes, ms",
    "typed_mib": "500 routes, MiB",
}


def in_process(data: Data) -> str:
    """Show microseconds a request."""
    title = "In process: µs a request, without the driver. Less is better."
    return _grid(data, "inprocess", "inprocess", title, "us")


def counts(data: Data) -> str:
    """Show what a request costs exactly."""
    title = "In process: bytecodes/calls of Python a request, exact"
    return _grid(data, "inprocess", "counts", title, "")


def wire(data: Data) -> str:
    """Show requests a second."""
    title = "Over the wire: requests a second. More is better."
    return _grid(data, "wire", "wire", title, "rps")


def p99(data: Data) -> str:
    """Show the time that one request in a hundred exceeds."""
    title = "Over the wire: p99 in ms. Less is better."
    return _grid(data, "wire", "p99", title, "p99_ms")


def _grid(data: Data, part: str, anchor: str, title: str, key: str) -> str:
    """Show scenarios as rows and frameworks as columns; the best of a row is bold."""
    names = frameworks(data, part)
    if not names:
        return nothing(data, part, title)
    show: Callable[[Any], str] = shown(key) if key else counted
    rows: list[list[Cell | str]] = []
    for scenario in scenarios(data, part):
        best = _best(data, part, scenario, key)
        row: list[Cell | str] = [SCENARIOS[scenario].title]
        for name in names:
            kind = "best" if name in best else ""
            row.append(cell(found_in(data, part, scenario, name), show, kind))
        rows.append(row)
    return table(anchor, title, ["", *names], rows)


def _best(data: Data, part: str, scenario: str, key: str) -> list[str]:
    """Name the best framework on the same server; the bounds do not compete."""
    if key not in BETTER:
        return []
    values = {
        name: value
        for name in frameworks(data, part)
        if not is_bound(name)
        and "+" not in name
        and (value := figure(data, part, scenario, name, key)) is not None
    }
    best = BETTER[key](values.values(), default=None)
    return [name for name, value in values.items() if value == best]


def nothing(data: Data, part: str, title: str) -> str:
    """Say that a part was not measured, and why."""
    why = wire_missing(data) if part == "wire" else ""
    text = f"{title} Not measured{': ' + why if why else '.'}"
    return f'<p class="ml-nothing">{escape(text)}</p>'


def headlines(data: Data) -> str:
    """Show the scenarios in which the framework weighs more than the server."""
    title = "In process, where the framework works"
    head = ["", OWN, "to the ideal", "best peer", "takes", "fastapi takes"]
    rows: list[Sequence[Cell | str]] = []
    for scenario in HEADLINES:
        own = figure(data, "inprocess", scenario, OWN)
        ideal = figure(data, "inprocess", scenario, "ideal")
        peer = nearest(data, "inprocess", scenario)
        near = figure(data, "inprocess", scenario, peer) if peer else None
        fastapi = figure(data, "inprocess", scenario, "fastapi")
        rows.append(
            [
                SCENARIOS[scenario].title,
                f"{number(own)} µs" if own else DASH,
                by(ratio(own, ideal)),
                peer or DASH,
                by(ratio(near, own)),
                by(ratio(fastapi, own)),
            ]
        )
    return table("headlines", title, head, rows)


def by(value: float | None) -> str:
    """Write a ratio for a cell."""
    return DASH if value is None else f"{times(value)}×"


def share(data: Data) -> str:
    """Show how much of a request over the wire is the framework's own work."""
    title = f"What {OWN} itself takes of a request over the wire"
    head = ["", "a request, µs", f"of it {OWN}, µs", "share"]
    rows: list[Sequence[Cell | str]] = []
    for scenario in scenarios(data, "wire"):
        rate = figure(data, "wire", scenario, OWN)
        own = figure(data, "inprocess", scenario, OWN)
        whole = ratio(1e6, rate)
        part = ratio(own, whole)
        rows.append(
            [
                SCENARIOS[scenario].title,
                number(whole) if whole else DASH,
                number(own) if own else DASH,
                f"{part:.0%}" if part is not None else DASH,
            ]
        )
    if not rows:
        return nothing(data, "wire", f"{title}.")
    return table("share", title, head, rows)


def footprint(data: Data) -> str:
    """Show import time, memory, start-up and what is installed."""
    title = "Footprint, without a bare interpreter. Less is better."
    found = data.get("footprint", {}).get("frameworks", {})
    if not found:
        return nothing(data, "footprint", title)
    names = sorted(found, key=lambda n: (n != OWN, not is_bound(n)))
    rows: list[Sequence[Cell | str]] = []
    for name in names:
        figures = [cell(found[name], shown(key)) for key in FOOTPRINT]
        count = len(found[name].get("distributions", ()))
        rows.append([name, *figures, str(count)])
    return table("footprint", title, ["", *FOOTPRINT.values(), "packages"], rows)


TABLES: dict[str, Callable[[Data], str]] = {
    "inprocess": in_process,
    "counts": counts,
    "wire": wire,
    "p99": p99,
    "headlines": headlines,
    "share": share,
    "footprint": footprint,
}
"""The tables of this module by the word that asks for them."""
