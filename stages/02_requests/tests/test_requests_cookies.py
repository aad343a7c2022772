"""Cookies: read as browsers send them, written as browsers keep them."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith.cookies import format_cookie, parse_cookies
from microlith.responses import Response


def test_a_cookie_is_lax_and_for_every_path_unless_told():
    assert format_cookie("a", "1") == "a=1; Path=/; SameSite=Lax"
    assert format_cookie("a", "1", path=None, samesite=None) == "a=1"


def test_a_cookie_is_set_with_all_attributes():
    response = Response()
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    response.set_cookie(
        "sid",
        "abc",
        max_age=60,
        expires=moment,
        path="/shop",
        domain="example.org",
        secure=True,
        httponly=True,
        samesite="none",
        partitioned=True,
    )
    response.set_cookie("b", "2")
    assert response.headers.getlist("set-cookie") == [
        "sid=abc; Max-Age=60; Expires=Wed, 02 Jan 2030 01:04:05 GMT; "
        "Path=/shop; Domain=example.org; Secure; HttpOnly; SameSite=None; "
        "Partitioned",
        "b=2; Path=/; SameSite=Lax",
    ]


def test_expires_may_be_seconds_from_now():
    cookie = format_cookie("a", "1", expires=3600, path=None, samesite=None)
    moment = parsedate_to_datetime(cookie.partition("Expires=")[2])
    assert timedelta(0) <= moment - datetime.now(UTC) <= timedelta(hours=1)
    with pytest.raises(ValueError, match="expires needs a time zone"):
        format_cookie("a", "1", expires=datetime(2030, 1, 1))


def test_a_cookie_is_deleted_with_the_attributes_it_was_set_with():
    response = Response()
    response.delete_cookie(
        "sid",
        path="/shop",
        domain="example.org",
        secure=True,
        httponly=True,
        partitioned=True,
    )
    assert response.headers.getlist("set-cookie") == [
        'sid=""; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; '
        "Path=/shop; Domain=example.org; Secure; HttpOnly; SameSite=Lax; "
        "Partitioned"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, "is not a cookie name"),
        ({"name": ""}, "is not a cookie name"),
        ({"value": "a\r\nb"}, "has a control character"),
        ({"path": "/; Secure"}, "cannot stand in cookie"),
        ({"domain": "a\nb"}, "cannot stand in cookie"),
        ({"samesite": "Lax"}, "samesite is 'lax', 'strict', 'none' or None"),
        ({"samesite": "none"}, "need secure=True"),
        ({"partitioned": True}, "need secure=True"),
        ({"name": "__Secure-a"}, "needs secure=True"),
        ({"name": "__Host-a"}, "needs secure=True"),
        (
            {"name": "__Host-a", "secure": True, "path": "/x"},
            "needs path='/' and no domain",
        ),
        (
            {"name": "__Host-a", "secure": True, "domain": "a.org"},
            "needs path='/' and no domain",
        ),
    ],
)
def test_a_cookie_that_a_browser_would_drop_is_refused(
    options: dict[str, Any], message: str
):
    with pytest.raises(ValueError, match=message):
        format_cookie(**{"name": "a", "value": "1", **options})


@settings(deadline=None, max_examples=60)
@given(
    st.text(
        st.characters(
            min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"
        )
    )
)
def test_a_value_comes_back_as_it_was_set(value: str):
    header = format_cookie("a", value, path=None, samesite=None)
    assert parse_cookies([f"first=1; {header}; last=2"]) == {
        "first": "1",
        "a": value,
        "last": "2",
    }


def test_cookies_that_are_odd_are_read_as_far_as_they_go():
    header = ' a=1;b = x=y ;junk; =no; ;c="q\\"q"; d="open; e="; a=2'
    assert parse_cookies([header]) == {
        "a": "1",
        "b": "x=y",
        "c": 'q"q',
        "d": '"open',
        "e": '"',
    }
    assert parse_cookies([]) == {}


def test_a_cookie_of_backslashes_is_read_in_one_pass():
    # CVE-2024-7592: a decoder that starts again at each one is quadratic.
    value = "\\\\" * 20_000
    assert parse_cookies([f'a="{value}"']) == {"a": "\\" * 20_000}
