"""What an attacker sends to handlers, dependencies and streams."""

import logging
from collections.abc import AsyncIterator
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from microlith import (
    App,
    BackgroundTasks,
    Cookie,
    Depends,
    EventStream,
    Header,
    Request,
    Response,
    StreamingResponse,
    Unauthorized,
)
from microlith.middleware.cors import CORSMiddleware
from microlith.testing import TestClient

SECRET = "hunter2-hunter2"


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    password: SecretStr = Field(max_length=8)


def guarded_app(log: list[str], **options: Any) -> App:
    """An app that writes down how far a request has come."""
    app = App(**options)
    app.add_middleware(CORSMiddleware(["https://a.example"]))

    async def guard(request: Request) -> AsyncIterator[None]:
        log.append("guard")
        if request.headers.get("authorization") != "yes":
            raise Unauthorized("Say who you are")
        yield
        log.append("closed")

    @app.post("/login", dependencies=[Depends(guard)])
    async def login(data: Login, page: int = 1) -> None:
        log.append("handler")

    @app.get("/read", dependencies=[Depends(guard)])
    async def read() -> str:
        log.append("handler")
        return "secret"

    return app


KNOWN = {"authorization": "yes", "origin": "https://a.example"}
GOOD = b'{"name":"a","password":"b"}'


def as_json(**headers: str) -> dict[str, str]:
    return {"content-type": "application/json", **KNOWN, **headers}


# --- in which order a request is refused -------------------------------------


def test_a_body_that_is_too_large_comes_before_any_dependency() -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log, max_body=100))
    answer = client.post("/login", content=b"x" * 101, headers=as_json())
    assert answer.status_code == 413
    assert log == []
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


def test_a_body_that_turns_out_too_large_never_reaches_the_handler() -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log, max_body=100))
    headers = as_json(**{"transfer-encoding": "chunked"})
    answer = client.post("/login", content=[b"x" * 60, b"x" * 60], headers=headers)
    assert answer.status_code == 413
    # Not "closed": the exit was told of the failure by an exception.
    assert log == ["guard"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "a b"},
        {"host": "a/b"},
        {"content-length": "-1"},
        {"content-length": "1_0"},
    ],
)
def test_a_malformed_head_comes_before_any_dependency(headers: dict[str, str]) -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log))
    assert client.get("/read", headers={**KNOWN, **headers}).status_code == 400
    assert log == []


@pytest.mark.parametrize("target", ["/login", "/login?page=x"])
@pytest.mark.parametrize("content", [GOOD, b"{", b"{}", b""])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_stranger_learns_nothing_of_what_would_be_valid(
    target: str, content: bytes, kind: str
) -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log))
    answer = client.post(target, content=content, headers={"content-type": kind})
    assert answer.status_code == 401
    assert "errors" not in answer.json()
    assert log == ["guard"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_dependencies_guard_head_as_they_guard_get(method: str) -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log))
    assert client.request(method, "/read").status_code == 401
    assert log == ["guard"]
    assert client.request(method, "/read", headers=KNOWN).status_code == 200


def test_nothing_goes_on_in_the_background_for_a_request_that_was_refused() -> None:
    ran: list[str] = []

    def guard(tasks: BackgroundTasks) -> None:
        tasks.add_task(ran.append, "ran")
        raise Unauthorized

    app = App()
    app.get("/", dependencies=[Depends(guard)])(lambda: "ok")
    assert TestClient(app).get("/").status_code == 401
    assert ran == []


# --- cross-site requests -----------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "text/plain;charset=utf-8", "text/plain; application/json",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=application/json", "text/json", "text/x+json",
        "application/jsonp", "application/json,text/plain", "application/ json", "",
        "*/*", "application", "json", "text/plain\tapplication/json",
    ],
)  # fmt: skip
def test_what_a_foreign_page_may_send_unasked_is_not_read_as_json(kind: str) -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log))
    headers = {**KNOWN, "content-type": kind}
    answer = client.post("/login", content=GOOD, headers=headers)
    assert answer.status_code == 415
    assert "handler" not in log


@pytest.mark.parametrize(
    "kind",
    [
        "application/json", "APPLICATION/JSON", "application/json; charset=utf-8",
        "application/json;charset=x", "application/vnd.api+json",
        "application/json ;a=b",
    ],
)  # fmt: skip
def test_json_is_read_as_json(kind: str) -> None:
    log: list[str] = []
    client = TestClient(guarded_app(log))
    headers = {**KNOWN, "content-type": kind}
    assert client.post("/login", content=GOOD, headers=headers).status_code == 204
    assert log == ["guard", "handler", "closed"]


