"""Write the folder that a reader of stage N starts from.

It holds the stubs, a copy of the tests of stages 1 to N to read, the stage's
demo and a README that lists the holes; never a line of the solution. A folder
with anything in it is left alone unless the caller says otherwise, and even then
only a folder that looks like a start is overwritten.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tools.stages.compose import composed_sources, composed_tests, write_tree
from tools.stages.model import Ladder, LadderError, Stage
from tools.stages.runs import Setup, check_helpers, run_tests, superseded
from tools.stages.stubs import holes, stub_sources
from tools.stages.symbols import compare

__all__ = ["start"]

OWN = ("stages", "final", "build", "docs", "tests", "tools")
"""Folders of the repository that are no place for a reader's code."""


def start(ladder: Ladder, n: int, into: Path, force: bool = False) -> Path:
    """Write what a reader of stage `n` starts from, and say what it is."""
    stage = ladder.stage(n)
    check_helpers(ladder, n)
    folder = into.resolve()
    _claim(ladder, folder, force)
    sources = stub_sources(ladder, n)
    write_tree(folder / "src", sources)
    write_tree(folder / "tests", composed_tests(ladder, n))
    demo = stage.folder / "demo.py"
    if demo.is_file():
        (folder / "demo.py").write_bytes(demo.read_bytes())
    red = _expected(ladder, stage, folder)
    changed = compare(sources, composed_sources(ladder, n)).different
    lists = {
        "Holes": holes(sources),
        "To rework: these exist and do less than the stage asks": [
            symbol.full for _, symbol in changed
        ],
    }
    text = _readme(ladder, stage, into, red, lists)
    (folder / "README.md").write_text(text, "utf-8")
    print(f"{into} holds the start of stage {n:02d} {stage.slug}: {red}")
    print(f"next: {into / 'README.md'}, then `make test-stage {n} DIR={into}`")
    return folder


def _claim(ladder: Ladder, folder: Path, force: bool) -> None:
    """Refuse a folder whose content could be somebody's work."""
    if folder == ladder.root or any(
        folder.is_relative_to(ladder.root / name) for name in OWN
    ):
        raise LadderError(f"{folder} belongs to the repository; choose another folder")
    if folder.exists() and not folder.is_dir():
        raise LadderError(f"{folder} is a file; choose another name")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not force:
        raise LadderError(
            f"{folder} is not empty; choose another folder, or overwrite its src/ "
            "and tests/ with FORCE=1"
        )
    if not (folder / "src" / "microlith").is_dir():
        raise LadderError(
            f"{folder} holds no src/microlith, so it is not a start; "
            "choose another folder"
        )


def _expected(ladder: Ladder, stage: Stage, folder: Path) -> str:
    """Count what is red and green, or say nothing that was not counted."""
    unknown = "expected red: every new test; green: every earlier test (not counted)"
    if importlib.util.find_spec("pytest") is None:
        return unknown
    gone = superseded(ladder, stage.number)
    run = run_tests(Setup(folder / "src", folder / "tests", superseded=gone))
    new = run.of(stage.name)
    # Without the package's dependencies no file can even be collected.
    if any(outcome.result == "broken" for outcome in run.outcomes):
        return unknown
    red = sum(not outcome.passed for outcome in new)
    old = [outcome for outcome in run.outcomes if outcome.stage != stage.name]
    green = sum(outcome.passed for outcome in old)
    return (
        f"expected red: {red} of {len(new)} new tests; "
        f"green: {green} of {len(old)} earlier tests"
    )


def _readme(
    ladder: Ladder, stage: Stage, into: Path, red: str, lists: dict[str, list[str]]
) -> str:
    n = stage.number
    before = f"from stage {n - 1:02d}" if n > 1 else "from nothing"
    lines = [
        f"# Stage {n:02d}: {stage.title}",
        "",
        f"You start {before}. `src/` can be imported, but what stage {n:02d} adds is",
        "missing: each hole raises `NotBuilt` and says what belongs there. Private",
        "helpers are yours to invent. When the last hole is gone, delete",
        "`src/microlith/_notbuilt.py`.",
        "",
        f"After this stage you can: {ladder.plan(n).after}.",
        "",
        f"    make test-stage {n} DIR={into}",
        "",
        f"{red[0].upper()}{red[1:]}.",
        "",
        "`tests/` is a copy to read; the command runs the repository's own tests.",
        "",
        "Stuck? This compares your code with the reference and shows the first hint:",
        "",
        f"    make mine {n} DIR={into}",
    ]
    for title, names in lists.items():
        if names:
            lines += ["", f"## {title}", "", *(f"- `{name}`" for name in names)]
    return "\n".join(lines) + "\n"
