"""Routers: include, prefixes, options, url_for, the table, mistakes."""

import re

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.responses import TextResponse
from microlith.routing import Router
from microlith.testing import TestClient


async def show(request):
    """Answer with the path of the route."""
    return TextResponse(request.route.path)


async def create(request):
    """Answer with the largest body of the route."""
    return TextResponse(str(request.max_body))


def test_include_joins_the_prefixes():
    users = Router("/users")
    users.get("/{user_id:int}")(show)
    users.get("")(show)
    api = Router("/api")
    api.include(users, prefix="/v1")
    app = App()
    app.include(api)
    client = TestClient(app)
    assert client.get("/api/v1/users/3").text == "/api/v1/users/{user_id:int}"
    assert client.get("/api/v1/users").text == "/api/v1/users"
    assert client.get("/users/3").status_code == 404


def test_a_router_may_be_included_twice():
    users = Router()
    users.get("/me")(show)
    app = App()
    app.include(users, prefix="/a")
    app.include(users, prefix="/b")
    client = TestClient(app)
    assert [client.get(p).text for p in ("/a/me", "/b/me")] == [
        "/a/me",
        "/b/me",
    ]


def test_routes_that_come_after_include_are_taken_in():
    users = Router("/users")
    app = App()
    app.include(users)
    users.get("/late")(show)
    assert TestClient(app).get("/users/late").text == "/users/late"


def test_include_takes_whatever_has_a_router():
    class Controller:
        def __router__(self):
            router = Router("/c")
            router.get("/x")(show)
            return router

    app = App()
    app.include(Controller())
    assert TestClient(app).get("/c/x").text == "/c/x"


@pytest.mark.parametrize("wrong", ["app", "function"])
def test_include_refuses_what_is_no_router(wrong):
    app = App()
    with pytest.raises(ConfigurationError, match=re.escape("use mount()")):
        app.include(App() if wrong == "app" else show)
    app.get("/a")(show)
    assert TestClient(app).get("/a").text == "/a"


def test_a_router_that_includes_itself_is_refused():
    one, two = Router("/one"), Router("/two")
    one.include(two)
    two.include(one)
    with pytest.raises(ConfigurationError, match="includes itself"):
        one.freeze()


def test_the_inner_option_holds():
    inner = Router("/inner", max_body=20)
    inner.post("/router")(create)
    inner.post("/route", max_body=30)(create)
    app = App(max_body=10)
    app.post("/app")(create)
    app.include(inner)
    client = TestClient(app)
    limits = [
        client.post(path).text
        for path in ("/app", "/inner/router", "/inner/route")
    ]
    assert limits == ["10", "20", "30"]


def test_lists_in_options_add_up_outer_first():
    inner = Router("/b", tags=["inner"])
    inner.get("/x", tags=["route"])(show)
    outer = Router("/a", tags=["outer"])
    outer.include(inner)
    (route,) = outer.routes
    assert list(route.options["tags"]) == ["outer", "inner", "route"]


def test_an_unknown_option_is_refused_with_a_hint():
    app = App()
    app.get("/a", max_bdoy=3)(show)
    with pytest.raises(ConfigurationError, match="mean 'max_body'") as caught:
        app.freeze()
    assert "show (test_route_routers.py:" in str(caught.value)


@pytest.mark.parametrize("limit", ["1 kB", -1, 1.5])
def test_a_max_body_that_is_no_number_of_bytes_is_refused(limit):
    app = App()
    app.get("/a", max_body=limit)(show)
    with pytest.raises(ConfigurationError, match="a number of bytes"):
        app.freeze()


def test_a_handler_that_is_not_async_is_refused():
    app = App()

    @app.get("/a")
    def plain(request):
        return TextResponse("a")

    class Page:
        def method(self, request):
            return TextResponse("method")

    app.get("/b")(Page().method)
    with pytest.raises(ConfigurationError, match="not `async def`") as caught:
        app.freeze()
    assert "plain (test_route_routers.py:" in str(caught.value)
    assert "method (test_route_routers.py:" in str(caught.value)


def test_a_bound_method_and_a_callable_object_are_handlers():
    class Page:
        async def show(self, request):
            return TextResponse("method")

        async def __call__(self, request):
            return TextResponse("object")

    app = App()
    app.get("/method")(Page().show)
    app.get("/object")(Page())
    client = TestClient(app)
    assert client.get("/method").text == "method"
    assert client.get("/object").text == "object"


def test_a_method_that_is_named_twice_is_one_method():
    app = App()
    app.route("/a", ("get", "GET"))(show)
    assert TestClient(app).get("/a").text == "/a"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/items", "/items"),
        ("/items/{item_id}", "/items/{name:str}"),
        ("/files/{a:path}", "/files/{b:path}"),
    ],
)
def test_a_second_route_for_the_same_requests_shows_both_places(first, second):
    app = App()
    app.get(first)(show)
    app.post(first)(show)
    app.get(second)(create)
    with pytest.raises(ConfigurationError, match="already taken") as caught:
        app.freeze()
    message = str(caught.value)
    for part in (
        first,
        second,
        "show (",
        "create (",
        "test_route_routers.py:",
    ):
        assert part in message, f"the message must hold {part!r}: {message}"


def test_freeze_reports_every_mistake_at_once():
    app = App()
    app.get("/a{x}")(show)
    app.get("no-slash")(show)
    app.route("/b", ())(show)
    app.route("/c", ("GE T",))(show)
    app.route("/d", ("*",))(show)
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    assert len(caught.value.errors) == 5
    for part in ("mixes", "start with", "at least one", "'GE T'", "'*'"):
        assert part in str(caught.value)


def test_a_frozen_app_takes_no_more_routes():
    users = Router("/users")
    users.get("/a")(show)
    app = App()
    app.include(users)
    app.freeze()
    app.freeze()
    assert TestClient(app).get("/users/a").text == "/users/a"
    for router in (app, users):
        with pytest.raises(ConfigurationError, match="too late"):
            router.get("/b")(show)
    with pytest.raises(ConfigurationError, match="too late"):
        app.include(Router())
    with pytest.raises(ConfigurationError, match="too late"):
        app.mount("/m", App())


def test_url_for_finds_by_name_or_handler():
    app = App()
    app.get("/items/{item_id:int}")(show)
    app.put("/items/{item_id:int}")(show)
    app.get("/a b/{rest:path}", name="files")(create)
    assert app.url_for("show", item_id=3) == "/items/3"
    assert app.url_for("files", rest="x/y") == "/a%20b/x/y"


def test_url_for_refuses_what_it_cannot_answer():
    app = App()
    app.get("/a/{x:int}")(show)
    app.get("/b")(create)
    app.get("/c")(create)
    with pytest.raises(LookupError, match="mean 'show'"):
        app.url_for("shwo")
    with pytest.raises(LookupError, match="2 routes are named 'create'"):
        app.url_for("create")
    with pytest.raises(ValueError, match="cannot stand in a path"):
        app.url_for("show", x="one")


def test_the_routes_are_a_readable_table():
    users = Router("/users")
    users.route("", ("GET", "POST"))(show)
    app = App()
    app.get("/")(create)
    app.include(users)
    app.mount("/static/", App())
    assert [route.path for route in app.routes] == ["/", "/users", "/static"]
    lines = str(app.routes).splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["GET", "/", "create"],
        ["GET,POST", "/users", "show"],
        ["*", "/static", "mount"],
    ]
    columns = {line.index("/") for line in lines}
    assert len(columns) == 1, "the columns are aligned"
    assert all("(test_route_routers.py:" in line for line in lines)
