"""HookMiddleware: a step before the handler, a step after it."""

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError, Unauthorized
from microlith.middleware.hooks import HookMiddleware
from microlith.responses import Response, TextResponse
from microlith.testing import TestClient


def app_with(*middlewares, trace=None):
    """Return an app in these middlewares; `/` notes that it ran."""
    app = App()
    for middleware in middlewares:
        app.add_middleware(middleware)

    @app.get("/")
    async def home(request):
        if trace is not None:
            trace.append("handler")
        return TextResponse("hello")

    @app.get("/broken")
    async def broken(request):
        raise Unauthorized("who are you?")

    return app


def test_before_then_handler_then_after():
    trace = []

    class Trace(HookMiddleware):
        async def before_request(self, request):
            trace.append(f"before {request.path}")

        async def after_request(self, request, response):
            trace.append(f"after {response.status_code}")

    answer = TestClient(app_with(Trace(), trace=trace)).get("/")
    assert trace == ["before /", "handler", "after 200"]
    assert answer.text == "hello", "None from after_request keeps the response"


def test_only_before():
    seen = []

    class Count(HookMiddleware):
        async def before_request(self, request):
            seen.append(request.path)

    assert TestClient(app_with(Count())).get("/").text == "hello"
    assert seen == ["/"]


def test_only_after():
    class Stamp(HookMiddleware):
        async def after_request(self, request, response):
            response.headers["x-stamp"] = "yes"

    answer = TestClient(app_with(Stamp())).get("/")
    assert answer.headers.get("x-stamp") == "yes"


def test_before_request_may_answer():
    trace = []

    class Outer(HookMiddleware):
        async def after_request(self, request, response):
            trace.append("outer after")

    class Gate(HookMiddleware):
        async def before_request(self, request):
            return TextResponse("stop", 401)

        async def after_request(self, request, response):
            trace.append("own after")

    answer = TestClient(app_with(Outer(), Gate(), trace=trace)).get("/")
    assert (answer.status_code, answer.text) == (401, "stop")
    assert trace == ["outer after"], (
        "neither the handler nor its own after_request runs; outer ones do"
    )


def test_after_request_may_return_another_response():
    class Replace(HookMiddleware):
        async def after_request(self, request, response):
            return TextResponse(response.body.decode().upper())

    assert TestClient(app_with(Replace())).get("/").text == "HELLO"


def test_after_request_sees_the_answer_to_an_error():
    seen = []

    class Note(HookMiddleware):
        async def after_request(self, request, response):
            seen.append((response.status_code, type(response.error)))

    client = TestClient(app_with(Note()))
    client.get("/broken")
    client.get("/nowhere")
    assert [status for status, _ in seen] == [401, 404]
    assert seen[0][1] is Unauthorized


def test_an_error_in_a_hook_is_answered(caplog):
    class Gate(HookMiddleware):
        async def before_request(self, request):
            raise Unauthorized("no token")

    class Broken(HookMiddleware):
        async def after_request(self, request, response):
            raise RuntimeError("oops")

    assert TestClient(app_with(Gate())).get("/").status_code == 401
    assert TestClient(app_with(Broken())).get("/").status_code == 500
    assert len(caplog.records) == 1, "a 401 is no accident, an oops is"


def test_a_hook_that_returns_something_else(caplog):
    class Wrong(HookMiddleware):
        async def before_request(self, request):
            return "nonsense"

    assert TestClient(app_with(Wrong())).get("/").status_code == 500
    assert "returned 'nonsense', not a Response" in caplog.text


def test_hooks_and_functions_keep_their_order():
    trace = []

    class Hook(HookMiddleware):
        async def before_request(self, request):
            trace.append("hook in")

        async def after_request(self, request, response):
            trace.append("hook out")
            return Response()

    async def function(request, call_next):
        trace.append("function in")
        response = await call_next(request)
        trace.append("function out")
        return response

    TestClient(app_with(Hook(), function)).get("/")
    assert trace == ["hook in", "function in", "function out", "hook out"]


def test_a_plain_hook_is_refused():
    class Plain(HookMiddleware):
        def before_request(self, request):
            return None

    with pytest.raises(ConfigurationError, match=r"before_request.*async def"):
        app_with(Plain()).freeze()
