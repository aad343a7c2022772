"""Errors at their edges: when an app is put together, and when it answers."""

import logging
import pickle
import re
import threading
from typing import Any

import pytest

from microlith import (
    App,
    BadRequest,
    ClientDisconnect,
    ConfigurationError,
    Conflict,
    HTTPException,
    NotFound,
    Problem,
    Request,
    Response,
    Router,
    ServiceUnavailable,
    TextResponse,
    TooManyRequests,
)
from microlith.middleware.logging import AccessLogMiddleware
from microlith.testing import Exchange, TestClient, http_scope


@pytest.mark.parametrize(
    "error",
    [
        HTTPException(
            409, "taken", {"X-A": "1"}, [{"loc": [], "msg": "m", "type": "t"}]
        ),
        HTTPException(503),
        NotFound("gone"),
        NotFound(headers={"X-A": "1"}),
    ],
)
def test_an_exception_survives_a_process_boundary(error: HTTPException) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again), str(again)) == (
        type(error),
        vars(error),
        str(error),
    )


async def ok(request: Request) -> Response:
    return TextResponse("ok")


def raising(exc: BaseException) -> Any:
    async def handler(request: Request) -> Response:
        raise exc

    return handler


def app_with(exc: BaseException, **options: Any) -> App:
    app = App(**options)
    app.get("/")(raising(exc))
    return app


def mistakes(app: Router) -> str:
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    return str(caught.value)


# --- mistakes in the app itself ----------------------------------------------


THREADS: list[threading.Thread] = []


def note() -> Response:
    """Note which thread this is."""
    THREADS.append(threading.current_thread())
    return Response()


class Plain:
    def __call__(self, request: Request) -> Response:
        return note()

    def method(self, request: Request) -> Response:
        return note()

    @staticmethod
    def static(request: Request) -> Response:
        return note()


class Async:
    async def __call__(self, request: Request) -> Response:
        return TextResponse("ok")

    async def method(self, request: Request) -> Response:
        return TextResponse("ok")


async def generates(request: Request) -> Any:
    yield b"a"
    yield b"b"


@pytest.mark.parametrize(
    "handler",
    [lambda request: note(), Plain(), Plain().method, Plain.static],
)
def test_a_handler_that_is_not_async_runs_in_a_thread(handler: Any) -> None:
    app = App(fallback=handler)
    app.get("/x")(handler)
    for path in ("/x", "/none"):
        THREADS.clear()
        assert TestClient(app).get(path).status_code == 200
        assert [t.name.partition("_")[0] for t in THREADS] == ["microlith"]


def test_a_handler_that_yields_streams_what_it_yields() -> None:
    app = App(fallback=generates)
    app.get("/x")(generates)
    assert TestClient(app).get("/x").text == TestClient(app).get("/y").text == "ab"


@pytest.mark.parametrize("handler", [None, "ok", 3, [ok]])
def test_what_cannot_be_called_is_no_handler(handler: Any) -> None:
    app = App()
    app.get("/x")(handler)
    assert "signature cannot be read" in mistakes(app)


@pytest.mark.parametrize("handler", [ok, Async(), Async().method])
def test_whatever_is_async_is_a_handler(handler: Any) -> None:
    app = App(fallback=handler)
    app.get("/x")(handler)
    assert TestClient(app).get("/x").text == TestClient(app).get("/y").text == "ok"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"midleware": []}, "no option 'midleware'. Did you mean 'middleware'?"),
        ({"maxbody": 1}, "no option 'maxbody'. Did you mean 'max_body'?"),
        ({"zzz": 1}, "no option 'zzz'."),
        ({"max_body": "1"}, "max_body"),
        ({"max_body": -1}, "max_body"),
        ({"max_body": None}, "max_body"),
        ({"max_body": 1.5}, "max_body"),
        ({"middleware": ok}, "middleware"),
        ({"middleware": {ok}}, "middleware"),
        ({"middleware": ["mw"]}, "not a middleware"),
    ],
)
def test_a_wrong_option_is_refused_with_its_place(
    options: dict[str, Any], message: str
) -> None:
    app = App()
    app.get("/x", **options)(ok)
    assert message in mistakes(app)
    app, router = App(), Router(**options)
    router.get("/x")(ok)
    app.include(router)
    assert message in mistakes(app)


