"""Running recipes: a fresh composed stage, a command, its normalised output.

Owns folders, environment and servers of a run. It must not know where recordings
are stored or how they look on a page.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.book.errors import BookError
from tools.book.normalise import normalise
from tools.book.project import Project
from tools.book.recipes import Recipe
from tools.stages.compose import compose

__all__ = ["execute"]

TIMEOUT = 300
PORT = "8000"
TOOLS = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).with_name("probe.py")
MAKE = re.compile(
    r"make (?P<goal>stage|start|test-stage|diff-stage|test-exercise|mine)"
    r"(?: (?:N=|EX=)?(?P<what>[\w]+))(?P<rest>(?: [A-Z]+=\S+)*)$"
)
GOALS = {
    "stage": "compose {what}",
    "start": "start {what} --into {folder}/mine",
    "test-stage": "test {what}",
    "diff-stage": "diff {what}",
    "test-exercise": "exercise {what}",
    "mine": "mine {what}",
}


def execute(project: Project, recipe: Recipe) -> str | Mapping[str, Any]:
    """Run a recipe and return what its recording holds."""
    with tempfile.TemporaryDirectory(prefix="microlith-") as name:
        folder = Path(name).resolve() / "stage"
        compose(project.ladder, recipe.stage, into=folder)
        if recipe.kind == "trace":
            return _trace(project, recipe, folder)
        if recipe.script:
            file = recipe.options.get("file", "script.py")
            (folder / file).write_text(recipe.script, "utf-8")
        if recipe.options.get("serve"):
            with _server(recipe, folder) as (port, log):
                output = _command(project, recipe, folder, port)
                logged = log if recipe.option("log") == "yes" else None
            if logged is not None:
                output += f"\nserver log:\n{logged.read_text('utf-8')}"
            output = output.replace(f":{port}", f":{PORT}")
        else:
            output = _command(project, recipe, folder, None)
        return normalise(output, [str(folder), str(project.root.resolve())])


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("LANG", "HOME", "TMPDIR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {
        "PATH": path,
        "PYTHONPATH": str(folder / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "79",
    }


def _command(project: Project, recipe: Recipe, folder: Path, port: int | None) -> str:
    command, cwd = recipe.command, folder
    if recipe.script and command == "python":
        command = f"python {recipe.options.get('file', 'script.py')}"
    if port is not None:
        command = re.sub(rf":{PORT}\b", f":{port}", command)
    if command.startswith("make "):
        command, cwd = _make(project, command, folder), project.root
    environment = _environment(folder)
    if cwd == project.root:
        environment["PYTHONPATH"] = str(TOOLS)
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BookError(f"took longer than {TIMEOUT} s; make it end") from error
    output = done.stdout.decode("utf-8", "replace")
    failed = done.returncode != 0
    if failed != (recipe.option("expect") == "fail"):
        advice = "add expect=fail if it should" if failed else "remove expect=fail"
        raise BookError(
            f"`{recipe.command}` ended with {done.returncode}; {advice}. "
            f"Its output ends: {output.strip()[-600:]}"
        )
    return output


def _make(project: Project, command: str, folder: Path) -> str:
    """Turn make goals on stages into the ladder's commands, in the run's folder."""
    steps = [_goal(project, step.strip(), folder) for step in command.split("&&")]
    return " && ".join(steps)


def _goal(project: Project, step: str, folder: Path) -> str:
    match = MAKE.match(step)
    if match is None:
        return step
    goal = GOALS[match["goal"]].format(what=match["what"], folder=folder)
    for setting in match["rest"].split():
        key, _, value = setting.partition("=")
        if key != "DIR":
            raise BookError(f"{setting} is not known in a recorded make command")
        goal += f" --dir {shlex.quote(str(folder / value))}"
    return f"python -m tools.stages --root {shlex.quote(str(project.root))} {goal}"


@contextmanager
def _server(recipe: Recipe, folder: Path) -> Iterator[tuple[int, Path]]:
    port = _free_port()
    log = folder.parent / "server.log"
    target = recipe.options["serve"]
    arguments = [sys.executable, "-m", "uvicorn", target, "--port", str(port)]
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [*arguments, "--log-level", "warning", "--no-use-colors"],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(server, port, log)
            yield port, log
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise BookError(f"the server did not start: {log.read_text('utf-8')[-600:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _trace(project: Project, recipe: Recipe, folder: Path) -> Mapping[str, Any]:
    request = recipe.request
    assert request is not None
    file = folder / request.file
    if recipe.script:
        file.write_text(recipe.script, "utf-8")
    if not file.is_file():
        source = project.source(request.file, recipe.stage)
        file = folder / Path(request.file).name
        file.write_text(source.text, "utf-8")
    order = folder.parent / "order.json"
    answer = folder.parent / "answer.json"
    wanted = asdict(request) | {"file": file.name, "answer": str(answer)}
    order.write_text(json.dumps(wanted | {"calls": recipe.option("calls") == "yes"}))
    done = subprocess.run(
        [sys.executable, "-P", str(PROBE), str(order)],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise BookError(f"the traced app failed: {done.stderr.strip()[-800:]}")
    result: dict[str, Any] = json.loads(answer.read_text("utf-8"))
    return result
