"""Lay the layers 1 to N over each other: in memory, or as a tree on disk.

`composed_sources` is the meaning of a stage; `compose` writes it to `build/NN`
together with the tests of stages 1 to N and the demo of stage N. Writing is
idempotent: what is stale goes, what is unchanged is not touched. This module
must not judge what it composes; that is for the checks.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tools.stages import exports
from tools.stages.model import Ladder, LadderError, is_ignored

__all__ = ["compose", "composed_sources", "composed_tests", "tree_files", "write_tree"]

MARKER = ".microlith-stage"


def composed_sources(ladder: Ladder, n: int) -> dict[str, bytes]:
    """Give path below `src` -> content for stage `n`, without writing."""
    ladder.stage(n)
    sources: dict[str, bytes] = {}
    for stage in ladder.stages[:n]:
        layer = tree_files(stage.src)
        if exports.INIT in layer:
            raise LadderError(
                f"stages/{stage.name}/src/{exports.INIT} is generated; remove it "
                "and export through the __all__ of a module"
            )
        sources |= layer
    sources[exports.INIT] = exports.generate(ladder, sources)
    return dict(sorted(sources.items()))


def composed_tests(ladder: Ladder, n: int) -> dict[str, bytes]:
    """Give `NN_slug/file` -> content for the tests of stages 1 to `n`."""
    ladder.stage(n)
    return {
        f"{stage.name}/{path}": content
        for stage in ladder.stages[:n]
        for path, content in tree_files(stage.tests).items()
    }


def compose(ladder: Ladder, n: int, into: Path | None = None) -> Path:
    """Write stage `n` to `build/NN` (or to `into`) and return that folder.

    A folder other than `build/NN` must be new, empty or written by this
    function before, because `src` and `tests` in it are cleared of stale files.
    """
    sources, tests = composed_sources(ladder, n), composed_tests(ladder, n)
    folder = ladder.build / f"{n:02d}" if into is None else into
    if into is not None:
        _claim(into)
    write_tree(folder / "src", sources)
    write_tree(folder / "tests", tests)
    demo = ladder.stage(n).folder / "demo.py"
    if demo.exists():
        _write(folder / "demo.py", demo.read_bytes())
    else:
        (folder / "demo.py").unlink(missing_ok=True)
    _write(folder / MARKER, f"{n}\n".encode())
    return folder


def tree_files(folder: Path) -> dict[str, bytes]:
    """Read every file below `folder` but by-products; empty if it is absent."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if is_ignored(relative):
            continue
        if path.is_symlink():
            raise LadderError(f"{path} is a symbolic link; put the file itself there")
        if path.is_file():
            files[relative.as_posix()] = path.read_bytes()
    return files


def write_tree(folder: Path, files: dict[str, bytes]) -> None:
    """Make `folder` hold exactly `files`, apart from by-products."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {Path(path) for path in files}
    parents = {parent for path in wanted for parent in path.parents}
    for path in sorted(folder.rglob("*"), reverse=True):
        relative = path.relative_to(folder)
        if is_ignored(relative) or relative in wanted:
            continue
        if path.is_dir() and not path.is_symlink():
            # A folder without sources would still be importable as a namespace.
            if relative not in parents:
                shutil.rmtree(path)
        else:
            path.unlink()
    for name, content in files.items():
        _write(folder / name, content)


def _claim(folder: Path) -> None:
    """Refuse to clear a folder that was not written here."""
    if not folder.exists() or (folder / MARKER).exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise LadderError(
            f"{folder} exists and is not a composed stage; choose another"
        )


def _write(path: Path, content: bytes) -> None:
    """Write `content` at once, and only if it differs."""
    if path.is_file() and path.read_bytes() == content:
        return
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another run may read this tree now: it must never see half a file.
    handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)