def test_all_mistakes_are_reported_together_with_their_places() -> None:
    app = App()

    @app.get("/twice/{x}")
    async def first(request: Request) -> Response: ...

    @app.get("/twice/{y}")
    async def second(request: Request) -> Response: ...

    app.get("no-slash")(ok)
    app.get("/{a}.json")(ok)
    app.get("/{a:hex}")(ok)
    app.get("/{a}/{a}")(ok)
    app.get("/{a:path}/b")(ok)
    app.get("/{1a}")(ok)
    app.route("/none", methods=[])(ok)
    app.route("/bad", methods=["GE T"])(ok)
    app.mount("/m/{x}", ok)
    app.get("/x", wrong=1)(ok)
    app.get("/y")(lambda unknown: Response())
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    text, errors = str(caught.value), caught.value.errors
    assert text.startswith(f"{len(errors)} mistakes in this app:\n  1. ")
    assert len(errors) == 12
    clash = next(str(e) for e in errors if "already taken" in str(e))
    assert (
        len(set(re.findall(r"(first|second) \(test_errors_final.py:\d+\)", clash))) == 2
    )
    for error in errors:
        assert re.search(r"\.py:\d+\)|mount takes no parameters", str(error)), error
        assert str(error) in text
    assert mistakes(app) == text, "a second look finds the same"


def test_one_mistake_is_reported_as_itself() -> None:
    app = App()
    app.get("x")(ok)
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    assert caught.value.errors == (caught.value,)
    assert "mistakes" not in str(caught.value)


def test_the_same_mistake_is_reported_once() -> None:
    app = App()
    app.add_middleware(App)
    for path in ("/a", "/b", "/c"):
        app.get(path)(ok)
    assert mistakes(app).count("takes an instance") == 1


def test_a_server_without_lifespan_hears_of_the_mistakes_each_time() -> None:
    app = App(fallback=lambda unknown: Response())
    app.get("/x")(ok)
    for path in ("/x", "/none", "/x"):
        with pytest.raises(ConfigurationError):
            TestClient(app).get(path)


def test_lifespan_reports_the_mistakes_and_stops() -> None:
    app = App()
    app.get("x")(ok)
    exchange = Exchange(app, {"type": "lifespan"})
    exchange.put({"type": "lifespan.startup"})
    message = exchange.take()
    exchange.finish()
    assert message["type"] == "lifespan.startup.failed"
    assert "must start with '/'" in message["message"]


def test_freeze_is_idempotent_and_closes_everything() -> None:
    app, router, inner = App(), Router(), Router()
    router.include(inner)
    app.include(router)
    app.get("/x")(ok)
    app.freeze()
    routes = app.routes
    app.freeze()
    assert app.routes is routes
    late: list[Any] = [
        lambda: app.get("/late")(ok),
        lambda: router.get("/late")(ok),
        lambda: inner.get("/late")(ok),
        lambda: app.mount("/late", ok),
        lambda: app.include(Router()),
        lambda: app.add_middleware(ok),
        lambda: app.wrap(lambda inner: inner),
        lambda: app.exception_handler(404),
    ]
    for register in late:
        with pytest.raises(ConfigurationError, match="too late"):
            register()
    assert TestClient(app).get("/late").status_code == 404


def test_the_first_request_freezes() -> None:
    app = App()
    app.get("/x")(ok)
    assert TestClient(app).get("/x").text == "ok"
    with pytest.raises(ConfigurationError, match="too late"):
        app.get("/y")(ok)


@pytest.mark.parametrize(
    "key", [399, 600, 0, "404", None, BaseException, int, ok, 404.0]
)
def test_a_key_that_nothing_raises_is_refused(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="an Exception class or a status"):
        App().exception_handler(key)(ok)


def test_two_handlers_of_one_key_are_refused() -> None:
    app = App()
    app.exception_handler(NotFound)(ok)
    with pytest.raises(ConfigurationError, match="two exception handlers"):
        app.exception_handler(NotFound)(ok)


# --- which handler answers ---------------------------------------------------


def naming(name: str) -> Any:
    def handler(request: Request, exc: Exception) -> Response:
        return TextResponse(name, 400)

    return handler


class Base(Exception):
    pass


class Derived(Base):
    pass


class Taken(Conflict):
    pass


