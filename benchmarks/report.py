"""Prints results as tables of text, and keeps them as JSON.

python -m benchmarks.report benchmarks/results/2026-11-21.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.apps import FRAMEWORKS
from benchmarks.goals import goals
from benchmarks.scenarios import SCENARIOS

__all__ = ["SCHEMA", "load", "report", "save", "table"]

SERVERS = ("uvicorn", "uvloop", "httptools", "websockets", "granian", "wrk", "commit")
"""What is printed of the versions besides the frameworks; the file has them all."""

SCHEMA = 1
"""The number of the schema; `README.md` describes it."""


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table; the first column to the left, others right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [title, "-" * len(title)]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text) + "\n"


def number(value: float | None) -> str:
    """Return a figure with as many digits as it can bear."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"


def grid(
    title: str, part: Mapping[str, Any], cell: Callable[[Mapping[str, Any]], str]
) -> str:
    """Return a table of scenarios: a row for each framework."""
    names = [s for s in SCENARIOS if any(s in row for row in part.values())]
    rows = []
    for framework, found in part.items():
        rows.append([framework, *(safe(found.get(s), cell) for s in names)])
    return table(title, ["", *names], rows)


def safe(found: Mapping[str, Any] | None, cell: Callable[[Any], str]) -> str:
    """Return a cell; a dash where a framework cannot, ERR where it was wrong."""
    if found is None or "unsupported" in found:
        return "-"
    return "ERR" if "error" in found else cell(found)


def median(key: str) -> Callable[[Mapping[str, Any]], str]:
    """Return a function that shows the median of one figure."""

    def cell(found: Mapping[str, Any]) -> str:
        return number(found[key]["median"]) if found.get(key) else "-"

    return cell


def counted(found: Mapping[str, Any]) -> str:
    """Show bytecodes and calls; a tilde where they are not always the same."""
    mark = "" if found["steady"] else "~"
    return f"{mark}{found['bytecodes']}/{found['calls']}"


def problems(part: Mapping[str, Any], where: str) -> list[str]:
    """Return what went wrong, a line each."""
    lines = []
    for framework, scenarios in part.items():
        for found in scenarios.values():
            if "error" in found:
                lines.append(f"{where}, {framework}: {found['error']}")
            elif found.get("errors"):
                lines.append(f"{where}, {framework}: {found['errors']} errors")
    return lines


def footprint_table(part: Mapping[str, Any]) -> str:
    """Show import time, memory, start-up and packages."""
    keys = ("import_ms", "import_mib", "start_mib", "typed_ms", "typed_mib")
    rows = []
    for name, found in part["frameworks"].items():
        cells = [number(found[k]["median"]) if k in found else "-" for k in keys]
        rows.append([name, *cells, str(len(found["distributions"]))])
    title = "Footprint, a bare interpreter taken off"
    return table(title, ["", *keys, "packages"], rows)


def feature_tables(results: Mapping[str, Any]) -> list[str]:
    """Show the cost of features and of stages."""
    text = []
    if "features" in results:
        rows = []
        for title, found in results["features"].items():
            us = found.get("us")
            us = us["median"] if isinstance(us, dict) else us
            cells = ["ERR", "ERR", "-"]
            if "error" not in found:
                cells = [str(found["calls"]), str(found["bytecodes"]), number(us)]
            rows.append([title, *cells])
        head = ["", "calls", "bytecodes", "µs"]
        text.append(table("What a feature of microlith costs", head, rows))
    if "stages" in results:
        names = list(dict.fromkeys(n for s in results["stages"].values() for n in s))
        rows = [
            [stage, *(safe(found.get(n), counted) for n in names)]
            for stage, found in results["stages"].items()
        ]
        title = "What a request costs on each stage, bytecodes/calls"
        text.append(table(title, ["stage", *names], rows))
    return text


def scaling_table(part: Mapping[str, Any]) -> str:
    """Show what scaling found, a line for each figure."""
    rows = []
    for name, found in part.items():
        for key, value in found.items():
            if isinstance(value, dict):
                inner = value.get("rps") or value.get("us") or {}
                value = f"{number(inner.get('median'))}"
            rows.append([f"{name}: {key}", str(value)])
    return table("Scaling", ["", "value"], rows)


def goal_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Show each goal, what was wanted, what was reached."""
    words = {True: "yes", False: "NO", None: "not measured"}
    lines = [
        [
            f"{r['goal']}: {r['scope']}",
            r["wanted"],
            number(r["reached"]),
            words[r["met"]],
        ]
        for r in rows
    ]
    met = sum(r["met"] is True for r in rows)
    title = f"Goals: {met} of {len(rows)} met"
    return table(title, ["goal", "wanted", "reached", "met"], lines)


def report(results: Mapping[str, Any]) -> str:
    """Return every table that the results have figures for."""
    machine, versions = results["machine"], results["versions"]
    told = ("python", *FRAMEWORKS, "pydantic", *SERVERS)
    packages = ", ".join(f"{k} {versions[k]}" for k in told if k in versions)
    text = [
        f"{results['date']}, {results['mode']} run on {machine['cpu']}, "
        f"{machine['cores']} cores, load {machine['load_before']}\n{packages}\n"
    ]
    wrong: list[str] = []
    if "inprocess" in results:
        part = results["inprocess"]
        title = "In process, µs a request, net of the driver"
        text.append(grid(title, part, median("us")))
        text.append(grid("Exact: bytecodes/calls a request", part, counted))
        wrong += problems(part, "in process")
    if "missing" in results.get("wire", {}):
        text.append(f"Over the wire: {results['wire']['missing']}\n")
    elif "wire" in results:
        part = results["wire"]
        title = "Over the wire, requests a second"
        text.append(grid(title, part, median("rps")))
        text.append(grid("Over the wire, p99 in ms", part, median("p99_ms")))
        wrong += problems(part, "over the wire")
    if "footprint" in results:
        text.append(footprint_table(results["footprint"]))
    text += feature_tables(results)
    if "scaling" in results:
        text.append(scaling_table(results["scaling"]))
    text.append(goal_table(results.get("goals") or goals(results)))
    if wrong:
        text.append("Wrong answers and errors\n" + "\n".join(wrong) + "\n")
    return "\n".join(text)


def save(results: Mapping[str, Any], file: Path) -> None:
    """Write results to a file, which is whole or not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    new.replace(file)


def load(file: Path) -> dict[str, Any]:
    """Read a file of results; raise ValueError for another schema."""
    found: dict[str, Any] = json.loads(file.read_text())
    if found.get("schema") != SCHEMA:
        raise ValueError(f"{file}: schema {found.get('schema')}, not {SCHEMA}")
    return found


def main() -> int:
    """Print a file of results."""
    parser = argparse.ArgumentParser(prog="benchmarks.report")
    parser.add_argument("file", type=Path)
    print(report(load(parser.parse_args().file)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
