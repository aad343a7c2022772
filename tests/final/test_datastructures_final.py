"""Headers, queries, cookies and path templates at their edges."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith import (
    URL,
    App,
    Headers,
    JSONResponse,
    Key,
    MultiDict,
    MutableHeaders,
    QueryParams,
    Request,
    Response,
    Router,
)
from microlith.cookies import format_cookie, parse_cookies
from microlith.testing import TestClient

names = st.sampled_from(["a", "A", "x-b", "X-B", "Content-Type", "content-type"])
values = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"),
    max_size=5,
)

# --- headers -----------------------------------------------------------------

steps = st.lists(
    st.tuples(st.sampled_from(["set", "append", "default", "del"]), names, values),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_mutable_headers_behave_like_a_list_of_fields(
    actions: list[tuple[str, str, str]],
) -> None:
    headers, model = MutableHeaders(), list[tuple[str, str]]()
    for action, name, value in actions:
        key = name.lower()
        there = [v for n, v in model if n == key]
        if action == "append":
            headers.append(name, value)
            model.append((key, value))
        elif action == "set":
            headers[name] = value
            model = [f for f in model if f[0] != key] + [(key, value)]
        elif action == "default":
            assert headers.setdefault(name, value) == (there or [value])[0]
            model += [] if there else [(key, value)]
        elif there:
            del headers[name]
            model = [f for f in model if f[0] != key]
        else:
            with pytest.raises(KeyError, match=name):
                del headers[name]
        assert headers.multi_items() == model
        assert headers.getlist(name.swapcase()) == [v for n, v in model if n == key]
        assert (name in headers) is any(n == key for n, _ in model)
        assert len(headers) == len({n for n, _ in model}) == len(list(headers))


def test_headers_are_a_view_and_keep_their_list() -> None:
    raw = [(b"a", b"1"), (b"a", b"2"), (b"b", b"\xff")]
    headers = MutableHeaders(raw)
    assert (headers["A"], headers["b"], headers.getlist("a")) == ("1", "ÿ", ["1", "2"])
    headers["a"] = "3"
    assert raw == [(b"b", b"\xff"), (b"a", b"3")]
    assert repr(headers) == "MutableHeaders([('b', 'ÿ'), ('a', '3')])"
    assert headers.get("€") is None
    assert Headers(iter([(b"a", b"1")])) == {"a": "1"}


def test_a_refused_change_changes_nothing() -> None:
    headers = MutableHeaders([(b"a", b"1")])
    for name, value in (("a", "x\n"), ("a", "€"), ("b c", "x"), ("", "x"), ("é", "x")):
        for change in (headers.__setitem__, headers.append):
            with pytest.raises(ValueError, match=r"header"):
                change(name, value)
    assert headers.raw == [(b"a", b"1")]


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ([], "Origin", "Origin"),
        (["Accept"], "Origin", "Accept, Origin"),
        (["Accept", "Cookie"], "Origin", "Accept, Cookie, Origin"),
        (["accept,  ORIGIN"], "Origin", "accept,  ORIGIN"),
        (["*"], "Origin", "*"),
        (["Origin-Agent"], "Origin", "Origin-Agent, Origin"),
    ],
)
def test_vary_names_each_header_once(before: list[str], name: str, after: str) -> None:
    headers = MutableHeaders([(b"vary", v.encode()) for v in before])
    headers.add_vary(name)
    headers.add_vary(name.upper())
    assert ", ".join(headers.getlist("vary")) == after


# --- query -------------------------------------------------------------------

pairs = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(pairs)
def test_a_query_survives_being_written_and_read(fields: list[tuple[str, str]]) -> None:
    query = QueryParams(str(QueryParams(urlencode(fields).encode())))
    assert query.multi_items() == fields
    for name, _ in fields:
        wanted = [v for n, v in fields if n == name]
        assert query.getlist(name) == wanted
        assert query[name] == wanted[0]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_query(query: bytes) -> None:
    for _, value in QueryParams(query).multi_items():
        value.encode()


def test_a_list_that_is_handed_out_is_a_copy() -> None:
    fields = MultiDict([("a", 1), ("a", 2)])
    fields.getlist("a").append(3)
    fields.multi_items().append(("a", 3))
    assert fields.getlist("a") == [1, 2]
    assert fields.getlist("none") == []
    assert dict(fields) == {"a": 1}
    with pytest.raises(KeyError):
        fields["none"]


# --- keys and URLs -----------------------------------------------------------


def test_two_keys_are_never_the_same() -> None:
    one, two = Key[int]("count"), Key[int]("count")
    app = App()

    @app.get("/")
    async def show(request: Request) -> Response:
        assert one not in request
        request[one] = 1
        assert one in request
        assert two not in request
        with pytest.raises(KeyError, match="Key\\('count'\\)"):
            request[two]
        return JSONResponse(request[one])

    assert TestClient(app).get("/").json() == 1
    assert TestClient(app).get("/").json() == 1, "nothing is left of the first request"


def test_the_parts_of_a_url() -> None:
    url = URL("https", "[::1]:8443", "/a%20b", "x=1")
    assert str(url) == "https://[::1]:8443/a%20b?x=1"
    assert (url.hostname, url.port, url.is_secure) == ("[::1]", 8443, True)
    assert str(URL("http", "a", "/")) == "http://a/"
    assert URL("http", "a:", "/").port is None


# --- cookies -----------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20))
def test_a_cookie_value_survives_the_way_to_the_browser_and_back(value: str) -> None:
    if "\x7f" in value:
        with pytest.raises(ValueError, match="control"):
            format_cookie("a", value)
        return
    sent = format_cookie("a", value, samesite=None, path=None)
    assert ";" not in sent
    assert parse_cookies([f"x=1; {sent}; y=2"]) == {"x": "1", "a": value, "y": "2"}


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        (";;; ;", {}),
        ("a", {}),
        ("=b", {}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        (" a = b ", {"a": "b"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="', {"a": '"'}),
        ('a=""', {"a": ""}),
        ('a="\\"\\\\\\054"', {"a": '"\\,'}),
        ('a="\\', {"a": '"\\'}),
        ('a="\\400"', {"a": "400"}),
        ("a=1,b=2", {"a": "1,b=2"}),
        ("$Version=1; a=1", {"$Version": "1", "a": "1"}),
        ("a[]=1; b:c=2", {"a[]": "1", "b:c": "2"}),
    ],
)
def test_odd_cookies_are_read_as_browsers_mean_them(
    header: str, cookies: dict[str, str]
) -> None:
    assert parse_cookies([header]) == cookies


def test_every_attribute_in_one_cookie() -> None:
    response = Response()
    when = datetime(2030, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    response.set_cookie(
        "__Secure-a", "1", max_age=60, expires=when, path="/x", domain="shop.example",
        secure=True, httponly=True, samesite="none", partitioned=True,
    )  # fmt: skip
    assert response.headers["set-cookie"] == (
        "__Secure-a=1; Max-Age=60; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Path=/x; "
        "Domain=shop.example; Secure; HttpOnly; SameSite=None; Partitioned"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": ""}, "not a cookie name"),
        ({"key": "a b"}, "not a cookie name"),
        ({"key": "a=b"}, "not a cookie name"),
        ({"key": "a;b"}, "not a cookie name"),
        ({"key": "é"}, "not a cookie name"),
        ({"samesite": "none"}, "need secure=True"),
        ({"partitioned": True}, "need secure=True"),
        ({"samesite": "Lax"}, "samesite is"),
        ({"samesite": False}, "samesite is"),
        ({"key": "__Secure-a"}, "needs secure=True"),
        ({"key": "__Host-a"}, "needs secure=True"),
        ({"key": "__Host-a", "secure": True, "path": "/x"}, "needs path='/'"),
        ({"key": "__Host-a", "secure": True, "path": None}, "needs path='/'"),
        ({"key": "__Host-a", "secure": True, "domain": "a.b"}, "no domain"),
        ({"expires": datetime(2030, 1, 1)}, "time zone"),
        ({"value": "€"}, "latin-1"),
        ({"path": "/a;b"}, "cannot stand"),
        ({"domain": "a\r\n"}, "cannot stand"),
    ],
)
def test_a_cookie_that_a_browser_would_drop_is_refused(
    options: dict[str, Any], message: str
) -> None:
    response = Response()
    with pytest.raises(ValueError, match=message):
        response.set_cookie(**{"key": "a", "value": "1", **options})
    assert "set-cookie" not in response.headers


def test_a_cookie_is_deleted_with_what_it_was_set_with() -> None:
    response = Response()
    response.delete_cookie("__Host-a", secure=True, httponly=True, samesite="strict")
    assert response.headers["set-cookie"] == (
        '__Host-a=""; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; '
        "Secure; HttpOnly; SameSite=Strict"
    )


def test_an_expiry_in_seconds_counts_from_now() -> None:
    cookie = format_cookie("a", "1", expires=3600, samesite=None, path=None)
    text = cookie.partition("Expires=")[2]
    when = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert timedelta(minutes=59) < when - datetime.now(UTC) <= timedelta(hours=1)


# --- url_for -----------------------------------------------------------------

segment_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(10**50), 10**50),
    "float": st.floats(-1e15, 1e15).filter(lambda f: "e" not in str(f)),
    "uuid": st.uuids(),
    "str": segment_text.filter(lambda s: "/" not in s),
    "path": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["int", "float", "uuid", "str"]), max_size=3),
    st.booleans(),
    st.data(),
)
def test_url_for_leads_back_to_the_route_and_its_values(
    kinds: list[str], tail: bool, data: st.DataObject
) -> None:
    kinds = [*kinds, "path"] if tail else kinds
    app = App()
    template = "".join(f"/{{p{i}:{kind}}}" for i, kind in enumerate(kinds))

    @app.get("/é ü/%" + template, name="it")
    async def show(request: Request) -> Response:
        seen.append(request.path_params)
        return Response()

    seen: list[dict[str, Any]] = []
    params = {f"p{i}": data.draw(VALUES[kind]) for i, kind in enumerate(kinds)}
    path = app.url_for("it", **params)
    path.encode("ascii")
    assert TestClient(app).get(path).status_code == 200, path
    assert seen == [params]
    assert [type(v) for v in seen[0].values()] == [type(v) for v in params.values()]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "a"), ("int", 1.5), ("int", True), ("int", None), ("int", ""),
        ("float", float("nan")), ("float", float("inf")), ("float", 1e300),
        ("uuid", "x"), ("str", ""), ("str", "a/b"), ("uuid", UUID(int=1).hex),
    ],
)  # fmt: skip
def test_url_for_refuses_what_would_not_match(kind: str, value: object) -> None:
    router = Router()
    router.get(f"/{{x:{kind}}}", name="it")(_handler)
    with pytest.raises(ValueError, match=r"cannot stand in a path"):
        router.url_for("it", x=value)


async def _handler(request: Request) -> Response:
    return Response()


def test_url_for_explains_what_is_wrong() -> None:
    router = Router()
    router.get("/a/{x}", name="show")(_handler)
    router.get("/b", name="both")(_handler)
    router.get("/c", name="both")(_handler)
    router.post("/d", name="same")(_handler)
    router.get("/d", name="same")(_handler)
    with pytest.raises(LookupError, match="Did you mean 'show'"):
        router.url_for("shaw", x=1)
    with pytest.raises(LookupError, match="2 routes are named 'both': /b, /c"):
        router.url_for("both")
    for params in ({}, {"x": 1, "y": 2}, {"y": 1}):
        with pytest.raises(ValueError, match="takes \\['x'\\]"):
            router.url_for("show", **params)
    assert router.url_for("same") == "/d"
