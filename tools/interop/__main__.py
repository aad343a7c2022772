"""Make the environment of pinned packages, run the matrix in it, write the page.

``--only NAME`` (a server, ``servers``, ``mounts``, ``drivers``) runs a part of the
matrix, ``--peers`` the other side of the guide's comparisons; both write nothing.
``--record`` writes what the comparisons print. Standard library alone, apart from what
it installs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tools import bootstrap
from tools.interop.page import as_page

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "build" / "interop-venv"
PINS = ROOT / "requirements" / "interop.txt"
DATA = ROOT / "docs" / "guide" / "interop.json"


def prepare() -> None:
    """Make the environment, or renew it when the pins have changed."""
    stamp = VENV / ".pins"
    pins = PINS.read_text("utf-8")
    if stamp.is_file() and stamp.read_text("utf-8") == pins:
        return
    bootstrap.make_venv(VENV)
    bootstrap.install(VENV, PINS)
    stamp.write_text(pins, "utf-8")


def call(*words: str) -> int:
    """Run a module of this repository in the environment."""
    path = os.pathsep.join([str(ROOT / "final" / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    python = str(VENV / "bin" / "python")
    return subprocess.run([python, "-m", *words], cwd=ROOT, env=environment).returncode


def main(arguments: list[str] | None = None) -> int:
    """Run the matrix, all of it or a part; exit code 1 if a cell failed."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        prepare()
    except bootstrap.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    if words in (["--peers"], ["--record"]):
        return call("tools.interop.compare", *words)
    if words:
        return call("tools.interop.matrix", *words)
    DATA.parent.mkdir(exist_ok=True)
    code = call("tools.interop.matrix", "--json", str(DATA))
    if DATA.is_file():
        page = as_page(json.loads(DATA.read_text("utf-8")))
        DATA.with_suffix(".md").write_text(page, "utf-8")
    return code or call("tools.interop.compare")


if __name__ == "__main__":
    sys.exit(main())