# --- nothing is echoed -------------------------------------------------------


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "password": SECRET},
        {"name": {"a": SECRET}, "password": [SECRET]},
        {"password": SECRET},
        [SECRET],
        SECRET,
        f'{{"password": "{SECRET}"',
        f'{{"password": {SECRET}}}',
    ],
)
def test_no_fault_of_a_body_repeats_it(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = TestClient(guarded_app([]))
    if isinstance(body, str) and body.startswith("{"):
        answer = client.post("/login", content=body, headers=as_json())
    else:
        answer = client.post("/login", json=body, headers=KNOWN)
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"]
    assert SECRET not in answer.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "kind", [int, float, bool, UUID, Colour, Literal["a"], list[int]]
)
@pytest.mark.parametrize("place", ["path", "query", "header", "cookie"])
def test_no_fault_of_a_parameter_repeats_it(kind: Any, place: str) -> None:
    if place == "cookie" and kind == list[int]:
        kind = int  # a cookie has one value

    async def handler(x: Any) -> None: ...

    markers: dict[str, Any] = {"header": Header(), "cookie": Cookie()}
    annotation = Annotated[kind, markers[place]] if place in markers else kind
    if place == "path" and kind == list[int]:
        annotation = int
    handler.__annotations__["x"] = annotation
    app = App()
    app.get("/{x}" if place == "path" else "/")(handler)
    target = {"path": f"/{SECRET}", "query": f"/?x={SECRET}"}.get(place, "/")
    headers = {"header": {"x": SECRET}, "cookie": {"cookie": f"x={SECRET}"}}
    answer = TestClient(app).get(target, headers=headers.get(place, {}))
    assert answer.status_code == 422
    for fault in answer.json()["errors"]:
        assert set(fault) == {"loc", "msg", "type"}
        assert SECRET not in str(fault)


def test_what_is_very_long_is_a_fault_and_no_500() -> None:
    app = App()

    @app.get("/")
    async def handler(x: int = 0, y: float = 0.0, z: list[int] = []) -> None: ...  # noqa: B006

    client = TestClient(app)
    for name in "xz":
        assert client.get(f"/?{name}={'9' * 5000}").status_code == 422
    assert client.get("/?" + "&".join(["z=1"] * 900)).status_code == 204


@pytest.mark.parametrize(
    "bomb", [b"[" * 100_000, b'{"a":' * 50_000, b"[" * 9 + b"]" * 8]
)
def test_json_that_is_nested_without_end_is_a_400(bomb: bytes) -> None:
    app = App()

    @app.post("/")
    async def handler(data: list[Any]) -> None: ...

    headers = {"content-type": "application/json"}
    answer = TestClient(app).post("/", content=bomb, headers=headers)
    assert answer.status_code == 400
    assert len(answer.content) < 1000


# --- nothing is told of an exception -----------------------------------------


def fails() -> Any:
    raise ValueError(SECRET)


async def fails_async() -> Any:
    raise ValueError(SECRET)


def fails_to_close() -> Any:
    yield
    raise ValueError(SECRET)


async def fails_before_the_first_piece() -> Any:
    raise ValueError(SECRET)
    yield b""


def all_that_fails() -> App:
    app = App()
    app.get("/thread")(fails)
    app.get("/async")(fails_async)
    app.get("/yields")(fails_before_the_first_piece)

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(fails_before_the_first_piece())

    @app.get("/result")
    async def result() -> Login:
        return {"name": SECRET}  # type: ignore[return-value]

    @app.get("/type")
    async def unknown() -> Any:
        return object(), SECRET

    @app.get("/enter")
    async def enter(x: Any = Depends(fails)) -> None: ...

    @app.get("/exit")
    async def leave(x: Any = Depends(fails_to_close)) -> str:
        return "fine"

    @app.get("/both")
    async def both(x: Any = Depends(fails_to_close)) -> str:
        raise RuntimeError(SECRET)

    @app.get("/lazy")
    async def lazy(x: Login) -> None: ...

    app.provide(Login, fails, lifetime="app", lazy=True)
    return app


PATHS = (
    "/thread", "/async", "/yields", "/stream", "/result", "/type", "/enter", "/exit",
    "/both", "/lazy",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
def test_the_text_of_an_exception_is_in_no_answer(
    path: str, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(all_that_fails()) as client:
        answer = client.get(path, headers={"accept": accept})
    assert answer.status_code == 500
    assert SECRET not in answer.text + str(answer.raw_headers)
    assert "Traceback" not in answer.text
    assert SECRET in caplog.text, "nobody is told at all"


# --- response splitting ------------------------------------------------------


@pytest.mark.parametrize("evil", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b"])
@pytest.mark.parametrize(
    "make",
    [
        lambda evil: (200, "x", {"x-a": evil}),
        lambda evil: (200, "x", {evil: "x"}),
        lambda evil: StreamingResponse([b"a"], headers={"x-a": evil}),
        lambda evil: StreamingResponse([b"a"], media_type=evil),
        lambda evil: EventStream([], headers={"x-a": evil}),
        lambda evil: EventStream([], headers={evil: "x"}),
    ],
)
def test_what_a_handler_returns_cannot_split_the_response(make: Any, evil: str) -> None:
    app = App()

    @app.get("/")
    async def handler() -> Any:
        return make(evil)

    answer = TestClient(app).get("/")
    assert answer.status_code == 500
    fields = b"".join(name + value for name, value in answer.raw_headers)
    assert not set(fields) & set(b"\r\n\0")
    assert "x-evil" not in answer.headers
