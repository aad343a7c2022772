"""Run every check in the environment of `make interop`; print what worked.

Runs inside of that environment: `python -m tools.interop` starts it there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from microlith import __version__
from tools.interop.cells import CHECKS, Check
from tools.interop.control import CONTROLLED
from tools.interop.drivers import DRIVERS, with_notes
from tools.interop.guests import GUESTS
from tools.interop.page import Cell, Table, as_text
from tools.interop.servers import SERVERS, serve

__all__ = ["main"]

PACKAGES = (
    *("uvicorn", "h11", "httptools", "websockets", "wsproto", "hypercorn"),
    *("granian", "a2wsgi", "asgiref", "flask", "starlette", "fastapi"),
    *("python-socketio", "httpx", "asgi-lifespan", "pydantic"),
)

HOSTS = ("uvicorn httptools websockets-sansio", "hypercorn", "granian")
"""The servers on which mounted apps are shown."""

SECONDS = 30.0
"""How long one check may take."""


async def attempt(check: Callable[[], Awaitable[str]]) -> Cell:
    """Run one check; what it raises is its cell."""
    try:
        return Cell(True, await asyncio.wait_for(check(), SECONDS))
    except BaseException as error:
        if not isinstance(error, Exception | BaseExceptionGroup):
            raise
        return Cell(False, f"{type(error).__name__}: {error}"[:300])


async def on_server(name: str, app: str, checks: Mapping[str, Check]) -> list[Cell]:
    """Run checks against an app on one server."""
    print(f"{name} …", file=sys.stderr, flush=True)
    cells = []
    try:
        with serve(name, app) as server:
            for check in checks.values():
                cells.append(await attempt(partial(check, server)))
            if not all(cell.ok for cell in cells):
                print(server.log, file=sys.stderr)
    except RuntimeError as error:
        return [Cell(False, str(error)[:300])] * len(checks)
    return [
        cell if cell.ok else await judged(name, row, cell, checks[row])
        for row, cell in zip(checks, cells, strict=True)
    ]


async def judged(name: str, row: str, cell: Cell, check: Check) -> Cell:
    """Run a check that failed once more without Microlith; say whose fault it is."""
    if row not in CONTROLLED:
        return cell
    with serve(name, "tools.interop.control:app") as server:
        alone = await attempt(partial(check, server))
    if alone.ok:
        return cell
    return Cell(False, f"{alone.note}; the same without Microlith", theirs=True)


def is_wanted(group: str, name: str, only: list[str]) -> bool:
    """Whether a part of the matrix was asked for."""
    return not only or group in only or name in only


async def measure(only: list[str]) -> list[Table]:
    """Return every table that was asked for, or all of them."""
    tables = []
    names = [name for name in SERVERS if is_wanted("servers", name, only)]
    if names:
        app = "tools.interop.app:app"
        columns = [await on_server(name, app, CHECKS) for name in names]
        tables.append(Table("Servers", names, by_row(CHECKS, columns)))
    names = [name for name in HOSTS if is_wanted("mounts", f"mounts {name}", only)]
    if names:
        app = "tools.interop.mounted:app"
        columns = [await on_server(name, app, GUESTS) for name in names]
        tables.append(Table("Mounted apps", names, by_row(GUESTS, columns)))
    if is_wanted("drivers", "", only):
        rows = {}
        for name, check in DRIVERS.items():
            rows[name] = (await attempt(partial(with_notes, check)),)
        tables.append(Table("Drivers", ["in process"], rows))
    return tables


def by_row(
    rows: Iterable[str], columns: Sequence[Sequence[Cell]]
) -> dict[str, Sequence[Cell]]:
    """Return the cells of each row, from those of each column."""
    return dict(zip(rows, zip(*columns, strict=True), strict=True))


def about() -> dict[str, Any]:
    """Return when and with what the matrix was made."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {"microlith": __version__} | {p: version(p) for p in PACKAGES},
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the checks; exit code 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="tools.interop", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--json", type=Path, help="where the data goes")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    facts = about()
    tables = asyncio.run(measure(options.only))
    if not tables:
        parser.error(f"there is nothing called {', '.join(options.only)}")
    data = facts | {"tables": [table.data() for table in tables]}
    print(as_text(data))
    cells = [cell for table in tables for row in table.rows.values() for cell in row]
    theirs = sum(cell.theirs for cell in cells)
    failed = sum(not cell.ok for cell in cells) - theirs
    seconds = time.monotonic() - begun
    passed = len(cells) - failed - theirs
    if theirs:
        print(f"{theirs} cannot pass: they fail without Microlith too")
    print(f"{passed} passed, {failed} failed in {seconds:.0f} s")
    if options.json:
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        options.json.write_text(text, "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
