"""The command line, and the structural checks as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.stages import checks
from tools.stages.__main__ import main

if TYPE_CHECKING:
    from conftest import Toy

    from tools.stages.model import Ladder

TITLES = {check.title: check for check in checks.fast_checks()}
EQUAL, IMPORTS, BUDGETS, NAMES, EXISTS = TITLES
FIRST = "stages/01_hello/stage.toml"
SECOND = "stages/02_requests/stage.toml"
APP = "stages/01_hello/src/microlith/applications.py"
TEST = "stages/01_hello/tests/test_hello.py"


def run(toy: Toy, *arguments: str) -> int:
    """Run a command on the toy ladder."""
    return main(["--root", str(toy.root), *arguments])


def failing(toy: Toy) -> dict[str, str]:
    """Give the titles of the structural checks that fail, with their problems."""
    results = checks.run(toy.load(), fast=True)
    return {r.title: "\n".join(r.problems) for r in results if r.problems}


def test_a_sound_ladder_passes(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each check, and exit code 0."""
    assert run(toy_ladder, "check", "--fast") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(TITLES) + 1
    assert all(line.startswith("ok    ") for line in lines)


def test_a_failed_check_shows_details(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check's line says FAIL, the problems stand below it, exit code 1."""
    toy_ladder.append("final/src/microlith/types.py", "x = 1\n")
    assert run(toy_ladder, "check", "--fast") == 1
    out = capsys.readouterr().out
    assert f"FAIL  {EQUAL}\n      final/src/microlith/types.py differs" in out


@pytest.mark.parametrize(
    ("path", "text", "titles"),
    [
        ("final/src/microlith/extra.py", "x = 1\n", {EQUAL}),
        ("stages/03_chain/src/notes.txt", "x\n", {EQUAL, BUDGETS}),
        ("stages/02_requests/tests/test_p.py", "a._b\ndef test_a(): ...\n", {NAMES}),
        ("stages/04_later/notes.txt", "x\n", {EXISTS}),
    ],
)
def test_each_check_has_its_part(
    toy_ladder: Toy, path: str, text: str, titles: set[str]
) -> None:
    """A defect fails the checks that it concerns, and no other."""
    toy_ladder.write(path, text)
    assert set(failing(toy_ladder)) == titles


def test_an_upward_import_fails_its_check(toy_ladder: Toy) -> None:
    """The layers are checked as part of the whole."""
    path = "stages/01_hello/src/microlith/types.py"
    toy_ladder.append(path, "import microlith.applications\n")
    toy_ladder.sync_final()
    assert set(failing(toy_ladder)) == {IMPORTS}


def test_a_syntax_error_is_the_only_thing_said(toy_ladder: Toy) -> None:
    """Sources that do not parse cannot be checked further."""
    toy_ladder.append(TEST, "def broken(:\n")
    [(title, problem)] = failing(toy_ladder).items()
    assert title == "every Python file parses"
    assert problem.startswith(f"{TEST}:9: ")


def test_a_check_that_cannot_run_has_failed(toy_ladder: Toy) -> None:
    """An error in composing is shown by each check that composes."""
    toy_ladder.edit(APP, '__all__ = ["App"]', "")
    assert "needs exactly one __all__" in failing(toy_ladder)[IMPORTS]


@pytest.mark.parametrize(
    ("path", "find", "replace", "message"),
    [
        (TEST, "test_greets_by_name", "test_other", "has no test_greets_by_name"),
        (
            SECOND,
            '["test_request.py::test_strips"]\n\n[[hint]]',
            '["test_gone.py::test_strips"]\n\n[[hint]]',
            "there is no file 02_requests/test_gone.py",
        ),
        (FIRST, "applications.py:App.greet", "applications.py:App.hi", "not exist"),
        (FIRST, "applications.py:App.greet", "other.py:App.greet", "does not exist"),
        (FIRST, 'file = "applications.py"', 'file = "other.py"', "does not exist"),
        (FIRST, """'f"Hello, {name}!"'""", '"e"', "times in applications.py"),
        (FIRST, """'f"Hello, {name}!"'""", '"Hi there"', "matches 0 times"),
        (FIRST, """'f"Hello, {name}!"'""", """'"Hello!"'""", "by itself"),
    ],
)
def test_names_that_do_not_exist(
    toy_ladder: Toy, path: str, find: str, replace: str, message: str
) -> None:
    """A stale name in stage.toml is an error."""
    toy_ladder.edit(path, find, replace)
    assert message in failing(toy_ladder)[EXISTS]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("stages/02_requests/demo.py", "there is no demo.py"),
        ("stages/02_requests/tests/test_request.py", "there are no tests"),
    ],
)
def test_a_stage_that_is_not_complete(toy_ladder: Toy, path: str, message: str) -> None:
    """Each stage has a demo and tests."""
    toy_ladder.remove(path)
    assert message in failing(toy_ladder)[EXISTS]


def test_superseding_a_test_of_the_same_stage_is_senseless(toy_ladder: Toy) -> None:
    """Only tests of earlier stages can be superseded."""
    entry = """
        [[superseded]]
        test = "02_requests/test_request.py::test_strips"
        reason = "No."
    """
    toy_ladder.append(SECOND, entry)
    assert "a test of this stage" in failing(toy_ladder)[EXISTS]


