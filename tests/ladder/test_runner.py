"""Running stage tests: what a learner reads, and that earlier tests stay true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.stages import runner
from tools.stages.compose import compose, write_tree
from tools.stages.model import Ladder, LadderError
from tools.stages.runs import Run, Setup, run_tests

if TYPE_CHECKING:
    from conftest import Toy

CHAIN = "mine/src/microlith/middleware/chain.py"
APP = "mine/src/microlith/applications.py"


@pytest.fixture
def mine(toy_ladder: Toy) -> Path:
    """Write the finished stage 3 as a reader's folder."""
    return compose(toy_ladder.load(), 3, toy_ladder.path("mine"))


def run_code(tmp_path: Path, code: str, test: float = 10, run: float = 60) -> Run:
    """Run one test file without any package."""
    write_tree(tmp_path / "tests", {"01_x/test_x.py": code.encode()})
    (tmp_path / "src").mkdir()
    src, tests = tmp_path / "src", tmp_path / "tests"
    return run_tests(Setup(src, tests, test_seconds=test, run_seconds=run))


def test_the_stage_itself_passes(
    toy_ladder: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a folder the reference is tested, one line a stage."""
    assert runner.test_stage(toy_ladder.load(), 3) == 0
    assert capfd.readouterr().out.endswith(
        "stage 01 hello: 1 passed\n"
        "stage 02 requests: 2 passed\n"
        "stage 03 chain: 1 passed\n"
    )


def test_a_reader_sees_what_fails_and_what_it_guards(
    toy_ladder: Toy, mine: Path
) -> None:
    """Golden text: a chain folded the wrong way round."""
    toy_ladder.edit(CHAIN, "reversed(layers)", "layers")
    ladder = toy_ladder.load()
    run = runner.run_stage(ladder, 3, mine)
    assert (
        runner.summary(ladder, 3, run, Path("mine"))
        == """\
stage 01 hello: 1 passed
stage 02 requests: 2 passed
stage 03 chain: 1 failed

03_chain/test_chain.py::test_first_is_outermost
    AssertionError: assert '<b><a>Hello, Ada!</a></b>' == '<a><b>Hello, Ada!</b></a>'
    guards: The first layer added is the outermost.
    hint: Which end comes first? (make mine 3 DIR=mine shows it)"""
    )


def test_a_reader_without_a_name_sees_every_stage_that_breaks(
    toy_ladder: Toy, mine: Path
) -> None:
    """Golden text: a greeting that forgets the name."""
    toy_ladder.edit(APP, 'f"Hello, {name}!"', '"Hello!"')
    ladder = toy_ladder.load()
    run = runner.run_stage(ladder, 2, mine)
    assert (
        runner.summary(ladder, 2, run)
        == """\
stage 01 hello: 1 failed
stage 02 requests: 1 passed, 1 failed

01_hello/test_hello.py::test_greets_by_name
    AssertionError: assert 'Hello!' == 'Hello, Ada!'
    guards: The greeting names the guest.
    hint: Where does the name go? (make mine 2 DIR=mine shows it)

02_requests/test_request.py::test_answers_a_request
    AssertionError: assert 'Hello!' == 'Hello, Ada!'"""
    )


def test_a_failing_reader_gets_a_failing_exit_code(
    toy_ladder: Toy, mine: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command fails, and pytest's own report stands above the summary."""
    toy_ladder.edit(CHAIN, "reversed(layers)", "layers")
    assert runner.test_stage(toy_ladder.load(), 3, mine) == 1
    printed = capfd.readouterr().out
    assert printed.index("test_chain.py:9: in test_first_is") < printed.index("guards:")


def test_pytest_arguments_are_passed_on(
    toy_ladder: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    """`-k` chooses tests; a stage without any says so."""
    assert runner.test_stage(toy_ladder.load(), 2, None, ["-k", "strips"]) == 0
    printed = capfd.readouterr().out
    assert "stage 01 hello: no test ran\nstage 02 requests: 1 passed\n" in printed


def test_no_test_at_all_is_a_failure(toy_ladder: Toy) -> None:
    """A filter that fits nothing must not look like success."""
    assert runner.test_stage(toy_ladder.load(), 2, None, ["-k", "nowhere"]) == 1


def test_a_wrong_argument_is_refused(toy_ladder: Toy) -> None:
    """Pytest's refusal becomes one clear line."""
    with pytest.raises(LadderError, match="unrecognized arguments: --nowhere"):
        runner.run_stage(toy_ladder.load(), 2, None, ["--nowhere"])


def test_the_repositorys_tests_are_run_not_the_copies(
    toy_ladder: Toy, mine: Path
) -> None:
    """A test that the reader weakened still fails."""
    toy_ladder.edit(CHAIN, "reversed(layers)", "layers")
    toy_ladder.write("mine/tests/03_chain/test_chain.py", "def test_x(): pass\n")
    run = runner.run_stage(toy_ladder.load(), 3, mine)
    assert [o.result for o in run.of("03_chain")] == ["failed"]


def test_nothing_is_written_into_a_readers_folder(toy_ladder: Toy, mine: Path) -> None:
    """No caches appear beside the reader's sources."""
    before = sorted(mine.rglob("*"))
    runner.run_stage(toy_ladder.load(), 3, mine)
    assert sorted(mine.rglob("*")) == before


@pytest.mark.parametrize(
    ("directory", "said"),
    [
        ("nowhere", "is not a folder; `make start N` makes one"),
        ("mine/src", "is src itself; give the folder that holds it: DIR="),
        ("stages", "holds no src/microlith; DIR is the folder that holds src/"),
    ],
)
def test_a_wrong_folder_is_explained(
    toy_ladder: Toy, mine: Path, directory: str, said: str
) -> None:
    """Each way to name the wrong folder has its own answer."""
    assert mine.is_dir()
    with pytest.raises(LadderError, match=said):
        runner.run_stage(toy_ladder.load(), 3, toy_ladder.path(directory))


def test_superseded_tests_are_not_run_and_are_listed(toy_ladder: Toy) -> None:
    """From its stage on, a superseded test is named with the reason."""
    supersede(toy_ladder)
    ladder = toy_ladder.load()
    run = runner.run_stage(ladder, 3)
    assert runner.summary(ladder, 3, run).splitlines() == [
        "stage 01 hello: no test ran",
        "stage 02 requests: 2 passed",
        "stage 03 chain: 1 passed",
        "not run, superseded: 01_hello/test_hello.py::test_greets_by_name "
        "(Greetings may differ.)",
    ]
    assert runner.run_stage(ladder, 2).superseded == ()


def supersede(toy: Toy) -> None:
    """Let stage 3 supersede the test of stage 1."""
    toy.append(
        "stages/03_chain/stage.toml",
        """
        [[superseded]]
        test = "01_hello/test_hello.py::test_greets_by_name"
        reason = "Greetings may differ."
        """,
    )


def test_only_that_test_is_superseded(toy_ladder: Toy) -> None:
    """A test whose name begins alike is run; all cases of the named one are not."""
    toy_ladder.append(
        "stages/01_hello/tests/test_hello.py",
        '''

        import pytest


        def test_greets_by_name_twice() -> None:
            """Greet again."""
            assert App().greet("Eve") == "Hello, Eve!"


        @pytest.mark.parametrize("name", ["Ada", "Eve"])
        def test_cases(name: str) -> None:
            """Greet each."""
            assert name in App().greet(name)
        ''',
    )
    supersede(toy_ladder)
    toy_ladder.edit("stages/03_chain/stage.toml", 'greets_by_name"', 'cases"')
    run = runner.run_stage(toy_ladder.load(), 3)
    assert [o.test.partition("::")[2] for o in run.of("01_hello")] == [
        "test_greets_by_name",
        "test_greets_by_name_twice",
    ]
    assert len(run.superseded) == 2


def test_test_helpers_are_importable_and_unique(toy_ladder: Toy) -> None:
    """A flat helper module works; two of one name, or a stolen name, do not."""
    path = "stages/02_requests/tests/guests.py"
    toy_ladder.write(path, 'ADA = "Ada"\n')
    toy_ladder.append(
        "stages/02_requests/tests/test_request.py",
        "\n\nfrom guests import ADA\n\n\ndef test_ada() -> None:\n    assert ADA\n",
    )
    ladder = toy_ladder.load()
    assert all(o.passed for o in runner.run_stage(ladder, 2).outcomes)
    toy_ladder.write("stages/03_chain/tests/guests.py", 'EVE = "Eve"\n')
    with pytest.raises(LadderError, match=r"has the name of 02_requests/guests\.py"):
        runner.run_stage(ladder, 3)
    toy_ladder.path(path).rename(toy_ladder.path(path).with_name("types.py"))
    with pytest.raises(LadderError, match="has the name of a module of Python"):
        runner.run_stage(ladder, 2)


def test_forward_passes_on_the_toy_ladder(toy_ladder: Toy) -> None:
    """Every test passes on its own stage, on later ones and on final."""
    assert runner.forward(toy_ladder.load()) == []


def test_forward_finds_a_test_that_a_later_stage_breaks(toy_ladder: Toy) -> None:
    """The build and the test are named."""
    toy_ladder.edit(
        "stages/03_chain/src/microlith/applications.py", "Hello, {name}!", "Hi, {name}!"
    )
    found = runner.forward(toy_ladder.load())
    assert "build/03: 01_hello/test_hello.py::test_greets_by_name failed: " in found[0]
    assert not any(line.startswith(("build/02", "final")) for line in found)


def test_forward_finds_a_broken_library(toy_ladder: Toy) -> None:
    """All stage tests run on final/src as well."""
    toy_ladder.edit(
        "final/src/microlith/middleware/chain.py", "reversed(layers)", "layers"
    )
    found = runner.forward(toy_ladder.load())
    assert [line.split(" ")[0] for line in found] == ["final:"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import pytest\n\npytest.skip('later', allow_module_level=True)", "skipped: "),
        ("import nowhere", "broken: "),
        ("import warnings\n\n\ndef test_w():\n    warnings.warn('old')", "UserWarning"),
    ],
)
def test_forward_takes_no_excuse(toy_ladder: Toy, code: str, said: str) -> None:
    """A skip, a file that cannot be imported and a warning are problems."""
    toy_ladder.write("stages/03_chain/tests/test_more.py", f"{code}\n")
    found = runner.forward(toy_ladder.load())
    assert all("03_chain/test_more.py" in line and said in line for line in found)
    assert {line.split(" ")[0] for line in found} == {"build/03:", "final:"}


def test_forward_lets_a_test_wait_for_a_service(toy_ladder: Toy) -> None:
    """Only a skip that names a service may stand."""
    code = "import pytest\n\n\ndef test_s():\n    pytest.skip('service: Redis')\n"
    toy_ladder.write("stages/03_chain/tests/test_more.py", code)
    assert runner.forward(toy_ladder.load()) == []


def test_forward_wants_tests_of_every_stage(toy_ladder: Toy) -> None:
    """A stage whose tests are never collected is found."""
    toy_ladder.path("stages/02_requests/tests/test_request.py").rename(
        toy_ladder.path("stages/02_requests/tests/request_tests.py")
    )
    found = runner.forward(toy_ladder.load())
    assert "build/02: no test of 02_requests ran; write one" in found


def test_a_hanging_run_is_stopped_and_names_its_test(tmp_path: Path) -> None:
    """Where no alarm gets through, the clock of the whole run does."""
    code = "import time\n\n\ndef test_x():\n    time.sleep(30)\n"
    run = run_code(tmp_path, code, test=0, run=1.5)
    assert [(o.test, o.result) for o in run.outcomes] == [
        ("01_x/test_x.py::test_x", "hanging")
    ]


def test_a_test_that_ends_the_process_is_named(tmp_path: Path) -> None:
    """`os._exit` in a test is a failure of that test."""
    run = run_code(tmp_path, "import os\n\n\ndef test_x():\n    os._exit(0)\n")
    assert [(o.test, o.result, o.reason) for o in run.outcomes] == [
        ("01_x/test_x.py::test_x", "failed", "ended the whole process")
    ]


def test_the_callers_settings_do_not_change_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTEST_ADDOPTS of a shell must not deselect anything."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nowhere")
    run = run_code(tmp_path, "def test_x():\n    assert True\n")
    assert [o.result for o in run.outcomes] == ["passed"]


def test_an_unknown_stage_is_refused(toy_ladder: Toy) -> None:
    """Stage 4 is planned in the toy ladder, and 9 is unheard of."""
    ladder: Ladder = toy_ladder.load()
    with pytest.raises(LadderError, match="planned, not written"):
        runner.run_stage(ladder, 4)
    with pytest.raises(LadderError, match="there is no stage 9"):
        runner.run_stage(ladder, 9)
