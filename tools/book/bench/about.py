"""What a page says about a run: goals, faults, machine, versions, method.

Owns which sentence follows from which figures. It must not know directives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from benchmarks.apps import FRAMEWORKS
from benchmarks.report import SERVERS, number, problems
from benchmarks.scenarios import SCENARIOS
from benchmarks.stats import spread
from tools.book.bench.html import DASH, Cell, listing, table
from tools.book.bench.results import (
    OWN,
    Data,
    frameworks,
    goal_rows,
    groups,
    part_of,
    scope_title,
)
from tools.book.html import details, escape

__all__ = ["ABOUT"]

Rows = list[Sequence[Cell | str]]

MET = {True: "yes", False: "missed", None: "not measured"}
CODE = re.compile(r"`([^`]+)`")
PARTS = {"inprocess": "in process", "wire": "over the wire"}
KEYS = {"inprocess": "us", "wire": "rps"}
WORDS = {
    "rounds": "rounds, in process",
    "requests_a_round": "requests a round, in process",
    "wire_rounds": "rounds, over the wire",
    "wire_seconds": "seconds a round, over the wire",
    "wire_connections": "connections, over the wire",
    "in_process": "in process",
    "over_the_wire": "over the wire",
}
MACHINE = {
    "cpu": "processor",
    "cores": "cores",
    "memory_mib": "memory, MiB",
    "kernel": "kernel",
    "implementation": "Python",
    "load_before": "load before",
    "load_after": "load after",
}


def run(data: Data) -> str:
    """Say when and on what it was measured, and warn of what is no full run."""
    machine = data["machine"]
    commit = data["versions"].get("commit", "unknown")
    text = (
        f"Measured on {data['date']} on {machine['cpu']} with {machine['cores']} "
        f"cores, at commit {commit}."
    )
    made = f"<p>{escape(text)}</p>"
    if data["mode"] == "full":
        return made
    warning = (
        f"This was a {data['mode']} run. It shows that everything runs, not how "
        "fast: do not quote its figures. `make bench-full` measures in full."
    )
    return (
        f'{made}\n<div class="admonition warning"><p class="admonition-title">'
        f"No full run</p><p>{code(warning)}</p></div>"
    )


def goals(data: Data) -> str:
    """Show each goal with what was reached."""
    rows: Rows = []
    for goal, found in groups(goal_rows(data)):
        rows.append([goal])
        for row in found:
            reached = DASH if row["reached"] is None else number(row["reached"])
            word = Cell(MET[row["met"]], "best" if row["met"] is False else "")
            rows.append([scope_title(row["scope"]), row["wanted"], reached, word])
    every = goal_rows(data)
    met = sum(row["met"] is True for row in every)
    title = f"{met} of {len(every)} goals met"
    return table("goals", title, ["goal", "wanted", "reached", "met"], rows, words=True)


def missed(data: Data) -> str:
    """List the goals that were missed, and say what was not measured."""
    rows = goal_rows(data)
    items = []
    for goal, found in groups(row for row in rows if row["met"] is False):
        inner = [
            f"{escape(scope_title(row['scope']))}: wanted {escape(row['wanted'])}, "
            f"reached <strong>{number(row['reached'])}</strong>"
            for row in found
        ]
        items.append(f"{escape(goal)}\n{listing(inner)}")
    unknown = [row for row in rows if row["met"] is None]
    made = listing(items) if items else "<p>No goal that was measured was missed.</p>"
    if unknown:
        names = [f"{row['goal']}: {scope_title(row['scope'])}" for row in unknown]
        inside = listing([escape(name) for name in names])
        made += "\n" + details(f"Not measured: {len(unknown)}", inside)
    return made


def faults(data: Data) -> str:
    """List wrong answers and failed requests, or say that there were none."""
    found = [
        line
        for part, word in PARTS.items()
        for name, rows in part_of(data, part).items()
        for scenario, row in rows.items()
        for line in problems(
            {name: {scenario: row}}, f"{word}, {scope_title(scenario)}"
        )
    ]
    if not found:
        return "<p>No answer was wrong, and no request failed.</p>"
    made = listing([escape(line) for line in found])
    return f"<p>These answers were wrong, or requests failed:</p>\n{made}"


def dashes(data: Data) -> str:
    """List why a framework has no figure."""
    reasons: dict[str, list[str]] = {}
    for part in PARTS:
        for found in part_of(data, part).values():
            for scenario, row in found.items():
                if "unsupported" in row and scenario in SCENARIOS:
                    names = reasons.setdefault(row["unsupported"], [])
                    names.append(SCENARIOS[scenario].title)
    if not reasons:
        return "<p>Every framework can do every scenario.</p>"
    return listing(
        [
            f"{escape(', '.join(dict.fromkeys(names)))}: {code(why)}"
            for why, names in reasons.items()
        ]
    )


def notes(data: Data) -> str:
    """List where a framework does something in its own way."""
    found = data["method"].get("notes", {})
    items = [
        f"{escape(name)}, {escape(scope_title(scenario))}: {code(text)}"
        for name, texts in found.items()
        for scenario, text in texts.items()
    ]
    return listing(items) if items else "<p>There are no remarks.</p>"


def code(text: str) -> str:
    """Escape a text; what stands in backticks becomes code."""
    return CODE.sub(r"<code>\1</code>", escape(text))


def machine(data: Data) -> str:
    """Show what it was measured on."""
    found = data["machine"]
    rows: Rows = [[w, str(found[k])] for k, w in MACHINE.items() if k in found]
    return table("machine", "The machine", ["", "value"], rows, words=True)


def versions(data: Data) -> str:
    """Show the versions of what was compared, and fold the rest."""
    found = data["versions"]
    told = [n for n in ("python", *FRAMEWORKS, "pydantic", *SERVERS) if n in found]
    rows: Rows = [[name, str(found[name])] for name in told]
    head = ["", "version"]
    made = table("versions", "Versions", head, rows, words=True)
    rest = sorted(set(found) - set(told))
    if not rest:
        return made
    items = listing([escape(f"{name} {found[name]}") for name in rest])
    return f"{made}\n{details('What else was installed', items)}"


def method(data: Data) -> str:
    """Show how much was measured, and how far the rounds lie apart."""
    found = data["method"]
    rows: Rows = [[w, str(found[k])] for k, w in WORDS.items() if k in found]
    for part, word in PARTS.items():
        widest = max(_spreads(data, part), default=None)
        if widest is not None:
            text = f"{widest[0]:.0%} of the median ({widest[1]})"
            rows.append([f"widest spread of {OWN}'s rounds, {word}", text])
    return table("method", "How much was measured", ["", "value"], rows, words=True)


def _spreads(data: Data, part: str) -> Iterator[tuple[float, str]]:
    if OWN in frameworks(data, part):
        for scenario, row in part_of(data, part)[OWN].items():
            found = row.get(KEYS[part])
            if found and found["median"] > 0:
                yield spread(found), scope_title(scenario)


def packages(data: Data) -> str:
    """List what is installed with the framework, by name."""
    found = data.get("footprint", {}).get("frameworks", {})
    names = sorted(set(chain(found.get(OWN, {}).get("distributions", ()))))
    if not names:
        return "<p>Not measured.</p>"
    return f"<p>{escape(OWN)} installs {escape(', '.join(names))}.</p>"


ABOUT: dict[str, Callable[[Data], str]] = {
    "run": run,
    "goals": goals,
    "missed": missed,
    "faults": faults,
    "dashes": dashes,
    "notes": notes,
    "machine": machine,
    "versions": versions,
    "method": method,
    "packages": packages,
}
"""What this module shows by the word that asks for it."""