def test_a_test_of_an_earlier_stage_may_be_named(toy_ladder: Toy) -> None:
    """Its name starts with the folder; classes and parameters may follow."""
    text = "\n\nclass TestMore:\n    def test_it(self): ...\n"
    toy_ladder.append(TEST, text)
    name = "01_hello/test_hello.py::TestMore::test_it[a-b]"
    toy_ladder.edit(
        SECOND,
        '["test_request.py::test_strips"]\n\n[[hint]]',
        f'["{name}"]\n\n[[hint]]',
    )
    assert failing(toy_ladder) == {}


def test_commands_print_and_write(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each structural command works on a sound ladder."""
    assert run(toy_ladder, "compose", "2") == 0
    assert toy_ladder.path("build/02/src/microlith/requests.py").exists()
    for command in (["diff", "3"], ["sizes"], ["layers"], ["exports", "1"], ["sync"]):
        assert run(toy_ladder, *command) == 0
    out = capsys.readouterr().out
    assert out.startswith("stage 02 is in build/02\nstage 03 Chain: what changes")
    assert out.endswith("final/src equals the layers already\n")


def test_absorb_reports_and_applies(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` has exit code 1 while there is something to absorb."""
    toy_ladder.edit("final/src/microlith/types.py", "from name", "from a name")
    assert run(toy_ladder, "absorb", "--check") == 1
    assert run(toy_ladder, "absorb") == 0
    assert run(toy_ladder, "absorb", "--check") == 0
    line = "stages/01_hello/src/microlith/types.py: applied cleanly\n"
    assert capsys.readouterr().out.count(line) == 2


def test_layers_shows_problems(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table comes first, exit code 1."""
    path = "stages/01_hello/src/microlith/types.py"
    toy_ladder.append(path, "import microlith.nothing.at_all\n")
    assert run(toy_ladder, "layers", "1") == 1
    assert "there is no module microlith.nothing" in capsys.readouterr().out


def test_an_error_is_one_line(
    toy_ladder: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, exit code 2."""
    assert run(toy_ladder, "compose", "4") == 2
    error = "error: stage 4 is planned, not written; written: 1, 2, 3\n"
    assert capsys.readouterr().err == error


@pytest.mark.parametrize(
    "arguments",
    [
        ["compose", "0"],
        ["compose", "23"],
        ["compose", "-1"],
        ["compose", "../1"],
        ["compose", "1_0"],
        ["compose", "१"],
        ["compose"],
        ["exercise", "../x"],
        ["exercise", "01_a/../../x"],
        ["build", "1"],
        ["diff", "1", "--", "-k"],
    ],
)
def test_only_stages_and_exercises_are_taken(
    toy_ladder: Toy, arguments: list[str]
) -> None:
    """A number from 1 to 22 and a plain name: no path gets in."""
    with pytest.raises(SystemExit) as caught:
        run(toy_ladder, *arguments)
    assert caught.value.code == 2


def test_runs_in_an_empty_environment(repository: Path) -> None:
    """The structural half needs the standard library alone."""
    command = [sys.executable, "-S", "-m", "tools.stages", "compose", "--help"]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "function", "passed"),
    [
        (["start", "2"], "start.start", (2, "mine", False)),
        (["start", "2", "--into", "x", "--force"], "start.start", (2, "x", True)),
        (["test", "2"], "runner.test_stage", (2, "None", [])),
        (
            ["test", "2", "--dir", "x", "--", "-k", "a"],
            "runner.test_stage",
            (2, "x", ["-k", "a"]),
        ),
        (["mine", "2", "--dir", "x"], "mine.report", (2, "x")),
        (["exercise", "01_a", "--dir", "x"], "runner.test_exercise", ("01_a", "x")),
    ],
)
def test_commands_that_run_things_are_handed_on(
    toy_ladder: Toy,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    function: str,
    passed: tuple[object, ...],
) -> None:
    """The arguments arrive, and a runner's exit code is the command's."""
    seen: list[tuple[object, ...]] = []

    def spy(ladder: Ladder, *rest: object) -> int:
        assert ladder.root == toy_ladder.root
        seen.append(
            tuple(str(r) if r is None or isinstance(r, Path) else r for r in rest)
        )
        return 3

    monkeypatch.setattr(f"tools.stages.{function}", spy)
    code = run(toy_ladder, *arguments)
    assert seen == [passed]
    assert code == (3 if function.startswith("runner.") else 0)


def test_check_runs_every_check(
    toy_ladder: Toy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without `--fast` the checks that run tests come too, and can fail."""
    for name in ("redgate.check", "runner.forward", "drills.check", "exercises.check"):
        problem = f"{name} found something"
        monkeypatch.setattr(f"tools.stages.{name}", lambda _, p=problem: [p])
    assert run(toy_ladder, "check") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines[:6]] == ["ok  "] * 6
    assert [line.strip() for line in lines[7::2]] == [
        "redgate.check found something",
        "runner.forward found something",
        "drills.check found something",
        "exercises.check found something",
    ]