@pytest.mark.parametrize(
    ("keys", "raised", "answers"),
    [
        ([409, Conflict, Taken, HTTPException], Taken(), "409"),
        ([Conflict, Taken, HTTPException], Taken(), "Taken"),
        ([Conflict, HTTPException], Taken(), "Conflict"),
        ([HTTPException, Exception], Taken(), "HTTPException"),
        ([409, Conflict], HTTPException(409), "409"),
        ([Base, Derived, Exception, 500], Derived(), "Derived"),
        ([Base, Exception, 500], Derived(), "Base"),
        ([Exception, 500], Derived(), "Exception"),
        ([500], Derived(), "500"),
        ([500], HTTPException(500), "500"),
        ([500, 404, NotFound], NotFound(), "404"),
        ([Exception], ExceptionGroup("g", [ValueError()]), "Exception"),
    ],
)
def test_the_status_is_asked_first_then_the_nearest_class(
    keys: list[Any], raised: Exception, answers: str
) -> None:
    app = app_with(raised)
    for key in keys:
        app.exception_handler(key)(naming(getattr(key, "__name__", str(key))))
    assert TestClient(app).get("/").text == answers


def test_a_handler_may_be_async_and_sees_the_request() -> None:
    app = app_with(TooManyRequests("slow down", {"Retry-After": "3"}))

    @app.exception_handler(429)
    async def slow(request: Request, exc: HTTPException) -> Response:
        body = await request.text()
        return TextResponse(f"{request.path} {exc.detail} {body}", 429, exc.headers)

    answer = TestClient(app).request("GET", "/", content="b")
    assert (answer.text, answer.headers["retry-after"]) == ("/ slow down b", "3")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_handlers_answer_for_the_routing_too(method: str) -> None:
    app = App()
    app.get("/x")(ok)
    for status in (404, 405):
        app.exception_handler(status)(naming(f"own {status}"))
    client = TestClient(app)
    assert client.request(method, "/none").text == "own 404"
    wanted = {"GET": "ok", "POST": "own 405", "OPTIONS": ""}
    assert client.request(method, "/x").text == wanted[method]


