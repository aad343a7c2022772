"""Wherever an error comes from, the same map answers it."""

import pytest

from microlith import App, Response, Router, TextResponse
from microlith.exceptions import ConfigurationError
from microlith.testing import Exchange, TestClient, http_scope

PROBLEM = "application/problem+json"


class Broken(Exception):
    """What this file's handlers raise."""


def shop():
    """Return an app whose every error is answered by one handler."""
    app = App(max_body=10)

    async def tell(request, exc):
        status = getattr(exc, "status_code", 500)
        return TextResponse(type(exc).__name__, status)

    for status in (400, 404, 405, 413):
        app.exception_handler(status)(tell)
    app.exception_handler(Broken)(tell)

    @app.post("/items")
    async def create(request):
        return TextResponse(await request.text())

    return app


def test_routing_404():
    answer = TestClient(shop()).get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "NotFound")


def test_routing_405():
    answer = TestClient(shop()).get("/items")
    assert (answer.status_code, answer.text) == (405, "MethodNotAllowed")


def test_default_405_still_has_allow():
    app = App()

    @app.post("/items")
    async def create(request):
        return TextResponse("created")

    answer = TestClient(app).get("/items")
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "a b"}, (400, "BadRequest")),
        ({"Content-Length": "ten"}, (400, "BadRequest")),
        ({"Content-Length": "11"}, (413, "ContentTooLarge")),
    ],
)
def test_a_fault_of_the_head(headers, expected):
    answer = TestClient(shop()).post("/items", headers=headers)
    assert (answer.status_code, answer.text) == expected


def test_a_fault_of_the_head_on_a_path_that_no_route_has():
    answer = TestClient(shop()).get("/nowhere", headers={"Host": "a b"})
    assert (answer.status_code, answer.text) == (400, "BadRequest"), (
        "a fault of the head is found before the 404"
    )


@pytest.mark.parametrize("path", ["/mounted/x", "/twin/"])
def test_a_fault_of_the_head_below_a_mount_and_before_a_redirect(path):
    async def guest(scope, receive, send):
        raise Broken

    app = App(redirect_slashes=True)
    app.mount("/mounted", guest)

    @app.get("/twin")
    async def twin(request):
        return TextResponse("never")

    answer = TestClient(app).get(path, headers={"Host": "a b"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM


def test_a_body_that_grows_too_large_while_it_is_read():
    answer = TestClient(shop()).post(
        "/items",
        content=[b"12345678", b"12345678"],
        headers={"Transfer-Encoding": "chunked"},
    )
    assert (answer.status_code, answer.text) == (413, "ContentTooLarge")


def test_a_handler_of_an_included_router():
    app, router = shop(), Router()

    @router.get("/deep")
    async def deep(request):
        raise Broken

    app.include(router, prefix="/router")
    answer = TestClient(app).get("/router/deep")
    assert (answer.status_code, answer.text) == (500, "Broken")


def test_the_fallback():
    async def fallback(request):
        raise Broken

    app = App(fallback)
    app.exception_handler(Broken)(
        lambda request, exc: TextResponse("from the fallback", 410)
    )
    answer = TestClient(app).get("/nowhere")
    assert (answer.status_code, answer.text) == (410, "from the fallback")


def test_a_plain_fallback_is_refused():
    def fallback(request):
        return TextResponse("never")

    with pytest.raises(ConfigurationError, match="fallback is not `async def"):
        App(fallback).freeze()


def test_a_mounted_asgi_app_that_fails_before_it_answers():
    async def guest(scope, receive, send):
        raise Broken

    app = shop()
    app.mount("/guest", guest)
    answer = TestClient(app).get("/guest/x")
    assert (answer.status_code, answer.text) == (500, "Broken")


def test_a_mounted_microlith_app_answers_by_its_own_map():
    app, inner = shop(), App()

    @inner.exception_handler(404)
    async def lost(request, exc):
        return TextResponse("inner", 404)

    app.mount("/inner", inner)
    client = TestClient(app)
    assert client.get("/inner/x").text == "inner"
    assert client.get("/x").text == "NotFound"


def test_a_handler_that_returns_no_response(caplog):
    app = App()

    @app.get("/")
    async def forgetful(request):
        return Broken

    answer = TestClient(app).get("/")
    assert answer.status_code == 500
    assert f"returned {Broken!r}" in caplog.text, (
        "the log says which handler returned what"
    )


def test_a_client_that_left_gets_no_answer_and_no_log_record(caplog):
    exchange = Exchange(shop(), http_scope("POST", "/items"))
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert exchange.sent == [], "nobody is left to read an answer"
    assert not caplog.records, "a client that leaves is not an error of ours"


@pytest.mark.parametrize("when", ["handling", "sending"])
def test_what_is_no_exception_passes(when):
    class Quit(BaseException):
        """Not an Exception: like CancelledError, it is not ours."""

    class Quitting(Response):
        async def __call__(self, scope, receive, send):
            raise Quit

    app, asked = App(), []

    @app.exception_handler(Exception)
    async def anything(request, exc):
        asked.append(exc)
        return TextResponse("swallowed", 500)

    @app.get("/")
    async def quit_(request):
        if when == "handling":
            raise Quit
        response = Quitting()
        response.body = None
        return response

    with pytest.raises(Quit):
        TestClient(app).get("/")
    assert not asked, "only Exception is answered; BaseException passes"
