"""The file of results that a page shows, and the figures in it.

Owns which file is read, the order of frameworks and scenarios, and what counts as
measured. It must not know HTML or directives.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.apps import BOUNDS
from benchmarks.goals import goals
from benchmarks.report import load, number
from benchmarks.scenarios import SCENARIOS
from tools.book.errors import BookError

__all__ = [
    "BETTER",
    "HEADLINES",
    "OWN",
    "frameworks",
    "goal_rows",
    "is_bound",
    "is_own",
    "median",
    "nearest",
    "ratio",
    "read",
    "scenarios",
    "times",
    "wire_missing",
]

Data = Mapping[str, Any]

FOLDER = Path("benchmarks/results")
OWN = "microlith"
HEADLINES = ("body", "dependencies", "middlewares", "last_route", "models")
"""The scenarios in which the framework works more than the server around it."""

BETTER = {"us": min, "rps": max}
"""Which of two figures is the better one."""


def read(root: Path, name: str = "") -> Data:
    """Read the file of that name, or else the newest: file names begin with a date."""
    if name:
        file = (root / name).resolve()
        if not file.is_relative_to(root.resolve()):
            raise BookError(f"{name} leaves the repository; name a file inside it")
        if not file.is_file():
            raise BookError(f"there is no {name}; `make bench-full` makes results")
    else:
        found = sorted((root / FOLDER).glob("*.json"))
        if not found:
            raise BookError(
                f"{FOLDER.as_posix()}/ holds no results; `make bench-full` makes "
                "them (about an hour, on an idle machine)"
            )
        file = found[-1]
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(file: Path, stamp: int) -> Data:
    try:
        return load(file)
    except json.JSONDecodeError as error:
        raise BookError(f"{file.name} is no JSON ({error}); measure again") from error
    except ValueError as error:
        raise BookError(
            f"{error}; `make bench-full` makes results of today's schema"
        ) from error


def wire_missing(data: Data) -> str:
    """Say why nothing was measured over the wire; nothing if it was."""
    return str(data.get("wire", {}).get("missing", ""))


def part_of(data: Data, part: str) -> Data:
    """Return `inprocess` or `wire`, empty where it was not measured."""
    found: Data = data.get(part, {})
    return {} if "missing" in found else found


def frameworks(data: Data, part: str) -> list[str]:
    """List who was measured: our own first, then the bounds, then the peers."""
    names = list(part_of(data, part))
    return sorted(names, key=lambda n: (not is_own(n), not is_bound(n)))


def is_own(name: str) -> bool:
    """Tell whether it is our own, on whichever server."""
    return name.partition("+")[0] == OWN


def is_bound(name: str) -> bool:
    """Tell whether it is no framework: hand-written code."""
    return name.partition("+")[0] in BOUNDS


def scenarios(data: Data, part: str) -> list[str]:
    """List the scenarios that were measured, in the order of the tables."""
    rows = part_of(data, part).values()
    return [name for name in SCENARIOS if any(name in row for row in rows)]


def found_in(data: Data, part: str, scenario: str, name: str) -> Data | None:
    """Return what was found for one framework in one scenario."""
    found: Data | None = part_of(data, part).get(name, {}).get(scenario)
    return found


def median(found: Data | None, key: str) -> float | None:
    """Return one figure, the median of a summary; None where there is none."""
    value = (found or {}).get(key)
    if isinstance(value, Mapping):
        value = value.get("median")
    return float(value) if isinstance(value, int | float) else None


def figure(
    data: Data, part: str, scenario: str, name: str, key: str = ""
) -> float | None:
    """Return a median above nothing: what is not, is noise of the driver."""
    key = key or ("us" if part == "inprocess" else "rps")
    value = median(found_in(data, part, scenario, name), key)
    return value if value is not None and value > 0 else None


def ratio(above: float | None, below: float | None) -> float | None:
    """Return a quotient, or None where there is none."""
    return above / below if above is not None and below else None


def times(value: float | None) -> str:
    """Write a ratio with as many digits as it can bear."""
    if value is None or abs(value) < 2:
        return number(value)
    return f"{value:.1f}" if abs(value) < 100 else number(value)


def peers(data: Data, part: str) -> list[str]:
    """List the frameworks that are neither ours, nor bounds, nor elsewhere served."""
    names = frameworks(data, part)
    return [n for n in names if not (is_own(n) or is_bound(n) or "+" in n)]


def nearest(data: Data, part: str, scenario: str) -> str:
    """Name the best peer of a scenario; nothing where no peer has a figure."""
    values = {n: figure(data, part, scenario, n) for n in peers(data, part)}
    known = {n: value for n, value in values.items() if value is not None}
    if not known:
        return ""
    best = BETTER["us" if part == "inprocess" else "rps"]
    return best(known, key=lambda name: known[name])


def goal_rows(data: Data) -> list[Data]:
    """Return the goals as the file has them, or computed from it."""
    return list(data.get("goals") or goals(data))


def groups(rows: Iterable[Data]) -> Iterator[tuple[str, list[Data]]]:
    """Yield each goal with its rows."""
    kept: dict[str, list[Data]] = {}
    for row in rows:
        kept.setdefault(row["goal"], []).append(row)
    yield from kept.items()


def scope_title(scope: str) -> str:
    """Say the scope of a goal as the tables do."""
    return SCENARIOS[scope].title if scope in SCENARIOS else scope
