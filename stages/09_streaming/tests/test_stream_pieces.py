"""A body from an iterable: piece by piece, closed in the end."""

import asyncio
import logging

import pytest

from microlith.applications import App
from microlith.exceptions import Conflict
from microlith.responses import Response
from microlith.streaming import StreamingResponse
from microlith.testing import Exchange, TestClient, http_scope, run


class Broken(Exception):
    """What this file's iterators raise."""


def app_with(make):
    """Return an app whose one handler streams what `make()` returns."""
    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(make())

    return app


def drive(app, scope=None):
    """Return every event that an app sends, and what it raised."""
    exchange = Exchange(app, scope or http_scope())
    raised = None
    try:
        exchange.finish()
    except Exception as error:
        raised = error
    return exchange.sent, raised


def begin(call):
    """Start a call; what it raises is looked at in any case."""
    task = asyncio.ensure_future(call)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def bodies(sent):
    """Return the body and `more_body` of each body event."""
    return [
        (m["body"], m.get("more_body", False))
        for m in sent
        if m["type"] == "http.response.body"
    ]


async def letters():
    """Yield three pieces."""
    for letter in ("a", "b", "c"):
        yield letter


# --- what goes out -----------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        letters,
        lambda: ["a", "b", "c"],
        lambda: ("a", "b", "c"),
        lambda: (letter for letter in "abc"),
        lambda: iter({"a": 1, "b": 2, "c": 3}),
    ],
    ids=["async generator", "list", "tuple", "generator", "iterator"],
)
def test_any_iterable_is_a_body(make):
    answer = TestClient(app_with(make)).get("/")
    assert (answer.status_code, answer.text) == (200, "abc")


def test_each_piece_is_an_event_and_an_empty_one_ends():
    sent, raised = drive(app_with(letters))
    assert raised is None
    assert bodies(sent) == [
        (b"a", True),
        (b"b", True),
        (b"c", True),
        (b"", False),
    ]


def test_a_stream_has_no_content_length():
    answer = TestClient(app_with(letters)).get("/")
    assert answer.text == "abc"
    assert "content-length" not in answer.headers, (
        "nobody knows the length of what is not made yet"
    )


def test_a_length_that_the_author_knows_is_sent():
    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(letters(), headers={"Content-Length": "3"})

    answer = TestClient(app).get("/")
    assert (answer.text, answer.headers["content-length"]) == ("abc", "3")


def test_status_headers_and_media_type():
    app = App()

    @app.get("/")
    async def report():
        return StreamingResponse(
            letters(), 202, {"x-name": "report"}, media_type="text/csv"
        )

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.text) == (202, "abc")
    assert answer.headers["x-name"] == "report"
    assert answer.headers["content-type"] == "text/csv"


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        (["é", b"b"], "text/plain; charset=utf-8"),
        ([b"\xff", "b"], "application/octet-stream"),
        ([bytearray(b"a")], "application/octet-stream"),
    ],
)
def test_the_first_piece_decides_the_content_type(pieces, kind):
    answer = TestClient(app_with(lambda: pieces)).get("/")
    assert answer.headers.get("content-type") == kind


def test_text_is_sent_as_utf_8_and_buffers_as_bytes():
    pieces = ["é", bytearray(b"-"), memoryview(b"+"), b"!"]
    answer = TestClient(app_with(lambda: pieces)).get("/")
    assert answer.content == "é-+!".encode()


def test_a_stream_without_pieces_is_an_empty_answer():
    sent, raised = drive(app_with(lambda: []))
    assert raised is None
    assert sent[0]["status"] == 200
    assert bodies(sent) == [(b"", False)]


def test_the_body_of_a_stream_is_none_for_middlewares():
    app = app_with(letters)
    seen = []

    @app.add_middleware
    async def look(request, call_next):
        response = await call_next(request)
        seen.append(response.body)
        response.headers["x-seen"] = "yes"
        return response

    answer = TestClient(app).get("/")
    assert (answer.text, answer.headers["x-seen"]) == ("abc", "yes")
    assert seen == [None]


def test_a_streaming_response_is_an_asgi_app():
    response = StreamingResponse(letters())
    assert isinstance(response, Response)
    sent, raised = drive(response)
    assert raised is None
    assert bodies(sent)[0] == (b"a", True)


# --- one piece at a time -----------------------------------------------------


def test_status_and_headers_wait_for_the_first_piece():
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        yield "late"

    exchange = Exchange(app_with(slow), http_scope())
    with pytest.raises(AssertionError, match="waits for ever"):
        exchange.take()
    assert exchange.sent == [], "nothing is promised before there is a piece"
    assert TestClient(app_with(letters)).get("/").text == "abc"


