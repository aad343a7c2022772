"""The red gate: it lets honest tests through and stops each dishonest kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.stages import redgate

if TYPE_CHECKING:
    from conftest import Toy

TESTS = "stages/03_chain/tests/test_chain.py"
APP = "stages/03_chain/src/microlith/applications.py"
HEAD = "03_chain/test_chain.py::test_more"


def problems(toy: Toy, code: str, *, seconds: float = 5.0) -> list[str]:
    """Add test code to stage 3 and give what the gate says about it."""
    toy.append(TESTS, f"\n\n{code}")
    ladder = toy.load()
    return redgate.check_stage(ladder, ladder.stage(3), seconds)


def test_the_toy_ladder_passes(toy_ladder: Toy) -> None:
    """Three honest stages have no problem."""
    assert redgate.check(toy_ladder.load()) == []


def test_red_for_the_right_reason(toy_ladder: Toy) -> None:
    """An assertion, a hole, a crash in the package, the test's own exception."""
    code = """
import pytest

from microlith.middleware.chain import compile_chain


class Own(Exception):
    pass


def test_assertion() -> None:
    assert App().layers == ()


def test_wrong_exception() -> None:
    with pytest.raises(ValueError):
        Tag("a")


def test_fail() -> None:
    pytest.fail("not yet")


def test_own() -> None:
    raise Own


def test_group() -> None:
    raise ExceptionGroup("several", [Own(), AssertionError("x")])


def test_hole() -> None:
    assert compile_chain((), lambda name: name)("Ada") == "Ada"


def test_crash_in_the_package() -> None:
    assert App().answer(None) == ""
"""
    assert problems(toy_ladder, code) == []


def test_dishonest_tests_are_named(toy_ladder: Toy) -> None:
    """Each wrong way to be red or green is reported with the test's name."""
    cases = {
        "assert App().greet('Ada')": "passes on the stubs; make it assert",
        "assert True": "passes on hollow stubs, whose bodies return None",
        "import microlith.nowhere": "fails by ModuleNotFoundError",
        "nowhere": "fails by NameError: name 'nowhere' is not defined at test_chain",
        "App().nowhere": "fails by AttributeError: App has no attribute nowhere at te",
        "App(nowhere=1)": "fails by TypeError",
        "import pytest; pytest.skip('later')": "is skipped (Skipped: later)",
        "import pytest; pytest.xfail('later')": "is skipped",
        "import time; time.sleep(9)": "hangs (the test took more than 0.3 seconds)",
    }
    tests = (
        f"def test_more_{i}() -> None:\n    {body}\n" for i, body in enumerate(cases)
    )
    found = problems(toy_ladder, "\n\n".join(tests), seconds=0.3)
    for i, said in enumerate(cases.values()):
        lines = [line for line in found if f"{HEAD}_{i} " in line]
        assert any(said in line for line in lines), (said, lines)
    assert all(HEAD in line for line in found), found


def test_try_except_does_not_swallow_a_hole(toy_ladder: Toy) -> None:
    """`except Exception` around a hole must not turn it into an answer."""
    code = """
def test_more() -> None:
    try:
        Tag("a")
    except Exception:
        return
"""
    found = problems(toy_ladder, code)
    assert found == [
        f"stage 03: {HEAD} passes on hollow stubs, whose bodies return None; "
        "make it assert a value that must be there"
    ]


def test_passing_on_hollow_stubs_alone_is_found(toy_ladder: Toy) -> None:
    """A test that only calls things fails on raising stubs, not on hollow ones."""
    found = problems(toy_ladder, "def test_more() -> None:\n    Tag('a')\n")
    assert len(found) == 1
    assert f"{HEAD} passes on hollow stubs" in found[0]


def test_an_app_at_import_cannot_be_collected(toy_ladder: Toy) -> None:
    """Holes that are met while the file is imported hide every test in it."""
    found = problems(toy_ladder, "TAG = Tag('a')\n")
    assert found[0].startswith(
        "stage 03: 03_chain/test_chain.py cannot be collected "
        "(microlith._notbuilt.NotBuilt: stage 03: build Tag.__init__)"
    )


def test_a_broken_older_test_is_named(toy_ladder: Toy) -> None:
    """A signature that narrows breaks a test of an earlier stage on the stubs."""
    path = "stages/03_chain/src/microlith/applications.py"
    toy_ladder.edit(
        path, "greet(self, name: str)", "greet(self, name: str, loud: bool)"
    )
    found = problems(toy_ladder, "")
    assert any(
        "the older test 01_hello/test_hello.py::test_greets_by_name fails by TypeError"
        in line
        and "list it as superseded" in line
        for line in found
    ), found


def test_a_superseded_test_may_break(toy_ladder: Toy) -> None:
    """What a stage supersedes is not run, parameters and all."""
    path = "stages/03_chain/src/microlith/applications.py"
    toy_ladder.edit(
        path, "greet(self, name: str)", "greet(self, name: str, loud: bool)"
    )
    for test in (
        "01_hello/test_hello.py::test_greets_by_name",
        "02_requests/test_request.py::test_answers_a_request",
    ):
        toy_ladder.append(
            "stages/03_chain/stage.toml",
            f'\n[[superseded]]\ntest = "{test}"\nreason = "It takes two."\n',
        )
    assert problems(toy_ladder, "") == []


def test_a_stage_without_tests_is_named(toy_ladder: Toy) -> None:
    """No test at all is not a green gate."""
    toy_ladder.write(TESTS, '"""Nothing."""\n')
    found = problems(toy_ladder, "")
    assert found[0].startswith("stage 03: it has no test that could fail")


def test_stubs_that_do_not_import_are_named(toy_ladder: Toy) -> None:
    """A module that cannot be imported as a stub stops the gate."""
    toy_ladder.append(
        "stages/03_chain/src/microlith/middleware/chain.py",
        "\n\nLIMIT: int = 1 // 0\n",
    )
    found = problems(toy_ladder, "")
    assert "the stubs do not import: ZeroDivisionError" in found[0]
