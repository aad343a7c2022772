"""The harness of benchmarks/: honest files, right statistics, no results typed in.

Nothing is measured here and no framework but microlith is needed.
"""

import ast
import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest

from benchmarks import counts, driver, stats, verify
from benchmarks.apps import FRAMEWORKS, PEERS
from benchmarks.features import difference
from benchmarks.inprocess import by_app, declared, net
from benchmarks.machine import pinned_versions
from benchmarks.scenarios import CLAIMS, SCENARIOS, Exchange
from benchmarks.sockets import percentile
from benchmarks.wire import WrkError, parse_wrk
from benchmarks.workers import rotated

# --- the files of the frameworks ---------------------------------------------


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def app_file(root: Path, framework: str) -> ast.Module:
    file = root / "benchmarks" / "apps" / f"{framework}.py"
    return ast.parse(file.read_text())


def test_there_is_one_file_per_framework(root: Path) -> None:
    files = {file.stem for file in (root / "benchmarks" / "apps").glob("*.py")}
    assert files - {"__init__"} == set(FRAMEWORKS)


def test_a_file_serves_every_scenario_or_says_why_not(
    root: Path, framework: str
) -> None:
    tree = app_file(root, framework)
    factories = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    unsupported = declared(framework, "UNSUPPORTED", None)
    # MicroPie's paths are the names of methods.
    names = {n.name for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef)}
    text = ast.unparse(tree)
    for scenario, exchange in SCENARIOS.items():
        if scenario in unsupported:
            assert len(unsupported[scenario]) > 15, f"{scenario}: no reason given"
            continue
        first = exchange.path.split("/")[1]
        served = f"'/{first}" in text or {first, f"ws_{first}"} & names
        assert served, f"{framework}: {scenario} is neither served nor UNSUPPORTED"
        assert exchange.app in factories
    assert set(unsupported) <= {*SCENARIOS, "typed"}
    assert ("typed" in factories) is ("typed" not in unsupported)


def test_a_file_declares_what_the_harness_reads(framework: str) -> None:
    assert declared(framework, "IMPORTS", ())
    assert isinstance(declared(framework, "CHECKS_MEDIA_TYPE", None), bool)
    assert set(declared(framework, "NOTES", None)) <= set(SCENARIOS)


def test_microlith_and_the_bounds_do_every_scenario() -> None:
    for name in ("raw", "ideal", "microlith"):
        assert not set(declared(name, "UNSUPPORTED", {})) & set(SCENARIOS)


def test_every_peer_is_pinned(root: Path) -> None:
    folder = root / "requirements"
    pins = pinned_versions((folder / "bench.txt").read_text())
    assert {declared(peer, "DISTRIBUTION", "") for peer in PEERS} <= set(pins)
    rows = (folder / "bench.in").read_text().splitlines()
    asked = {row for row in rows if row and not row.startswith("#")}
    assert asked <= set(pins)
    assert {"uvicorn", "uvloop", "httptools", "granian", "websockets"} <= asked


def test_shared_pins_are_those_of_the_repository(root: Path) -> None:
    folder = root / "requirements"
    bench = pinned_versions((folder / "bench.txt").read_text())
    dev = pinned_versions((folder / "dev.txt").read_text())
    for name in ("pydantic", "pydantic_core", "uvicorn", "uvloop", "httptools"):
        assert bench[name] == dev[name], name


@pytest.mark.parametrize("row", ["falcon", "falcon>=4", "falcon==", "falcon==latest"])
def test_a_row_that_is_no_pin_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="not `name==version`"):
        pinned_versions(f"# a comment\n{row}\n")


def test_no_results_are_typed_in(root: Path) -> None:
    """A framework's name never stands beside a number, in no dict of the code."""
    for file in (root / "benchmarks").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Dict):
                continue
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            numbers = [
                value
                for value in ast.walk(node)
                if isinstance(value, ast.Constant) and type(value.value) is float
            ]
            assert not (keys & set(FRAMEWORKS) and numbers), f"{file}:{node.lineno}"


# --- statistics --------------------------------------------------------------


def test_a_summary_is_the_median_and_the_spread() -> None:
    found = stats.summary([5.0, 1.0, 2.0, 9.0, 3.0])
    assert found == {"median": 3.0, "low": 1.0, "high": 9.0, "rounds": 5}
    assert stats.spread(found) == pytest.approx(8 / 3)
    assert stats.summary([1.0, 2.0])["median"] == 1.5
    with pytest.raises(ValueError, match="no rounds"):
        stats.summary([])


def test_the_driver_is_taken_off_by_its_median() -> None:
    found = net([(10.0, 1.0), (11.0, 2.0), (30.0, 9.0)])
    assert found["driver_us"] == 2.0
    assert found["us"] == {"median": 9.0, "low": 8.0, "high": 28.0, "rounds": 3}


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 0.99) == 100.0
    assert percentile(values, 0.5) == 51.0
    assert percentile([7.0], 0.99) == 7.0


