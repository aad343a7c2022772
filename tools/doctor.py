"""Say what this machine lacks for Microlith, and how to get it.

Owns the list of what the commands need and the words for it. It runs before
`.venv` exists and perhaps on a Python that is too old, so it uses the standard
library alone and syntax that Python 3.8 reads. It installs nothing.

Exit code 1 only when something is missing that every command needs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = [
    "OLDEST",
    "Finding",
    "check_browser",
    "check_git",
    "check_port",
    "check_python",
    "check_service",
    "check_venv",
    "find_chromium",
    "has_ensurepip",
    "has_pip",
    "main",
    "report",
    "runs",
]

OLDEST = (3, 11)
NEWEST_TRIED = (3, 13)
APT_VENV = "apt install python3-venv"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVICES = (
    ("PostgreSQL", "POSTGRES", "postgresql://root@127.0.0.1/test", 5432, "postgresql"),
    ("Redis", "REDIS", "redis://127.0.0.1:6379", 6379, "redis-server"),
    (
        "RabbitMQ",
        "RABBITMQ",
        "amqp://guest:guest@127.0.0.1:5672",
        5672,
        "rabbitmq-server",
    ),
)


class Finding(NamedTuple):
    """One line of the report."""

    name: str
    ok: bool
    needed: bool
    text: str
    fix: str = ""


def runs(*command: str) -> bool:
    """Tell whether a command exists, runs and succeeds."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def has_ensurepip(python: str) -> bool:
    """Tell whether `python -m venv` can put pip into what it makes."""
    return runs(python, "-c", "import ensurepip, venv")


def has_pip(python: str) -> bool:
    """Tell whether this Python's own pip can install into another one."""
    return runs(python, "-m", "pip", "--python", python, "--version")


def check_python(version: tuple[int, ...], path: str) -> Finding:
    """Check the version of the Python that the commands would use."""
    shown = ".".join(str(part) for part in version[:3])
    text = f"{shown} ({path})"
    if version[:2] < OLDEST:
        return Finding(
            "Python",
            False,
            True,
            f"{text} is too old; Microlith needs 3.11, 3.12 or 3.13",
            "install one of them, or name it: make PYTHON=/path/to/python3.13 …",
        )
    if version[:2] > NEWEST_TRIED:
        text += ", newer than the versions the pins were tried on (3.11 to 3.13)"
    return Finding("Python", True, True, text)


def check_venv(python: str, venv: Path) -> Finding:
    """Check that `.venv` works, or that it can be made."""
    own = venv / "bin" / "python"
    if venv.exists():
        if runs(
            str(own), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"
        ):
            return Finding("venv", True, True, f"{venv} works")
        return Finding(
            "venv",
            False,
            True,
            f"{venv} exists and its Python does not work",
            f"rm -r {venv}; the next command makes it anew",
        )
    if has_ensurepip(python):
        return Finding("venv", True, True, f"{venv} is made by the first command")
    if has_pip(python):
        return Finding(
            "venv",
            True,
            True,
            f"{venv} is made by the first command, with the system's pip",
        )
    return Finding("venv", False, True, "this Python cannot make one", APT_VENV)


def check_git(git: str | None) -> Finding:
    """Check for git, which `make absorb` and the repository's tests use."""
    if git:
        return Finding("git", True, True, git)
    return Finding("git", False, True, "not found", "apt install git")


def check_port(host: str, port: int) -> Finding:
    """Check that `make serve` can listen."""
    with socket.socket() as sock:
        # What the server does: without it a port that was just closed looks taken.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            return Finding(
                f"port {port}",
                False,
                False,
                f"{host}:{port} cannot be used: {error.strerror}",
                "make serve PORT=8001",
            )
    return Finding(f"port {port}", True, False, f"{host}:{port} is free")


def find_chromium() -> str | None:
    """Return the path of the first Chromium on PATH, or None."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    return None


def check_browser(path: str | None) -> Finding:
    """Check for Chromium, which only the browser tests use."""
    if path:
        return Finding("Chromium", True, False, path)
    text = "not found; without it `make test` leaves the browser tests out"
    return Finding("Chromium", False, False, text, "apt install chromium")


def check_service(name: str, url: str, port: int, package: str) -> Finding:
    """Check whether a service listens. It is used from stage 17 on."""
    parts = urlsplit(url)
    where = (parts.hostname or "127.0.0.1", parts.port or port)
    text = "used from stage 17 on, by no stage before"
    try:
        socket.create_connection(where, timeout=0.5).close()
    except OSError:
        address = f"{where[0]}:{where[1]}"
        return Finding(
            name,
            False,
            False,
            f"nothing at {address}; {text}",
            f"apt install {package}",
        )
    return Finding(name, True, False, f"{where[0]}:{where[1]}; {text}")


def all_checks(venv: Path, host: str, port: int) -> list[Finding]:
    """Look at this machine."""
    found = [
        check_python(tuple(sys.version_info[:3]), sys.executable),
        check_venv(sys.executable, venv),
        check_git(shutil.which("git")),
        check_port(host, port),
        check_browser(find_chromium()),
    ]
    for name, key, default, usual, package in SERVICES:
        url = os.environ.get(f"MICROLITH_TEST_{key}", default)
        found.append(check_service(name, url, usual, package))
    return found


def report(findings: list[Finding]) -> tuple[str, int]:
    """Return the text for the reader and the exit code."""
    lines = []
    for one in findings:
        mark = "ok" if one.ok else "MISSING" if one.needed else "optional"
        lines.append(f"  {mark:<9} {one.name:<11} {one.text}")
        if not one.ok:
            lines.append(f"  {'':<9} {'':<11} -> {one.fix}")
    missing = [one.name for one in findings if one.needed and not one.ok]
    if missing:
        lines.append(f"Not ready. Missing: {', '.join(missing)}.")
        return "\n".join(lines), 1
    lines.append("Ready: make serve, make test.")
    return "\n".join(lines), 0


def main(arguments: list[str] | None = None) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="make doctor", description=__doc__)
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    text, code = report(all_checks(options.venv, options.host, options.port))
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
