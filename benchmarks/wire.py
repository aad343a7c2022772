"""Over the wire: requests per second and p99 behind a real server.

    python -m benchmarks.wire [--rounds N] [--seconds S] [FRAMEWORK …]

uvicorn has one core, wrk another. All servers run at once and idle but for the
one that is asked, so that the rounds can be interleaved. `microlith+granian` is
microlith under granian.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.apps import FRAMEWORKS
from benchmarks.inprocess import by_app, declared
from benchmarks.scenarios import SCENARIOS, Exchange
from benchmarks.servers import Server, ServerError, check_over_wire, serving
from benchmarks.stats import summary
from benchmarks.verify import WrongAnswer
from benchmarks.workers import CORE, ROOT, environment, pinned, rotated

__all__ = ["NO_WRK", "SUBJECTS", "WrkError", "parse_wrk", "run", "wrk"]

SUBJECTS = (*FRAMEWORKS, "microlith+granian", "raw+granian")
CONNECTIONS = 32
NO_WRK = "wrk is missing: apt install wrk (a Debian package)"
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class WrkError(Exception):
    """wrk said something that is no result."""


def parse_wrk(text: str) -> dict[str, Any]:
    """Return requests per second, p99 and errors from what wrk prints."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    late = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.M)
    if rate is None or late is None:
        raise WrkError(f"wrk printed no result:\n{text[:500]}")
    errors = 0
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if other is not None:
        errors += int(other.group(1))
    broken = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    if broken is not None:
        errors += sum(map(int, broken.groups()))
    p99 = float(late.group(1)) * UNITS[late.group(2)]
    return {"rps": float(rate.group(1)), "p99_ms": p99, "errors": errors}


def script_of(exchange: Exchange) -> str:
    """Return the Lua by which wrk sends the exchange's method, head and body."""
    lines = [f"wrk.method = {json.dumps(exchange.method)}"]
    if exchange.body:
        lines.append(f"wrk.body = {json.dumps(exchange.body.decode())}")
    for name, value in exchange.headers.items():
        lines.append(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def wrk(
    port: int,
    exchange: Exchange,
    seconds: float,
    core: int | None = 1,
    connections: int = CONNECTIONS,
) -> dict[str, Any]:
    """Load a server with one exchange and return what wrk found."""
    program = shutil.which("wrk")
    if program is None:
        raise WrkError(NO_WRK)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "request.lua"
        script.write_text(script_of(exchange))
        command = [*pinned(core), program, "--latency", "-t1", f"-c{connections}"]
        # wrk counts whole seconds.
        command += [f"-d{max(round(seconds), 1)}s", "-s", str(script)]
        url = f"http://127.0.0.1:{port}{exchange.target}"
        done = subprocess.run([*command, url], capture_output=True, text=True)
    found = parse_wrk(done.stdout + done.stderr)
    if exchange.status >= 400:  # wrk calls what is wanted here an error
        found["errors"] = 0
    return found


def talk(port: int, seconds: float, core: int | None = 1) -> dict[str, Any]:
    """Let the WebSocket client talk to a server; see `benchmarks.sockets`."""
    command = [*pinned(core), sys.executable, "-m", "benchmarks.sockets", str(port)]
    command += ["--seconds", str(seconds)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment()
    )
    if done.returncode:
        raise WrkError(done.stderr.strip().rpartition("\n")[2])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def load(port: int, exchange: Exchange, seconds: float) -> dict[str, Any]:
    """Load a server for some seconds, its answers verified before and after."""
    if exchange.websocket:
        return talk(port, seconds)  # the client verifies each echo
    check_over_wire(port, exchange)
    found = wrk(port, exchange, seconds)
    check_over_wire(port, exchange)
    return found


def measure(
    servers: Mapping[str, Server], exchange: Exchange, rounds: int, seconds: float
) -> dict[str, dict[str, Any]]:
    """Return what each server does in one scenario, in interleaved rounds."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
    found: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        for name in rotated(servers, number):
            if name in found:
                continue
            try:
                rows[name].append(load(servers[name].port, exchange, seconds))
            except (WrkError, WrongAnswer, OSError) as error:
                found[name] = {"error": f"{type(error).__name__}: {error}"}
    for name, each in rows.items():
        if name not in found:
            found[name] = {
                "rps": summary([row["rps"] for row in each], 1),
                "p99_ms": summary([row["p99_ms"] for row in each]),
                "errors": sum(row["errors"] for row in each),
            }
    return found


def framework_of(subject: str) -> tuple[str, str]:
    """Return framework and server of a subject such as `microlith+granian`."""
    framework, _, server = subject.partition("+")
    return framework, server or "uvicorn"


def run(
    subjects: Sequence[str] = SUBJECTS,
    rounds: int = 3,
    seconds: float = 3.0,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    say: bool = True,
) -> dict[str, dict[str, Any]]:
    """Return subject -> scenario -> figures, or why there are none."""
    result: dict[str, dict[str, Any]] = {name: {} for name in subjects}
    for app, group in by_app(scenarios).items():
        with ExitStack() as stack:
            servers: dict[str, Server] = {}
            failed: dict[str, str] = {}
            for name in subjects:
                framework, kind = framework_of(name)
                if set(group) <= set(declared(framework, "UNSUPPORTED", {})):
                    continue
                target = f"benchmarks.apps.{framework}:{app}"
                try:
                    server = serving(target, kind, CORE)
                    servers[name] = stack.enter_context(server)
                except ServerError as error:
                    failed[name] = str(error)
            for scenario in group:
                if say:
                    print(f"over the wire: {scenario}", file=sys.stderr, flush=True)
                fill(result, scenario, servers, failed, rounds, seconds)
    return result


def fill(
    result: dict[str, dict[str, Any]],
    scenario: str,
    servers: Mapping[str, Server],
    failed: Mapping[str, str],
    rounds: int,
    seconds: float,
) -> None:
    """Measure one scenario and put what was found into the result."""
    why = {}
    for name in result:
        reasons = declared(framework_of(name)[0], "UNSUPPORTED", {})
        if scenario in reasons:
            why[name] = reasons[scenario]
    able = {name: server for name, server in servers.items() if name not in why}
    found = measure(able, SCENARIOS[scenario], rounds, seconds)
    for name in result:
        if name in why:
            result[name][scenario] = {"unsupported": why[name]}
        elif name in failed:
            result[name][scenario] = {"error": failed[name]}
        else:
            result[name][scenario] = found[name]


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.wire")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--scenario", action="append")
    parser.add_argument("subjects", nargs="*", default=SUBJECTS)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        print(NO_WRK, file=sys.stderr)
        return 1
    scenarios = given.scenario or tuple(SCENARIOS)
    found = run(given.subjects, given.rounds, given.seconds, scenarios)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
