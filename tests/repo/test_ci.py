"""`.ci/run` runs what a reader types, in order, and fails when anything fails.

It runs here in a toy clone whose Makefile has one line a goal. Each test breaks one
line. The tools that the script would install are faked, so that no test installs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[[str, str], Path]
Clone = Callable[..., subprocess.CompletedProcess[str]]

GOALS = ("doctor", "check", "test", "docs")
SERVE = f"{sys.executable} -m http.server $$PORT --bind 127.0.0.1 --directory site"


@pytest.fixture
def clone(
    root: Path, tmp_path: Path, clean_env: dict[str, str], script: Script
) -> Clone:
    """Return a function that runs .ci/run in a toy clone with some goals changed."""
    toy = tmp_path / "clone"
    (toy / ".ci").mkdir(parents=True)
    shutil.copy(root / ".ci" / "run", toy / ".ci")
    (toy / "site").mkdir()
    (toy / "site" / "index.html").write_text("<html>Microlith</html>")
    script("python3", f'exec {sys.executable} "$@"')
    fakes = script("chromium", "exit 0").parent

    def run(**changed: str) -> subprocess.CompletedProcess[str]:
        recipes = {goal: f"echo 'goal {goal}'" for goal in GOALS}
        recipes |= {"serve": SERVE} | changed
        text = "".join(f"{goal}:\n\t@{line}\n" for goal, line in recipes.items())
        (toy / "Makefile").write_text(
            f"export PORT\n.PHONY: {' '.join(recipes)}\n{text}"
        )
        for words in (["init", "--quiet"], ["add", "."]):
            subprocess.run(["git", *words], cwd=toy, env=clean_env, check=True)
        return subprocess.run(
            ["bash", ".ci/run"],
            cwd=toy,
            env={**clean_env, "PATH": f"{fakes}{os.pathsep}{clean_env['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_it_runs_every_command_in_order(clone: Clone) -> None:
    done = clone()
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.split()[1] for line in done.stdout.splitlines() if "goal " in line]
    assert ran == list(GOALS)
    assert "22 characters" in done.stdout
    assert "all steps passed" in done.stdout


@pytest.mark.parametrize("goal", GOALS)
def test_it_fails_with_any_command(clone: Clone, goal: str) -> None:
    done = clone(**{goal: "exit 1"})
    assert done.returncode != 0
    assert "all steps passed" not in done.stdout


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ("exit 3", "does not answer"),
        (SERVE.replace("--directory site", "--directory .ci"), "is not the book"),
    ],
)
def test_it_fails_when_the_book_is_not_served(
    clone: Clone, recipe: str, says: str
) -> None:
    done = clone(serve=recipe)
    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.parametrize("change", ["touch left-over", "echo >>site/index.html"])
def test_it_fails_when_a_command_leaves_something(clone: Clone, change: str) -> None:
    done = clone(test=change)
    assert done.returncode != 0
    assert "left files behind or changed some" in done.stderr


def test_it_says_what_it_would_install(
    clone: Clone, script: Script, tmp_path: Path
) -> None:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        script(name, "exit 127")
    script("id", "echo 1000")
    done = clone()
    assert done.returncode != 0
    assert "this machine lacks chromium: apt install chromium" in done.stderr
