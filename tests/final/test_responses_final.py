"""Responses at their edges, and the events that an app sends."""

import dataclasses
import datetime
import decimal
import enum
import math
import uuid
from typing import Any

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticSerializationError

from microlith import (
    App,
    HTMLResponse,
    JSONResponse,
    Problem,
    RedirectResponse,
    Request,
    Response,
    TextResponse,
)
from microlith.mounts import Forwarded
from microlith.testing import Exchange, TestClient, http_scope


def fields(response: Response) -> dict[str, str]:
    return {n.decode(): v.decode("latin-1") for n, v in response.raw_headers}


def answering(response: Response) -> TestClient:
    async def handler(request: Request) -> Response:
        return response

    return TestClient(App(fallback=handler))


# --- content and its headers -------------------------------------------------


@pytest.mark.parametrize(
    ("response", "body", "media"),
    [
        (Response(), b"", None),
        (Response(b""), b"", None),
        (Response(""), b"", "text/plain; charset=utf-8"),
        (Response(b"\xff"), b"\xff", None),
        (Response("é"), "é".encode(), "text/plain; charset=utf-8"),
        (Response("é", media_type="a/b"), "é".encode(), "a/b"),
        (Response(b"x", headers={"Content-Type": "a/b"}), b"x", "a/b"),
        (TextResponse("é"), "é".encode(), "text/plain; charset=utf-8"),
        (TextResponse(), b"", "text/plain; charset=utf-8"),
        (HTMLResponse("<p>"), b"<p>", "text/html; charset=utf-8"),
        (HTMLResponse("<p>", headers={"content-type": "a/b"}), b"<p>", "a/b"),
        (JSONResponse(None), b"null", "application/json"),
        (
            JSONResponse([], media_type="application/x+json"),
            b"[]",
            "application/x+json",
        ),
        (Problem(404), Problem(404).body, "application/problem+json"),
        (RedirectResponse("/x"), b"", None),
    ],
)
def test_the_content_type_and_length_of_each_kind(
    response: Response, body: bytes, media: str | None
) -> None:
    assert response.body == body
    found = fields(response)
    assert found.get("content-type") == media
    assert found["content-length"] == str(len(body))
    names = [name for name, _ in response.raw_headers]
    assert len(names) == len(set(names)), "no header comes twice"


@pytest.mark.parametrize("status", [100, 103, 204, 304])
def test_a_status_without_content_has_neither_body_nor_length(status: int) -> None:
    response = Response(status_code=status)
    assert (response.body, fields(response)) == (b"", {})
    for content in (b"x", "x"):
        with pytest.raises(ValueError, match=f"{status} response has no body"):
            Response(content, status)
    with pytest.raises(ValueError, match="has no body"):
        JSONResponse(None, status)


@pytest.mark.parametrize("content", [5, ["x"], {"a": 1}, bytearray(b"x"), object()])
def test_other_content_is_refused_with_a_way_out(content: Any) -> None:
    with pytest.raises(TypeError, match="JSONResponse takes other values"):
        Response(content)


def test_a_repr_says_what_it_is() -> None:
    assert repr(TextResponse("é", 201)) == "<TextResponse 201, 2 bytes>"
    forwarded = Forwarded(App(), http_scope())
    assert repr(forwarded) == "<Forwarded 200, streamed>"


# --- JSON --------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"


class Model(pydantic.BaseModel):
    name: str


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Model(name="é"), '{"name":"é"}'),
        ([Point(1)], '[{"x":1}]'),
        (datetime.date(2030, 1, 2), '"2030-01-02"'),
        (uuid.UUID(int=0), '"00000000-0000-0000-0000-000000000000"'),
        (Colour.RED, '"red"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        ((1, {2}), "[1,[2]]"),
        ([math.nan, math.inf, -math.inf], "[null,null,null]"),
        ({1: "a"}, '{"1":"a"}'),
        (b"bytes", '"bytes"'),
        (10**30, "1" + "0" * 30),
        ("</script>", '"</script>"'),
    ],
)
def test_what_json_takes(value: Any, text: str) -> None:
    assert JSONResponse(value).body == text.encode()


@pytest.mark.parametrize("value", [object(), "\ud800", b"\xff", {"a": object()}])
def test_what_json_has_no_word_for_fails_at_construction(value: Any) -> None:
    with pytest.raises((ValueError, PydanticSerializationError)):
        JSONResponse(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_json_comes_back_as_it_went(value: Any) -> None:
    async def echo(request: Request) -> Response:
        return JSONResponse({"got": await request.json()})

    app = App()
    app.post("/")(echo)
    body = JSONResponse(value).body
    assert body is not None
    assert TestClient(app).post("/", content=body).json() == {"got": value}


# --- redirects ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/a?b=c&d=%20#e", "/a?b=c&d=%20#e"),
        ("/é ü", "/%C3%A9%20%C3%BC"),
        ("https://[::1]:80/~x;y,z", "https://[::1]:80/~x;y,z"),
        ("", ""),
        ("/a\\b", "/a%5Cb"),
        ('/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"),
    ],
)
def test_a_location_is_escaped_once(target: str, location: str) -> None:
    assert RedirectResponse(target).headers["location"] == location


