from typing import Any

import pytest
from exercise import lines

from microlith.exceptions import BadRequest, ClientDisconnect, ContentTooLarge
from microlith.requests import Request
from microlith.testing import http_scope, run


class Wire:
    def __init__(self, *pieces: bytes, complete: bool = True):
        self.received = 0
        self.events: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": True}
            for piece in pieces
        ]
        if complete:
            self.events.append({"type": "http.request"})

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        if self.events:
            return self.events.pop(0)
        return {"type": "http.disconnect"}

    def lines(self, into: list[str], max_line: int = 1000) -> list[str]:
        async def collect() -> list[str]:
            request = Request(http_scope("POST"), self.receive)
            async for line in lines(request, max_line):
                into.append(line)
            return into

        return run(collect())


def test_lines_do_not_depend_on_the_pieces():
    raw = "a\r\nb\u2603\n\nlast".encode()
    for size in range(1, len(raw) + 1):
        pieces = [raw[i : i + size] for i in range(0, len(raw), size)]
        assert Wire(*pieces).lines([]) == ["a", "b\u2603", "", "last"]


def test_only_a_line_feed_ends_a_line():
    assert Wire("a\u2028b\x0bc\n".encode()).lines([]) == ["a\u2028b\x0bc"]
    assert Wire(b"").lines([]) == []


def test_a_line_comes_before_the_next_piece():
    wire = Wire(b"one\ntw", b"o\n")

    async def first() -> str:
        request = Request(http_scope("POST"), wire.receive)
        source = lines(request)
        line = await anext(source)
        await source.aclose()
        return line

    assert run(first()) == "one"
    assert wire.received == 1, "one piece holds the first line"


def test_a_line_without_end_is_refused_early():
    wire = Wire(*[b"x" * 10] * 50)
    with pytest.raises(ContentTooLarge):
        wire.lines([], max_line=25)
    assert wire.received <= 4, "only so much is kept"
    assert Wire(b"x" * 25 + b"\r\n").lines([], 25) == ["x" * 25]
    with pytest.raises(ContentTooLarge):
        Wire(b"x" * 26 + b"\n").lines([], max_line=25)


def test_a_line_that_is_not_utf_8_is_refused():
    into: list[str] = []
    with pytest.raises(BadRequest):
        Wire(b"ok\ncaf\xe9\n").lines(into)
    assert into == ["ok"]


def test_a_client_that_leaves_leaves_no_half_line():
    into: list[str] = []
    with pytest.raises(ClientDisconnect):
        Wire(b"one\ntw", complete=False).lines(into)
    assert into == ["one"]
