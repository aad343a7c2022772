"""`make test` runs all suites, counts them, and does not take silence for success."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tools import suite


def say(name: str, text: str, code: int = 0) -> suite.Suite:
    script = f"print({text!r}); raise SystemExit({code})"
    return suite.Suite(name, (sys.executable, "-c", script))


def test_counts_come_from_the_last_line_of_pytest() -> None:
    lines = [
        "a test prints: 99 passed",
        "1 passed in 0.1s",
        "====== 4 failed, 31 passed, 2 skipped, 1 error in 3.21s ======",
    ]
    assert suite.count(lines) == {"passed": 31, "failed": 4, "skipped": 2, "error": 1}


def test_counts_come_from_the_lines_of_the_stages_when_there_are_some() -> None:
    lines = [
        "33 passed, 3 failed in 3.21s",
        "",
        "stage 02 requests: 30 passed, 1 skipped",
        "stage 03 routing: 3 passed, 2 failed, 1 hanging",
    ]
    counts = {"passed": 33, "failed": 2, "skipped": 1, "hanging": 1}
    assert suite.count(lines) == counts


@pytest.mark.parametrize(
    ("text", "code", "ok"),
    [
        ("3 passed in 0.1s", 0, True),
        ("3 passed in 0.1s", 1, False),
        ("no tests ran in 0.1s", 0, False),
        ("2 skipped in 0.1s", 0, False),
    ],
)
def test_a_suite_passes_when_it_says_so_and_ran_something(
    tmp_path: Path, text: str, code: int, ok: bool
) -> None:
    assert suite.run(say("x", text, code), tmp_path).ok is ok


def test_the_summary_names_failures_and_what_was_left_out() -> None:
    good = suite.Result("good", True, Counter(passed=3, skipped=1), 1.0)
    bad = suite.Result("bad", False, Counter(passed=1, failed=2), 1.0)
    none = suite.Result("none", False, Counter(), 1.0)
    text = suite.summary([good, bad, none], suite.left_out(chromium=None))
    assert "FAIL bad" in text
    assert "FAILED: bad, none" in text
    assert "1 skipped: each reason stands above" in text
    assert "not run here: browser tests: no Chromium; apt install chromium" in text
    assert text.endswith("4 passed, 3 failed")


def test_every_suite_and_every_stage_is_in_the_plan(root: Path) -> None:
    plan = suite.suites(root, workers=2, browser=True)
    words = [word for one in plan for word in one.command]
    for folder in root.joinpath("tests").iterdir():
        if folder.is_dir() and any(folder.glob("test_*.py")):
            assert f"tests/{folder.name}" in words, f"{folder} is in no suite"
    stages = sorted(root.glob("stages/*/stage.toml"))
    assert stages
    numbers = [file.parent.name.split("_")[0] for file in stages]
    for number in numbers:
        assert any(one.command[-2:] == ("test", number) for one in plan)
    assert plan[-1].command[-3:] == (numbers[-1], "--dir", "final")


def test_a_suite_without_the_browser_leaves_it_out(root: Path) -> None:
    names = [one.name for one in suite.suites(root, workers=2, browser=False)]
    assert "browser" not in names


def test_a_stage_called_errors_is_no_error() -> None:
    """The name of a stage is not counted as a result."""
    counts = suite.count(["stage 04 errors: 98 passed\n"])
    assert counts == {"passed": 98}
