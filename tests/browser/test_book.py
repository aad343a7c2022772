"""The book in a real browser: panel, chapters, keyboard, contrast, small screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.helpers import overflow, serious

pytestmark = pytest.mark.browser

HOME, HOW, MAP = "/", "/how-to-read/", "/stages/"
CHAPTER = "/stages/03-routing/"
PAGES = {"home": HOME, "how": HOW, "map": MAP, "chapter": CHAPTER}
LIVE = "Live: Microlith answers this panel."


def open_panel(window: Any) -> Any:
    """Open the home page and wait for the panel; give its section."""
    panel = window.open(HOME).locator("[data-try]")
    panel.get_by_text(LIVE).wait_for()
    return panel


def tab_until(page: Any, selector: str, most: int = 60) -> bool:
    """Press Tab until the element has the focus; whether it gets there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return True
    return False


# --- the panel -------------------------------------------------------------------


def test_a_note_is_added_listed_and_deleted(visit: Callable[..., Any]) -> None:
    window = visit()
    panel = open_panel(window)
    panel.get_by_label("A note").fill("<b>bold</b> & plain")
    panel.get_by_role("button", name="Add note").click()
    first = panel.get_by_role("listitem").first
    first.get_by_text("<b>bold</b> & plain").wait_for()
    assert "POST /api/notes" in panel.locator("[data-try-request]").inner_text()
    assert panel.locator("[data-try-response]").inner_text().startswith("201 Created")
    window.open(HOME)
    panel.get_by_role("button", name="List notes").click()
    first.get_by_role("button", name="Delete note").click()
    panel.get_by_role("listitem").wait_for(state="detached")
    assert "204" in panel.locator("[data-try-response]").inner_text()
    assert window.faults == []


def test_an_unfit_note_shows_the_problem(visit: Callable[..., Any]) -> None:
    window = visit()
    panel = open_panel(window)
    panel.get_by_role("button", name="Add note").click()
    panel.get_by_role("alert").get_by_text("at least 1 character").wait_for()
    shown = panel.locator("[data-try-response]").inner_text()
    assert shown.startswith("422")
    assert "application/problem+json" in shown
    assert panel.get_by_label("A note").get_attribute("aria-invalid") == "true"
    assert window.faults == [f"422 {window.book}/api/notes"]
    panel.get_by_label("A note").fill("better")
    panel.get_by_role("button", name="Add note").click()
    panel.get_by_text("201 Created").first.wait_for()
    assert panel.get_by_label("A note").get_attribute("aria-invalid") is None


def test_without_the_api_the_panel_says_so(visit: Callable[..., Any]) -> None:
    """A static host names no service: nothing is asked of an API that is not there."""
    window = visit()

    def static(route: Any) -> None:
        response = route.fetch()
        headers = {k: v for k, v in response.headers.items() if k != "link"}
        route.fulfill(response=response, headers=headers)

    asked: list[str] = []
    window.page.on("request", lambda one: asked.append(one.url))
    window.page.route("**/*", static)
    panel = window.open(HOME).locator("[data-try]")
    panel.get_by_text("served without the API").wait_for()
    assert not panel.get_by_label("A note").is_visible()
    assert [url for url in asked if "/api/" in url] == []
    assert window.faults == []


# --- pages -----------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_any_fault(visit: Callable[..., Any], name: str) -> None:
    window = visit()
    page = window.open(PAGES[name])
    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text().strip()
    assert window.faults == []


def test_an_unknown_page_is_the_404_of_the_site(visit: Callable[..., Any]) -> None:
    window = visit()
    window.open("/no/such/page")
    assert window.page.locator("h1").inner_text().startswith("404")
    assert window.faults == [f"404 {window.book}/no/such/page"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_page_scrolls_sideways(
    visit: Callable[..., Any], name: str, width: int
) -> None:
    assert overflow(visit(width).open(PAGES[name])) <= 0


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(
    visit: Callable[..., Any], name: str, width: int, dark: bool
) -> None:
    window = visit(width, dark)
    page = window.open(PAGES[name])
    if name == "home":
        page.get_by_text(LIVE).wait_for()
    scheme = page.locator("body").get_attribute("data-md-color-scheme")
    assert scheme == ("slate" if dark else "default")
    assert serious(page) == []


# --- keyboard and scripts --------------------------------------------------------


def test_tab_reaches_the_main_controls(visit: Callable[..., Any]) -> None:
    window = visit()
    open_panel(window)
    page = window.page
    page.locator("body").press("Home")
    for selector in (
        ".home .md-button--primary",
        "#try-text",
        "[data-try] button[type=submit]",
        "[data-try-list]",
    ):
        assert tab_until(page, selector), f"Tab does not reach {selector}"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle")


def test_enter_adds_a_note_and_keeps_the_focus(visit: Callable[..., Any]) -> None:
    window = visit()
    panel = open_panel(window)
    panel.get_by_label("A note").press_sequentially("by keyboard")
    window.page.keyboard.press("Enter")
    panel.get_by_role("listitem").get_by_text("by keyboard").wait_for()
    assert window.page.evaluate("document.activeElement.id") == "try-text"


def test_the_quiz_answers_a_choice(visit: Callable[..., Any]) -> None:
    window = visit()
    question = window.open(CHAPTER).locator(".ml-question").first
    question.locator("input[type=radio]").first.check()
    verdict = question.locator(".ml-verdict")
    verdict.locator("xpath=self::*[@data-right]").wait_for()
    assert verdict.inner_text().strip()
    assert window.faults == []


def test_change_and_result_are_one_choice(visit: Callable[..., Any]) -> None:
    page = visit().open(CHAPTER)
    results = page.locator(".ml-view-result")
    results.first.check(force=True)
    assert results.count() > 0
    assert all(one.is_checked() for one in results.all())


def test_without_scripts_a_chapter_is_readable(visit: Callable[..., Any]) -> None:
    page = visit(scripts=False).open(CHAPTER)
    assert page.locator("h1").is_visible()
    assert page.locator("article .ml-code pre").first.is_visible()
    fold = page.locator("article details.ml-fold").first
    fold.locator("summary").first.click()
    assert fold.get_attribute("open") is not None
    assert overflow_without_scripts(page) == 0


def overflow_without_scripts(page: Any) -> int:
    """Count the paragraphs that stick out of the window."""
    width = page.viewport_size["width"]
    boxes = [one.bounding_box() for one in page.locator("article > p").all()]
    assert boxes
    return sum(box["x"] + box["width"] > width for box in boxes if box)


def test_without_scripts_the_panel_says_what_it_needs(
    visit: Callable[..., Any],
) -> None:
    page = visit(scripts=False).open(HOME)
    assert page.get_by_text("This panel needs JavaScript").is_visible()
