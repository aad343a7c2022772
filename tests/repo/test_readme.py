"""What the README tells a reader to type works, and its links lead somewhere."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., subprocess.CompletedProcess[str]]

README = "README.md"
TOO_LONG = {"make serve", "make test"}  # .ci/run runs them


def blocks(file: Path, language: str) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", file.read_text(), re.M | re.S)


def commands(file: Path) -> list[str]:
    """Return every line of the shell blocks."""
    return [line for block in blocks(file, "sh") for line in block.splitlines()]


def test_the_two_first_commands_are_serve_and_test(root: Path) -> None:
    assert commands(root / README)[:2] == ["make serve", "make test"]


def test_every_command_is_one_that_these_tests_know(root: Path) -> None:
    """A new command in the README needs a test here."""
    assert commands(root / README) == [
        *("make serve", "make test"),
        *("make start 3", "make test-stage 3 DIR=mine", "make mine 3"),
        *("make test-stage 3", "make diff-stage 3"),
        'pip install "./final[server]"',
        "uvicorn hello:app",
    ]


def test_ci_runs_what_takes_too_long_here(root: Path) -> None:
    script = root.joinpath(".ci", "run").read_text()
    for command in TOO_LONG:
        assert re.search(rf"^(setsid )?{command}\b", script, re.M)


@pytest.mark.slow
def test_the_example_serves_after_pip_install(
    root: Path, clean_venv: Any, tmp_path: Path
) -> None:
    install, serve = commands(root / README)[-2:]
    clean_venv.sh(install, root)
    (example,) = blocks(root / README, "python")
    (tmp_path / "hello.py").write_text(example)
    with clean_venv.serve(serve, tmp_path) as client:
        answer = client.get("/hello/Ada")
    assert (answer.status_code, answer.text) == (200, "Hello, Ada!")


def test_both_readmes_show_the_same_example(root: Path) -> None:
    package = root / "final" / "README.md"
    assert blocks(package, "python") == blocks(root / README, "python")


@pytest.mark.slow
def test_a_reader_can_start_stage_3_and_is_told_what_to_build(
    make: Make, tmp_path: Path
) -> None:
    here = f"DIR={tmp_path / 'mine'}"
    started = make("start", "3", here)
    assert started.returncode == 0, started.stderr
    assert (tmp_path / "mine" / "src" / "microlith" / "routing.py").is_file()
    tested = make("test-stage", "3", here)
    assert tested.returncode != 0
    assert re.search(r"stage 03.* [1-9]\d* failed", tested.stdout), tested.stdout
    assert re.search(r"stage 02.* [1-9]\d* passed", tested.stdout), tested.stdout
    assert re.search(r"not built yet: [1-9]", make("mine", "3", here).stdout)
    again = make("start", "3", here)
    assert again.returncode != 0, "start must not overwrite a reader's work"


@pytest.mark.slow
def test_the_books_own_stage_3_passes(make: Make) -> None:
    tested = make("test-stage", "3")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert re.search(r"stage 03.* [1-9]\d* passed", tested.stdout), tested.stdout
    assert "routing.py" in make("diff-stage", "3").stdout


def test_relative_links_lead_to_files(root: Path) -> None:
    for name in (README, "CONTRIBUTING.md", "CHANGELOG.md"):
        text = root.joinpath(name).read_text()
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
        for link in links:
            assert (root / link).is_file(), f"{name}: {link}"


def test_the_status_in_the_readme_is_the_status_of_the_ladder(root: Path) -> None:
    count = len(list(root.glob("stages/*/stage.toml")))
    assert f"Stages 01 to {count:02d} of 22 are written" in (root / README).read_text()
