"""Tables of microlith alone: what a feature, a stage, a route, a connection costs.

Owns rows and columns. It must not know how a table is marked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.report import counted, number
from benchmarks.report import median as shown
from tools.book.bench.html import DASH, Cell, cell, table
from tools.book.bench.results import Data, median, ratio, times
from tools.book.bench.tables import nothing

__all__ = ["COSTS"]

Rows = list[Sequence[Cell | str]]

ROUTES = {
    "first_of_500": "first of 500",
    "last_of_500": "last of 500",
    "first_of_10000": "first of 10,000",
    "last_of_10000": "last of 10,000",
}
HELD = {"websockets": "WebSockets", "event_streams": "event streams"}
FELT = {
    "open": "open",
    "kib_each": "memory of each, KiB",
    "p99_ms_alone": "p99 of others before, ms",
    "p99_ms": "p99 of others meanwhile, ms",
    "rps_alone": "requests a second before",
    "rps": "requests a second meanwhile",
}


def features(data: Data) -> str:
    """Show what each feature adds to a plain request."""
    title = "What a feature adds to a plain request"
    found = data.get("features", {})
    if not found:
        return nothing(data, "features", f"{title}.")
    rows: Rows = [[name, *_costs(row)] for name, row in found.items()]
    return table("features", title, ["", "calls", "bytecodes", "µs"], rows)


def _costs(found: Data) -> list[Cell]:
    mark = "" if found.get("steady", True) else "~"
    return [
        cell(found, lambda f: f"{mark}{f['calls']}"),
        cell(found, lambda f: f"{mark}{f['bytecodes']:,}"),
        _us(found),
    ]


def _us(found: Data) -> Cell:
    if "error" in found or "unsupported" in found:
        return cell(found, str)
    value = median(found, "us")
    return Cell(DASH if value is None else number(value))


def stages(data: Data) -> str:
    """Show what the same request costs on each stage, exactly."""
    title = "What a request costs on each stage: bytecodes/calls, exact"
    return _by_stage(data, "stages", title, counted)


def stage_times(data: Data) -> str:
    """Show how long the same request takes on each stage."""
    title = "What a request costs on each stage: µs"
    return _by_stage(data, "stage-times", title, shown("us"))


def _by_stage(data: Data, anchor: str, title: str, show: Callable[[Any], str]) -> str:
    found = data.get("stages", {})
    names = list(dict.fromkeys(name for row in found.values() for name in row))
    if not names:
        return nothing(data, "stages", f"{title}.")
    rows: Rows = [
        [stage, *(cell(row.get(name), show) for name in names)]
        for stage, row in found.items()
    ]
    return table(anchor, title, ["stage", *names], rows)


def workers(data: Data) -> str:
    """Show requests a second with one worker and with more."""
    found = data.get("scaling", {}).get("workers", {})
    title = f"Workers on {found.get('cores', 'some')} cores, shared with the client"
    one = median(found.get("1"), "rps")
    rows: Rows = []
    for name, figures in found.items():
        if isinstance(figures, Mapping):
            rate = median(figures, "rps")
            times_one = ratio(rate, one)
            shown_rate = DASH if rate is None else number(rate)
            quotient = DASH if times_one is None else f"{times(times_one)}×"
            rows.append([name, shown_rate, quotient])
    if not rows:
        return nothing(data, "scaling", f"{title}.")
    return table("workers", title, ["workers", "requests a second", "to one"], rows)


def routes(data: Data) -> str:
    """Show that the number of routes does not count, or that it does."""
    title = "One request among few and among many routes"
    found = data.get("scaling", {}).get("routes", {})
    rows: Rows = [
        [ROUTES.get(name, name), *_costs(figures)] for name, figures in found.items()
    ]
    if not rows:
        return nothing(data, "scaling", f"{title}.")
    return table("routes", title, ["route", "calls", "bytecodes", "µs"], rows)


def connections(data: Data) -> str:
    """Show what an open connection weighs, and what others feel of it."""
    title = "Connections held open, and plain requests meanwhile"
    found = data.get("scaling", {})
    kinds = [name for name in HELD if found.get(name)]
    if not kinds:
        return nothing(data, "scaling", f"{title}.")
    rows: Rows = [
        [what, *(_whole(found[name].get(key)) for name in kinds)]
        for key, what in FELT.items()
    ]
    return table("connections", title, ["", *(HELD[name] for name in kinds)], rows)


def _whole(value: float | None) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value)


def slow_client(data: Data) -> str:
    """Show how memory grows while a client hardly reads."""
    title = "A client that hardly reads an endless stream"
    found = data.get("scaling", {}).get("slow_client")
    if not found:
        return nothing(data, "scaling", f"{title}.")
    rows: Rows = [
        ["seconds", number(found.get("seconds"))],
        ["bytes it read", number(found.get("read_bytes"))],
        ["the server's memory grew at most by, MiB", _grown(found, "highest")],
        ["and in the end by, MiB", _grown(found, "last")],
    ]
    return table("slow-client", title, ["", "figure"], rows)


def _grown(found: Data, which: str) -> str:
    return number(found.get(f"{which}_growth_mib"))


COSTS: dict[str, Callable[[Data], str]] = {
    "features": features,
    "stages": stages,
    "stage-times": stage_times,
    "workers": workers,
    "routes": routes,
    "connections": connections,
    "slow-client": slow_client,
}
"""The tables of this module by the word that asks for them."""
