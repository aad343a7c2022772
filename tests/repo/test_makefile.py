"""The Makefile takes a stage both ways, and nothing by mistake."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Make = Callable[..., subprocess.CompletedProcess[str]]
Script = Callable[[str, str], Path]


def calls(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines that the fake `tools.stages` printed."""
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("called")]


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return what make said when it refused, having called nothing."""
    assert done.returncode != 0
    assert "called" not in done.stdout
    return done.stderr


@pytest.mark.parametrize("words", [["3"], ["N=3"]])
@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("test-stage", "['test', '3']"),
        ("stage", "['compose', '3']"),
        ("start", "['start', '3', '--into', 'mine']"),
        ("diff-stage", "['diff', '3']"),
        ("mine", "['mine', '3', '--dir', 'mine']"),
    ],
)
def test_a_stage_is_a_goal_or_a_variable(
    make: Make, toy: Path, goal: str, words: list[str], expected: str
) -> None:
    assert calls(make(goal, *words, cwd=toy)) == [f"called {expected} HINT="]


def test_make_j_runs_the_goal_once(make: Make, toy: Path) -> None:
    assert len(calls(make("-j4", "test-stage", "3", cwd=toy))) == 1


@pytest.mark.parametrize(
    "words", [["tset"], ["3"], ["stage3"], ["-n", "clean", "3"], ["help", "stage3"]]
)
def test_an_unknown_goal_fails(make: Make, toy: Path, words: list[str]) -> None:
    assert "No rule to make target" in refused(make(*words, cwd=toy))


def test_a_typo_after_a_stage_fails(make: Make, toy: Path) -> None:
    done = make("-n", "stage", "3", "tpyo", cwd=toy)
    assert done.returncode != 0
    assert "No rule to make target 'tpyo'" in done.stderr


@pytest.mark.parametrize(
    "words", [["stage", "3", "4"], ["stage", "3", "N=4"], ["stage", "N=3 4"]]
)
def test_two_stages_are_an_error(make: Make, toy: Path, words: list[str]) -> None:
    text = refused(make(*words, cwd=toy))
    assert "One stage at a time" in text or "is no stage" in text


def test_no_stage_is_an_error_that_shows_how(make: Make, toy: Path) -> None:
    assert "Write `make stage 3`" in refused(make("stage", cwd=toy))


@pytest.mark.parametrize("number", ["x", "3; touch pwned", "-1", ""])
def test_a_stage_is_made_of_digits(make: Make, toy: Path, number: str) -> None:
    assert "is no stage" in refused(make("stage", f"N={number}", cwd=toy))
    assert not (toy / "pwned").exists()


def test_n_in_the_environment_does_not_count(make: Make, toy: Path) -> None:
    assert "Which stage?" in refused(make("stage", cwd=toy, N="3"))
    (line,) = calls(make("stage", "2", cwd=toy, N="3"))
    assert "['compose', '2']" in line


@pytest.mark.parametrize("given", ["a b", "it's", "$HOME; ls"])
def test_dir_is_one_word_whatever_it_holds(make: Make, toy: Path, given: str) -> None:
    # make itself reads `$$` as one dollar.
    done = make("mine", "3", "DIR=" + given.replace("$", "$$"), cwd=toy)
    assert calls(done) == [f"called {['mine', '3', '--dir', given]} HINT="]


def test_dir_selects_your_own_code(make: Make, toy: Path) -> None:
    done = make("test-stage", "3", "DIR=mine", cwd=toy)
    assert calls(done) == ["called ['test', '3', '--dir', 'mine'] HINT="]


def test_hint_reaches_the_tool(make: Make, toy: Path) -> None:
    assert calls(make("mine", "3", "HINT=2", cwd=toy))[0].endswith("HINT=2")


@pytest.mark.parametrize(
    ("words", "env", "forced"),
    [
        ([], {}, False),
        (["FORCE=1"], {}, True),
        (["FORCE=0"], {}, False),
        ([], {"FORCE": "1"}, False),
    ],
)
def test_start_overwrites_only_when_told(
    make: Make, toy: Path, words: list[str], env: dict[str, str], forced: bool
) -> None:
    (line,) = calls(make("start", "3", *words, cwd=toy, **env))
    assert ("--force" in line) is forced


def test_exercise_needs_a_name(make: Make, toy: Path) -> None:
    assert "EX=03_1_name" in refused(make("test-exercise", cwd=toy))
    done = make("test-exercise", "EX=03_1_name", cwd=toy)
    assert calls(done) == ["called ['exercise', '03_1_name'] HINT="]


def test_help_lists_every_command(make: Make, root: Path) -> None:
    shown = make("help").stdout
    text = root.joinpath("Makefile").read_text()
    phony = re.search(r"^\.PHONY: help((?:.|\\\n)*?)\n\n", text, re.M)
    assert phony is not None
    names = ["help", *phony.group(1).replace("\\", " ").split()]
    assert len(names) > 15
    listed = re.findall(r"^  ([a-z-]+) +\S", shown, re.M)
    assert sorted(listed) == sorted(names)
    assert make().stdout == shown


@pytest.mark.slow
def test_first_use_makes_the_environment_and_the_second_is_quiet(
    make: Make, bare_toy: Path
) -> None:
    first = make("test-stage", "3", cwd=bare_toy, PYTHON=sys.executable)
    assert "Making .venv with Python" in first.stdout
    assert calls(first)
    second = make("test-stage", "3", cwd=bare_toy, PYTHON=sys.executable)
    assert second.stdout.splitlines() == ["called ['test', '3'] HINT="]

    pins = bare_toy / "requirements" / "dev.txt"
    pins.write_text("# changed\n")
    third = make("test-stage", "3", cwd=bare_toy, PYTHON=sys.executable)
    assert "Installing the packages" in third.stdout
    assert "Making" not in third.stdout

    (bare_toy / ".venv" / "bin" / "python").unlink()
    fourth = make("test-stage", "3", cwd=bare_toy, PYTHON=sys.executable)
    assert "Making .venv" in fourth.stdout, "a dead environment is made anew"
    assert calls(fourth)


def on_path(script_file: Path) -> dict[str, str]:
    """Return a PATH that holds the fakes and, after them, the usual tools."""
    return {"PATH": f"{script_file.parent}:/usr/bin:/bin"}


def test_a_shim_that_fails_is_passed_over(
    make: Make, toy: Path, script: Script
) -> None:
    script("python3", "echo 'python3: command not found' >&2; exit 127")
    real = script("python3.13", f'exec {sys.executable} "$@"')
    done = make("-n", "stage", "3", cwd=toy, **on_path(real))
    assert "python3.13 -m tools.stages compose 3" in done.stdout


def test_python3_comes_first_when_it_fits(
    make: Make, toy: Path, script: Script
) -> None:
    script("python3.13", "exit 1")
    real = script("python3", f'exec {sys.executable} "$@"')
    done = make("-n", "stage", "3", cwd=toy, **on_path(real))
    assert "python3 -m tools.stages compose 3" in done.stdout


def no_python(script: Script) -> dict[str, str]:
    """Return a PATH with make's own needs and with Pythons that do not run."""
    names = ("python3", "python3.11", "python3.12", "python3.13")
    files = [script(name, "exit 1") for name in names]
    folder = files[0].parent
    for name in ("sed", "touch"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return {"PATH": str(folder)}


def test_without_a_fitting_python_make_says_so(
    make: Make, toy: Path, script: Script
) -> None:
    text = refused(make("stage", "3", cwd=toy, **no_python(script)))
    assert "needs Python 3.11, 3.12 or 3.13" in text
    assert "make doctor" in text


def test_a_named_python_must_fit(make: Make, toy: Path, script: Script) -> None:
    old = script("python3.9", "exit 1")
    text = refused(make("stage", "3", f"PYTHON={old}", cwd=toy))
    assert f"PYTHON={old} is no Python 3.11 or newer" in text


def test_doctor_without_any_python_still_answers(
    make: Make, toy: Path, script: Script
) -> None:
    done = make("doctor", cwd=toy, **no_python(script))
    assert done.returncode != 0
    assert "-> apt install python3 python3-venv" in done.stdout


def test_an_unknown_stage_is_a_clear_error(make: Make) -> None:
    done = make("stage", "99")
    assert done.returncode != 0
    assert "a stage is a number from 1 to 22" in done.stderr
    planned = make("stage", "22")
    assert planned.returncode != 0
    assert "stage 22 is planned, not written" in planned.stderr
    assert "Traceback" not in done.stderr + planned.stderr
