"""The goals of microlith, and whether a file of results meets them.

Nothing is measured here: each row comes from the results alone. ``met`` is None
where they have no figure for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.apps import PEERS
from benchmarks.scenarios import SCENARIOS

__all__ = ["TARGET_US", "goals"]

OWN = "microlith"
MUCH_FASTER = ("plaintext", "body", "dependencies")
PYDANTIC_HELPS = ("body", "models")
SLOW_CLIENT_MIB = 4.0

TARGET_US = {
    "plaintext": 2.0,
    "json": 2.5,
    "path": 3.5,
    "query": 4.5,
    "body": 6.5,
    "models": 34.0,
    "dependencies": 5.0,
    "middlewares": 4.5,
    "last_route": 3.5,
    "not_found": 2.5,
    "stream": 40.0,
    "websocket": 1.0,
}
"""Microseconds to be reached in process on the machine of the first figures, an
AMD EPYC (Zen 4) with two cores and CPython 3.11."""

Row = dict[str, Any]


def row(goal: str, scope: str, wanted: str, reached: float | None, met: Any) -> Row:
    """Return one row of the table."""
    known = reached is not None
    return {
        "goal": goal,
        "scope": scope,
        "wanted": wanted,
        "reached": round(reached, 3) if reached is not None else None,
        "met": bool(met) if known else None,
    }


def figure(part: Mapping[str, Any], name: str, scenario: str, key: str) -> Any:
    """Return a median, or None where there is none, or only noise (not above 0)."""
    found = part.get(name, {}).get(scenario, {}).get(key)
    return found["median"] if found and found["median"] > 0 else None


def ratio(above: float | None, below: float | None) -> float | None:
    """Return a quotient, or None where there is none."""
    return above / below if above is not None and below else None


def in_process(results: Mapping[str, Any]) -> Iterator[Row]:
    """Compare microseconds."""
    part = results.get("inprocess", {})
    for scenario in SCENARIOS:
        own = figure(part, OWN, scenario, "us")
        peers = {p: figure(part, p, scenario, "us") for p in PEERS}
        times = {name: us for name, us in peers.items() if us is not None}
        best = min(times, key=lambda name: times[name], default=None)
        times_faster = ratio(times[best], own) if best else None
        yield row(
            "in process ahead of every peer",
            scenario,
            f"above 1x of {best}" if best else "above 1x",
            times_faster,
            times_faster is not None and times_faster > 1,
        )
    for scenario in SCENARIOS:
        own = figure(part, OWN, scenario, "us")
        over = ratio(own, figure(part, "ideal", scenario, "us"))
        met = over is not None and over <= 2
        yield row("in process near the ideal", scenario, "at most 2x", over, met)
    for scenario in MUCH_FASTER:
        own = figure(part, OWN, scenario, "us")
        times_faster = ratio(figure(part, "fastapi", scenario, "us"), own)
        met = times_faster is not None and times_faster >= 8
        yield row("in process and FastAPI", scenario, "at least 8x", times_faster, met)
    for scenario, target in TARGET_US.items():
        own = figure(part, OWN, scenario, "us")
        met = own is not None and own <= target
        yield row("in process, µs", scenario, f"at most {target}", own, met)


def over_the_wire(results: Mapping[str, Any]) -> Iterator[Row]:
    """Compare requests per second."""
    part = results.get("wire", {})
    if "missing" in part:
        part = {}
    for scenario in SCENARIOS:
        own = figure(part, OWN, scenario, "rps")
        peers = {p: figure(part, p, scenario, "rps") for p in PEERS}
        rates = {name: rps for name, rps in peers.items() if rps is not None}
        best = max(rates, key=lambda name: rates[name], default=None)
        ahead = ratio(own, rates[best]) if best else None
        yield row(
            "over the wire ahead of every peer",
            scenario,
            f"above 1x of {best}" if best else "above 1x",
            ahead,
            ahead is not None and ahead > 1,
        )
    for scenario in SCENARIOS:
        own = figure(part, OWN, scenario, "rps")
        share = ratio(own, figure(part, "raw", scenario, "rps"))
        wanted = 1.0 if scenario in PYDANTIC_HELPS else 0.95
        met = share is not None and share >= wanted
        text = f"at least {wanted} of raw"
        yield row("over the wire near raw ASGI", scenario, text, share, met)


def footprint(results: Mapping[str, Any]) -> Iterator[Row]:
    """Compare import time, memory and start-up."""
    part = results.get("footprint", {}).get("frameworks", {})

    def value(name: str, key: str) -> float | None:
        found = part.get(name, {}).get(key)
        return float(found["median"]) if found else None

    for key, unit in (("import_ms", "ms"), ("import_mib", "MiB")):
        own = value(OWN, key)
        parts = [value(name, key) for name in ("starlette", "pydantic")]
        total = sum(p for p in parts if p is not None)
        known = own is not None and None not in parts
        yield row(
            "footprint below starlette + pydantic",
            key,
            f"below {total:.1f} {unit}" if known else "below their sum",
            own if known else None,
            known and own is not None and own < total,
        )
    own, other = value(OWN, "typed_ms"), value("fastapi", "typed_ms")
    share = ratio(own, other)
    met = share is not None and share < 1
    yield row("start-up of 500 typed routes", "typed_ms", "below fastapi's", share, met)


def scaling(results: Mapping[str, Any]) -> Iterator[Row]:
    """Look at routes and at the slow client."""
    part = results.get("scaling", {})
    routes = part.get("routes", {})
    few, many = routes.get("last_of_500", {}), routes.get("last_of_10000", {})
    share = ratio(many.get("bytecodes"), few.get("bytecodes"))
    yield row(
        "10,000 routes cost what 500 do", "bytecodes", "at most 1x", share, share == 1
    )
    grown = part.get("slow_client", {}).get("highest_growth_mib")
    met = grown is not None and grown < SLOW_CLIENT_MIB
    text = f"below {SLOW_CLIENT_MIB} MiB"
    yield row("a slow client does not grow memory", "MiB", text, grown, met)


def goals(results: Mapping[str, Any]) -> list[Row]:
    """Return every goal with what was reached."""
    return [
        *in_process(results),
        *over_the_wire(results),
        *footprint(results),
        *scaling(results),
    ]
