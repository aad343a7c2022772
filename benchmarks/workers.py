"""Starts workers, sends them orders, and keeps the rounds interleaved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = [
    "CORE",
    "ROOT",
    "Worker",
    "WorkerError",
    "cores",
    "environment",
    "pinned",
    "rotated",
    "started",
]

ROOT = Path(__file__).resolve().parent.parent


class WorkerError(Exception):
    """A worker could not do what it was told."""


def environment(source: Path | None = None) -> dict[str, str]:
    """Return the environment of a measured process: one tree of microlith.

    The hash seed is fixed, so that counts do not depend on it.
    """
    source = source or ROOT / "final" / "src"
    paths = f"{source}{os.pathsep}{ROOT}"
    return {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}


def pinned(core: int | None) -> tuple[str, ...]:
    """Return what stands before a command that may use one core only."""
    taskset = shutil.which("taskset")
    return (taskset, "-c", str(core)) if taskset and core is not None else ()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


CORE = 0 if cores() > 1 else None
"""The core of every measured process, so that a slow one is slow for all."""


class Worker:
    """A process with one subject; see `benchmarks.worker`."""

    def __init__(self, subject: str, source: Path | None = None) -> None:
        self.subject = subject
        self._process = subprocess.Popen(
            [*pinned(CORE), sys.executable, "-m", "benchmarks.worker", subject],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment(source),
            text=True,
        )

    def order(self, do: str, scenario: str, **more: Any) -> Any:
        """Send an order and return what came of it; raise WorkerError if not."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"do": do, "scenario": scenario, **more}) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise WorkerError(f"{self.subject}: the process ended")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.subject}, {scenario}: {answer['error']}")
        return answer["ok"]

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def started(subjects: Mapping[str, str]) -> Iterator[dict[str, Worker]]:
    """Start one worker for each name -> module; end them all in the end."""
    workers = {name: Worker(module) for name, module in subjects.items()}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.stop()


def rotated(names: Iterable[str], by: int) -> list[str]:
    """Return the names in another order for each round."""
    found = list(names)
    by %= max(len(found), 1)
    return found[by:] + found[:by]
