"""A chain of middlewares: its order, its task and its levels."""

import asyncio
from contextvars import ContextVar

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.responses import Response, TextResponse
from microlith.routing import Router
from microlith.testing import TestClient

NAME = ContextVar("NAME", default="nobody")


def tracer(name, trace):
    """Return a middleware that notes when it is entered and left."""

    async def middleware(request, call_next):
        trace.append(f"{name} in")
        response = await call_next(request)
        trace.append(f"{name} out")
        return response

    return middleware


def answering(trace):
    """Return a handler that notes that it ran."""

    async def handler(request):
        trace.append("handler")
        return TextResponse("hello")

    return handler


def test_a_middleware_stands_around_the_handler():
    app = App()

    @app.add_middleware
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = request.method
        return response

    @app.get("/")
    async def home(request):
        return TextResponse("hello")

    answer = TestClient(app).get("/")
    assert answer.text == "hello"
    assert answer.headers.get("x-stamp") == "GET", (
        "a header set after call_next is part of the answer"
    )


def test_added_first_is_outermost():
    app, trace = App(), []
    for name in ("first", "second", "third"):
        app.add_middleware(tracer(name, trace))
    app.get("/")(answering(trace))
    TestClient(app).get("/")
    assert trace == [
        "first in",
        "second in",
        "third in",
        "handler",
        "third out",
        "second out",
        "first out",
    ], "the first added goes in first and comes out last"


def test_add_middleware_returns_what_it_was_given():
    app, trace = App(), []
    middleware = tracer("m", trace)
    assert app.add_middleware(middleware) is middleware


def test_app_then_router_then_route():
    app, trace = App(), []
    app.get("/plain", name="plain", middleware=[tracer("own", trace)])(
        answering(trace)
    )
    outer = Router("/outer", middleware=[tracer("outer", trace)])
    inner = Router("/inner", middleware=[tracer("inner", trace)])
    inner.get("/x", middleware=[tracer("route", trace)])(answering(trace))
    outer.include(inner)
    app.include(outer)
    app.add_middleware(tracer("app", trace))
    client = TestClient(app)
    client.get("/outer/inner/x")
    assert trace[:5] == [
        "app in",
        "outer in",
        "inner in",
        "route in",
        "handler",
    ], "chains add up: app, routers from the outside in, route"
    trace.clear()
    client.get("/plain")
    assert trace[:3] == ["app in", "own in", "handler"], (
        "a router's middleware holds for its own routes only"
    )


def test_a_middleware_added_after_the_routes_holds_for_them():
    app, trace = App(), []
    app.get("/")(answering(trace))
    app.add_middleware(tracer("late", trace))
    TestClient(app).get("/")
    assert trace == ["late in", "handler", "late out"]


def test_a_middleware_may_answer_alone():
    app, trace = App(), []

    @app.add_middleware
    async def closed(request, call_next):
        return TextResponse("closed", 503)

    app.get("/")(answering(trace))
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.text) == (503, "closed")
    assert trace == [], "what stands further in is not called"


def test_a_middleware_may_call_the_rest_again():
    app, tries = App(), []

    @app.add_middleware
    async def retry(request, call_next):
        response = await call_next(request)
        if response.status_code == 503:
            response = await call_next(request)
        return response

    @app.post("/")
    async def flaky(request):
        tries.append(await request.body())
        return TextResponse("done", 200 if len(tries) == 2 else 503)

    answer = TestClient(app).post("/", content=b"order")
    assert answer.status_code == 200
    assert tries == [b"order", b"order"], "call_next can be awaited again"


def test_the_chain_runs_in_one_task():
    app, tasks = App(), []

    async def note(request, call_next):
        tasks.append(asyncio.current_task())
        response = await call_next(request)
        tasks.append(asyncio.current_task())
        return response

    app.add_middleware(note)
    app.add_middleware(note)

    @app.get("/")
    async def home(request):
        tasks.append(asyncio.current_task())
        return Response()

    TestClient(app).get("/")
    assert len(tasks) == 5
    assert len(set(tasks)) == 1, "a chain starts no task of its own"


def test_context_variables_flow_inwards():
    app = App()

    @app.add_middleware
    async def name_it(request, call_next):
        NAME.set("Ada")
        return await call_next(request)

    @app.get("/")
    async def who(request):
        return TextResponse(NAME.get())

    assert TestClient(app).get("/").text == "Ada"


def test_context_variables_flow_outwards():
    app = App()

    @app.add_middleware
    async def report(request, call_next):
        response = await call_next(request)
        response.headers["x-name"] = NAME.get()
        return response

    @app.add_middleware
    async def between(request, call_next):
        return await call_next(request)

    @app.get("/")
    async def who(request):
        NAME.set("Grace")
        return Response()

    answer = TestClient(app).get("/")
    assert answer.headers.get("x-name") == "Grace", (
        "what the handler sets is seen after call_next"
    )


def test_a_middleware_knows_the_route_and_its_parameters():
    app, seen = App(), []

    @app.add_middleware
    async def note(request, call_next):
        seen.append((request.route.path, request.path_params))
        return await call_next(request)

    @app.get("/items/{id:int}")
    async def item(request):
        return Response()

    TestClient(app).get("/items/7")
    assert seen == [("/items/{id:int}", {"id": 7})], (
        "routing comes before the chain"
    )


def test_an_object_can_be_a_middleware():
    class Stamp:
        def __init__(self, value):
            self.value = value

        async def __call__(self, request, call_next):
            response = await call_next(request)
            response.headers["x-stamp"] = self.value
            return response

    app = App()
    app.add_middleware(Stamp("seven"))

    @app.get("/")
    async def home(request):
        return Response()

    assert TestClient(app).get("/").headers.get("x-stamp") == "seven"


def test_a_linked_middleware_builds_its_own_link():
    app, links = App(), []

    class Own:
        def link(self, call_next, respond):
            links.append((call_next, respond))

            async def link(request):
                response = await call_next(request)
                response.headers["x-link"] = "own"
                return response

            return link

    app.get("/", middleware=[Own()])(answering([]))
    app.freeze()
    assert len(links) == 1, "link() is called once, when the app is frozen"
    assert TestClient(app).get("/").headers.get("x-link") == "own"
    assert len(links) == 1, "a request builds no link"


def test_too_late_once_frozen():
    app, trace = App(), []
    app.add_middleware(tracer("early", trace))
    app.get("/")(answering(trace))
    app.freeze()
    with pytest.raises(ConfigurationError, match="comes too late"):
        app.add_middleware(tracer("late", trace))
    TestClient(app).get("/")
    assert trace == ["early in", "handler", "early out"]


def test_a_plain_function_is_refused():
    app = App()

    def plain(request, call_next):
        return call_next(request)

    app.add_middleware(plain)
    app.get("/")(answering([]))
    with pytest.raises(ConfigurationError, match=r"plain.*not `async def`"):
        app.freeze()


def test_a_class_is_refused():
    app = App()

    class Layer:
        async def __call__(self, request, call_next):
            return await call_next(request)

    app.add_middleware(Layer)
    with pytest.raises(ConfigurationError, match=r"takes an instance: Layer"):
        app.freeze()


def test_what_cannot_be_called_is_refused():
    app = App()
    app.add_middleware(42)
    with pytest.raises(ConfigurationError, match="42 is not a middleware"):
        app.freeze()


def test_middleware_of_a_route_is_a_list():
    app = App()

    async def alone(request, call_next):
        return await call_next(request)

    app.get("/", middleware=alone)(answering([]))
    with pytest.raises(ConfigurationError, match=r"middleware is a list"):
        app.freeze()
