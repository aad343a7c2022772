"""What an app answers: the handler, 404, 405, HEAD, OPTIONS, redirects."""

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.responses import TextResponse
from microlith.testing import Exchange, TestClient, http_scope, run


def saying(text):
    """Return a handler that answers with this text."""

    async def handler(request):
        return TextResponse(text)

    return handler


@pytest.fixture
def shop():
    """Return a client of a small shop."""
    app = App()

    @app.get("/")
    async def home(request):
        return TextResponse("home")

    @app.get("/items/{item_id:int}")
    async def show(request):
        return TextResponse(f"item {request.path_params['item_id'] + 1}")

    @app.put("/items/{item_id:int}")
    async def change(request):
        return TextResponse(await request.text())

    @app.post("/items/{name}")
    async def create(request):
        return TextResponse(request.path_params["name"])

    return TestClient(app)


def test_the_handler_gets_the_converted_params(shop):
    assert shop.get("/items/41").text == "item 42"
    assert shop.put("/items/1", content="new").text == "new"
    assert shop.get("/?q=1").text == "home", "the query is no part of the path"


def test_every_verb_registers_its_method():
    app = App()
    for verb in ("get", "post", "put", "patch", "delete", "head", "options"):
        getattr(app, verb)("/v")(saying(verb))
    client = TestClient(app)
    for verb in ("get", "post", "put", "patch", "delete", "head", "options"):
        response = client.request(verb.upper(), "/v")
        # A HEAD answer may keep its body here: the server drops it.
        assert response.status_code == 200, f"{verb.upper()} is registered"
        assert verb == "head" or response.text == verb


def test_the_decorator_gives_the_handler_back():
    app = App()
    handler = saying("same")
    assert app.get("/a")(handler) is handler
    assert app.route("/b", "post")(handler) is handler
    assert TestClient(app).post("/b").text == "same", "one method as a str"


def test_no_route_is_404(shop):
    assert shop.get("/items/1").status_code == 200
    for target in ("/item", "/items/1/", "//"):
        response = shop.get(target)
        assert (response.status_code, response.text) == (404, "Not Found")


def test_the_fallback_answers_what_no_route_has():
    app = App(saying("fallback"))
    app.get("/a")(saying("a"))
    client = TestClient(app)
    assert client.get("/a").text == "a"
    assert client.get("/b").text == "fallback"
    assert client.post("/a").status_code == 405, "no fallback for a 405"


def test_405_names_every_method_of_the_path(shop):
    response = shop.delete("/items/1")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST, PUT"
    assert shop.delete("/items/one").headers["allow"] == "OPTIONS, POST"


def test_options_is_answered_with_the_methods(shop):
    response = shop.options("/items/1")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST, PUT"
    assert shop.options("/nothing").status_code == 404


def test_head_runs_the_get_handler(shop):
    response = shop.head("/items/41")
    assert response.status_code == 200
    assert response.headers["content-length"] == "7", (
        "the length of GET's body"
    )


def test_an_unknown_method_is_405(shop):
    response = shop.request("BREW", "/")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_escapes_are_decoded_once_and_before_matching():
    app = App()

    @app.get("/f/{name}")
    async def one(request):
        return TextResponse("one " + request.path_params["name"])

    @app.get("/f/{a}/{b}")
    async def two(request):
        return TextResponse("two " + request.path_params["a"])

    app.get("/a b")(saying("literal"))
    client = TestClient(app)
    assert client.get("/f/%C3%BC%20x").text == "one ü x"
    assert client.get("/f/%2541").text == "one %41", "decoded twice"
    assert client.get("/f/a%2Fb").text == "two a", "%2F acts as a slash"
    assert client.get("/a%20b").text == "literal"


def test_params_are_fresh_for_each_request():
    app = App()

    @app.get("/{name}")
    async def spoil(request):
        seen = dict(request.path_params)
        request.path_params["name"] = "spoilt"
        return TextResponse(str(seen))

    client = TestClient(app)
    assert client.get("/a").text == client.get("/a").text == "{'name': 'a'}"


def test_the_request_knows_its_route_and_app():
    app = App()

    @app.get("/items/{item_id}", name="item")
    async def show(request):
        assert request.app is app
        return TextResponse(f"{request.route.name} {request.route.path}")

    assert TestClient(app).get("/items/1").text == "item /items/{item_id}"


def test_max_body_comes_from_the_route_or_the_app():
    app = App(max_body=4)

    @app.post("/small")
    async def small(request):
        return TextResponse(await request.text())

    @app.post("/large", max_body=8)
    async def large(request):
        return TextResponse(await request.text())

    client = TestClient(app)
    assert client.post("/small", content="12345").status_code == 413
    assert client.post("/large", content="12345").text == "12345"
    assert client.post("/large", content="123456789").status_code == 413


def test_a_bad_host_is_400_on_every_path(shop):
    assert shop.get("/", headers={"host": "shop:80"}).status_code == 200
    for target in ("/", "/nothing"):
        bad = shop.get(target, headers={"host": "a b"})
        assert bad.status_code == 400


def test_slashes_are_redirected_only_when_asked():
    for wanted in (False, True):
        app = App(redirect_slashes=wanted)
        app.get("/docs/")(saying("docs"))
        app.get("/items/{x}")(saying("item"))
        client = TestClient(app)
        for target, location in (
            ("/docs?page=2", "./docs/?page=2"),
            ("/items/a%20b/", "../a%20b"),
        ):
            response = client.get(target)
            assert response.status_code == (308 if wanted else 404)
            if wanted:
                assert response.headers["location"] == location
        assert client.get("/docs/").text == "docs"
        assert client.get("/nothing").status_code == 404


def test_lifespan_reports_a_mistake_at_startup():
    app = App()
    app.get("/{x}.json")(saying("x"))
    exchange = Exchange(app, {"type": "lifespan", "asgi": {"version": "3.0"}})
    exchange.put({"type": "lifespan.startup"})
    message = exchange.take()
    assert message["type"] == "lifespan.startup.failed"
    assert "mixes text and a parameter" in message["message"]
    exchange.finish()


def test_lifespan_freezes_the_app():
    app = App()
    app.get("/")(saying("home"))
    exchange = Exchange(app, {"type": "lifespan", "asgi": {"version": "3.0"}})
    exchange.put({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert exchange.take() == {"type": "lifespan.startup.complete"}
    assert exchange.take() == {"type": "lifespan.shutdown.complete"}
    exchange.finish()
    with pytest.raises(ConfigurationError, match="too late"):
        app.get("/late")(saying("late"))


def test_a_scope_type_without_a_meaning_is_still_refused():
    app = App()
    app.get("/")(saying("home"))
    assert TestClient(app).get("/").text == "home"
    scope = {**http_scope(), "type": "carrier-pigeon"}
    with pytest.raises(RuntimeError, match="carrier-pigeon"):
        run(app(scope, None, None))
