"""The figures of the benchmarks as tables, sentences and plots: every one is there."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from tools.book.bench.about import ABOUT
from tools.book.bench.costs import COSTS
from tools.book.bench.plots import PLOTS
from tools.book.bench.svg import WIDTH, Bar, Scale, chart, logarithmic
from tools.book.bench.tables import TABLES
from tools.book.errors import BookError

SVG = "{http://www.w3.org/2000/svg}"


def cells(html: str) -> list[list[str]]:
    """Return the rows of a table as the texts of their cells."""
    table = html[html.index("<table") : html.index("</table>") + len("</table>")]
    root = ElementTree.fromstring(table)
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def charts(html: str) -> list[ElementTree.Element]:
    """Return the drawings of a set of plots."""
    found = re.findall(r"<svg.*?</svg>", html, re.S)
    return [ElementTree.fromstring(text) for text in found]


def plotted(name: str, data: dict[str, Any], *wanted: str) -> str:
    """Return a set of plots."""
    numbers = iter(range(100))
    return PLOTS[name](data, wanted, lambda kind: f"{kind}-{next(numbers)}")


def bars(svg: ElementTree.Element) -> list[float]:
    """Return the widths of the bars."""
    return [float(rect.get("width", "")) for rect in svg.iter(f"{SVG}rect")]


def names(svg: ElementTree.Element) -> list[str | None]:
    """Return the names of the bars."""
    texts = svg.iter(f"{SVG}text")
    return [t.text for t in texts if "ml-plot-name" in t.get("class", "")]


# --- tables ------------------------------------------------------------------


def test_in_process_has_every_figure_our_own_first(data: dict[str, Any]) -> None:
    assert cells(TABLES["inprocess"](data)) == [
        ["", "microlith", "raw", "ideal", "fastapi", "falcon"],
        ["JSON body as a model", "9.50", "15.50", "5.00", "95.00", "19.00"],
        ["three-deep dependencies", "12.00", "6.25", "3.00", "error", "–"],
    ]


def test_the_best_framework_is_marked_and_a_bound_never(data: dict[str, Any]) -> None:
    html = TABLES["inprocess"](data)
    assert re.findall(r"<strong>(.*?)</strong>", html) == ["9.50", "12.00", "error"]
    data["inprocess"]["falcon"]["body"]["us"]["median"] = 1.0
    html = TABLES["inprocess"](data)
    assert re.findall(r"<strong>(.*?)</strong>", html) == ["1.00", "12.00", "error"]


def test_more_requests_are_better(data: dict[str, Any]) -> None:
    html = TABLES["wire"](data)
    assert cells(html)[1] == ["plaintext", "30,000", "50,000", "40,000", "10,000"]
    assert re.findall(r"<strong>(.*?)</strong>", html) == ["30,000", "25,000"]


def test_the_other_tables_have_their_figures(data: dict[str, Any]) -> None:
    assert cells(TABLES["counts"](data))[1][1] == "400/7"
    assert cells(TABLES["p99"](data))[1][1] == "2.25"
    # 25,000 a second are 40 µs each, of which the body's own 9.5 are 24 %
    assert cells(TABLES["share"](data))[2] == [
        "JSON body as a model",
        "40.00",
        "9.50",
        "24%",
    ]
    assert cells(TABLES["headlines"](data))[1] == [
        "JSON body as a model",
        "9.50 µs",
        "1.90×",
        "falcon",
        "2.0×",
        "10.0×",
    ]
    assert cells(TABLES["footprint"](data))[1][:2] == ["microlith", "150"]
    assert cells(TABLES["footprint"](data))[1][-1] == "2"


def test_costs_have_their_figures(data: dict[str, Any]) -> None:
    assert cells(COSTS["features"](data))[1:] == [
        ["a plain request", "6", "391", "3.50"],
        ["a middleware", "2", "28", "-0.50"],
        ["a timeout", "~9", "~1,188", "–"],
    ]
    assert cells(COSTS["stages"](data)) == [
        ["stage", "plaintext", "path"],
        ["01", "150/5", "–"],
        ["02", "300/5", "592/11"],
    ]
    assert cells(COSTS["stage-times"](data))[2] == ["02", "2.50", "7.00"]
    assert cells(COSTS["workers"](data))[1:] == [
        ["1", "40,000", "1.00×"],
        ["2", "60,000", "1.50×"],
    ]
    assert cells(COSTS["routes"](data))[1] == ["last of 10,000", "9", "780", "11.00"]
    held = dict(cells(COSTS["connections"](data)))
    assert (held["open"], held["memory of each, KiB"]) == ("1,000", "21.84")
    assert ["and in the end by, MiB", "-"] in cells(COSTS["slow-client"](data))


@pytest.mark.parametrize("part", ["inprocess", "features", "stages", "scaling"])
def test_a_part_that_is_missing_says_so(data: dict[str, Any], part: str) -> None:
    del data[part]
    shown = [show(data) for show in (*TABLES.values(), *COSTS.values())]
    assert any("Not measured" in html for html in shown)


def test_without_wrk_the_reason_is_shown(data: dict[str, Any]) -> None:
    data["wire"] = {"missing": "wrk is not <here>"}
    for html in (TABLES["wire"](data), TABLES["p99"](data), plotted("wire", data)):
        assert "Not measured: wrk is not &lt;here&gt;" in html


# --- words -------------------------------------------------------------------


def test_only_a_full_run_goes_without_a_warning(data: dict[str, Any]) -> None:
    assert "A &lt;CPU&gt; &amp; co with 2 cores, at commit abc" in ABOUT["run"](data)
    assert "warning" not in ABOUT["run"](data)
    data["mode"] = "smoke"
    assert "This was a smoke run" in ABOUT["run"](data)


def test_what_was_missed_is_listed_and_nothing_else(data: dict[str, Any]) -> None:
    html, _, unknown = ABOUT["missed"](data).partition("<details")
    assert "validated query: wanted above &lt;1x&gt;, reached" in html
    assert "<strong>0.99</strong>" in html
    assert "JSON" not in html
    assert "stream" not in html
    assert "Not measured: 1" in unknown
    assert "stream" in unknown
    data["goals"] = [row for row in data["goals"] if row["met"]]
    assert ABOUT["missed"](data) == "<p>No goal that was measured was missed.</p>"


def test_goals_have_what_was_reached(data: dict[str, Any]) -> None:
    assert "1 of 3 goals met" in ABOUT["goals"](data)
    assert cells(ABOUT["goals"](data))[1:] == [
        ["ahead"],
        ["JSON", "above <1x>", "1.50", "yes"],
        ["validated query", "above <1x>", "0.99", "missed"],
        ["100 x 1 KiB stream", "above <1x>", "–", "not measured"],
    ]


def test_faults_and_reasons_are_shown_escaped(data: dict[str, Any]) -> None:
    faults = ABOUT["faults"](data)
    assert "in process, three-deep dependencies, fastapi: &lt;500&gt;" in faults
    assert "over the wire, plaintext, fastapi: 3 errors" in faults
    assert "Falcon has &lt;no&gt; <code>dependencies</code>" in ABOUT["dashes"](data)
    assert "its <code>own</code> &lt;way&gt;" in ABOUT["notes"](data)
    del data["inprocess"], data["wire"]
    assert ABOUT["faults"](data).startswith("<p>No answer was wrong")


def test_versions_fold_what_is_not_compared(data: dict[str, Any]) -> None:
    table, _, rest = ABOUT["versions"](data).partition("<details")
    assert "0.165.0" in table
    assert "<li>x 1</li>" in rest
    assert ["rounds, in process", "7"] in cells(ABOUT["method"](data))
    assert ["cores", "2"] in cells(ABOUT["machine"](data))


# --- plots -------------------------------------------------------------------


def test_bars_are_as_long_as_their_figures() -> None:
    shown = [Bar("a", 2.0, "2"), Bar("b", 1.0, "1"), Bar("c", None, "–")]
    svg = ElementTree.fromstring(chart("t", shown, Scale(4.0), "x"))
    two, one = bars(svg)
    assert two == pytest.approx(2 * one, abs=0.02)
    assert 0 < two < WIDTH / 2


def test_a_logarithmic_scale_grows_by_factors() -> None:
    scale = logarithmic([1.0, 10.0, 100.0])
    assert scale.share(1.0) == 0
    assert scale.share(10.0) == pytest.approx(0.5)
    assert scale.share(100.0) == 1
    assert logarithmic([0.3, 5.0]).low == 0.25
    assert logarithmic([0.3, 5.0]).share(0.3) > 0


def test_a_drawing_is_named_described_and_escaped() -> None:
    shown = [Bar('<b>"a"</b>', 1.0, "1 & 2", "own")]
    svg = ElementTree.fromstring(chart("<t> & u", shown, Scale(1.0), "x"))
    assert svg.get("role") == "img"
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "<t> & u"
    assert desc.text == '<b>"a"</b> 1 & 2.'
    assert names(svg) == ['<b>"a"</b>']


def test_no_text_of_a_drawing_is_smaller_than_twelve(data: dict[str, Any]) -> None:
    for svg in charts(plotted("wire", data) + plotted("inprocess", data)):
        sizes = [float(e.get("font-size", "12")) for e in svg.iter()]
        assert min(sizes) >= 12
        assert svg.get("viewBox", "").split()[2] == str(WIDTH)


def test_over_the_wire_raw_is_one(data: dict[str, Any]) -> None:
    html = plotted("wire", data, "body")
    (svg,) = charts(html)
    assert names(svg) == ["microlith+granian", "microlith", "raw", "fastapi"]
    widths = bars(svg)
    assert widths[1] == pytest.approx(1.25 * widths[2], abs=0.02)
    assert widths[3] == pytest.approx(0.25 * widths[2], abs=0.02)
    assert 'href="#bench-wire"' in html
    assert 'id="bench-wire"' in TABLES["wire"](data)


def test_in_process_the_ideal_is_one_and_a_dash_has_no_bar(
    data: dict[str, Any],
) -> None:
    (svg,) = charts(plotted("inprocess", data, "dependencies"))
    assert names(svg) == ["ideal", "raw", "microlith", "fastapi", "falcon"]
    assert len(bars(svg)) == 3
    assert bars(svg)[0] == 0
    desc = svg.find(f"{SVG}desc")
    assert desc is not None
    assert desc.text == "ideal 1.00; raw 2.1; microlith 4.0; fastapi –; falcon –."


def test_stages_have_a_plot_of_calls_and_one_of_bytecodes(
    data: dict[str, Any],
) -> None:
    calls, bytecodes = charts(plotted("stages", data, "plaintext"))
    assert len(set(bars(calls))) == 1
    first, second = bars(bytecodes)
    assert second == pytest.approx(2 * first, abs=0.02)
    with pytest.raises(BookError, match=r"no stage has body; there are plaintext"):
        plotted("stages", data, "body")
