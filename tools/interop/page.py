"""The matrix as data, as text, and as a page of the site.

Standard library alone: the page is also made where nothing else is installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Cell", "Table", "as_page", "as_text"]


class Cell(NamedTuple):
    """What became of one check: whether it passed, and a remark.

    ``theirs``: it also fails without Microlith.
    """

    ok: bool
    note: str
    theirs: bool = False

    @property
    def mark(self) -> str:
        """The word for it."""
        return "ok" if self.ok else "theirs" if self.theirs else "FAIL"


@dataclass(frozen=True, slots=True)
class Table:
    """A part of the matrix: rows of cells, one for each column."""

    title: str
    columns: Sequence[str]
    rows: Mapping[str, Sequence[Cell]]

    def data(self) -> dict[str, Any]:
        """Return the table as JSON can hold it."""
        rows = {
            name: [{"mark": cell.mark, "note": cell.note} for cell in cells]
            for name, cells in self.rows.items()
        }
        return {"title": self.title, "columns": [*self.columns], "rows": rows}


def as_text(data: Mapping[str, Any]) -> str:
    """Return the matrix for a terminal."""
    pairs = [f"{name} {number}" for name, number in data["versions"].items()]
    lines = [f"{data['date']}, {data['python']}", ", ".join(pairs)]
    for table in data["tables"]:
        lines += ["", f"== {table['title']}"]
        for number, column in enumerate(table["columns"]):
            lines.append(column)
            for name, cells in table["rows"].items():
                cell = cells[number]
                mark = cell["mark"]
                lines.append(f"  {mark:<6} {name:<32} {cell['note']}".rstrip())
    return "\n".join(lines)


INTRO = """\
# What it works with

<!-- Written by `make interop` from interop.json; do not edit. -->

An ASGI app is only as good as the servers that run it. So other people's servers,
frameworks and clients are installed, run, and asked: `make interop` makes an
environment of its own from `requirements/interop.txt`, starts each server on a free
port, checks every cell below with a real client, and writes this page. A check that
fails is run once more without Microlith: *theirs* is what fails there too, **no** what
does not.

Made on {date} with {python}, Microlith {microlith}, and:

"""

TEXTS = {
    "Servers": """\
One small app (`tools/interop/app.py`) on each server. The client is httpx, and
`websockets` for WebSockets. *Stream* means that the first piece arrived before the
second was made; *client leaves* that the generator was closed; *lifespan* that the
app was started before the first request, and stopped when the server got SIGTERM.
""",
    "Mounted apps": """\
Apps of other frameworks below one of ours, by `app.mount(prefix, their_app)`, on three
servers. Each is asked for something that shows which path and which root it was given.
Apps that have a lifespan are started before the first request and stopped in reverse.
Socket.IO has to be told its whole path:
`ASGIApp(sio, socketio_path="/live/socket.io")`. Flask in asgiref gets a connection
for each request: over one that is kept alive, asgiref 3.13 on uvicorn now and then
raises `CurrentThreadExecutor already quit`, with Microlith around it and without.
""",
    "Drivers": """\
Clients that call the app in process. `httpx.ASGITransport` knows no lifespan: the app
is then started by its first request, and never stopped.
""",
}


MARKS = {"ok": "yes", "theirs": "theirs", "FAIL": "**no**"}


def as_page(data: Mapping[str, Any]) -> str:
    """Return the matrix as a page of Markdown."""
    versions = dict(data["versions"])
    text = INTRO.format(microlith=versions.pop("microlith"), **data)
    text += ", ".join(f"{name} {number}" for name, number in versions.items())
    text += ".\n"
    for table in data["tables"]:
        text += f"\n## {table['title']}\n\n{TEXTS[table['title']]}\n{as_rows(table)}"
    return text


def as_rows(table: Mapping[str, Any]) -> str:
    """Return one table of the page."""
    remarks: list[str] = []
    lines = [
        "| | " + " | ".join(table["columns"]) + " |",
        "|---|" + "---|" * len(table["columns"]),
    ]
    for name, cells in table["rows"].items():
        shown = []
        for cell in cells:
            mark = MARKS[cell["mark"]]
            if cell["note"]:
                if cell["note"] not in remarks:
                    remarks.append(cell["note"])
                mark += f" ({remarks.index(cell['note']) + 1})"
            shown.append(mark)
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    if remarks:
        lines += ["", "Remarks:", ""]
        lines += [f"{i}. {remark}" for i, remark in enumerate(remarks, 1)]
    return "\n".join(lines) + "\n"
