"""CORSMiddleware: what a browser is told, and what it is not told."""

import pytest

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.middleware.cors import CORSMiddleware
from microlith.responses import Response, TextResponse
from microlith.routing import Router
from microlith.testing import TestClient

SHOP = "https://shop.example"
EVIL = "https://evil.example"


def client_for(*args, origin=SHOP, **options):
    """Return a client of an app behind a CORSMiddleware."""
    app = App()
    app.add_middleware(CORSMiddleware(*args, **options))

    @app.get("/")
    async def home(request):
        return TextResponse("hello", headers={"vary": "Accept"})

    @app.post("/items")
    async def create(request):
        return 1 / 0

    return TestClient(app, {"origin": origin} if origin else {})


def ask(client, target="/", method="GET", **headers):
    """Send a preflight."""
    names = {k.replace("_", "-"): v for k, v in headers.items()}
    return client.options(
        target, headers={"access-control-request-method": method} | names
    )


def cors_headers(answer):
    """Return the headers of the answer that speak of access control."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith("access-control-")
    }


def test_an_allowed_origin_is_named():
    answer = client_for([SHOP]).get("/")
    assert cors_headers(answer) == {"access-control-allow-origin": SHOP}
    assert answer.text == "hello"


def test_nothing_for_a_disallowed_origin():
    assert cors_headers(client_for([SHOP]).get("/")) != {}
    stranger = client_for(
        [SHOP], origin=EVIL, allow_credentials=True, expose_headers=["x-a"]
    )
    answer = stranger.get("/")
    assert (answer.status_code, cors_headers(answer)) == (200, {})
    preflight = ask(client_for([SHOP], origin=EVIL))
    assert cors_headers(preflight) == {}, "a preflight neither"


def test_every_answer_varies_by_origin():
    for origin in (SHOP, EVIL, None):
        vary = client_for([SHOP], origin=origin).get("/").headers["vary"]
        assert vary == "Accept, Origin", (
            "a cache must not give one origin's answer to another, "
            "and a Vary that is there stays"
        )


def test_a_star_is_for_all_and_needs_no_vary():
    answer = client_for(["*"], origin=EVIL).get("/")
    assert answer.headers.get("access-control-allow-origin") == "*"
    assert answer.headers["vary"] == "Accept"


def test_a_preflight_is_answered_without_the_handler():
    answer = ask(
        client_for([SHOP], allow_methods=["POST"], max_age=60),
        "/items",
        "POST",
    )
    assert answer.status_code == 204
    assert cors_headers(answer) == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "POST",
        "access-control-max-age": "60",
    }
    assert "Origin" in answer.headers["vary"]


def test_only_options_is_a_preflight():
    answer = client_for([SHOP]).get(
        "/", headers={"access-control-request-method": "GET"}
    )
    assert (answer.status_code, answer.text) == (200, "hello")
    assert cors_headers(answer) == {"access-control-allow-origin": SHOP}


def test_what_a_preflight_grants_by_default():
    answer = ask(client_for([SHOP]))
    assert answer.headers.get("access-control-allow-methods") == (
        "GET, HEAD, POST"
    )
    assert answer.headers["access-control-max-age"] == "600"


def test_a_star_for_methods_is_spelled_out():
    answer = ask(client_for([SHOP], allow_methods=["*"]))
    assert answer.headers.get("access-control-allow-methods") == (
        "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    ), "with credentials, a literal * would be the name of a method"


def test_listed_headers_are_granted():
    client = client_for([SHOP], allow_headers=["x-token", "x-trace"])
    answer = ask(client, access_control_request_headers="x-other")
    assert answer.headers.get("access-control-allow-headers") == (
        "x-token, x-trace"
    )


def test_a_star_for_headers_grants_what_is_asked_for():
    client = client_for([SHOP], allow_headers=["*"])
    answer = ask(client, access_control_request_headers="x-a,x-b")
    assert answer.headers.get("access-control-allow-headers") == "x-a,x-b"
    assert "Access-Control-Request-Headers" in answer.headers["vary"]
    none = ask(client)
    assert "access-control-allow-headers" not in none.headers


def test_credentials():
    client = client_for([SHOP], allow_credentials=True)
    for answer in (client.get("/"), ask(client)):
        headers = cors_headers(answer)
        assert headers.get("access-control-allow-credentials") == "true"
        assert headers["access-control-allow-origin"] == SHOP


def test_exposed_headers_are_named_on_answers_alone():
    client = client_for([SHOP], expose_headers=["x-total", "x-page"])
    answer = client.get("/")
    assert answer.headers.get("access-control-expose-headers") == (
        "x-total, x-page"
    )
    assert "access-control-expose-headers" not in ask(client).headers


def test_a_plain_options_request_reaches_the_app():
    answer = client_for([SHOP]).options("/items")
    assert (answer.status_code, answer.headers["allow"]) == (
        204,
        "OPTIONS, POST",
    )
    assert answer.headers.get("access-control-allow-origin") == SHOP


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/items", 405),
        ("POST", "/items", 500),
    ],
)
def test_errors_carry_the_headers(caplog, method, target, status):
    answer = client_for([SHOP]).request(method, target)
    assert answer.status_code == status
    assert answer.headers.get("access-control-allow-origin") == SHOP, (
        "without it a script sees a network error instead of the status"
    )


def test_a_pattern_must_match_the_whole_origin():
    pattern = r"https://[a-z]+\.shop\.example"
    good = client_for(
        allow_origin_regex=pattern, origin="https://eu.shop.example"
    )
    assert good.get("/").headers.get("access-control-allow-origin") == (
        "https://eu.shop.example"
    )
    for origin in (
        "https://eu.shop.example.evil.example",
        "xhttps://eu.shop.example",
    ):
        bad = client_for(allow_origin_regex=pattern, origin=origin)
        assert cors_headers(bad.get("/")) == {}


def test_a_router_of_its_own_answers_preflights():
    app = App()
    api = Router("/api", middleware=[CORSMiddleware([SHOP])])

    @api.post("/items")
    async def create(request):
        return Response(status_code=201)

    app.include(api)
    client = TestClient(app, {"origin": SHOP})
    answer = ask(client, "/api/items", "POST")
    assert answer.headers.get("access-control-allow-origin") == SHOP
    assert cors_headers(client.get("/elsewhere")) == {}


@pytest.mark.parametrize(
    ("origins", "options", "message"),
    [
        (["*"], {"allow_credentials": True}, "needs the origins by name"),
        (["https://shop.example/"], {}, "is no origin"),
        (["shop.example"], {}, "is no origin"),
        (["HTTPS://Shop.example"], {}, "in lower case"),
        (["https://shop.example:x"], {}, "is no origin"),
        (SHOP, {}, "allow_origins is a list"),
        ([SHOP], {"expose_headers": "x-a"}, "expose_headers is a list"),
        ([SHOP], {"allow_origin_regex": "("}, "is no regular expression"),
    ],
)
def test_settings_that_would_not_work_are_refused(origins, options, message):
    with pytest.raises(ConfigurationError, match=message):
        CORSMiddleware(origins, **options)


def test_null_may_be_named():
    client = client_for(["null"], origin="null")
    assert client.get("/").headers.get("access-control-allow-origin") == "null"
