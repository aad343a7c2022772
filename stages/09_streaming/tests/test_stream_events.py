"""Server-sent events: fields, keep-alive, the error at the end."""

import asyncio
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import pytest
from pydantic import BaseModel

from microlith.applications import App
from microlith.exceptions import Conflict
from microlith.streaming import EventStream, ServerSentEvent
from microlith.testing import Exchange, TestClient, http_scope, run


class Broken(Exception):
    """What this file's generators raise."""


class Point(BaseModel):
    """Something that pydantic can turn into JSON."""

    x: int


def app_with(*pieces, **options):
    """Return an app that sends these pieces as events."""
    app = App()

    @app.get("/")
    async def stream():
        return EventStream(list(pieces), **options)

    return app


def wire(*pieces, **options):
    """Return the text of a stream of these pieces."""
    return TestClient(app_with(*pieces, **options)).get("/").text


# --- one event ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"data": "hello"}, "data: hello\n\n"),
        ({"data": ""}, "data: \n\n"),
        (
            {"data": "x", "event": "tick", "id": "7", "retry": 2000},
            "event: tick\nid: 7\nretry: 2000\ndata: x\n\n",
        ),
        ({"data": {"a": [1, None]}}, 'data: {"a":[1,null]}\n\n'),
        ({"data": Point(x=1)}, 'data: {"x":1}\n\n'),
        ({"data": 7}, "data: 7\n\n"),
        ({"id": "7"}, "id: 7\n\n"),
        ({"retry": 10}, "retry: 10\n\n"),
    ],
)
def test_how_an_event_is_sent(fields, text):
    assert ServerSentEvent(**fields).encode() == text.encode()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_each_line_of_the_data_is_a_field(end):
    event = ServerSentEvent(f"one{end}two{end}")
    assert event.encode() == b"data: one\ndata: two\ndata: \n\n"


def test_other_line_ends_of_unicode_are_no_line_ends_here():
    event = ServerSentEvent("a\u2028b\x0bc")
    assert event.encode() == "data: a\u2028b\x0bc\n\n".encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_null(number):
    assert ServerSentEvent([number]).encode() == b"data: [null]\n\n"


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b", "\ndata: forged"])
def test_a_line_end_in_a_field_is_refused(field, bad):
    with pytest.raises(ValueError, match=f"{field}=.*a line end or a NUL"):
        ServerSentEvent("x", **{field: bad})


@pytest.mark.parametrize("retry", ["5", 1.5])
def test_retry_is_a_whole_number(retry):
    with pytest.raises(ValueError, match=r"retry=.*no whole number"):
        ServerSentEvent("x", retry=retry)


def test_an_event_is_a_value():
    event = ServerSentEvent("x", id="1")
    assert event.encode() == b"id: 1\ndata: x\n\n"
    assert event == ServerSentEvent("x", id="1")
    assert (event.data, event.event, event.id, event.retry) == (
        "x",
        None,
        "1",
        None,
    )
    with pytest.raises(AttributeError):
        event.data = "y"


# --- a stream of them --------------------------------------------------------


def test_data_without_an_event_is_one():
    assert wire("text", {"a": 1}, Point(x=2), 3) == (
        'data: text\n\ndata: {"a":1}\n\ndata: {"x":2}\n\ndata: 3\n\n'
    )


def test_the_headers_of_an_event_stream():
    answer = TestClient(app_with("x")).get("/")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no", (
        "nginx collects a stream without it"
    )
    assert "content-length" not in answer.headers


def test_status_and_headers_of_ones_own():
    app = App()

    @app.get("/")
    async def stream():
        return EventStream(
            ["x"], 202, {"x-name": "feed", "Cache-Control": "no-cache"}
        )

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers["x-name"]) == (202, "feed")
    assert answer.getlist("cache-control") == ["no-cache"]


def test_an_event_stream_starts_at_once():
    async def silent():
        await asyncio.sleep(600)
        yield "never"

    app = App()

    @app.get("/")
    async def stream():
        return EventStream(silent(), ping=None)

    exchange = Exchange(app, http_scope())
    assert exchange.take()["status"] == 200, "EventSource waits for the head"
    first = exchange.take()
    assert (first["body"], first["more_body"]) == (b"", True), (
        "an empty piece makes the server send the head"
    )
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert len(exchange.sent) == 2


def test_events_arrive_one_by_one():
    exchange = Exchange(app_with("a", "b"), http_scope())
    got = [exchange.take() for _ in range(5)]
    assert [m["body"] for m in got[1:]] == [
        b"",
        b"data: a\n\n",
        b"data: b\n\n",
        b"",
    ]
    assert [m.get("more_body", False) for m in got[1:]] == [True] * 3 + [False]
    exchange.finish()


def test_head_of_an_event_stream():
    answer = TestClient(app_with("x")).head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream"


# --- handlers that yield events ----------------------------------------------


async def ticks() -> AsyncIterator[ServerSentEvent]:
    """Yield two events."""
    yield ServerSentEvent(1, event="tick")
    yield ServerSentEvent(2, event="tick")


async def ticks_in_full() -> AsyncGenerator[ServerSentEvent, None]:
    """Yield two events."""
    yield ServerSentEvent(1, event="tick")
    yield ServerSentEvent(2, event="tick")


