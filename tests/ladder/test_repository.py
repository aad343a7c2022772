"""The real ladder passes its own structural checks."""

from pathlib import Path

import pytest

from tools.stages import checks, model

ROOT = Path(__file__).resolve().parents[2]


def test_every_structural_check_holds() -> None:
    results = checks.run(model.load(ROOT), fast=True)
    assert results, "no check ran"
    problems = [f"{r.title}: {p}" for r in results for p in r.problems]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("number", range(1, 6))
def test_every_written_stage_has_its_parts(number: int) -> None:
    stage = model.load(ROOT).stage(number)
    assert stage.invariants
    assert stage.hints
    assert stage.drills
    assert len(list((stage.folder / "exercises").glob("*/solution.py"))) >= 2
