"""The chat of stage 10 in a real browser: two tabs that talk in a room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.helpers import ROOT, overflow, serious, serving

pytestmark = pytest.mark.browser

FOLDER = ROOT / "stages/10_websockets"


@pytest.fixture(scope="module")
def chat(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demo as its first lines say; give its address."""
    if not (FOLDER / "demo.py").is_file():
        pytest.skip("stages/10_websockets/demo.py is not written yet")
    log = tmp_path_factory.mktemp("chat") / "log"
    with serving("demo:app", FOLDER, log) as base:
        yield base


def come_in(window: Any, name: str, room: str) -> Any:
    """Open the page, and go into a room under a name."""
    page = window.open("/")
    page.get_by_label(re.compile("name", re.I)).fill(name)
    page.get_by_label(re.compile("room", re.I)).fill(room)
    page.get_by_role("button").first.click()
    message(page).wait_for()
    return page


def message(page: Any) -> Any:
    """Find where one writes."""
    return page.get_by_label(re.compile("say|message", re.I))


def say(page: Any, text: str) -> None:
    message(page).fill(text)
    message(page).press("Enter")


def faults(window: Any) -> list[str]:
    """Return what went wrong; a page without an icon is no fault."""
    return [one for one in window.faults if not one.endswith("/favicon.ico")]


def test_two_tabs_talk_in_a_room(windows: Callable[..., Any], chat: str) -> None:
    first, second = windows(chat), windows(chat)
    one = come_in(first, "ada", "lobby")
    two = come_in(second, "bob", "lobby")
    say(one, "<i>hello</i> from ada")
    two.get_by_text("<i>hello</i> from ada").wait_for()
    say(two, "and back")
    one.get_by_text("and back").wait_for()
    assert message(one).input_value() == ""
    assert faults(first) == []
    assert faults(second) == []


def test_another_room_hears_nothing(windows: Callable[..., Any], chat: str) -> None:
    one = come_in(windows(chat), "ada", "one")
    two = come_in(windows(chat), "bob", "two")
    three = come_in(windows(chat), "cleo", "one")
    say(one, "for room one")
    three.get_by_text("for room one").wait_for()
    say(two, "for room two")
    two.get_by_text("for room two").wait_for()
    assert two.get_by_text("for room one").count() == 0
    assert one.get_by_text("for room two").count() == 0


def test_who_leaves_is_no_fault_for_the_others(
    windows: Callable[..., Any], chat: str
) -> None:
    window = windows(chat)
    one = come_in(window, "ada", "quiet")
    two = come_in(windows(chat), "bob", "quiet")
    two.close()
    say(one, "anybody here?")
    one.get_by_text("anybody here?").wait_for()
    assert faults(window) == []


@pytest.mark.parametrize("width", [320, 1280])
def test_the_chat_is_accessible_and_fits(
    windows: Callable[..., Any], chat: str, width: int
) -> None:
    page = come_in(windows(chat, width), "ada", f"room-{width}")
    text = "A line that is somewhat longer than a narrow window is wide"
    say(page, text)
    page.get_by_text(text).wait_for()
    assert serious(page) == []
    assert overflow(page) <= 0
