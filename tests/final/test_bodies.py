# ruff: noqa: RUF001, PT007
"""Reading a body, whatever the chunks, the lengths and the client's manners."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith import (
    App,
    BadRequest,
    ClientDisconnect,
    ContentTooLarge,
    HTTPException,
    Request,
)
from microlith.responses import Response
from microlith.testing import Exchange, TestClient, http_scope, run

READERS = ["body", "text", "json", "stream"]


def cut(body: bytes, places: list[int]) -> list[bytes]:
    """The body in pieces; an empty one wherever two places are equal."""
    edges = [0, *sorted(min(p, len(body)) for p in places), len(body)]
    return [body[a:b] for a, b in pairwise(edges)]


def events(chunks: list[bytes], bare: bool = False) -> list[dict[str, Any]]:
    last = len(chunks) - 1
    found: list[dict[str, Any]] = []
    for i, chunk in enumerate(chunks):
        event: dict[str, Any] = {"type": "http.request"}
        if chunk or not bare:
            event["body"] = chunk
        if i < last or not bare:
            event["more_body"] = i < last
        found.append(event)
    return found


def request_of(messages: list[dict[str, Any]], **options: Any) -> Request:
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    headers = options.pop("headers", {})
    return Request(http_scope("POST", "/", headers), receive, **options)


async def read(request: Request, how: str) -> Any:
    if how == "stream":
        return b"".join([piece async for piece in request.stream()])
    return await getattr(request, how)()


def outcome(act: Callable[[], Any]) -> Any:
    """The result, or the type, text and entries of the error."""
    try:
        return act()
    except HTTPException as error:
        return type(error), error.detail, str(error.errors)
    except ClientDisconnect as error:
        return type(error), str(error)


bodies = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=30).map(str.encode),
    st.sampled_from(
        [b"", b"{}", b'{"a": [1, "\xc3\xa9"]}', b"NaN", b"[" * 40, b"\xc3"]
    ),
)
places = st.lists(st.integers(0, 60), max_size=6)


@settings(max_examples=300, deadline=None)
@given(bodies, places, st.booleans(), st.sampled_from(READERS), st.integers(0, 60))
def test_chunking_changes_nothing(
    body: bytes, where: list[int], bare: bool, how: str, limit: int
) -> None:
    whole = request_of(events([body]), max_body=limit)
    parts = request_of(events(cut(body, where), bare), max_body=limit)
    wanted = outcome(lambda: run(read(whole, how)))
    assert outcome(lambda: run(read(parts, how))) == wanted


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40), places, st.sampled_from(READERS), st.data())
def test_a_client_that_leaves_never_leaves_a_short_body(
    body: bytes, where: list[int], how: str, data: st.DataObject
) -> None:
    sent = events(cut(body, where))
    point = data.draw(st.integers(0, len(sent) - 1))
    request = request_of([*sent[:point], {"type": "http.disconnect"}])
    with pytest.raises(ClientDisconnect):
        run(read(request, how))


@pytest.mark.parametrize("size", range(0, 12))
@pytest.mark.parametrize("limit", [0, 1, 5, 11])
@pytest.mark.parametrize("how", ["body", "stream"])
def test_the_limit_holds_at_every_byte(size: int, limit: int, how: str) -> None:
    for step in (1, 3, 12):
        chunks = [b"x" * min(step, size - i) for i in range(0, size, step)] or [b""]
        request = request_of(events(chunks), max_body=limit)
        if size <= limit:
            assert run(read(request, how)) == b"x" * size
        else:
            with pytest.raises(ContentTooLarge):
                run(read(request, how))


def test_a_stream_yields_nothing_above_the_limit() -> None:
    seen: list[bytes] = []

    async def take(request: Request) -> None:
        async for piece in request.stream():
            seen.append(piece)

    request = request_of(events([b"abc", b"de", b"fgh"]), max_body=5)
    with pytest.raises(ContentTooLarge):
        run(take(request))
    assert seen == [b"abc", b"de"]


# --- Content-Length ----------------------------------------------------------

MALFORMED = [
    b"+5", b"-1", b"1_0", "５".encode(), b"5, 5", b"5;5", b"", b" 5", b"5 ",
    b"0x5", b"5.0", b"1e3", b"\xb2", b"NaN", b"5\x005",
]  # fmt: skip
TOO_LARGE = [
    b"11",
    b"1" + b"0" * 30,
    b"9" * 18,
    b"9" * 19,
    b"9" * 5000,
    b"0" * 30 + b"11",
]
GOOD = [b"5", b"05", b"0" * 30 + b"5", b"0" * 30 + b"10", b"0" * 5000]


async def echo(request: Request) -> Response:
    return Response(await request.body())


def send(*lengths: bytes, read_it: bool = True) -> int:
    called = []

    async def handler(request: Request) -> Response:
        called.append(1)
        return await echo(request) if read_it else Response(b"unread")

    app = App(max_body=10)
    app.post("/")(handler)
    scope = http_scope("POST")
    scope["headers"] += [(b"content-length", length) for length in lengths]
    exchange = Exchange(app, scope)
    exchange.put({"type": "http.request", "body": b"hello"})
    status: int = exchange.take()["status"]
    exchange.finish()
    assert bool(called) is (status == 200), "the handler runs for a good length only"
    return status


@pytest.mark.parametrize("read_it", [True, False])
@pytest.mark.parametrize(
    ("lengths", "status"),
    [
        *([(length,), 400] for length in MALFORMED),
        *([(length,), 413] for length in TOO_LARGE),
        *([(length,), 200] for length in GOOD),
        [(b"5", b"5"), 400],
        [(b"5", b"6"), 400],
        [(b"", b"5"), 400],
        [(), 200],
    ],
)
def test_a_length_is_one_number_in_ascii(
    lengths: tuple[bytes, ...], status: int, read_it: bool
) -> None:
    assert send(*lengths, read_it=read_it) == status


@pytest.mark.parametrize(
    ("lengths", "error"),
    [
        *((length, BadRequest) for length in MALFORMED),
        *((length, ContentTooLarge) for length in TOO_LARGE),
        *((length, None) for length in GOOD),
    ],
)
def test_a_request_that_stands_alone_checks_the_same(
    lengths: bytes, error: type[Exception] | None
) -> None:
    request = request_of(events([b"hello"]), max_body=10)
    request.scope["headers"].append((b"content-length", lengths))
    if error is None:
        assert run(request.body()) == b"hello"
    else:
        with pytest.raises(error):
            run(request.body())


# --- twice, both ways --------------------------------------------------------


def test_the_body_is_kept_and_a_stream_is_not() -> None:
    async def body_first(request: Request) -> Any:
        first = await request.body()
        again = [piece async for piece in request.stream()]
        return first, again, await request.text(), await request.json()

    assert run(body_first(request_of(events([b"[", b"1]"])))) == (
        b"[1]", [b"[1]"], "[1]", [1],
    )  # fmt: skip

    async def stream_first(request: Request) -> Any:
        async for _ in request.stream():
            pass
        return await request.body()

    with pytest.raises(RuntimeError, match="already read"):
        run(stream_first(request_of(events([b"[1]"]), app=object())))


def test_a_failed_read_stays_failed() -> None:
    """What is left of a refused body must not be taken for a body."""

    async def twice(request: Request) -> Any:
        with pytest.raises(ContentTooLarge):
            await request.body()
        return await request.body()

    request = request_of(events([b"too long", b"ok"]), app=object(), max_body=3)
    with pytest.raises(RuntimeError, match="already read"):
        run(twice(request))


@pytest.mark.parametrize(
    "body",
    [b"", b"nope", b"NaN", b"Infinity", b"[" * 5000, b"9" * 5000, b'"\\ud800"',
     b"\xff", b'{"a":1', b"{}x", b"'a'"],
)  # fmt: skip
def test_what_is_not_json_is_a_400_with_errors(body: bytes) -> None:
    app = App()

    @app.post("/")
    async def handler(request: Request) -> Response:
        await request.json()
        return Response()

    answer = TestClient(app).post("/", content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["type"] == "json"


def test_a_route_may_read_more_or_less_than_its_app() -> None:
    app = App(max_body=4)
    app.post("/app")(echo)
    app.post("/more", max_body=6)(echo)
    app.post("/none", max_body=0)(echo)
    client = TestClient(app)
    wanted = {"/app": 4, "/more": 6, "/none": 0}
    for path, limit in wanted.items():
        for headers in ({}, {"transfer-encoding": "chunked"}):
            for size in (limit, limit + 1):
                answer = client.post(path, content=b"x" * size, headers=headers)
                assert answer.status_code == (200 if size == limit else 413)


@pytest.mark.parametrize("how", READERS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-length": "99"}, 413),
        ({"content-length": "+1"}, 400),
        ({"host": "a/b"}, 400),
    ],
)
def test_a_middleware_reads_nothing_of_a_request_that_is_refused(
    how: str, headers: dict[str, str], status: int
) -> None:
    received = []

    async def receive() -> dict[str, Any]:
        received.append(1)
        return {"type": "http.request", "body": b"{}"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def reader(request: Request, call_next: Any) -> Response:
        await read(request, how)
        return Response()

    sent: list[dict[str, Any]] = []
    app = App(max_body=10)
    app.add_middleware(reader)
    app.post("/")(echo)
    run(app(http_scope("POST", "/", headers), receive, send))
    assert sent[0]["status"] == status
    assert received == [], "the head says it all"