def test_rounds_begin_with_another_framework() -> None:
    assert [rotated("abc", n) for n in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_a_feature_costs_the_difference() -> None:
    less = {"calls": 6, "bytecodes": 100, "steady": True, "us": {"median": 2.0}}
    much = {"calls": 8, "bytecodes": 130, "steady": False, "us": {"median": 2.5}}
    found = difference(much, less)
    assert found == {"calls": 2, "bytecodes": 30, "us": 0.5, "steady": False}
    assert difference({"error": "why"}, less) == {"error": "why"}


WRK = """\
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.34ms    1.01ms  20.00ms   90.00%
  Latency Distribution
     50%    2.10ms
     99%  {p99}
  30000 requests in 3.00s, 5.00MB read
{more}Requests/sec:  10000.50
"""


@pytest.mark.parametrize(
    ("p99", "ms"), [("850.00us", 0.85), ("7.25ms", 7.25), ("1.50s", 1500.0)]
)
def test_wrk_is_understood(p99: str, ms: float) -> None:
    found = parse_wrk(WRK.format(p99=p99, more=""))
    assert found == {"rps": 10000.5, "p99_ms": pytest.approx(ms), "errors": 0}


def test_errors_that_wrk_saw_are_counted() -> None:
    more = (
        "  Socket errors: connect 1, read 2, write 0, timeout 4\n"
        "  Non-2xx or 3xx responses: 10\n"
    )
    assert parse_wrk(WRK.format(p99="1.00ms", more=more))["errors"] == 17
    with pytest.raises(WrkError, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:1\n")


# --- verification, with an app of our own ------------------------------------


def answering(status: int, kind: bytes, *pieces: bytes) -> driver.App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"Content-Type", kind)]
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        for piece in pieces:
            event = {"type": "http.response.body", "body": piece, "more_body": True}
            await send(event)
        await send({"type": "http.response.body", "body": b""})

    return app


HELLO = SCENARIOS["plaintext"]


def test_a_right_answer_passes() -> None:
    app = answering(200, b"text/plain; charset=utf-8", b"Hello, ", b"World!")
    asyncio.run(verify.check(app, HELLO))


@pytest.mark.parametrize(
    ("app", "why"),
    [
        (answering(500, b"text/plain", b"Hello, World!"), "500, not 200"),
        (answering(200, b"text/html", b"Hello, World!"), "'text/html'"),
        (answering(200, b"text/plain", b"Hello"), "another body"),
    ],
)
def test_a_wrong_answer_does_not_pass(app: driver.App, why: str) -> None:
    with pytest.raises(verify.WrongAnswer, match=why):
        asyncio.run(verify.check(app, HELLO))


def test_a_stream_comes_in_pieces() -> None:
    whole = SCENARIOS["stream"].expects
    app = answering(200, b"application/octet-stream", whole)
    with pytest.raises(verify.WrongAnswer, match="1 pieces, not 100"):
        asyncio.run(verify.check(app, SCENARIOS["stream"]))


def test_wrong_input_must_be_refused() -> None:
    app = answering(200, b"application/json", b'{"id": 42}')
    with pytest.raises(verify.WrongAnswer, match="not an integer gave 200"):
        asyncio.run(verify.check_refusals(app, SCENARIOS["path"], ()))


def test_every_validation_has_wrong_input() -> None:
    for name in ("path", "query", "body", "last_route"):
        assert SCENARIOS[name].refuses, name


def test_what_a_framework_does_not_claim_is_not_asked() -> None:
    app = answering(200, b"text/plain", b"Hello, World!")
    claims = {"CHECKS_HEAD"}
    asyncio.run(verify.check_refusals(app, HELLO, ()))
    with pytest.raises(verify.WrongAnswer, match="a Host with a slash gave 200"):
        asyncio.run(verify.check_refusals(app, HELLO, claims))


@pytest.mark.parametrize(
    ("name", "refusals"), [("raw", 11), ("ideal", 16), ("microlith", 16)]
)
def test_our_own_apps_answer_every_scenario(name: str, refusals: int) -> None:
    module = importlib.import_module(f"benchmarks.apps.{name}")
    claims = {claim for claim in CLAIMS if getattr(module, claim, False)}

    async def verify_all() -> int:
        refused = 0
        for app_name, group in by_app(tuple(SCENARIOS)).items():
            app = getattr(module, app_name)()
            lifespan = driver.Lifespan(app)
            await lifespan.start()
            for scenario in group:
                exchange = SCENARIOS[scenario]
                await verify.check(app, exchange)
                refused += len(await verify.check_refusals(app, exchange, claims))
            await lifespan.stop()
        return refused

    assert asyncio.run(verify_all()) == refusals


# --- counts ------------------------------------------------------------------


async def three_calls(scope: Any, receive: Any, send: Any) -> None:
    for value in (1, 2):
        double(value)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def double(value: int) -> int:
    return 2 * value


def test_calls_are_counted_without_the_driver() -> None:
    found = asyncio.run(counts.count(three_calls, HELLO))
    assert found["calls"] == 3
    assert found["bytecodes"] > 20
    assert found["steady"] is True
    again = asyncio.run(counts.count(three_calls, HELLO))
    assert again == found
    names = [name for name, _ in asyncio.run(counts.frames(three_calls, HELLO))]
    assert any(name.endswith(":double") for name in names)
    assert not any("driver.py" in name for name in names)


def test_a_websocket_is_counted_by_the_message() -> None:
    found = asyncio.run(counts.count(driver.null_app, SCENARIOS["websocket"]))
    # null_app is the driver's own: nothing of it is counted.
    assert found == {"calls": 0, "bytecodes": 0, "steady": True}


def test_an_exchange_knows_its_target() -> None:
    assert Exchange("", "", "/a", query="b=1").target == "/a?b=1"
    assert Exchange("", "", "/a").target == "/a"
