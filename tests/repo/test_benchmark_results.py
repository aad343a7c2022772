"""The results of the benchmarks: goals, report, file. Nothing is measured here."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.goals import TARGET_US, goals
from benchmarks.scenarios import SCENARIOS


def made_up() -> dict[str, Any]:
    """Results as the harness writes them, with round figures."""
    times = {"raw": 2.0, "ideal": 1.0, "microlith": 2.0, "fastapi": 20.0, "falcon": 4.0}
    rates = {"raw": 100.0, "microlith": 96.0, "falcon": 50.0}
    one = {"low": 0.0, "high": 0.0, "rounds": 1}
    counted = {"calls": 6, "bytecodes": 400, "steady": True, "refused": []}
    return {
        "schema": report.SCHEMA,
        "date": "2026-01-02",
        "mode": "short",
        "machine": {"cpu": "a CPU", "cores": 2, "load_before": 0.1},
        "versions": {"python": "3.11.2"},
        "method": {},
        "inprocess": {
            name: {"plaintext": {"us": {"median": us, **one}, **counted}}
            for name, us in times.items()
        },
        "wire": {
            name: {
                "plaintext": {
                    "rps": {"median": rps, **one},
                    "p99_ms": {"median": 3.0, **one},
                    "errors": 0,
                }
            }
            for name, rps in rates.items()
        },
        "footprint": {
            "bare_mib": 9.0,
            "frameworks": {
                name: {"import_ms": {"median": ms, **one}, "distributions": [name]}
                for name, ms in (
                    ("microlith", 90.0),
                    ("starlette", 60.0),
                    ("pydantic", 50.0),
                )
            },
        },
    }


def goal(results: dict[str, Any], name: str, scope: str) -> dict[str, Any]:
    (found,) = (
        row for row in goals(results) if (row["goal"], row["scope"]) == (name, scope)
    )
    return found


@pytest.mark.parametrize(
    ("name", "scope", "reached", "met"),
    [
        ("in process ahead of every peer", "plaintext", 2.0, True),
        ("in process near the ideal", "plaintext", 2.0, True),
        ("in process and FastAPI", "plaintext", 10.0, True),
        ("in process and FastAPI", "body", None, None),
        ("over the wire near raw ASGI", "plaintext", 0.96, True),
        ("over the wire ahead of every peer", "plaintext", 1.92, True),
        ("footprint below starlette + pydantic", "import_ms", 90.0, True),
        ("footprint below starlette + pydantic", "import_mib", None, None),
        ("start-up of 500 typed routes", "typed_ms", None, None),
    ],
)
def test_a_goal_is_computed_from_the_results(
    name: str, scope: str, reached: float | None, met: bool | None
) -> None:
    found = goal(made_up(), name, scope)
    assert (found["reached"], found["met"]) == (reached, met)


def test_a_goal_that_is_missed_says_so() -> None:
    results = made_up()
    results["inprocess"]["microlith"]["plaintext"]["us"]["median"] = 4.1
    assert goal(results, "in process ahead of every peer", "plaintext")["met"] is False
    assert goal(results, "in process near the ideal", "plaintext")["met"] is False
    assert goal(results, "in process and FastAPI", "plaintext")["met"] is False


def test_a_figure_below_the_noise_is_no_figure() -> None:
    results = made_up()
    results["inprocess"]["falcon"]["plaintext"]["us"]["median"] = -0.2
    found = goal(results, "in process ahead of every peer", "plaintext")
    assert "fastapi" in found["wanted"]


def test_every_scenario_has_a_goal() -> None:
    scopes = {row["scope"] for row in goals({})}
    assert set(SCENARIOS) <= scopes
    assert set(TARGET_US) == set(SCENARIOS)
    assert all(row["met"] is None for row in goals({}))


def test_the_report_shows_what_there_is() -> None:
    results = made_up()
    results["inprocess"]["quart"] = {"plaintext": {"error": "plaintext: 500"}}
    results["inprocess"]["sanic"] = {"plaintext": {"unsupported": "no such thing"}}
    text = report.report(results)
    assert re.search(r"^microlith +2\.00$", text, re.M)
    assert re.search(r"^quart +ERR$", text, re.M)
    assert re.search(r"^sanic +-$", text, re.M)
    assert "in process, quart: plaintext: 500" in text
    assert "400/6" in text


def test_the_report_says_that_wrk_is_missing() -> None:
    results = made_up() | {"wire": {"missing": "wrk is missing: apt install wrk"}}
    assert "Over the wire: wrk is missing" in report.report(results)


def test_results_are_kept_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "results" / "2026-01-02.json"
    report.save(made_up(), file)
    assert report.load(file) == json.loads(json.dumps(made_up()))
    assert list(file.parent.iterdir()) == [file]
    report.save({"schema": 99}, file)
    with pytest.raises(ValueError, match="schema 99"):
        report.load(file)


MEMBERS = {"schema", "date", "mode", "machine", "versions", "method", "goals"}
PARTS = {"inprocess", "wire", "footprint", "features", "stages", "scaling"}


def test_the_readme_names_every_member(root: Path) -> None:
    text = (root / "benchmarks" / "README.md").read_text()
    for member in (MEMBERS | PARTS) - {"features"}:
        assert f"`{member}`" in text, member


def test_committed_results_have_the_schema(root: Path) -> None:
    for file in (root / "benchmarks" / "results").glob("*.json"):
        results = report.load(file)
        assert MEMBERS <= set(results) <= MEMBERS | PARTS, file
        assert results["mode"] == "full"
        assert results["goals"] == goals(results), "the goals are not computed"
        for scenarios in results["inprocess"].values():
            assert set(scenarios) == set(SCENARIOS)
            for found in scenarios.values():
                kinds = ({"unsupported"}, {"error"})
                assert set(found) in kinds or found["us"]["rounds"] >= 3