def plain_ticks() -> Iterator[ServerSentEvent]:
    """Yield two events."""
    yield ServerSentEvent(1, event="tick")
    yield ServerSentEvent(2, event="tick")


@pytest.mark.parametrize("handler", [ticks, ticks_in_full, plain_ticks])
def test_a_handler_annotated_to_yield_events_streams_them(handler):
    app = App()
    app.get("/")(handler)
    answer = TestClient(app).get("/")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text == ("event: tick\ndata: 1\n\nevent: tick\ndata: 2\n\n")


def test_last_event_id_is_a_header_like_any_other():
    app = App()

    @app.get("/")
    async def resume(request) -> AsyncIterator[ServerSentEvent]:
        first = int(request.headers.get("last-event-id", 0)) + 1
        for number in range(first, 4):
            yield ServerSentEvent(number, id=str(number))

    answer = TestClient(app).get("/", headers={"Last-Event-ID": "2"})
    assert answer.text == "id: 3\ndata: 3\n\n"


# --- keep-alive --------------------------------------------------------------


def pausing(ping):
    """Return an app that pauses between its two events."""

    async def slow():
        yield "a"
        await asyncio.sleep(0.06)
        yield "b"

    app = App()

    @app.get("/")
    async def stream():
        return EventStream(slow(), ping=ping)

    return app


def test_a_comment_keeps_a_silent_stream_alive():
    text = TestClient(pausing(0.01)).get("/").text
    assert re.fullmatch(
        r"data: a\n\n(: ping\n\n)+data: b\n\n(: ping\n\n)*", text
    ), text


@pytest.mark.parametrize("ping", [None, 30])
def test_no_comment_before_its_time(ping):
    assert TestClient(pausing(ping)).get("/").text == "data: a\n\ndata: b\n\n"


def test_the_pings_end_with_the_stream():
    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        before = asyncio.all_tasks()
        app = pausing(0.01)
        await app(http_scope(), asyncio.Event().wait, send)
        count = len(sent)
        await asyncio.sleep(0.03)
        return count, len(sent), asyncio.all_tasks() - before

    count, later, tasks = run(main())
    assert count == later, "a ping after the end is a protocol error"
    assert tasks == set()


def test_a_ping_that_finds_nobody_is_no_error(caplog):
    async def slow():
        yield "a"
        await asyncio.sleep(0.05)
        yield "b"

    async def main():
        sent = []

        async def send(message):
            if len(sent) == 3:
                raise BrokenPipeError("gone")
            sent.append(message)

        response = EventStream(slow(), ping=0.01)
        try:
            await response(http_scope(), asyncio.Event().wait, send)
        except Exception as error:
            return type(error).__name__, len(sent)

    assert run(main()) == ("ClientDisconnect", 3)
    assert caplog.text == ""


# --- errors ------------------------------------------------------------------


def failing(error):
    """Return an app whose stream of events breaks off."""

    async def broken():
        yield "a"
        raise error

    app = App()

    @app.get("/")
    async def stream():
        return EventStream(broken())

    return app


def drive(app):
    """Return the text that an app sends, the last event and the error."""
    exchange = Exchange(app, http_scope())
    raised = None
    try:
        exchange.finish()
    except Exception as error:
        raised = error
    text = b"".join(m.get("body", b"") for m in exchange.sent).decode()
    return text, exchange.sent[-1], raised


def test_an_error_is_told_to_the_client_without_details(caplog):
    text, last, raised = drive(failing(Broken("the password is hunter2")))
    assert text == (
        "data: a\n\n"
        "event: error\n"
        'data: {"status":500,"title":"Internal Server Error"}\n\n'
    )
    assert last["more_body"] is True, "a broken stream is not complete"
    assert isinstance(raised, Broken)
    assert caplog.text.count("Unhandled error in GET '/'") == 1


def test_an_http_exception_is_told_with_its_detail(caplog):
    text, _, raised = drive(failing(Conflict("Somebody was faster")))
    assert text.endswith(
        "event: error\n"
        'data: {"status":409,"title":"Conflict",'
        '"detail":"Somebody was faster"}\n\n'
    )
    assert isinstance(raised, Conflict)


def test_an_error_before_the_first_event_is_one_in_the_stream(caplog):
    async def broken():
        raise Broken("at once")
        yield

    app = App()

    @app.get("/")
    async def stream():
        return EventStream(broken())

    text, _, raised = drive(app)
    assert text.startswith("event: error\n"), "the head was sent already"
    assert isinstance(raised, Broken)


def test_data_that_json_cannot_hold_is_an_error(caplog):
    text, _, raised = drive(app_with("a", object()))
    assert text.startswith("data: a\n\nevent: error\n")
    assert isinstance(raised, ValueError)


def test_a_client_that_leaves_is_told_nothing():
    trace = []

    async def pieces():
        try:
            yield "a"
            await asyncio.sleep(600)
        finally:
            trace.append("closed")

    app = App()

    @app.get("/")
    async def stream():
        return EventStream(pieces())

    exchange = Exchange(app, http_scope())
    for _ in range(3):
        exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert trace == ["closed"]
    assert len(exchange.sent) == 3


@pytest.mark.parametrize("ping", [0, -1])
def test_a_ping_needs_time(ping):
    with pytest.raises(ValueError, match="no number of seconds above 0"):
        EventStream([], ping=ping)
