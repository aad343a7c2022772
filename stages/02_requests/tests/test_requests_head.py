"""The head of a request: headers, query, cookies, client and URL."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith.datastructures import URL, Address, Key, QueryParams
from microlith.exceptions import BadRequest, ContentTooLarge
from microlith.requests import Request, head_fault
from microlith.testing import http_scope


async def no_body() -> dict[str, Any]:
    raise AssertionError("the head of a request is there from the start")


def head(target: str = "/", headers: Any = (), **scope: Any) -> Request:
    return Request(http_scope("GET", target, headers, **scope), no_body)


def test_a_header_has_no_case():
    headers = head(headers={"X-Token": "abc"}).headers
    assert headers["x-token"] == headers["X-TOKEN"] == "abc"
    assert "X-Token" in headers
    assert headers.get("x-other") is None
    assert headers.get("x-☃") is None, "a name that no header can have"


def test_a_header_may_be_repeated():
    headers = head(
        headers=[("Accept", "text/html"), ("X", "1"), ("accept", "*/*")]
    ).headers
    assert headers["accept"] == "text/html", "the first value"
    assert headers.getlist("Accept") == ["text/html", "*/*"]
    assert headers.getlist("nothing") == []
    assert headers.multi_items()[1:] == [
        ("accept", "text/html"),
        ("x", "1"),
        ("accept", "*/*"),
    ]
    assert list(headers) == ["host", "accept", "x"], "each name once"
    assert len(headers) == 3


def test_a_header_is_decoded_as_latin_1():
    request = head(headers={"x-name": "Zo\xeb"})
    assert request.headers["x-name"] == "Zo\xeb"


def test_the_head_is_looked_up_once():
    request = head("/?a=1", {"cookie": "a=1"})
    assert request.headers["cookie"] == "a=1"
    assert request.headers is request.headers
    assert request.query_params["a"] == "1"
    assert request.query_params is request.query_params
    assert request.cookies == {"a": "1"}
    assert request.cookies is request.cookies


def test_a_query_field_may_be_repeated():
    query = head("/?a=1&b=2&a=3").query_params
    assert query["a"] == "1", "the first value"
    assert query.getlist("a") == ["1", "3"]
    assert query.getlist("c") == []
    assert query.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert (list(query), len(query)) == (["a", "b"], 2)
    with pytest.raises(KeyError):
        query["c"]


def test_a_blank_query_value_is_kept():
    query = head("/?a=&b&c=1").query_params
    assert query.multi_items() == [("a", ""), ("b", ""), ("c", "1")]


def test_a_bad_escape_in_a_query_is_tolerated():
    query = head("/?a=%zz&b=%ff&c=100%&d=1+%2B").query_params
    assert query["a"] == "%zz"
    assert query["b"] == "\N{REPLACEMENT CHARACTER}"
    assert query["c"] == "100%"
    assert query["d"] == "1 +"


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=40))
def test_no_query_is_unreadable(raw: bytes):
    query = QueryParams(raw)
    again = QueryParams(str(query))
    assert again.multi_items() == query.multi_items()


def test_a_query_with_too_many_fields_is_a_400():
    fields = "&".join("a" for _ in range(1000))
    assert len(head(f"/?{fields}").query_params.getlist("a")) == 1000
    request = head(f"/?{fields}&a")
    for _ in range(2):
        with pytest.raises(BadRequest) as caught:
            request.query_params  # noqa: B018
        assert caught.value.status_code == 400
        assert caught.value.errors[0]["loc"] == ["query"]


def test_several_cookie_headers_are_one_set_of_cookies():
    request = head(headers=[("cookie", "a=1; b=2"), ("cookie", "c=3; a=4")])
    assert request.cookies == {"a": "1", "b": "2", "c": "3"}, (
        "all Cookie headers count, and the first cookie of a name holds"
    )


def test_the_client_is_an_address_or_none():
    client = head(client=["192.0.2.7", 4711]).client
    assert client == Address("192.0.2.7", 4711)
    assert client.port == 4711
    assert head(client=None).client is None


def test_the_url_is_what_the_client_asked_for():
    url = head("/a%20b?x=1", {"host": "example.org:8443"}).url
    assert str(url) == "http://example.org:8443/a%20b?x=1"
    assert (url.hostname, url.port) == ("example.org", 8443)
    assert not url.is_secure
    plain = head(headers={"host": "[::1]"}, scheme="https").url
    assert (plain.hostname, plain.port) == ("[::1]", None)
    assert plain.is_secure
    assert URL("wss", "a", "/").is_secure
    escaped = head(path="/a b", raw_path=None).url
    assert escaped.path == "/a%20b", "without raw_path, path is escaped"


@pytest.mark.parametrize("headers", [(), {"host": ""}])
def test_without_a_host_the_url_names_the_server(headers: Any):
    request = head(headers={"host": ""}, server=("10.0.0.1", 8000))
    if not headers:
        request.scope["headers"] = []
    assert str(request.url) == "http://10.0.0.1:8000/"
    request.scope["server"] = ("::1", 8000)
    assert str(request.url) == "http://[::1]:8000/"
    for nameless in (None, ("/run/app.sock", None)):
        request.scope["server"] = nameless
        assert str(request.url) == "http://localhost/"


def test_a_target_never_becomes_the_host():
    url = head("@evil.example/", {"host": "example.org"}).url
    assert str(url) == "http://example.org/@evil.example/"
    assert url.hostname == "example.org"


@pytest.mark.parametrize(
    "host",
    [
        "a/b",
        "a b",
        "user@a",
        "a?b",
        "a#b",
        "a:80:90",
        "a:b",
        "[::1",
        "h\xe9",
        "a:123456",
        "a" * 256,
    ],
)
def test_a_malformed_host_is_a_400(host: str):
    request = head("/admin", {"host": host})
    with pytest.raises(BadRequest) as caught:
        request.url  # noqa: B018
    assert caught.value.status_code == 400
    assert "not a valid Host header" in caught.value.detail
    assert request.path == "/admin", "the path never depends on the Host"


def test_two_hosts_are_a_400():
    request = head(headers=[("host", "a"), ("host", "a")])
    with pytest.raises(BadRequest) as caught:
        request.url  # noqa: B018
    assert caught.value.errors[0]["loc"] == ["header"]


def test_a_key_carries_a_value():
    user, other = Key[str]("user"), Key[str]("user")
    request = head()
    with pytest.raises(KeyError, match=r"Nothing is stored .* Key\('user'\)"):
        request[user]
    assert user not in request
    request[user] = "ada"
    assert request[user] == "ada"
    assert user in request
    assert other not in request, "two keys are never the same"
    assert user not in head(), "a value belongs to one request"


def test_a_fault_of_the_head_is_told_without_raising():
    assert head_fault(b"example.org", b"5", 10) is None
    assert head_fault(None, None, 10) is None
    assert head_fault(b"", None, 10) is None, "an empty Host is no fault"
    assert isinstance(head_fault(b"a/b", None, 10), BadRequest)
    assert isinstance(head_fault(None, b"-5", 10), BadRequest)
    assert isinstance(head_fault(None, b"11", 10), ContentTooLarge)
