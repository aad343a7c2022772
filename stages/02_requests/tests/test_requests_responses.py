"""Responses: their headers, and what each class makes of its content."""

import datetime
import uuid
from typing import Any

import pytest

from microlith.applications import App
from microlith.requests import Request
from microlith.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
from microlith.testing import TestClient


def client(response: Response) -> TestClient:
    async def handler(request: Request) -> Response:
        return response

    return TestClient(App(fallback=handler))


def test_a_change_of_the_headers_is_sent():
    response = TextResponse("hi", headers={"X-A": "1"})
    response.headers["x-b"] = "2"
    response.headers["X-A"] = "3"
    answer = client(response).get("/")
    assert answer.getlist("x-a") == ["3"], "a header that is set is replaced"
    assert answer.getlist("x-b") == ["2"]
    assert all(name == name.lower() for name, _ in answer.raw_headers)
    fresh = TextResponse("hi")
    assert "x-a" not in fresh.headers, "each response has headers of its own"


def test_a_response_header_may_be_repeated():
    headers = Response().headers
    headers.append("Link", "</a>")
    headers.append("link", "</b>")
    assert headers.getlist("LINK") == ["</a>", "</b>"]
    headers["link"] = "</c>"
    assert headers.getlist("link") == ["</c>"]
    headers.append("link", "</d>")
    del headers["Link"]
    assert "link" not in headers
    with pytest.raises(KeyError, match="link"):
        del headers["link"]


def test_setdefault_and_update():
    headers = Response(headers={"x-a": "1"}).headers
    assert headers.setdefault("X-A", "2") == "1"
    assert headers.setdefault("x-b", "2") == "2"
    headers.update({"x-a": "3", "x-c": "4"})
    assert [headers[f"x-{c}"] for c in "abc"] == ["3", "2", "4"]


def test_vary_lists_each_header_once():
    headers = Response().headers
    headers.add_vary("Origin")
    headers.add_vary("accept")
    headers.add_vary("origin")
    assert headers.getlist("vary") == ["Origin, accept"]
    headers["vary"] = "*"
    headers.add_vary("Origin")
    assert headers["vary"] == "*", "a star already says everything"


def test_a_response_header_is_latin_1():
    response = Response(headers={"x-name": "Zo\xeb"})
    assert (b"x-name", b"Zo\xeb") in client(response).get("/").raw_headers
    with pytest.raises(ValueError, match="'x-name' is not latin-1"):
        Response(headers={"x-name": "\u2603"})


@pytest.mark.parametrize(
    "value", ["a\r\nset-cookie: b=c", "a\nb", "a\rb", "a\0", "\x7f", "\x1f"]
)
def test_a_control_character_in_a_value_is_refused(value: str):
    with pytest.raises(ValueError, match="'x-a' has a control character"):
        Response(headers={"x-a": value})
    with pytest.raises(ValueError, match="has a control character"):
        Response(media_type=value)
    headers = Response().headers
    for change in (headers.append, headers.__setitem__, headers.setdefault):
        with pytest.raises(ValueError, match="control character"):
            change("x-a", value)
    assert "x-a" not in headers
    headers["x-a"] = "tab\tis fine"
    assert headers["x-a"] == "tab\tis fine"


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "\xe4", "a/b"])
def test_a_name_that_is_no_token_is_refused(name: str):
    with pytest.raises(ValueError, match="is not a header name"):
        Response(headers={name: "1"})


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (lambda: Response(b"x"), []),
        (lambda: Response("x"), ["text/plain; charset=utf-8"]),
        (lambda: TextResponse("x"), ["text/plain; charset=utf-8"]),
        (lambda: HTMLResponse(b"x"), ["text/html; charset=utf-8"]),
        (lambda: HTMLResponse("x"), ["text/html; charset=utf-8"]),
        (lambda: JSONResponse("x"), ["application/json"]),
        (lambda: HTMLResponse("x", media_type="a/b"), ["a/b"]),
        (lambda: JSONResponse(1, headers={"Content-Type": "a/b"}), ["a/b"]),
    ],
)
def test_the_content_type_is_there_once(response: Any, expected: list[str]):
    made = response()
    assert made.headers.getlist("content-type") == expected
    length = str(len(made.body))
    assert made.headers.getlist("content-length") == [length]


def test_other_content_is_refused():
    with pytest.raises(TypeError, match="JSONResponse takes other values"):
        Response({"a": 1})  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [101, 204, 304])
def test_a_status_without_a_body_has_no_content_length(status: int):
    response = Response(status_code=status)
    assert "content-length" not in response.headers
    with pytest.raises(ValueError, match=f"A {status} response has no body"):
        Response("x", status_code=status)


def test_a_head_request_gets_the_headers_alone():
    answer = client(Response("four")).head("/")
    assert answer.headers["content-length"] == "4"
    assert answer.content == b"", "RFC 9110 §9.3.2: no content after a HEAD"


def test_json_takes_what_pydantic_can_serialise():
    day = datetime.date(2024, 2, 29)
    response = JSONResponse(
        {"day": day, "id": uuid.UUID(int=1), "x": [float("nan"), "é"]}, 201
    )
    assert response.status_code == 201
    assert client(response).get("/").json() == {
        "day": "2024-02-29",
        "id": "00000000-0000-0000-0000-000000000001",
        "x": [None, "é"],
    }
    with pytest.raises(ValueError, match="serialize"):
        JSONResponse(object())


def test_a_redirect_escapes_its_target():
    response = RedirectResponse("/a b\r\nx: y/\xe9?q=%20&r=1#f")
    assert response.status_code == 307
    assert response.headers["location"] == (
        "/a%20b%0D%0Ax:%20y/%C3%A9?q=%20&r=1#f"
    )
    assert RedirectResponse("/", 303).status_code == 303
    for status in (200, 304):
        with pytest.raises(ValueError, match=f"{status} does not redirect"):
            RedirectResponse("/", status)


def test_a_response_describes_itself():
    assert repr(JSONResponse([1])) == "<JSONResponse 200, 3 bytes>"
    assert Response().error is None