def test_a_piece_waits_until_the_one_before_is_taken():
    made = []

    async def count():
        for number in range(100):
            made.append(number)
            yield b"x"

    async def main():
        taken, gate = [], asyncio.Semaphore(0)

        async def send(message):
            await gate.acquire()
            taken.append(message)

        app = app_with(count)
        call = begin(app(http_scope(), asyncio.Event().wait, send))
        for allowed in range(1, 6):
            gate.release()
            await asyncio.sleep(0.001)
            assert len(taken) == allowed
            assert len(made) <= allowed, (
                "the iterator ran ahead of a client that does not read"
            )
        call.cancel()
        await asyncio.wait([call])

    run(main())
    assert 1 <= len(made) <= 5


def test_a_list_is_not_copied_into_one_piece():
    sent, _ = drive(app_with(lambda: [b"x" * 10] * 3))
    assert [body for body, more in bodies(sent) if more] == [b"x" * 10] * 3


# --- errors ------------------------------------------------------------------


def errors_in(caplog):
    """Return the records of errors that Microlith wrote."""
    return [
        record
        for record in caplog.records
        if record.name == "microlith.errors"
        and record.levelno == logging.ERROR
    ]


def test_an_error_before_the_first_piece_is_a_500(caplog):
    async def broken():
        raise Broken("no first piece")
        yield

    answer = TestClient(app_with(broken)).get("/")
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    assert len(errors_in(caplog)) == 1


def test_an_http_exception_before_the_first_piece_is_answered():
    async def sold_out():
        raise Conflict("Come back tomorrow")
        yield

    answer = TestClient(app_with(sold_out)).get("/")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Come back tomorrow"


def test_an_error_in_the_middle_aborts_and_is_logged_once(caplog):
    async def broken():
        yield b"half"
        raise Broken("in the middle")

    sent, raised = drive(app_with(broken))
    assert isinstance(raised, Broken), "the server must cut the connection"
    assert bodies(sent) == [(b"half", True)], "nothing may say `complete`"
    records = errors_in(caplog)
    assert len(records) == 1
    assert "GET '/'" in records[0].getMessage()


@pytest.mark.parametrize("piece", [1, None, ["a"], {"a": 1}])
def test_a_first_piece_of_another_type_is_a_500(piece, caplog):
    answer = TestClient(app_with(lambda: [piece])).get("/")
    assert answer.status_code == 500
    assert f"not {type(piece).__name__}" in caplog.text
    assert "A stream yields bytes or str" in caplog.text


def test_an_error_keeps_what_middlewares_have_set():
    async def broken():
        raise Conflict("no")
        yield

    app = app_with(broken)

    @app.add_middleware
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "yes"
        return response

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers.get("x-stamp")) == (409, "yes")


# --- closing -----------------------------------------------------------------


class Source:
    """An iterator that notes what happens to it."""

    def __init__(self, pieces=(b"a",)):
        self.pieces = iter(pieces)
        self.steps = 0
        self.closed = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.steps += 1
        return next(self.pieces)

    def close(self):
        self.closed += 1


def test_an_async_generator_is_closed_in_the_middle():
    trace = []

    async def pieces():
        try:
            yield b"a"
            yield object()
        finally:
            await asyncio.sleep(0)
            trace.append("closed")

    _, raised = drive(app_with(pieces))
    assert isinstance(raised, TypeError)
    assert trace == ["closed"]


def test_a_plain_generator_is_closed_in_the_middle():
    trace = []

    def pieces():
        try:
            yield b"a"
            yield object()
        finally:
            trace.append("closed")

    _, raised = drive(app_with(pieces))
    assert isinstance(raised, TypeError)
    assert trace == ["closed"]


def test_an_iterator_is_closed_at_its_end():
    source = Source()
    assert TestClient(app_with(lambda: source)).get("/").content == b"a"
    assert source.closed == 1


def test_head_sends_the_headers_and_reads_nothing():
    source = Source()
    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(source, 202, {"x-name": "report"})

    answer = TestClient(app).head("/")
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["x-name"] == "report"
    assert source.steps == 0, "HEAD has no body, so none is made"


def test_head_closes_what_it_does_not_read():
    source = Source()
    assert TestClient(app_with(lambda: source)).head("/").status_code == 200
    assert source.closed == 1


def test_head_leaves_what_is_no_iterator_alone():
    class Again:
        closed = False

        def __iter__(self):
            return iter([b"a"])

        def close(self):
            self.closed = True

    again = Again()
    client = TestClient(app_with(lambda: again))
    assert client.head("/").content == b""
    assert client.get("/").content == b"a"
    assert not again.closed, "it may be iterated again, so it is not ours"
