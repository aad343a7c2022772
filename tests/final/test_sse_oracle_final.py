"""Server-sent events at random, read back by a parser of the WHATWG's rules."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microlith import App, EventStream, Forbidden, ServerSentEvent
from microlith.testing import TestClient


@dataclass(frozen=True)
class Received:
    """What the page of a browser is given for one event."""

    type: str
    data: str
    last_id: str


def parse(stream: bytes) -> tuple[list[Received], list[int]]:
    """Read a stream as HTML §9.2.6 says; return events and reconnection times."""
    text = stream.decode("utf-8").removeprefix("\ufeff")
    assert not text or text[-1] in "\r\n", "an event that is not ended is lost"
    events, times = [], []
    data, kind, last_id = "", "", ""
    for line in re.split("\r\n|\n|\r", text)[:-1]:
        if not line:
            if data:
                events.append(Received(kind or "message", data[:-1], last_id))
            data, kind = "", ""
            continue
        name, colon, value = line.partition(":")
        if colon and not name:
            continue  # a comment
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data += value + "\n"
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            times.append(int(value))
    return events, times


def served(*events: Any, **options: Any) -> Any:
    """The answer of an app that streams these events."""
    app = App()

    @app.get("/")
    async def stream() -> EventStream:
        return EventStream(list(events), **options)

    return TestClient(app).get("/")


letters = st.characters(exclude_categories=["Cs"])
texts = st.one_of(
    st.text(letters, max_size=30),
    st.text(st.sampled_from("a :\r\n\0\ufeff\u2028\x85\x0b"), max_size=12),
    st.sampled_from(
        ["event: x", "data: y\n\nid: 7", ": comment", "\n", "\r\n\r\n", ""]
    ),
)
names = st.none() | st.text(letters, max_size=10).filter(
    lambda text: not set(text) & set("\r\n\0")
)
values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(letters, max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(letters, max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
).filter(lambda value: not isinstance(value, str))
events = st.builds(
    ServerSentEvent,
    st.none() | texts | values,
    names,
    names,
    st.none() | st.integers(0, 10**6),
)


def expected(sent: list[ServerSentEvent]) -> list[Received]:
    """What a page should be given for these events."""
    found, last_id = [], ""
    for event in sent:
        if event.id is not None:
            last_id = event.id
        if event.data is None:
            continue
        data = event.data
        if not isinstance(data, str):
            data = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        data = re.sub("\r\n|\r", "\n", data)
        found.append(Received(event.event or "message", data, last_id))
    return found


def test_an_event_by_hand() -> None:
    answer = served(ServerSentEvent("a\nb", "tick", "7", 250), "plain")
    assert answer.content == (
        b"event: tick\nid: 7\nretry: 250\ndata: a\ndata: b\n\ndata: plain\n\n"
    )
    assert parse(answer.content) == (
        [Received("tick", "a\nb", "7"), Received("message", "plain", "7")],
        [250],
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=6))
@example([ServerSentEvent("\ufeffa"), ServerSentEvent(" a"), ServerSentEvent("")])
@example([ServerSentEvent("a", "", ""), ServerSentEvent(None, None, "9")])
@example([ServerSentEvent("data: x\r\rid: 1\n\n")])
def test_events_arrive_as_they_were_sent(sent: list[ServerSentEvent]) -> None:
    answer = served(*sent)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    events, times = parse(answer.content)
    assert events == expected(sent)
    assert times == [event.retry for event in sent if event.retry is not None]


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, max_size=5))
def test_plain_data_is_no_more_than_data(sent: list[str]) -> None:
    found, times = parse(served(*sent).content)
    assert [event.type for event in found] == ["message"] * len(sent)
    assert {event.last_id for event in found} <= {""}
    assert times == []


@settings(max_examples=150, deadline=None)
@given(
    st.text(letters, max_size=5),
    st.sampled_from(["\r", "\n", "\r\n", "\0"]),
    st.text(letters, max_size=5),
    st.sampled_from(["event", "id"]),
)
def test_a_line_end_in_a_field_is_refused(
    before: str, end: str, after: str, field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        ServerSentEvent("data", **{field: f"{before}{end}{after}"})  # type: ignore[arg-type]


@pytest.mark.parametrize("retry", ["5", 1.5, "1\ndata: x", True, -1])
def test_a_time_that_is_none_is_refused(retry: Any) -> None:
    with pytest.raises(ValueError, match="retry"):
        ServerSentEvent("data", retry=retry)


# --- failures and handlers that yield ---------------------------------------


async def fails_async(error: Exception) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent("one", id="1")
    raise error


def fails(error: Exception) -> Iterator[ServerSentEvent]:
    yield ServerSentEvent("one", id="1")
    raise error


@pytest.mark.parametrize("function", [fails, fails_async])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("secret\n\nevent: x"), {"status": 500}),
        (Forbidden("not\nyours"), {"status": 403, "detail": "not\nyours"}),
    ],
)
def test_a_failure_is_told_as_one_event_without_secrets(
    function: Any, error: Exception, told: dict[str, Any]
) -> None:
    app = App()

    @app.get("/")
    async def stream() -> EventStream:
        return EventStream(function(error))

    pieces: list[bytes] = []
    # The server is told by the exception: it cuts the connection.
    with (
        pytest.raises(type(error)),
        TestClient(app).stream("GET", "/") as response,
    ):
        pieces.extend(response.iter_bytes())
    content = b"".join(pieces)
    found, _ = parse(content)
    assert [event.type for event in found] == ["message", "error"]
    assert b"secret" not in content
    assert told.items() <= json.loads(found[1].data).items()


def test_a_handler_that_yields_events_streams_them() -> None:
    app = App()

    @app.get("/async")
    async def one() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent({"a": 1}, "tick")

    @app.get("/plain")
    def two() -> Iterator[ServerSentEvent]:
        yield ServerSentEvent({"a": 1}, "tick")

    for path in ("/async", "/plain"):
        answer = TestClient(app).get(path)
        assert answer.headers["content-type"] == "text/event-stream"
        assert parse(answer.content)[0] == [Received("tick", '{"a":1}', "")]
