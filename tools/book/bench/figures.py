"""Single figures for prose: `{{bench wire plaintext microlith rps}}`.

Owns how a figure is named and what an unknown name is answered with. What is known
but was not measured reads `not measured`. It must not know HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from benchmarks.apps import FRAMEWORKS
from benchmarks.report import number
from benchmarks.scenarios import SCENARIOS
from tools.book.bench.results import (
    Data,
    figure,
    found_in,
    goal_rows,
    median,
    nearest,
    part_of,
    ratio,
    times,
)
from tools.book.errors import BookError

__all__ = ["FIGURES", "NOT_MEASURED", "say"]

NOT_MEASURED = "(not measured)"
KEYS = {
    "inprocess": ("us", "driver_us", "calls", "bytecodes"),
    "wire": ("rps", "p99_ms", "errors"),
}
COSTS = ("calls", "bytecodes", "us")
FOOTPRINT = ("import_ms", "import_mib", "start_mib", "typed_ms", "typed_mib")


def say(data: Data, words: Sequence[str]) -> str:
    """Return the figure that the words name; BookError if there is no such figure."""
    if not words:
        raise BookError(f"name a figure; it begins with {', '.join(FIGURES)}")
    name, *rest = words
    known(name, FIGURES, "kind of figure")
    usage, show = FIGURES[name]
    if len(rest) != len(usage.split()):
        raise BookError(f"write it as {{{{bench {name} {usage}}}}}".replace(" }", "}"))
    return show(data, *rest)


def known(word: str, names: Collection[str], what: str) -> str:
    """Return a word that is known, or say which there are."""
    if word not in names:
        there = ", ".join(names) or "none"
        raise BookError(f"{word!r} is no {what} of the results; there are {there}")
    return word


def written(value: float | None) -> str:
    """Write a number as the tables do, a whole one without a point."""
    if value is None:
        return NOT_MEASURED
    return f"{value:,.0f}" if value == int(value) else number(value)


def who(data: Data, part: str, name: str) -> str:
    """Check a framework, or a framework with its server."""
    return known(name, dict.fromkeys((*FRAMEWORKS, *part_of(data, part))), "framework")


def compared(part: str) -> Callable[..., str]:
    """Return what shows a figure of a scenario: `body microlith us`."""

    def show(data: Data, scenario: str, name: str, key: str) -> str:
        known(scenario, SCENARIOS, "scenario")
        who(data, part, name)
        known(key, KEYS[part], "figure")
        return written(median(found_in(data, part, scenario, name), key))

    return show


def quotient(data: Data, part: str, scenario: str, above: str, below: str) -> str:
    """Divide two frameworks' figures: microseconds, or requests a second."""
    known(part, KEYS, "part")
    known(scenario, SCENARIOS, "scenario")
    values = [figure(data, part, scenario, who(data, part, n)) for n in (above, below)]
    found = ratio(*values)
    return NOT_MEASURED if found is None else times(found)


def best(data: Data, part: str, scenario: str) -> str:
    """Name the best peer."""
    known(part, KEYS, "part")
    known(scenario, SCENARIOS, "scenario")
    return nearest(data, part, scenario) or NOT_MEASURED


def share(data: Data, scenario: str, name: str) -> str:
    """Say how much of a request over the wire a framework takes itself."""
    known(scenario, SCENARIOS, "scenario")
    who(data, "wire", name)
    rate = figure(data, "wire", scenario, name)
    own = figure(data, "inprocess", scenario, name)
    part = ratio(own, ratio(1e6, rate))
    return NOT_MEASURED if part is None else f"{part:.0%}"


def feature(data: Data, title: str, key: str) -> str:
    """Say what a feature costs."""
    found = data.get("features", {})
    known(key, COSTS, "figure")
    return written(median(found[known(title, found, "feature")], key))


def stage(data: Data, number_: str, request: str, key: str) -> str:
    """Say what a request costs on a stage."""
    found = data.get("stages", {})
    row = found[known(number_, found, "stage")]
    known(key, COSTS, "figure")
    return written(median(row[known(request, row, f"request on stage {number_}")], key))


def footprint(data: Data, name: str, key: str) -> str:
    """Say what a framework weighs."""
    found = data.get("footprint", {}).get("frameworks", {})
    row = found[known(name, found, "framework")]
    if known(key, (*FOOTPRINT, "packages"), "figure") == "packages":
        return written(len(row["distributions"]))
    return written(median(row, key))


def scaling(data: Data, part: str, key: str) -> str:
    """Say how microlith scales."""
    found = data.get("scaling", {})
    row: Mapping[str, Any] = found[known(part, found, "part of scaling")]
    value = row[known(key, row, "figure")]
    if isinstance(value, Mapping):
        value = median(value, "rps" if part == "workers" else "us")
    return written(value) if isinstance(value, int | float) else str(value)


def goals(data: Data, which: str) -> str:
    """Count the goals that were met, missed, not measured, or all."""
    marks: dict[str, tuple[bool | None, ...]] = {
        "met": (True,),
        "missed": (False,),
        "unknown": (None,),
        "all": (True, False, None),
    }
    wanted = marks[known(which, marks, "count of goals")]
    return str(sum(row["met"] in wanted for row in goal_rows(data)))


def member(name: str) -> Callable[..., str]:
    """Return what shows a member of `machine`, `versions` or `method`."""

    def show(data: Data, key: str) -> str:
        value = data[name][known(key, data[name], name)]
        return written(value) if isinstance(value, int | float) else str(value)

    return show


FIGURES: dict[str, tuple[str, Callable[..., str]]] = {
    "inprocess": ("SCENARIO FRAMEWORK KEY", compared("inprocess")),
    "wire": ("SCENARIO FRAMEWORK KEY", compared("wire")),
    "ratio": ("PART SCENARIO ABOVE BELOW", quotient),
    "best": ("PART SCENARIO", best),
    "share": ("SCENARIO FRAMEWORK", share),
    "features": ("TITLE KEY", feature),
    "stages": ("STAGE REQUEST KEY", stage),
    "footprint": ("FRAMEWORK KEY", footprint),
    "scaling": ("PART KEY", scaling),
    "goals": ("WHICH", goals),
    "machine": ("KEY", member("machine")),
    "versions": ("NAME", member("versions")),
    "method": ("KEY", member("method")),
    "date": ("", lambda data: str(data["date"])),
    "mode": ("", lambda data: str(data["mode"])),
}
"""The first word of a figure: the words that follow, and what shows it."""
