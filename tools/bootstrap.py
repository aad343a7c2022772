"""Make `.venv` and install pinned packages into it.

Owns how the environment comes about: the standard way, or the system's pip
where Debian's python3-venv is missing. It knows no package by name; the pins
are in `requirements/`. Standard library alone. Quiet unless something fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tools import doctor

__all__ = ["SetupError", "install", "main", "make_venv"]


class SetupError(Exception):
    """The environment cannot be made; the text says what to do."""


def call(what: str, *command: str) -> None:
    """Run a command and keep its output for the case that it fails."""
    environment = {
        **os.environ,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }
    # A user's PYTHONPATH or a foreign virtualenv must not leak into the new one.
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise SetupError(f"{done.stdout.rstrip()}\nerror: {what} failed (see above).")


def make_venv(venv: Path, python: str = sys.executable) -> None:
    """Make the environment, unless it is there and works."""
    own = str(venv / "bin" / "python")
    if doctor.check_venv(python, venv).ok and venv.exists():
        return
    version = ".".join(str(part) for part in sys.version_info[:3])
    print(f"Making {venv} with Python {version} (once) …", flush=True)
    if doctor.has_ensurepip(python):
        call(f"making {venv}", python, "-m", "venv", "--clear", str(venv))
        return
    if not doctor.has_pip(python):
        raise SetupError(
            f"error: {python} can make no virtual environment: {doctor.APT_VENV}"
        )
    bare = (python, "-m", "venv", "--clear", "--without-pip", str(venv))
    call(f"making {venv}", *bare)
    pip = (python, "-m", "pip", "--python", own, "install", "--quiet", "pip")
    call(f"installing pip into {venv}", *pip)


def install(venv: Path, pins: Path) -> None:
    """Install every package that the file of pins names."""
    print(f"Installing the packages of {pins} (once, about a minute) …", flush=True)
    own = str(venv / "bin" / "python")
    command = (own, "-m", "pip", "install", "--quiet", "--requirement", str(pins))
    try:
        call("installing the pinned packages", *command)
    except SetupError as error:
        raise SetupError(
            f"{error}\nIt needs the network once. To start over: rm -r {venv}"
        ) from None


def main(arguments: list[str] | None = None) -> int:
    """Make the environment and install the given files of pins."""
    parser = argparse.ArgumentParser(prog="tools.bootstrap", description=__doc__)
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("pins", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    python = doctor.check_python(tuple(sys.version_info[:3]), sys.executable)
    if not python.ok:
        print(f"error: {python.text}.\n{python.fix}", file=sys.stderr)
        return 1
    try:
        make_venv(options.venv)
        for pins in options.pins:
            install(options.venv, pins)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
