"""In process: microseconds, calls and bytecodes of a request, without a server.

    python -m benchmarks.inprocess [--rounds N] [--count N] [FRAMEWORK …]

One process per framework. The rounds are interleaved: each framework once, then
each of them again in another order, so that a slow minute of the machine hits
all of them. What the driver costs is measured each time and taken off.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.apps import FRAMEWORKS
from benchmarks.scenarios import SCENARIOS
from benchmarks.stats import summary
from benchmarks.workers import ROOT, Worker, WorkerError, rotated, started

__all__ = ["by_app", "declared", "measure", "net", "run"]

SHARES = {
    "models": 0.1,
    "stream": 0.1,
    "not_found": 0.5,
    "last_route": 0.5,
    "websocket": 10.0,
}
"""What part of the usual number a round has: fewer where each takes long, more
where each takes so little that noise would win."""


def declared(framework: str, name: str, default: Any) -> Any:
    """Read a constant of a framework's file without importing the framework."""
    text = (ROOT / "benchmarks" / "apps" / f"{framework}.py").read_text()
    names: dict[str, Any] = {}
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                assert isinstance(node, ast.Assign | ast.AnnAssign)
                names[target.id] = node.value
    return literal(names[name], names) if name in names else default


def literal(node: Any, names: Mapping[str, Any]) -> Any:
    """Return the value of a literal, with the file's own constants in it."""
    if isinstance(node, ast.Name):
        return literal(names[node.id], names)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {literal(k, names): literal(v, names) for k, v in pairs}
    return ast.literal_eval(node)


def measure(
    workers: Mapping[str, Worker], scenario: str, rounds: int, count: int
) -> dict[str, dict[str, Any]]:
    """Return what each worker's subject needs for one scenario.

    A subject that does not answer rightly gets an ``error`` and no figure.
    """
    found: dict[str, dict[str, Any]] = {}
    times: dict[str, list[tuple[float, float]]] = {}
    for name, worker in workers.items():
        try:
            refused = worker.order("verify", scenario)
            found[name] = {**worker.order("count", scenario), "refused": refused}
            times[name] = []
        except WorkerError as error:
            found[name] = {"error": str(error)}
    for number in range(rounds):
        for name in rotated(times, number):
            answer = workers[name].order("time", scenario, count=count)
            times[name].append((answer["gross_us"], answer["driver_us"]))
    for name, pairs in times.items():
        try:
            workers[name].order("verify", scenario)
        except WorkerError as error:
            found[name] = {"error": f"after the timing: {error}"}
            continue
        if pairs:
            found[name] |= net(pairs)
    return found


def net(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Take the driver's median off each round, given as (gross, driver)."""
    driver = median(cost for _, cost in pairs)
    times = summary([gross - driver for gross, _ in pairs])
    return {"us": times, "driver_us": round(driver, 3)}


def by_app(scenarios: Sequence[str]) -> dict[str, list[str]]:
    """Return the scenarios by the app that serves them."""
    groups: dict[str, list[str]] = {}
    for scenario in scenarios:
        groups.setdefault(SCENARIOS[scenario].app, []).append(scenario)
    return groups


def run(
    frameworks: Sequence[str] = FRAMEWORKS,
    rounds: int = 5,
    count: int = 2000,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    say: bool = True,
) -> dict[str, dict[str, Any]]:
    """Return framework -> scenario -> figures, or why there are none."""
    result: dict[str, dict[str, Any]] = {name: {} for name in frameworks}
    missing = {name: declared(name, "UNSUPPORTED", {}) for name in frameworks}
    subjects = {name: f"benchmarks.apps.{name}" for name in frameworks}
    for app, group in by_app(scenarios).items():
        # New processes for each app: some frameworks have one app in a process.
        with started(subjects) as workers:
            for scenario in group:
                if say:
                    print(f"in process, {app}: {scenario}", file=sys.stderr, flush=True)
                able = {n: w for n, w in workers.items() if scenario not in missing[n]}
                each = max(int(count * SHARES.get(scenario, 1.0)), 1)
                found = measure(able, scenario, rounds, each)
                for name in frameworks:
                    why = missing[name].get(scenario)
                    result[name][scenario] = (
                        {"unsupported": why} if why else found[name]
                    )
    return result


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.inprocess")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--scenario", action="append")
    parser.add_argument("frameworks", nargs="*", default=FRAMEWORKS)
    given = parser.parse_args()
    scenarios = given.scenario or tuple(SCENARIOS)
    found = run(given.frameworks, given.rounds, given.count, scenarios)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
