"""Scaling: workers, routes, open connections, and a client that hardly reads.

    python -m benchmarks.scaling [--seconds S] [--connections N]

Of microlith alone. On a machine with two cores the load generator shares them
with two workers: `cores` in the result says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.inprocess import measure
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import Server, rss_mib, serving
from benchmarks.stats import summary
from benchmarks.wire import wrk
from benchmarks.workers import CORE, ROOT, Worker, cores, environment, pinned

__all__ = ["run"]

PLAIN = SCENARIOS["plaintext"]
APP = "benchmarks.scaling_app:open_ended"
ROUTES = ("first_of_500", "last_of_500", "first_of_10000", "last_of_10000")
FEW = 8
"""How many connections ask for plain answers while others are held open."""


@contextmanager
def holding(server: Server, kind: str, count: int = 1) -> Iterator[dict[str, Any]]:
    """Hold connections open; what the holder says at its end joins the dict."""
    command = [*pinned(1 if cores() > 1 else None), sys.executable]
    command += ["-m", "benchmarks.holder", str(server.port), kind]
    process = subprocess.Popen(
        [*command, "--count", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stdout is not None
    found: dict[str, Any] = {}
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the holder of {kind} ended")
        found |= json.loads(line)
        yield found
        rest, _ = process.communicate("", timeout=30)
        if rest.strip():
            found |= json.loads(rest)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def with_workers(seconds: float, rounds: int) -> dict[str, Any]:
    """Return requests per second with one worker and with two."""
    result: dict[str, Any] = {"cores": cores()}
    rates: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(rounds):
        for workers in rates:
            with serving(APP, core=None, workers=int(workers)) as server:
                time.sleep(1)  # the second worker listens a little later
                found = wrk(server.port, PLAIN, seconds, core=None, connections=64)
                rates[workers].append(found["rps"])
    return result | {w: {"rps": summary(r, 1)} for w, r in rates.items()}


def with_routes(rounds: int, count: int) -> dict[str, Any]:
    """Return what the first and last of 500 and of 10,000 routes cost."""
    worker = Worker("benchmarks.scaling_app")
    try:
        return {
            name: measure({"microlith": worker}, name, rounds, count)["microlith"]
            for name in ROUTES
        }
    finally:
        worker.stop()


def with_connections(kind: str, count: int, seconds: float) -> dict[str, Any]:
    """Return the memory of one open connection, and p99 of others meanwhile."""
    with serving(APP, core=CORE) as server:
        alone = wrk(server.port, PLAIN, seconds, connections=FEW)
        before = rss_mib(server.pid)
        with holding(server, kind, count) as held:
            time.sleep(1)
            after = rss_mib(server.pid)
            meanwhile = wrk(server.port, PLAIN, seconds, connections=FEW)
    return {
        "open": held["open"],
        "kib_each": round((after - before) * 1024 / held["open"], 2),
        "p99_ms_alone": round(alone["p99_ms"], 3),
        "p99_ms": round(meanwhile["p99_ms"], 3),
        "rps_alone": round(alone["rps"], 1),
        "rps": round(meanwhile["rps"], 1),
    }


def with_a_slow_client(seconds: float) -> dict[str, Any]:
    """Return how the server's memory grows while a client reads 1 KiB a second."""
    with serving(APP, core=CORE) as server:
        wrk(server.port, PLAIN, 1, connections=1)
        before = rss_mib(server.pid)
        with holding(server, "slow") as held:
            samples = []
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(min(1.0, seconds / 4))
                samples.append(round(rss_mib(server.pid) - before, 2))
    return {
        "seconds": seconds,
        "read_bytes": held["bytes"],
        "growth_mib": samples,
        "highest_growth_mib": max(samples),
        "last_growth_mib": samples[-1],
    }


def run(
    seconds: float = 3.0, connections: int = 1000, rounds: int = 3, count: int = 2000
) -> dict[str, Any]:
    """Return all of it."""
    result: dict[str, Any] = {}
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "workers": lambda: with_workers(seconds, rounds),
        "routes": lambda: with_routes(rounds, count),
        "websockets": lambda: with_connections("websocket", connections, seconds),
        "event_streams": lambda: with_connections("events", connections, seconds),
        "slow_client": lambda: with_a_slow_client(3 * seconds),
    }
    for name, part in parts.items():
        print(f"scaling: {name}", file=sys.stderr, flush=True)
        result[name] = part()
    return result


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.scaling")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=2000)
    given = parser.parse_args()
    found = run(given.seconds, given.connections, given.rounds, given.count)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
