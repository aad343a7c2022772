"""Making recorded output the same on every run and machine.

Only what cannot be repeated is replaced: paths, times, addresses, ports, process
ids, versions of the interpreter. It must not hide anything that a reader acts on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["normalise"]

DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

RULES: tuple[tuple[str, str], ...] = (
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
    (r"\r\n", "\n"),
    # Python 3.13 marks other parts of a line than 3.11 does.
    (r"(?m)^[ \t]*[~^]+[~^ \t]*\n", ""),
    (
        rf"{DAY}, \d\d {MONTH} \d{{4}} \d\d:\d\d:\d\d GMT",
        "Thu, 01 Jan 2026 00:00:00 GMT",
    ),
    (
        r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?",
        r"2026-01-01\g<1>00:00:00\g<2>",
    ),
    (r"\b0x[0-9a-f]{6,}\b", "0x…"),
    (r"(?i)(process \[)\d+(\])", r"\1…\2"),
    (r"\bpid[ =]\d+\b", "pid …"),
    (r"(?<=\bin )\d+\.\d+ ?s\b", "… s"),
    (r"\b\d+\.\d+ ?(ms|µs|us|seconds)\b", r"… \1"),
    (r"\bPython 3\.\d+\.\d+\S*", "Python 3"),
    (r"(?<=127\.0\.0\.1:)[1-9]\d{4}\b", "…"),
    (r"[^\s\"']*/site-packages/", "site-packages/"),
    (r"[^\s\"']*/lib/python3\.\d+/", "lib/python3/"),
    (r" \(\d+:\d\d:\d\d\)", ""),
)
COMPILED = tuple((re.compile(pattern), new) for pattern, new in RULES)


def normalise(text: str, folders: Sequence[str]) -> str:
    """Replace what differs between runs; `folders` become relative paths."""
    for folder in sorted(folders, key=len, reverse=True):
        # Seen from another folder, the path climbs first: ../../some/stage/a.py
        tail = re.escape("/".join(folder.split("/")[-2:]))
        text = re.sub(rf"(?:\.\./)+(?:[\w.-]+/)*{tail}/", "", text)
        text = text.replace(f"{folder}/", "").replace(folder, ".")
    for pattern, new in COMPILED:
        text = pattern.sub(new, text)
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n") + "\n"
