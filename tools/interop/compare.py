"""The other side of the guide's comparisons: run, and compared with what is shown.

Each file of `peers/` is a program; what it prints is kept beside it as ``.out``,
which the guide shows. With ``--record`` the outputs are written anew. Runs in the
environment of `make interop`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["main", "output"]

PEERS = Path(__file__).with_name("peers")


def output(program: Path) -> str:
    """Run a program; return what it prints. What it logs is left out."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode:
        raise RuntimeError(f"{program.name} failed: {done.stderr[-800:]}")
    return done.stdout


def main(arguments: list[str] | None = None) -> int:
    """Compare or record every output; exit code 1 if one differs."""
    words = sys.argv[1:] if arguments is None else arguments
    programs = sorted(PEERS.glob("*.py"))
    stale = []
    for program in programs:
        found, file = output(program), program.with_suffix(".out")
        if "--record" in words:
            file.write_text(found, "utf-8")
        elif not file.is_file() or file.read_text("utf-8") != found:
            stale.append(program.name)
            print(f"{program.name} now prints:\n{found}")
    print(f"{len(programs) - len(stale)} passed, {len(stale)} failed (comparisons)")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