@pytest.mark.parametrize("status", [200, 204, 300, 304, 306, 309, 400])
def test_only_five_statuses_redirect(status: int) -> None:
    with pytest.raises(ValueError, match="does not redirect; use 303, 307 or 308"):
        RedirectResponse("/", status)


def test_a_redirect_keeps_its_own_headers() -> None:
    response = RedirectResponse("/x", 303, {"X-A": "1", "Location": "/other"})
    assert response.headers.getlist("location") == ["/x"]
    assert response.headers["x-a"] == "1"


# --- problems ----------------------------------------------------------------


def test_a_problem_with_members_of_its_own() -> None:
    problem = Problem(
        409, "taken", type="https://shop.example/taken", title="Taken",
        headers={"X-A": "1"}, owner="ann", retry=[1, 2],
    )  # fmt: skip
    answer = answering(problem).get("/")
    assert answer.status_code == 409
    assert answer.headers["x-a"] == "1"
    assert answer.json() == {
        "type": "https://shop.example/taken", "title": "Taken", "status": 409,
        "detail": "taken", "owner": "ann", "retry": [1, 2],
    }  # fmt: skip


@pytest.mark.parametrize("status", [413, 414, 416, 422])
def test_titles_are_those_of_rfc_9110(status: int) -> None:
    wanted = {
        413: "Content Too Large",
        414: "URI Too Long",
        416: "Range Not Satisfiable",
        422: "Unprocessable Content",
    }
    assert answering(Problem(status)).get("/").json()["title"] == wanted[status]


# --- sending -----------------------------------------------------------------

RESPONSES = [
    lambda: Response(b"body"),
    lambda: Response(status_code=204),
    lambda: JSONResponse({"a": 1}),
    lambda: RedirectResponse("/"),
    lambda: Problem(404),
]


@pytest.mark.parametrize("make", RESPONSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_response_sends_itself_as_an_app_would_send_it(
    make: Any, method: str
) -> None:
    by_itself = Exchange(make(), http_scope(method))
    by_itself.finish()

    async def handler(request: Request) -> Response:
        response: Response = make()
        return response

    by_app = Exchange(App(fallback=handler), http_scope(method))
    by_app.finish()
    assert by_itself.sent == by_app.sent
    start, body = by_app.sent
    assert start["type"] == "http.response.start"
    assert body["body"] == (b"" if method == "HEAD" else make().body)
    if make().status_code != 204:
        length = dict(start["headers"])[b"content-length"]
        assert length == b"%d" % len(make().body), "HEAD tells what GET would send"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_is_one_start_and_one_end(method: str) -> None:
    app = App(redirect_slashes=True)

    @app.get("/ok")
    async def fine(request: Request) -> Response:
        return Response(b"x")

    @app.get("/broken")
    async def broken(request: Request) -> Response:
        raise ValueError

    app.post("/posted")(fine)
    for path in ("/ok", "/broken", "/none", "/posted", "/ok/"):
        exchange = Exchange(app, http_scope(method, path))
        exchange.finish()
        types = [message["type"] for message in exchange.sent]
        assert types == ["http.response.start", "http.response.body"], path
        assert not exchange.sent[1].get("more_body")
        assert (method == "HEAD") <= (exchange.sent[1]["body"] == b"")
        for name, value in exchange.sent[0]["headers"]:
            assert name == name.lower()
            assert isinstance(value, bytes)


def test_a_head_handler_stands_in_for_get() -> None:
    app = App()

    async def get(request: Request) -> Response:
        return TextResponse("get")

    async def head(request: Request) -> Response:
        return Response(headers={"x-head": "1"})

    app.head("/x")(head)
    app.get("/x")(get)
    app.get("/y")(get)
    app.head("/y")(head)
    for path in ("/x", "/y"):
        assert TestClient(app).get(path).text == "get"
        assert TestClient(app).head(path).headers["x-head"] == "1"


@pytest.mark.parametrize(
    "path", ["/é/ß", "/日本/𝄞", "/a b/+", "/%25/%", "/~/.", "/:@/!$&'()*,;="]
)
def test_any_text_is_a_path(path: str) -> None:
    from urllib.parse import quote

    app = App()
    first, last = path[1:].split("/")

    @app.get(path)
    async def literal(request: Request) -> Response:
        return TextResponse("literal")

    @app.get("/{a}/{b}/tail")
    async def values(request: Request) -> Response:
        return JSONResponse(request.path_params)

    client = TestClient(app)
    assert client.get(quote(path)).text == "literal"
    assert client.get(quote(path) + "/tail").json() == {"a": first, "b": last}
    assert client.get(app.url_for("literal")).text == "literal"
