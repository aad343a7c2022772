"""A `Response` is finished bytes, and itself an ASGI app."""

import pytest

from microlith.responses import Response
from microlith.testing import Exchange, http_scope


def headers_of(response: Response) -> dict[bytes, bytes]:
    names = [name for name, _ in response.raw_headers]
    assert len(names) == len(set(names)), (
        f"a header stands there twice: {names}"
    )
    return dict(response.raw_headers)


def test_text_is_sent_as_utf8_and_says_so() -> None:
    response = Response("Grüße")
    assert response.status_code == 200
    assert response.body == b"Gr\xc3\xbc\xc3\x9fe"
    assert headers_of(response) == {
        b"content-length": b"7",
        b"content-type": b"text/plain; charset=utf-8",
    }, "Content-Length counts bytes, not characters"


def test_bytes_get_a_length_and_no_invented_type() -> None:
    response = Response(b"\x00\x01")
    assert response.body == b"\x00\x01"
    assert headers_of(response) == {b"content-length": b"2"}, (
        "nobody said what these bytes are, so the response must not guess"
    )
    empty = Response(status_code=404)
    assert (empty.status_code, empty.body) == (404, b"")
    assert headers_of(empty) == {b"content-length": b"0"}


@pytest.mark.parametrize("content", ["{}", b"{}"])
def test_media_type_is_what_the_caller_says(content: str | bytes) -> None:
    response = Response(content, media_type="application/json")
    assert headers_of(response)[b"content-type"] == b"application/json"


def test_headers_become_lower_case_latin_1_bytes() -> None:
    response = Response("", headers={"X-Name": "Zoë", "Server": "M"})
    assert response.raw_headers[-2:] == [
        (b"x-name", b"Zo\xeb"),
        (b"server", b"M"),
    ], "ASGI asks for lower-case names and for bytes"


def test_a_response_sends_one_start_and_one_body() -> None:
    exchange = Exchange(Response("hi", status_code=201), http_scope())
    assert exchange.take() == {
        "type": "http.response.start",
        "status": 201,
        "headers": [
            (b"content-length", b"2"),
            (b"content-type", b"text/plain; charset=utf-8"),
        ],
    }
    body = exchange.take()
    assert body["type"] == "http.response.body"
    assert body["body"] == b"hi"
    assert not body.get("more_body"), "nothing follows, so more_body is false"
    exchange.finish()
    assert len(exchange.sent) == 2, "a response is two events, no more"
