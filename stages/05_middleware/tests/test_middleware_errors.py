"""Whatever goes wrong below a middleware comes back to it as a response."""

import pytest

from microlith.applications import App
from microlith.exceptions import Forbidden, NotFound
from microlith.responses import Response, TextResponse
from microlith.routing import Router
from microlith.testing import TestClient


def stamp(name="x-seen"):
    """Return a middleware that marks every response that it sees."""

    async def middleware(request, call_next):
        response = await call_next(request)
        response.headers[name] = str(response.status_code)
        return response

    return middleware


def build(**options):
    """Return an app with one marking middleware and a route for POST."""
    app = App(**options)
    app.add_middleware(stamp())

    @app.post("/items")
    async def create(request):
        return Response(status_code=201)

    return app


def test_a_404_passes_the_chain():
    answer = TestClient(build()).get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers.get("x-seen") == "404"


def test_a_405_passes_the_chain():
    answer = TestClient(build()).get("/items")
    assert (answer.status_code, answer.headers["allow"]) == (
        405,
        "OPTIONS, POST",
    )
    assert answer.headers.get("x-seen") == "405"


def test_the_automatic_options_answer_passes_the_chain():
    answer = TestClient(build()).options("/items")
    assert (answer.status_code, answer.headers.get("x-seen")) == (204, "204")


def test_the_redirect_to_the_other_slash_passes_the_chain():
    answer = TestClient(build(redirect_slashes=True)).post("/items/")
    assert (answer.status_code, answer.headers.get("x-seen")) == (308, "308")


def test_the_fallback_passes_the_chain():
    async def anything(request):
        return TextResponse("anything", 202)

    answer = TestClient(build(fallback=anything)).get("/nowhere")
    assert (answer.status_code, answer.headers.get("x-seen")) == (202, "202")


def test_a_mounted_app_answers_through_the_chain():
    async def inner(scope, receive, send):
        await TextResponse("inner")(scope, receive, send)

    app = App()

    @app.add_middleware
    async def mark(request, call_next):
        response = await call_next(request)
        response.headers["x-mark"] = "outer"
        return response

    app.mount("/inner", inner)
    answer = TestClient(app).get("/inner/x")
    assert (answer.text, answer.headers.get("x-mark")) == ("inner", "outer")


def test_a_mounted_app_that_fails_is_answered_through_the_chain(caplog):
    async def broken(scope, receive, send):
        raise RuntimeError("before the start")

    app = App()

    @app.add_middleware
    async def mark(request, call_next):
        response = await call_next(request)
        response.headers["x-mark"] = "outer"
        return response

    app.mount("/inner", broken)
    answer = TestClient(app).get("/inner/x")
    assert (answer.status_code, answer.headers.get("x-mark")) == (
        500,
        "outer",
    ), "what the chain has set stays when the body cannot be made"


def test_a_405_runs_what_all_routes_of_the_path_share():
    app = App()
    app.add_middleware(stamp("x-app"))
    shared = Router("/items", middleware=[stamp("x-router")])

    @shared.get("", middleware=[stamp("x-read")])
    async def read(request):
        return Response()

    @shared.post("")
    async def write(request):
        return Response()

    app.include(shared)
    answer = TestClient(app).delete("/items")
    assert answer.status_code == 405
    assert answer.headers.get("x-app") == "405"
    assert answer.headers.get("x-router") == "405", (
        "both routes stand in this router"
    )
    assert "x-read" not in answer.headers, "only one of the routes has it"


def test_what_a_405_shares_keeps_its_order_and_is_told_by_identity():
    app, trace = App(), []

    def named(name):
        async def middleware(request, call_next):
            trace.append(name)
            return await call_next(request)

        return middleware

    app.add_middleware(named("first"))
    app.add_middleware(named("second"))

    @app.get("/items", middleware=[named("read")])
    async def read(request):
        return Response()

    @app.post("/items", middleware=[named("write")])
    async def write(request):
        return Response()

    assert TestClient(app).delete("/items").status_code == 405
    assert trace == ["first", "second"], (
        "two middlewares of one kind are two middlewares"
    )


def test_a_500_passes_the_chain(caplog):
    app, errors = App(), []

    @app.add_middleware
    async def note(request, call_next):
        response = await call_next(request)
        errors.append(response.error)
        response.headers["x-seen"] = str(response.status_code)
        return response

    @app.get("/")
    async def broken(request):
        return 1 / 0

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers.get("x-seen")) == (500, "500")
    assert [type(error) for error in errors] == [ZeroDivisionError], (
        "response.error says what went wrong"
    )
    assert len(caplog.records) == 1, "one record for one error"


def test_call_next_never_raises():
    app, after = App(), []
    for _ in range(3):

        @app.add_middleware
        async def note(request, call_next):
            response = await call_next(request)
            after.append(response.status_code)
            return response

    @app.get("/")
    async def missing(request):
        raise NotFound("no such thing")

    assert TestClient(app).get("/").status_code == 404
    assert after == [404, 404, 404], "the code after call_next always runs"


def test_an_error_of_a_middleware_is_answered_like_a_handlers():
    app, seen = App(), []
    app.add_middleware(stamp())

    @app.add_middleware
    async def no_entry(request, call_next):
        raise Forbidden("members only")

    @app.get("/")
    async def home(request):
        seen.append(request)
        return Response()

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers.get("x-seen")) == (403, "403")
    assert answer.json()["detail"] == "members only"
    assert seen == []


def test_an_exception_handler_answers_for_middlewares_too():
    app = App()

    @app.exception_handler(KeyError)
    def missing_key(request, exc):
        return TextResponse("key", 418)

    @app.add_middleware
    async def broken(request, call_next):
        await call_next(request)
        raise KeyError("k")

    @app.get("/")
    async def home(request):
        return Response()

    assert TestClient(app).get("/").status_code == 418, (
        "one error map answers for handlers and middlewares alike"
    )


def test_a_middleware_that_forgets_to_return(caplog):
    app = App()
    app.add_middleware(stamp())

    @app.add_middleware
    async def forgetful(request, call_next):
        await call_next(request)

    @app.get("/")
    async def home(request):
        return Response()

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers.get("x-seen")) == (500, "500")
    text = caplog.text
    assert "forgetful" in text, "the log names the middleware"
    assert "returned None, not a Response" in text


class Halt(BaseException):
    """Not an Exception: like a cancellation, it is for nobody to answer."""


def test_a_base_exception_passes_through():
    app, trace = App(), []

    @app.add_middleware
    async def note(request, call_next):
        trace.append("in")
        response = await call_next(request)
        trace.append("out")
        return response

    @app.get("/")
    async def halt(request):
        raise Halt

    with pytest.raises(Halt):
        TestClient(app).get("/")
    assert trace == ["in"], "no link turns a BaseException into a response"