@pytest.mark.parametrize(
    "second", [ValueError("again"), NotFound(), ClientDisconnect("gone")]
)
def test_a_handler_that_raises_is_a_500_and_two_records(
    second: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_with(KeyError("first"))

    @app.exception_handler(KeyError)
    def broken(request: Request, exc: KeyError) -> Response:
        raise second

    answer = TestClient(app).get("/")
    assert answer.status_code == 500
    assert [r.exc_info[1] for r in caplog.records if r.exc_info] == [second]


@pytest.mark.parametrize("result", [None, "text", {}, 404])
def test_a_handler_that_returns_no_response_is_a_500(
    result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_with(NotFound())
    app.exception_handler(404)(lambda request, exc: result)
    assert TestClient(app).get("/").status_code == 500
    assert repr(result) in caplog.text


@pytest.mark.parametrize(
    ("result", "status", "kind", "body"),
    [
        (None, 204, None, b""),
        ("text", 200, "text/plain; charset=utf-8", b"text"),
        (b"bytes", 200, "application/octet-stream", b"bytes"),
        ({}, 200, "application/json", b"{}"),
        ([1, None], 200, "application/json", b"[1,null]"),
        ((201, "x"), 201, "text/plain; charset=utf-8", b"x"),
        ((202, None), 202, None, b""),
    ],
)
def test_what_is_no_response_is_made_one(
    result: Any, status: int, kind: str | None, body: bytes
) -> None:
    app = App()

    @app.get("/")
    async def give(request: Request) -> Any:
        return result

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers.get("content-type") == kind


@pytest.mark.parametrize(
    "result",
    [object(), Response, (), ("x", 200), (200,), (99, "x"), (200, "x", {}, 1)],
)
def test_an_endpoint_that_returns_what_cannot_be_sent_is_a_500(
    result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.get("/")
    async def forgot(request: Request) -> Any:
        return result

    assert TestClient(app).get("/").status_code == 500
    assert repr(result) in caplog.text


@pytest.mark.parametrize(
    ("key", "exc", "records"),
    [
        (None, ValueError(), 1),
        (ValueError, ValueError(), 0),
        (Exception, ValueError(), 1),
        (500, ValueError(), 1),
        (None, NotFound(), 0),
        (None, HTTPException(500), 0),
        (None, ServiceUnavailable(), 0),
    ],
)
def test_what_nobody_foresaw_is_logged_once(
    key: Any, exc: Exception, records: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_with(exc)
    if key is not None:
        app.exception_handler(key)(naming("own"))
    TestClient(app).get("/")
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == records


@pytest.mark.parametrize("exc", [KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_what_is_no_exception_passes(exc: BaseException) -> None:
    coroutine = app_with(exc)(http_scope(), _never, _never)
    with pytest.raises(type(exc)):
        coroutine.send(None)


async def _never(*args: Any) -> Any:
    raise AssertionError("not asked for")


# --- a client that has gone --------------------------------------------------


def leave(app: App, path: str = "/") -> list[dict[str, Any]]:
    exchange = Exchange(app, http_scope("POST", path))
    exchange.put({"type": "http.request", "body": b"a", "more_body": True})
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    return [dict(message) for message in exchange.sent]


async def reads(request: Request) -> Response:
    return Response(await request.body())


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    await Request(scope, receive).body()


def test_a_client_that_left_is_sent_nothing(caplog: pytest.LogCaptureFixture) -> None:
    app = App()
    app.wrap(AccessLogMiddleware)
    app.post("/")(reads)
    inner = App()
    inner.post("/")(reads)
    app.mount("/inner", inner)
    app.mount("/foreign", foreign)
    seen = []

    @app.add_middleware
    async def look(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append((response.status_code, type(response.error)))
        return response

    with caplog.at_level(logging.INFO):
        for path in ("/", "/inner", "/foreign"):
            assert leave(app, path) == [], path
    assert seen[0] == (499, ClientDisconnect)
    assert [r.status for r in caplog.records] == [499, 499, 499]  # type: ignore[attr-defined]
    assert all(r.levelno == logging.INFO for r in caplog.records)


# --- the document ------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("", False), ("*/*", False), ("application/json", False), ("text/plain", True),
        ("text/*", True), ("text/html", False), ("text/plain, application/json", False),
        ("text/plain;q=0.9, application/json;q=0.5", True),
        ("text/plain;q=0.5, application/problem+json", False),
        ("text/plain;q=0", False), ("TEXT/PLAIN", True), ("text/plain;q=x", False),
        ("text/plain; charset=utf-8; q=0.9, */*; q=0.8", True),
        (";;;,,,=", False), ("text/plain;q=nan", False), ("text/plain;q=", False),
    ],
)  # fmt: skip
def test_text_for_a_client_that_prefers_it(accept: str, text: bool) -> None:
    app = app_with(Conflict("it is taken"))
    answer = TestClient(app).get("/", headers={"accept": accept})
    assert answer.status_code == 409
    assert answer.headers["vary"] == "Accept"
    if text:
        assert answer.text == "409 Conflict: it is taken"
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank", "title": "Conflict", "status": 409,
            "detail": "it is taken",
        }  # fmt: skip


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_problem_with_the_input_always_lists_errors(status: int) -> None:
    answer = TestClient(app_with(HTTPException(status, "no"))).get("/").json()
    assert answer["errors"] == [{"loc": [], "msg": "no", "type": "error"}]
    own = {"loc": ["body", 0], "msg": "m", "type": "t"}
    answer = TestClient(app_with(HTTPException(status, errors=[own]))).get("/").json()
    assert answer["errors"] == [own]


def test_an_exception_keeps_copies_of_what_it_is_given() -> None:
    headers, error = {"X-A": "1"}, {"loc": ["a"], "msg": "m", "type": "t"}
    exc = BadRequest("no", headers, [error])
    headers["X-B"] = "2"
    error["msg"] = "changed"
    assert exc.headers == {"X-A": "1"}
    assert exc.errors[0]["msg"] == "m"


def test_an_unknown_status_has_a_title() -> None:
    assert Problem(499).status_code == 499
    answer = TestClient(app_with(HTTPException(599))).get("/")
    assert (answer.status_code, answer.json()["title"]) == (599, "Error")


@pytest.mark.parametrize("headers", [{"X A": "1"}, {"X-A": "a\nb"}, {"X-A": "€"}])
def test_a_header_that_cannot_be_sent_is_a_500(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    app = app_with(NotFound("no", headers))
    assert TestClient(app).get("/").status_code == 500
    assert "header" in caplog.text
