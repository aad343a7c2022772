"""The notes example in a real browser: two people, two windows, live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.helpers import ROOT, overflow, serious, serving

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the example as its README says; give its address."""
    folder = tmp_path_factory.mktemp("notes")
    with serving(
        "notes:app",
        ROOT / "final/examples",
        folder / "log",
        NOTES_DB=str(folder / "notes.db"),
        NOTES_MAIL=str(folder / "notes.mbox"),
    ) as base:
        yield base


def register(window: Any, name: str) -> Any:
    """Open the page, register, and wait until it is live."""
    page = window.open("/")
    form = page.locator("#register")
    form.get_by_label("New name").fill(name)
    form.get_by_label("Mail address").fill(f"{name}@example.org")
    form.get_by_label("New password").fill(PASSWORD)
    form.get_by_role("button", name="Register").click()
    page.get_by_role("status").get_by_text(f"{name}, live").wait_for()
    return page


def log_in(window: Any, name: str, password: str = PASSWORD) -> Any:
    page = window.open("/")
    form = page.locator("#login")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Log in").click()
    return page


def write(page: Any, text: str) -> None:
    page.get_by_label("A note").fill(text)
    page.get_by_role("button", name="Add note").click()


def test_a_note_of_one_window_appears_in_the_other(
    windows: Callable[..., Any], server: str
) -> None:
    first, second = windows(server), windows(server)
    one = register(first, "ada")
    two = log_in(second, "ada")
    two.get_by_role("status").get_by_text("ada, live").wait_for()
    write(one, "<b>bold</b> & plain")
    two.get_by_role("listitem").get_by_text("<b>bold</b> & plain").wait_for()
    assert one.get_by_role("listitem").count() == 1
    write(two, "and back")
    one.get_by_role("listitem").get_by_text("and back").wait_for()
    one.get_by_role("button", name="Delete: and back").click()
    two.get_by_text("and back").wait_for(state="detached")
    assert two.get_by_role("listitem").count() == 1
    assert first.faults == []
    assert second.faults == []


def test_a_shared_note_appears_with_its_reader(
    windows: Callable[..., Any], server: str
) -> None:
    first, second = windows(server), windows(server)
    one, two = register(first, "cleo"), register(second, "dan")
    two.get_by_text("No notes yet.").wait_for()
    write(one, "for dan")
    one.get_by_label("Share with: for dan").fill("dan")
    one.get_by_role("button", name="Share").click()
    note = two.get_by_role("listitem").filter(has_text="for dan")
    note.wait_for()
    assert "cleo" in note.inner_text()
    assert note.get_by_role("button").count() == 0
    assert first.faults == []
    assert second.faults == []


def test_the_page_comes_back_after_a_reload_and_leaves_on_request(
    windows: Callable[..., Any], server: str
) -> None:
    window = windows(server)
    page = register(window, "eve")
    write(page, "kept")
    page.get_by_role("listitem").get_by_text("kept").wait_for()
    page.reload()
    page.get_by_role("listitem").get_by_text("kept").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
    assert page.get_by_role("listitem").count() == 0
    page.reload()
    page.get_by_role("button", name="Log in").wait_for()
    assert window.faults == []


def test_a_logout_elsewhere_does_not_end_this_window(
    windows: Callable[..., Any], server: str
) -> None:
    one = register(windows(server), "finn")
    two = log_in(windows(server), "finn")
    two.get_by_role("status").get_by_text("finn, live").wait_for()
    two.get_by_role("button", name="Log out").click()
    two.get_by_role("button", name="Log in").wait_for()
    write(one, "still here")
    one.get_by_role("listitem").get_by_text("still here").wait_for()


def test_what_is_wrong_is_told(windows: Callable[..., Any], server: str) -> None:
    window = windows(server)
    page = log_in(window, "nobody", "wrong password")
    page.get_by_role("alert").get_by_text("Wrong name or password").wait_for()
    form = page.locator("#register")
    form.get_by_label("New name").fill("X")
    form.get_by_label("Mail address").fill("x@example.org")
    form.get_by_label("New password").fill("short")
    form.get_by_role("button", name="Register").click()
    page.get_by_role("alert").get_by_text("at least 10 characters").wait_for()
    assert window.faults == [f"401 {server}/tokens", f"422 {server}/accounts"]


def test_the_page_below_a_prefix_finds_its_server(
    windows: Callable[..., Any], book: str
) -> None:
    """In `make serve` the example is mounted: the same page, one folder down."""
    window = windows(f"{book}/api")
    page = register(window, "gina")
    write(page, "below a prefix")
    page.get_by_role("listitem").get_by_text("below a prefix").wait_for()
    assert window.faults == []


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_and_nothing_sticks_out(
    windows: Callable[..., Any], server: str, width: int, dark: bool
) -> None:
    window = windows(server, width, dark)
    page = window.open("/")
    assert serious(page) == []
    assert overflow(page) <= 0
    page = register(window, f"axe-{width}-{'dark' if dark else 'light'}")
    write(page, "a long word: " + "o" * 200)
    page.get_by_role("listitem").wait_for()
    assert serious(page) == []
    assert overflow(page) <= 0
    assert window.faults == []


def test_the_page_works_by_keyboard(windows: Callable[..., Any], server: str) -> None:
    page = register(windows(server), "hugo")
    page.get_by_label("A note").focus()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("listitem").get_by_text("by keyboard").wait_for()
    assert page.evaluate("document.activeElement.name") == "text"
    assert page.get_by_label("A note").input_value() == ""
