"""Run the benchmarks, print the tables, keep the results.

    python -m benchmarks           a few minutes; results in build/
    python -m benchmarks --full    about an hour; results in benchmarks/results/

With ``--only`` the parts named are measured anew and put into ``--out``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import features, footprint, inprocess, report, scaling, wire
from benchmarks.apps import FRAMEWORKS
from benchmarks.goals import goals
from benchmarks.machine import machine, versions
from benchmarks.scenarios import SCENARIOS
from benchmarks.workers import ROOT

BUSY = 0.5
"""The load average from which on a machine is not idle."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured."""

    mode: str
    rounds: int
    count: int
    wire_rounds: int
    wire_seconds: float
    wire_scenarios: tuple[str, ...]
    imports: int
    connections: int


SHORT_WIRE = ("plaintext", "body", "dependencies", "websocket")
SMOKE = Amount("smoke", 1, 20, 1, 1.0, ("plaintext", "websocket"), 1, 50)
SHORT = Amount("short", 3, 500, 1, 1.0, SHORT_WIRE, 3, 200)
FULL = Amount("full", 31, 1000, 5, 3.0, tuple(SCENARIOS), 11, 1000)


def measure_wire(amount: Amount) -> Any:
    """Measure over the wire, or say what is missing for it."""
    if shutil.which("wrk") is None:
        return {"missing": wire.NO_WRK}
    return wire.run(
        rounds=amount.wire_rounds,
        seconds=amount.wire_seconds,
        scenarios=amount.wire_scenarios,
    )


def measure_scaling(amount: Amount) -> Any:
    """Measure scaling, which needs wrk too."""
    if shutil.which("wrk") is None:
        return {}
    return scaling.run(
        amount.wire_seconds, amount.connections, amount.wire_rounds, amount.count
    )


PARTS: dict[str, Callable[[Amount], Any]] = {
    "inprocess": lambda a: inprocess.run(rounds=a.rounds, count=a.count),
    "wire": measure_wire,
    "footprint": lambda a: footprint.run(runs=a.imports),
    "features": lambda a: features.run_features(a.rounds, a.count),
    "stages": lambda a: features.run_stages(a.rounds, a.count),
    "scaling": measure_scaling,
}
"""What is measured, in this order; each is a member of the results."""


def method(amount: Amount) -> dict[str, Any]:
    """Return how it was measured, in words and figures."""
    return {
        "rounds": amount.rounds,
        "requests_a_round": amount.count,
        "wire_rounds": amount.wire_rounds,
        "wire_seconds": amount.wire_seconds,
        "wire_connections": wire.CONNECTIONS,
        "in_process": "ASGI under uvloop, one process a framework, all on one core, "
        "interleaved rounds, median, net of the driver",
        "over_the_wire": "uvicorn with uvloop and httptools on one core, wrk on "
        "another, interleaved rounds, median",
        "notes": {name: inprocess.declared(name, "NOTES", {}) for name in FRAMEWORKS},
    }


def main() -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--full", action="store_true", help="all of it")
    kind.add_argument("--smoke", action="store_true", help="does it run at all")
    parser.add_argument("--only", help=f"some of {','.join(PARTS)}")
    parser.add_argument("--out", type=Path, help="the file of results")
    given = parser.parse_args()
    amount = FULL if given.full else SMOKE if given.smoke else SHORT
    today = date.today().isoformat()
    folder = ROOT / "benchmarks" / "results" if given.full else ROOT / "build" / "bench"
    file = given.out or folder / f"{today}.json"
    parts = given.only.split(",") if given.only else list(PARTS)
    unknown = set(parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {[*PARTS]}")
    results: dict[str, Any] = report.load(file) if given.only and file.exists() else {}
    results |= {"schema": report.SCHEMA, "date": today, "mode": amount.mode}
    results |= {"machine": machine(), "versions": versions(), "method": method(amount)}
    if results["machine"]["load_before"] > BUSY:
        busy = f"This machine is busy (load above {BUSY}): times will be off."
        print(busy, file=sys.stderr)
    for part in parts:
        results[part] = PARTS[part](amount)
        results["goals"] = goals(results)
        report.save(results, file)  # what is there is kept if the next one fails
    results["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    report.save(results, file)
    print(report.report(results))
    print(f"kept in {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
