"""On what machine, with what versions: without them a figure says nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.workers import ROOT

__all__ = ["machine", "pinned_versions", "versions"]

PINS = ROOT / "requirements" / "bench.txt"


def pinned_versions(text: str) -> dict[str, str]:
    """Return name -> version of a file of pins; ValueError for what is no pin."""
    found = {}
    for line in text.splitlines():
        row = line.partition("#")[0].strip()
        if not row:
            continue
        name, two, version = row.partition("==")
        if not two or not re.fullmatch(r"[0-9][0-9A-Za-z.]*", version):
            raise ValueError(f"{row!r} is not `name==version`")
        found[name.lower()] = version
    return found


def versions() -> dict[str, str]:
    """Return the installed version of everything that the pins name."""
    found = {"python": platform.python_version()}
    for name in pinned_versions(PINS.read_text()):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    program = shutil.which("wrk")
    if program:
        done = subprocess.run([program, "--version"], capture_output=True, text=True)
        found["wrk"] = done.stdout.removeprefix("wrk ").split(" [")[0].strip()
    found["commit"] = commit()
    return found


def commit() -> str:
    """Return the commit that is measured, with a mark if files were changed."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def machine() -> dict[str, Any]:
    """Return what this machine is, and how busy it is now."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.M)
        cpu = model.group(1) if model else cpu
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "kernel": platform.release(),
        "implementation": sys.implementation.name,
        "load_before": round(os.getloadavg()[0], 2),
    }
