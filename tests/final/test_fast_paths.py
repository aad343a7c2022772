"""Each short way through the kernel gives what the long way gives."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith import (
    App,
    HTTPException,
    NotFound,
    Path,
    Problem,
    Request,
    Response,
    Router,
    StreamingResponse,
    TextResponse,
)
from microlith.datastructures import MAX_NAMES, NAMES, MutableHeaders, QueryParams
from microlith.testing import TestClient, http_scope, run

# --- the head ----------------------------------------------------------------


def statuses(app: App, *headers: list[tuple[bytes, bytes]]) -> list[int]:
    """Ask one app several times; return the statuses."""

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            found.append(message["status"])

    async def ask() -> None:
        for raw in headers:
            await app({**http_scope(), "headers": raw}, None, send)

    found: list[int] = []
    run(ask())
    return found


def plain_app() -> App:
    app = App()

    @app.get("/")
    async def handler() -> str:
        return "hello"

    return app


GOOD, BAD = (b"host", b"shop.example"), (b"host", b"shop.example/evil")


def test_a_known_host_makes_no_other_host_right() -> None:
    # SECURITY: GHSA-86qp-5c8j-p5mr, asked again with a Host that is remembered.
    asked = [[GOOD], [BAD], [BAD], [GOOD], [GOOD, GOOD], [GOOD, BAD], [GOOD]]
    found = statuses(plain_app(), *asked)
    assert found == [200, 400, 400, 200, 400, 400, 200]


def test_a_known_host_does_not_excuse_a_length() -> None:
    lengths = [b"5", b"+5", b"99999999999", b"5"]
    asked = [[GOOD, (b"content-length", length)] for length in lengths]
    assert statuses(plain_app(), [GOOD], *asked) == [200, 200, 400, 413, 200]


def test_no_host_and_an_empty_one_are_right_after_any_other() -> None:
    empty = (b"host", b"")
    asked = [[GOOD], [], [empty], [BAD], [], [empty]]
    assert statuses(plain_app(), *asked) == [200, 200, 200, 400, 200, 200]


# --- queries and headers -----------------------------------------------------


@given(st.text("ab=&;é \x00\ud7ff", max_size=30))
def test_a_query_without_escapes_is_split_as_the_library_splits_it(text: str) -> None:
    expected = parse_qsl(text, keep_blank_values=True)
    assert QueryParams(text).multi_items() == expected


@given(st.text("ab=&%+2C", max_size=30))
def test_so_is_a_query_with_escapes(text: str) -> None:
    expected = parse_qsl(text, keep_blank_values=True)
    assert QueryParams(text).multi_items() == expected


@pytest.mark.parametrize("text", ["a=1", "a=%31"])
def test_too_many_fields_are_refused_either_way(text: str) -> None:
    assert len(QueryParams("&".join([text] * 1000)).multi_items()) == 1000
    with pytest.raises(ValueError, match="fields"):
        QueryParams("&".join([text] * 1001))


@pytest.mark.parametrize("value", ["on", "", "a b", "é", "a\tb", "\xa0"])
def test_a_header_is_set_as_it_is_appended(value: str) -> None:
    one, two = MutableHeaders([(b"x-a", b"old")]), MutableHeaders()
    one["X-A"] = value
    two.append("X-A", value)
    assert one.raw == two.raw == [(b"x-a", value.encode("latin-1"))]


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "\x00", "\x7f", "€"])
def test_a_value_that_may_not_be_sent_is_refused_either_way(value: str) -> None:
    headers = MutableHeaders()
    with pytest.raises(ValueError, match="x-a"):
        headers["x-a"] = value
    with pytest.raises(ValueError, match="x-a"):
        headers.append("x-a", value)
    assert headers.raw == []


def test_names_are_kept_up_to_a_bound_and_checked_beyond_it() -> None:
    headers = MutableHeaders()
    for number in range(MAX_NAMES + 50):
        headers[f"X-Bound-{number}"] = "on"
    assert len(NAMES) <= MAX_NAMES
    assert headers.raw[-1] == (b"x-bound-%d" % (MAX_NAMES + 49), b"on")
    for name in ("x y", "x:y", "", "x\r\ny"):
        with pytest.raises(ValueError, match="not a header name"):
            headers[name] = "on"
        assert name not in NAMES


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 5000])
def test_the_length_is_that_of_the_body(size: int) -> None:
    app = App()

    @app.get("/text")
    async def text() -> Response:
        return Response(b"a" * size)

    @app.get("/json")
    async def as_json() -> dict[str, str]:
        return {"a": "a" * size}

    client = TestClient(app)
    for path in ("/text", "/json"):
        answer = client.get(path)
        assert answer.headers["content-length"] == str(len(answer.content))


# --- values and results ------------------------------------------------------


def test_a_converter_is_trusted_for_its_own_type_alone() -> None:
    app = App()

    @app.get("/int/{n:int}")
    async def plain(n: int) -> dict[str, Any]:
        return {"n": n}

    @app.get("/text/{n}")
    async def parsed(n: int) -> dict[str, Any]:
        return {"n": n}

    @app.get("/small/{n:int}")
    async def bounded(n: Annotated[int, Path(le=5)]) -> dict[str, Any]:
        return {"n": n}

    @app.get("/float/{n:int}")
    async def widened(n: float) -> dict[str, Any]:
        return {"n": repr(n)}

    client = TestClient(app)
    assert client.get("/int/7").json() == {"n": 7}
    assert client.get("/text/7").json() == {"n": 7}
    assert client.get("/text/x").status_code == 422
    assert client.get("/small/5").json() == {"n": 5}
    assert client.get("/small/6").status_code == 422
    assert client.get("/float/7").json() == {"n": "7.0"}


def test_parameters_are_taken_by_name_whatever_a_middleware_does() -> None:
    app = App()

    @app.add_middleware
    async def meddle(request: Request, call_next: Any) -> Response:
        params = request.path_params
        b = params.pop("b")
        params["other"] = "x"
        params["b"] = b
        response: Response = await call_next(request)
        return response

    @app.get("/{a:int}/{b:int}")
    async def handler(b: int, a: int) -> dict[str, int]:
        return {"a": a, "b": b}

    assert TestClient(app).get("/1/2").json() == {"a": 1, "b": 2}


@pytest.mark.parametrize("kept", ["id", "id,other"])
def test_a_declared_dict_is_still_validated(kept: str) -> None:
    app = App()

    @app.get("/", status_code=201)
    async def handler() -> dict[str, int]:
        value: Any = dict.fromkeys(kept.split(","), "7")
        return value  # type: ignore[no-any-return]

    @app.get("/wrong")
    async def wrong() -> dict[str, int]:
        value: Any = {"id": "x"}
        return value  # type: ignore[no-any-return]

    client = TestClient(app, raise_server_exceptions=False)
    answer = client.get("/")
    assert answer.status_code == 201
    assert answer.json() == dict.fromkeys(kept.split(","), 7)
    assert client.get("/wrong").status_code == 500


# --- routes ------------------------------------------------------------------

TEMPLATES = [
    *("/{i:int}", "/{s}", "//{s}", "/{s}/{t}"),
    *("/a/{i:int}", "/a/{s}", "/a/{f:float}", "/a/{rest:path}", "/a/7/{s}"),
]
MOUNTS = ["", "/a", "/7", "/a/7"]
PATHS = ["", "a", "7", "x", "/", "a/", "a/7", "a/x", "a/1.5", "a/7/x", "/7", "x/7"]


async def nothing() -> None: ...


@settings(max_examples=300)
@given(
    st.sets(st.tuples(st.sampled_from(TEMPLATES), st.sampled_from(["GET", "POST"]))),
    st.sets(st.sampled_from(MOUNTS)),
)
def test_a_path_near_its_node_is_matched_as_the_walk_matches_it(
    routes: set[tuple[str, str]], mounts: set[str]
) -> None:
    router = Router()
    for path, method in routes:
        router.route(path, [method])(nothing)
    for path in mounts:
        router.mount(path, nothing)
    paths = [*PATHS, *(f"/{path}" for path in PATHS)]
    asked = [(m, path) for path in paths for m in ("GET", "HEAD", "POST")]
    short = [router.match(*one) for one in asked]
    router._near.clear()
    assert short == [router.match(*one) for one in asked]


# --- answers -----------------------------------------------------------------


def test_the_404_of_the_app_and_that_of_a_handler_are_the_same() -> None:
    app = App()

    @app.get("/raised")
    async def raised() -> None:
        raise NotFound

    client = TestClient(app)
    for accept in ("*/*", "application/json", "text/plain", "TEXT/*;q=0.9, */*;q=0.1"):
        one, two = (
            client.get(path, headers={"accept": accept}) for path in ("/raised", "/no")
        )
        assert (one.status_code, one.content) == (two.status_code, two.content)
        assert one.headers == two.headers
        assert one.headers["vary"] == "Accept"


@pytest.mark.parametrize("key", [404, NotFound, HTTPException])
def test_a_handler_of_the_404_is_asked_for_a_path_that_no_route_has(key: Any) -> None:
    app, seen = App(), []

    @app.exception_handler(key)
    def answer(request: Request, exc: NotFound) -> Response:
        seen.append(exc)
        return TextResponse("mine", 404)

    client = TestClient(app)
    assert [client.get("/a").text, client.get("/b").text] == ["mine", "mine"]
    assert seen[0] is not seen[1], "an exception is not kept"


def test_a_middleware_sees_the_exception_of_a_path_that_no_route_has() -> None:
    app, seen = App(), []

    @app.add_middleware
    async def look(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        seen.append(response.error)
        return response

    client = TestClient(app)
    assert [client.get("/a").status_code, client.get("/b").status_code] == [404, 404]
    assert [type(error) for error in seen] == [NotFound, NotFound]
    assert seen[0] is not seen[1], "an exception is not kept"


def test_a_fault_of_the_head_goes_before_the_404_and_meets_its_own_handler() -> None:
    app = App()
    assert statuses(app, [GOOD], [BAD], [GOOD]) == [404, 400, 404]

    asked = App()

    @asked.exception_handler(400)
    def teapot(request: Request, exc: Exception) -> Response:
        return TextResponse("no", 418)

    assert statuses(asked, [GOOD], [BAD], [GOOD]) == [404, 418, 404]


def test_a_bare_problem_is_a_fresh_one_each_time() -> None:
    one, two = Problem.bare(404), Problem.bare(404)
    one.headers["x-a"] = "1"
    assert "x-a" not in two.headers
    assert one.body == Problem(404, "Not Found").body


# --- streams -----------------------------------------------------------------


async def mixed() -> AsyncIterator[Any]:
    yield b"a"
    yield "b"
    yield bytearray(b"c")
    yield memoryview(b"d")
    yield b"e"


class Shouting(StreamingResponse):
    """A stream that encodes in its own way."""

    __slots__ = ()

    def encode(self, piece: Any) -> bytes:
        return super().encode(piece).upper()


def test_every_piece_of_a_stream_is_encoded() -> None:
    app = App()

    @app.get("/")
    async def plain() -> Response:
        return StreamingResponse(mixed())

    @app.get("/shouting")
    async def shouting() -> Response:
        return Shouting(mixed())

    client = TestClient(app)
    assert client.get("/").content == b"abcde"
    assert client.get("/shouting").content == b"ABCDE"


@pytest.mark.parametrize("breaks_at", [0, 1, 2, 3])
def test_a_connection_that_breaks_at_any_event_is_no_error(
    breaks_at: int, caplog: pytest.LogCaptureFixture
) -> None:
    closed = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            for _ in range(5):
                yield b"a"
        finally:
            closed.append(True)

    app = App()

    @app.get("/")
    async def handler() -> Response:
        return StreamingResponse(pieces())

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        if len(sent) == breaks_at:
            raise BrokenPipeError
        sent.append(message)

    sent: list[Any] = []
    with caplog.at_level(logging.ERROR):
        run(app(http_scope(), receive, send))
    assert len(sent) == breaks_at
    assert closed == [True]
    assert caplog.records == []


def test_an_os_error_of_the_generator_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        raise OSError("the disk")

    app = App()

    @app.get("/")
    async def handler() -> Response:
        return StreamingResponse(pieces())

    with pytest.raises(OSError, match="the disk"), TestClient(app) as client:
        client.get("/")
    assert len(caplog.records) == 1
