"""Which answer wins, and at which level a dependency is asked for."""

from typing import Annotated

import pytest
from pydantic import BaseModel

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import TooManyRequests, Unauthorized
from microlith.params import Header
from microlith.routing import Router
from microlith.testing import TestClient


class Item(BaseModel):
    """A body."""

    price: float


def guard(authorization: Annotated[str, Header()] = ""):
    """Let in who knows the word."""
    if authorization != "sesame":
        raise Unauthorized("Say the word")
    return "friend"


KNOWN = {"authorization": "sesame"}


def shop(trace):
    """Return a client of an app with a guard and a paged list."""
    app = App()

    def page(page: int):
        trace.append("page")
        return page

    @app.post("/items")
    async def add(item: Item, page=Depends(page), who=Depends(guard)):
        trace.append("handler")
        return page

    return TestClient(app)


def test_an_error_of_a_dependency_goes_before_faults():
    trace = []
    answer = shop(trace).post("/items?page=x", content=b"{")
    assert answer.status_code == 401, "the guard's inputs were fine"
    assert trace == [], "what has a faulty input is not called"


def test_a_fault_of_a_dependency_is_a_422():
    trace = []
    answer = shop(trace).post(
        "/items?page=x", headers=KNOWN, json={"price": 1}
    )
    assert answer.status_code == 422
    assert [e["loc"] for e in answer.json()["errors"]] == [["query", "page"]]
    assert trace == []


def test_an_absent_input_of_a_dependency_is_a_400():
    answer = shop([]).post("/items", headers=KNOWN, json={"price": 1})
    assert answer.status_code == 400
    assert [e["loc"] for e in answer.json()["errors"]] == [["query", "page"]]


def test_faults_of_dependency_and_body_come_together():
    answer = shop([]).post(
        "/items?page=x", headers=KNOWN, json={"price": "much"}
    )
    assert answer.status_code == 422
    places = [e["loc"] for e in answer.json()["errors"]]
    assert places == [["query", "page"], ["body", "price"]]


def test_dependencies_run_before_the_body_is_read():
    trace = []
    answer = shop(trace).post("/items?page=1", content=b"not JSON")
    assert answer.status_code == 401
    answer = shop(trace).post(
        "/items?page=1", content=b"not JSON", headers=KNOWN
    )
    assert answer.status_code == 400
    assert trace == ["page", "page"]


def test_a_body_that_is_too_large_comes_first():
    trace = []
    app = App(max_body=3)

    def note():
        trace.append("dependency")

    @app.post("/", dependencies=[Depends(note)])
    async def add(item: Item):
        return item

    assert TestClient(app).post("/", content=b"12345").status_code == 413
    assert trace == []
    assert TestClient(app).post("/", content=b"1").status_code == 422
    assert trace == ["dependency"]


def test_what_needs_a_faulty_one_is_not_called_either():
    trace = []

    def page(page: int):
        trace.append("page")

    def rows(page=Depends(page)):
        trace.append("rows")

    def other():
        trace.append("other")

    app = App()

    @app.get("/")
    async def show(rows=Depends(rows), other=Depends(other)):
        trace.append("handler")

    assert TestClient(app).get("/?page=x").status_code == 422
    assert trace == ["other"]


def test_what_was_opened_beside_a_fault_is_closed():
    trace = []

    def session():
        trace.append("open")
        try:
            yield
        finally:
            trace.append("close")

    app = App()

    @app.get("/")
    async def show(page: int, session=Depends(session)):
        trace.append("handler")

    assert TestClient(app).get("/?page=x").status_code == 422
    assert trace == ["open", "close"]


def test_values_that_compare_strangely_are_left_alone():
    class Strange:
        def __eq__(self, other):
            raise AssertionError("not to be compared")

        __hash__ = None

    def strange():
        return Strange()

    def user(strange=Depends(strange)):
        raise Unauthorized("no")

    app = App()

    @app.get("/")
    async def show(page: int, user=Depends(user)):
        return page

    assert TestClient(app).get("/?page=x").status_code == 401


def test_an_error_of_a_dependency_passes_the_middlewares():
    app = App()

    @app.add_middleware
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = type(response.error).__name__
        return response

    def limit():
        raise TooManyRequests("slow down", headers={"retry-after": "3"})

    @app.get("/", dependencies=[Depends(limit)])
    async def show():
        return "hello"

    answer = TestClient(app).get("/")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["x-stamp"] == "TooManyRequests"


# --- dependencies of an app, a router, a route -------------------------------


def noting(name, trace):
    """Return a dependency that notes its name."""

    def dependency():
        trace.append(name)
        yield
        trace.append(f"close {name}")

    return Depends(dependency)


def test_app_then_router_then_route_then_signature():
    trace = []
    app = App(dependencies=[noting("app", trace)])
    router = Router("/shop", dependencies=[noting("router", trace)])

    @router.get("/", dependencies=[noting("route", trace)])
    async def show(own: Annotated[None, noting("own", trace)]):
        trace.append("handler")

    app.include(router)
    TestClient(app).get("/shop/")
    names = ["app", "router", "route", "own"]
    closes = [f"close {name}" for name in reversed(names)]
    assert trace == [*names, "handler", *closes]


def test_a_listed_dependency_is_shared_with_the_signature():
    made = []

    def session():
        made.append(1)
        return "session"

    app = App(dependencies=[Depends(session)])

    @app.get("/", dependencies=[Depends(session)])
    async def show(session=Depends(session)):
        return session

    assert TestClient(app).get("/").text == "session"
    assert made == [1]


def test_a_guard_for_a_router():
    app = App()
    inside = Router("/inside", dependencies=[Depends(guard)])

    @inside.get("/")
    async def show():
        return "secret"

    @app.get("/outside")
    async def outside():
        return "open"

    app.include(inside)
    client = TestClient(app)
    assert client.get("/inside/").status_code == 401
    assert client.get("/inside/", headers=KNOWN).text == "secret"
    assert client.get("/outside").text == "open"


def test_what_no_route_matches_calls_no_dependency():
    trace = []
    app = App(dependencies=[noting("app", trace)])

    @app.get("/")
    async def show():
        return "hello"

    client = TestClient(app)
    assert client.get("/nowhere").status_code == 404
    assert client.post("/").status_code == 405
    assert trace == []
    assert client.get("/").text == "hello"
    assert trace == ["app", "close app"]


def test_a_fallback_has_the_apps_dependencies():
    trace = []

    async def fallback():
        return "fallback"

    app = App(fallback, dependencies=[noting("app", trace)])
    assert TestClient(app).get("/nowhere").text == "fallback"
    assert trace == ["app", "close app"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_dependencies_of_a_head_request(method):
    trace = []
    app = App()

    @app.get("/", dependencies=[noting("route", trace)])
    async def show():
        return "hello"

    answer = TestClient(app).request(method, "/")
    assert answer.status_code == 200
    assert trace == ["route", "close route"]
