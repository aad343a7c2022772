"""Footprint: import time, memory, start-up with 500 typed routes, packages.

    python -m benchmarks.footprint [--runs N] [FRAMEWORK …]

Each figure comes from a fresh interpreter; a bare interpreter is taken off.
`pydantic` is measured too, by itself. Everything is imported from bytecode: an
installer makes it for the peers, and for microlith's source tree we do.
"""

from __future__ import annotations

import argparse
import compileall
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.apps import FRAMEWORKS
from benchmarks.inprocess import declared
from benchmarks.models import ROUTES
from benchmarks.stats import summary
from benchmarks.workers import ROOT, environment, rotated

__all__ = ["closure", "run"]

IMPORT = """
import sys, time
from pathlib import Path
def rss():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
inside = None
start = time.perf_counter()
{imports}
spent = time.perf_counter() - start
memory = rss()
import json
print(json.dumps({{"ms": spent * 1000, "mib": memory, "inside_ms": inside}}))
"""

START = """
import asyncio
from time import perf_counter
from benchmarks.driver import Lifespan
from benchmarks.apps import {framework} as subject
async def up():
    begin = perf_counter()
    app = subject.{call}
    await Lifespan(app).start()
    return perf_counter() - begin
inside = asyncio.run(up()) * 1000
"""


def fresh(imports: str) -> dict[str, float]:
    """Run some lines in a fresh interpreter; return milliseconds and MiB."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(imports=imports)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return last_line(done.stdout)


def last_line(text: str) -> dict[str, float]:
    """Return the JSON of the last line; a framework may print before it."""
    found: dict[str, float] = json.loads(text.strip().rpartition("\n")[2])
    return found


def closure(distribution: str) -> list[str]:
    """Return what is installed with a distribution: it, and all it requires."""
    found: set[str] = set()
    if distribution == "microlith":
        file = ROOT / "final" / "pyproject.toml"
        project = tomllib.loads(file.read_text())["project"]
        found.add("microlith")
        todo = [Requirement(text) for text in project["dependencies"]]
    else:
        todo = [Requirement(distribution)] if distribution else []
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            extras = [{"extra": extra} for extra in ("", *wanted.extras)]
            if needed.marker is None or any(map(needed.marker.evaluate, extras)):
                todo.append(needed)
    return sorted(found)


def programs(framework: str) -> dict[str, str]:
    """Return the lines whose cost is measured, by the name of the figure."""
    if framework == "pydantic":
        return {"import": "from pydantic import BaseModel"}
    modules = declared(framework, "IMPORTS", ())
    found = {
        "import": "\n".join(f"import {module}" for module in modules),
        "start": START.format(framework=framework, call="main()"),
    }
    if "typed" not in declared(framework, "UNSUPPORTED", {}):
        found["typed"] = START.format(framework=framework, call=f"typed({ROUTES})")
    return found


def compile_source() -> None:
    """Compile microlith's modules, as an installer would; RuntimeError if not."""
    source = ROOT / "final" / "src"
    if not compileall.compile_dir(source, quiet=2):
        raise RuntimeError(f"{source} does not compile")


def run(frameworks: Sequence[str] = FRAMEWORKS, runs: int = 7) -> dict[str, Any]:
    """Return framework -> figures."""
    names = [*frameworks, "pydantic"]
    compile_source()
    print(f"footprint: {runs} runs", file=sys.stderr, flush=True)
    bare = summary([fresh("pass")["mib"] for _ in range(max(runs, 3))])["median"]
    rows: dict[str, dict[str, list[float]]] = {name: {} for name in names}
    for number in range(runs):
        for name in rotated(names, number):
            for figure, lines in programs(name).items():
                found = fresh(lines)
                if figure == "import":
                    add(rows[name], "import_ms", found["ms"])
                    add(rows[name], "import_mib", found["mib"] - bare)
                elif figure == "start":
                    add(rows[name], "start_mib", found["mib"] - bare)
                else:
                    add(rows[name], "typed_ms", found["inside_ms"])
                    add(rows[name], "typed_mib", found["mib"] - bare)
    result: dict[str, Any] = {"bare_mib": bare, "frameworks": {}}
    for name in names:
        figures: dict[str, Any] = {k: summary(v) for k, v in rows[name].items()}
        dist = "pydantic" if name == "pydantic" else declared(name, "DISTRIBUTION", "")
        figures["distributions"] = closure(dist)
        result["frameworks"][name] = figures
    return result


def add(row: dict[str, list[float]], figure: str, value: float) -> None:
    """Keep one more value of a figure."""
    row.setdefault(figure, []).append(value)


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.footprint")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("frameworks", nargs="*", default=FRAMEWORKS)
    given = parser.parse_args()
    print(json.dumps(run(given.frameworks, given.runs), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
