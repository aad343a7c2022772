"""The body of a request: read whole, as text, as JSON, as a stream."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith.exceptions import BadRequest, ClientDisconnect, ContentTooLarge
from microlith.requests import Request
from microlith.testing import http_scope, run


class Wire:
    """The client's side: pieces of a body, then perhaps a disconnect."""

    def __init__(self, pieces: Iterable[bytes], complete: bool = True):
        self.received = 0
        self.events: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": True}
            for piece in pieces
        ]
        if complete and self.events:
            self.events[-1]["more_body"] = False

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        if self.events:
            return self.events.pop(0)
        return {"type": "http.disconnect"}

    def request(self, headers: Any = (), **options: Any) -> Request:
        scope = http_scope("POST", "/", headers)
        return Request(scope, self.receive, **options)


async def collect(request: Request, into: list[bytes]) -> list[bytes]:
    async for piece in request.stream():
        into.append(piece)
    return into


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=9), min_size=1, max_size=6))
def test_a_body_does_not_depend_on_its_pieces(pieces: list[bytes]):
    whole = b"".join(pieces)
    assert run(Wire(pieces).request().body()) == whole
    streamed = run(collect(Wire(pieces).request(), []))
    assert streamed == [p for p in pieces if p], "as it came, no empty piece"


def test_text_and_json_do_not_depend_on_the_pieces():
    raw = '{"name": "Zo\xeb"}'.encode()
    for cut in range(len(raw) + 1):
        pieces = [raw[:cut], raw[cut:]]
        assert run(Wire(pieces).request().text()) == raw.decode()
        assert run(Wire(pieces).request().json()) == {"name": "Zo\xeb"}


def test_a_body_is_received_once_and_kept():
    wire = Wire([b'{"a"', b": 1}"])
    request = wire.request()
    assert run(request.body()) == b'{"a": 1}'
    assert run(request.json()) == {"a": 1}
    assert run(request.text()) == '{"a": 1}'
    assert run(collect(request, [])) == [b'{"a": 1}']
    assert wire.received == 2, "nothing is received after the last piece"


def test_an_event_may_leave_out_its_optional_keys():
    wire = Wire([])
    wire.events = [{"type": "http.request"}]
    assert run(wire.request().body()) == b""
    wire.events = [{"type": "http.request"}]
    assert run(collect(wire.request(), [])) == []


def test_a_streamed_body_is_gone():
    request = Wire([b"abc"]).request()
    assert run(collect(request, [])) == [b"abc"]
    with pytest.raises(RuntimeError, match="already read as a stream"):
        run(request.body())
    with pytest.raises(RuntimeError, match="already read as a stream"):
        run(collect(request, []))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b'{"a": Infinity}', b'"\xff"', b"[1] x"]
)
def test_a_body_that_is_not_json_is_a_400(body: bytes):
    with pytest.raises(BadRequest) as caught:
        run(Wire([body]).request().json())
    assert caught.value.status_code == 400
    assert caught.value.detail.startswith("The body is not JSON")
    error = caught.value.errors[0]
    assert (error["loc"], error["type"]) == (["body"], "json")


def test_a_body_that_is_not_utf_8_is_a_400():
    with pytest.raises(BadRequest) as caught:
        run(Wire([b"caf\xe9"]).request().text())
    assert caught.value.status_code == 400
    assert caught.value.detail.startswith("The body is not UTF-8")
    assert caught.value.errors[0]["loc"] == ["body"]


def test_a_length_above_the_limit_is_a_413_before_anything_is_read():
    wire = Wire([b"x" * 11])
    request = wire.request({"content-length": "11"}, max_body=10)
    with pytest.raises(ContentTooLarge) as caught:
        run(request.body())
    assert caught.value.status_code == 413
    assert caught.value.errors[0]["loc"] == ["body"]
    with pytest.raises(ContentTooLarge):
        run(collect(request, []))
    assert wire.received == 0, "the header alone rules the body out"


@pytest.mark.parametrize("sizes", [[11], [5, 6], [5, 5, 1, 5]])
def test_a_body_above_the_limit_is_a_413_while_it_is_read(sizes: list[int]):
    pieces = [b"x" * size for size in sizes]
    wire = Wire([*pieces, b"x" * 50])
    with pytest.raises(ContentTooLarge) as caught:
        run(wire.request(max_body=10).body())
    assert caught.value.status_code == 413
    assert "larger than 10 bytes" in caught.value.detail
    assert len(wire.events) >= 1, "reading stops at the limit"
    into: list[bytes] = []
    with pytest.raises(ContentTooLarge):
        run(collect(Wire(pieces).request(max_body=10), into))
    assert sum(map(len, into)) <= 10, "nothing above the limit is yielded"


def test_a_body_of_exactly_the_limit_is_read():
    wire = Wire([b"x" * 4, b"x" * 6])
    request = wire.request({"content-length": "10"}, max_body=10)
    assert run(request.body()) == b"x" * 10
    assert run(collect(Wire([b"x" * 10]).request(max_body=10), [])) == [
        b"x" * 10
    ]


def test_the_limit_is_10_mib_unless_told():
    limit = 10 * 1024 * 1024
    assert len(run(Wire([bytes(limit)]).request().body())) == limit
    with pytest.raises(ContentTooLarge) as caught:
        run(Wire([bytes(limit), b"x"]).request().body())
    assert f"larger than {limit} bytes" in caught.value.detail


@pytest.mark.parametrize(
    "length",
    ["-1", "+3", "", "abc", "1_0", "0x3", "3.0", "3, 3", "3 ", "\xb3"],
)
def test_a_content_length_that_is_no_number_is_a_400(length: str):
    for read in (Request.body, lambda r: collect(r, [])):
        wire = Wire([b"abc"])
        with pytest.raises(BadRequest) as caught:
            run(read(wire.request({"content-length": length})))
        assert caught.value.status_code == 400
        assert "Content-Length" in caught.value.detail
        assert caught.value.errors[0]["loc"] == ["header"]
        assert wire.received == 0


def test_two_content_lengths_are_a_400():
    twice = [("content-length", "3"), ("content-length", "3")]
    with pytest.raises(BadRequest) as caught:
        run(Wire([b"abc"]).request(twice).body())
    assert caught.value.status_code == 400


def test_leading_zeros_do_not_make_a_length_too_large():
    wire = Wire([b"abc"])
    request = wire.request({"content-length": "0" * 30 + "3"}, max_body=3)
    assert run(request.body()) == b"abc"
    request = Wire([b""]).request({"content-length": "0"}, max_body=0)
    assert run(request.body()) == b""


def test_a_length_of_any_size_is_only_too_large():
    for digits in (19, 5000):
        request = Wire([b"abc"]).request({"content-length": "9" * digits})
        with pytest.raises(ContentTooLarge) as caught:
            run(request.body())
        assert caught.value.status_code == 413


@pytest.mark.parametrize("pieces", [[], [b"abc"], [b"abc", b"def"]])
def test_a_client_that_leaves_never_yields_a_short_body(pieces: list[bytes]):
    wire = Wire(pieces, complete=False)
    request = wire.request()
    with pytest.raises(ClientDisconnect, match="before the body was complete"):
        run(request.body())
    wire.events = [{"type": "http.request", "body": b"the rest"}]
    with pytest.raises((ClientDisconnect, RuntimeError)):
        run(request.body())
    into: list[bytes] = []
    with pytest.raises(ClientDisconnect):
        run(collect(Wire(pieces, complete=False).request(), into))
    assert into == pieces, "what came before is yielded, the end is an error"
