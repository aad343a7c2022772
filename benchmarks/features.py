"""What each feature of microlith costs, and what each stage of the book costs.

    python -m benchmarks.features [--rounds N] [--count N]

A feature's cost is the difference of two requests: one with it, one without.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.inprocess import measure
from benchmarks.workers import ROOT, Worker, environment

__all__ = ["difference", "run", "run_features", "run_stages"]

STAGES = range(1, 11)


def difference(much: Mapping[str, Any], less: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one request costs more than another."""
    for found in (much, less):
        if "error" in found:
            return {"error": found["error"]}
    us = None
    if much.get("us") and less.get("us"):
        us = round(much["us"]["median"] - less["us"]["median"], 3)
    return {
        "calls": much["calls"] - less["calls"],
        "bytecodes": much["bytecodes"] - less["bytecodes"],
        "us": us,
        "steady": much["steady"] and less["steady"],
    }


def constant(file: Path, name: str) -> Any:
    """Read a literal from a file that imports what is not there."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise KeyError(name)


def run_features(rounds: int = 5, count: int = 2000) -> dict[str, Any]:
    """Return the cost of each feature, with the plain request first."""
    features = constant(ROOT / "benchmarks" / "feature_app.py", "FEATURES")
    names = list(dict.fromkeys(n for _, *pair in features for n in reversed(pair)))
    worker = Worker("benchmarks.feature_app")
    try:
        found = {
            name: measure({"microlith": worker}, name, rounds, count)["microlith"]
            for name in names
        }
    finally:
        worker.stop()
    rows = {"a plain request": found["plain"]}
    rows |= {
        title: difference(found[much], found[less]) for title, much, less in features
    }
    return rows


def composed(number: int) -> Path:
    """Write a stage to `build/NN` and return the folder of its sources."""
    command = [sys.executable, "-m", "tools.stages", "compose", str(number)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return ROOT / "build" / f"{number:02}" / "src"


def run_stages(rounds: int = 5, count: int = 2000) -> dict[str, Any]:
    """Return stage -> exchange -> figures; interleaved over the stages."""
    needs = constant(ROOT / "benchmarks" / "stage_app.py", "NEEDS")
    workers = {f"{n:02}": Worker("benchmarks.stage_app", composed(n)) for n in STAGES}
    result: dict[str, Any] = {stage: {} for stage in workers}
    try:
        for name, since in needs.items():
            able = {s: w for s, w in workers.items() if int(s) >= since}
            for stage, found in measure(able, name, rounds, count).items():
                result[stage][name] = found
    finally:
        for worker in workers.values():
            worker.stop()
    return result


def run(rounds: int = 5, count: int = 2000) -> dict[str, Any]:
    """Return both tables."""
    print("features and stages", file=sys.stderr, flush=True)
    environment()
    return {
        "features": run_features(rounds, count),
        "stages": run_stages(rounds, count),
    }


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.features")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000)
    given = parser.parse_args()
    print(json.dumps(run(given.rounds, given.count), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
