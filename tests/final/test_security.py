# ruff: noqa: RUF001
"""What an attacker sends, and what must not come of it."""

import logging
import re
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith import (
    App,
    BadRequest,
    ConfigurationError,
    HTMLResponse,
    HTTPException,
    JSONResponse,
    MutableHeaders,
    Problem,
    RedirectResponse,
    Request,
    Response,
    TextResponse,
)
from microlith.middleware.cors import CORSMiddleware
from microlith.middleware.logging import AccessLogMiddleware
from microlith.testing import Exchange, TestClient, TestResponse, http_scope

CONTROLS = ["\r\nX-Evil: 1", "\n", "\r", "\x00", "\x0b", "\x7f", "a\x1bb"]


async def url(request: Request) -> TextResponse:
    return TextResponse(str(request.url))


def ask(app: App, scope: dict[str, Any]) -> TestResponse:
    exchange = Exchange(app, scope)
    exchange.put({"type": "http.request"})
    exchange.finish()
    return TestResponse(exchange.sent)


# --- response splitting ------------------------------------------------------


@pytest.mark.parametrize("evil", CONTROLS)
@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda e: Response(headers={"X-A": "v" + e}), id="value"),
        pytest.param(lambda e: Response(headers={"X" + e: "v"}), id="name"),
        pytest.param(lambda e: Response(media_type="text/html" + e), id="media"),
        pytest.param(lambda e: TextResponse("", media_type="a/b" + e), id="text"),
        pytest.param(lambda e: JSONResponse(1, headers={"X-A": e}), id="json"),
        pytest.param(lambda e: HTMLResponse("", headers={"X-A": e}), id="html"),
        pytest.param(lambda e: Problem(400, headers={"X-A": e}), id="problem"),
        pytest.param(
            lambda e: RedirectResponse("/", headers={"X-A": e}), id="redirect"
        ),
        pytest.param(lambda e: Response().headers.__setitem__("X-A", e), id="set"),
        pytest.param(lambda e: Response().headers.append("X-A", e), id="append"),
        pytest.param(lambda e: Response().headers.setdefault("X-A", e), id="default"),
        pytest.param(lambda e: Response().headers.update({"X-A": e}), id="update"),
        pytest.param(lambda e: Response().headers.add_vary("X" + e), id="vary"),
        pytest.param(lambda e: Response().set_cookie("a" + e, "1"), id="cookie-name"),
        pytest.param(lambda e: Response().set_cookie("a", "1" + e), id="cookie-value"),
        pytest.param(lambda e: Response().set_cookie("a", path="/" + e), id="path"),
        pytest.param(lambda e: Response().set_cookie("a", domain="x" + e), id="domain"),
        pytest.param(
            lambda e: Response().delete_cookie("a", path="/" + e), id="delete"
        ),
        pytest.param(lambda e: MutableHeaders().append("a" + e, ""), id="bare"),
    ],
)
def test_a_control_character_never_gets_into_a_header(build: Any, evil: str) -> None:
    with pytest.raises(ValueError, match=r"control|not a header name|cookie"):
        build(evil)


@pytest.mark.parametrize("part", ["path", "domain"])
def test_a_cookie_attribute_cannot_add_another(part: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        Response().set_cookie("a", **{part: "/; Domain=evil.example"})  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_a_redirect_is_one_line_of_ascii(target: str) -> None:
    try:
        response = RedirectResponse(target)
    except ValueError:
        return  # a lone surrogate
    fields = dict(response.raw_headers)
    assert re.fullmatch(rb"[!-~]*", fields[b"location"])
    assert b"\\" not in fields[b"location"], "a browser reads it as a slash"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_accepted_as_a_header_is_one_field(name: str, value: str) -> None:
    headers = MutableHeaders()
    try:
        headers[name] = value
    except ValueError:
        return
    [(raw_name, raw_value)] = headers.raw
    assert re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9a-z]+", raw_name)
    assert not re.search(rb"[\r\n\x00]", raw_value)
    assert headers[name] == value


# --- Host --------------------------------------------------------------------

BAD_HOSTS = [
    "a/b", "a?b", "a#b", "user@evil.example", "a b", "a\\b", "a\tb", "a\"b", "<a>",
    "a:b", "a:1:2", "a:123456", "[::1", "::1", "[::1]x", "é.example", "a\x00b",
    "a\n", "x" * 256, ":80", "[]", "[g::1]", "a/../admin",
]  # fmt: skip


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_malformed_host_is_a_400_before_the_handler(host: str) -> None:
    """A Host with a slash moved the path of the URL: GHSA-86qp-5c8j-p5mr."""
    called = []
    app = App()

    @app.get("/admin")
    async def admin(request: Request) -> Response:
        called.append(1)
        return Response()

    answer = TestClient(app).get("/admin", headers={"host": host})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["type"] == "host"
    assert called == []


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_bare_request_refuses_it_too(host: str) -> None:
    async def receive() -> Any: ...

    request = Request(http_scope(headers={"host": host}), receive)
    with pytest.raises(BadRequest):
        str(request.url)


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("a.example", "a.example", None),
        ("a.example:80", "a.example", 80),
        ("a.example:", "a.example", None),
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("[::1]", "[::1]", None),
        ("[::1]:8000", "[::1]", 8000),
        ("xn--e1afmkfd.example", "xn--e1afmkfd.example", None),
    ],
)
def test_a_good_host_is_taken(host: str, name: str, port: int | None) -> None:
    app = App()

    @app.get("/x")
    async def show(request: Request) -> Response:
        return JSONResponse([str(request.url), request.url.hostname, request.url.port])

    answer = TestClient(app).get("/x?a=1", headers={"host": host})
    assert answer.json() == [f"http://{host}/x?a=1", name, port]


@pytest.mark.parametrize("hosts", [("a", "a"), ("a", "b"), ("", "b"), ("a", "")])
def test_two_hosts_are_a_400(hosts: tuple[str, str]) -> None:
    app = App(fallback=url)
    answer = TestClient(app).get("/", headers=[("host", host) for host in hosts])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "raw", [b"@evil.example/", b":80@evil.example", b".evil.example"]
)
def test_the_target_never_becomes_part_of_the_host(raw: bytes) -> None:
    scope = http_scope() | {"path": raw.decode(), "raw_path": raw}
    assert ask(App(fallback=url), scope).text == f"http://testserver/{raw.decode()}"
    del scope["raw_path"]
    assert ask(App(fallback=url), scope).text.startswith("http://testserver/")


@pytest.mark.parametrize(
    ("server", "wanted"),
    [
        (("10.0.0.1", 8000), "http://10.0.0.1:8000/"),
        (("::1", 8000), "http://[::1]:8000/"),
        (("/run/app.sock", None), "http://localhost/"),
        (None, "http://localhost/"),
    ],
)
def test_without_a_host_the_url_names_the_server(server: Any, wanted: str) -> None:
    scope = http_scope() | {"headers": [], "server": server}
    assert ask(App(fallback=url), scope).text == wanted


# --- open redirects ----------------------------------------------------------


def resolve(path: str, reference: str) -> str:
    """The path that a browser goes to (RFC 3986 §5.2.2 and §5.2.4)."""
    parts = urlsplit(reference)
    assert not parts.scheme, "a relative reference has no scheme"
    assert not parts.netloc, "a relative reference names no host"
    out: list[str] = []
    merged = path.rpartition("/")[0] + "/" + reference
    segments = merged.split("/")[1:]
    for segment in segments:
        if segment == "..":
            out[-1:] = []
        elif segment != ".":
            out.append(segment)
    if segments[-1] in (".", ".."):
        out.append("")
    return "/" + "/".join(out)


@pytest.mark.parametrize(
    ("template", "path", "wanted"),
    [
        ("/{x:path}", "//evil.example/", None),
        ("/{x}", "/a/", "/a"),
        ("/{x}/", "/a", "/a/"),
        ("/a/{x}", "/a/b/", "/a/b"),
        ("/{x}/", "/evil.example", "/evil.example/"),
        ("/{x}/", "/https:evil.example", "/https%3Aevil.example/"),
        ("/{x}/", "/javascript:alert(1)", "/javascript%3Aalert%281%29/"),
        ("/{x}/", "/a%0d%0aX-Evil:1", "/a%0D%0AX-Evil%3A1/"),
        ("/{x}/", "/%5Cevil.example", "/%5Cevil.example/"),
        ("//{x}", "//evil.example/", "//evil.example"),
        ("//{x}/", "//evil.example", "//evil.example/"),
        ("/a/", "/a//", "/a/"),
        ("/{x}/", "/a//", "/a/"),
        ("/é/", "/%C3%A9", "/%C3%A9/"),
    ],
)
def test_the_twin_is_on_the_same_host(
    template: str, path: str, wanted: str | None
) -> None:
    app = App(redirect_slashes=True)
    app.get(template)(url)
    answer = TestClient(app).get(path)
    if wanted is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 308
    location = answer.headers["location"]
    assert re.match(r"\.\.?/", location), "relative, so no host can be in it"
    assert resolve(path, location) == wanted


# --- what is shown -----------------------------------------------------------

XSS = "<script>alert(1)</script>"


def test_the_debug_page_escapes_everything() -> None:
    app = App(debug=True)

    @app.get("/{x}")
    async def broken(request: Request) -> Response:
        raise ValueError(f"{XSS} {request.path_params['x']}")

    client = TestClient(app, headers={"accept": "text/html"})
    answer = client.request("GET", "/%3Cimg src=x%3E".replace(" ", "%20"))
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize("accept", ["text/html", "*/*", ""])
def test_the_debug_page_survives_any_message(
    accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A captured record with a lone surrogate is more than pytest-xdist can carry.
    monkeypatch.setattr(logging.getLogger("microlith.errors"), "disabled", True)

    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    app = App(debug=True)
    app.get("/surrogate")(lambda_raises(ValueError("\ud800")))
    app.get("/odd")(lambda_raises(Odd()))
    for path in ("/surrogate", "/odd"):
        answer = TestClient(app).get(path, headers={"accept": accept})
        assert answer.status_code == 500


def lambda_raises(exc: Exception) -> Any:
    async def handler(request: Request) -> Response:
        raise exc

    return handler


@pytest.mark.parametrize("accept", ["text/html", "text/plain", "application/json", ""])
def test_nothing_of_an_error_is_shown_outside_of_debug_mode(accept: str) -> None:
    app = App()
    app.get("/")(lambda_raises(ValueError("the password is hunter2")))
    answer = TestClient(app).get("/", headers={"accept": accept})
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


def test_a_detail_is_never_sent_as_a_page() -> None:
    app = App()
    app.get("/")(lambda_raises(HTTPException(400, XSS)))
    for accept in ("text/html", "text/plain", "*/*"):
        answer = TestClient(app).get("/", headers={"accept": accept})
        assert "html" not in answer.headers["content-type"]


@pytest.mark.parametrize("path", ["/x%0AINFO:forged", "/x%0D%0Aforged", "/x%1B%5B31m"])
def test_a_path_cannot_forge_a_line_of_the_log(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    app.wrap(AccessLogMiddleware)
    app.get("/{x}")(lambda_raises(ValueError("broken")))
    with caplog.at_level(logging.INFO):
        TestClient(app).get(path)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    for message in messages:
        assert not re.search(r"[\x00-\x1f]", message), message


# --- CORS --------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example/", "shop.example", "https://Shop.example",
        "//shop.example",
        "https://*.shop.example", "https://", "https://a b", "https://u@shop.example",
        "https://shop.example:", "HTTPS://shop.example", "https://shop.example/x", "",
    ],
)  # fmt: skip
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(ConfigurationError, match="no origin"):
        CORSMiddleware([origin])


@pytest.mark.parametrize(
    "origin",
    ["https://a.example", "http://localhost:3000", "http://[::1]:8000", "null",
     "chrome-extension://abcdef", "https://xn--e1afmkfd.example"],
)  # fmt: skip
def test_an_origin_that_browsers_send_is_taken(origin: str) -> None:
    assert CORSMiddleware([origin], allow_credentials=True).allows(origin)


@pytest.mark.parametrize(
    "options",
    [
        {"allow_origins": ["*"], "allow_credentials": True},
        {"allow_origins": "*"},
        {"allow_origins": "https://a.example"},
        {"allow_methods": "GET"},
        {"allow_headers": "x-token"},
        {"expose_headers": "x-token"},
        {"allow_origin_regex": "("},
    ],
)
def test_a_wrong_configuration_of_cors_is_refused(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        CORSMiddleware(**options)


@pytest.mark.parametrize(
    "origin",
    ["https://shop.example.evil.example", "https://evil.example", "null",
     "https://shop.example:444", "http://shop.example", "https://xshop.example",
     "https://shopXexample", "https://a.shop.example\n", "https://SHOP.example"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_stranger_gets_no_header(origin: str, method: str) -> None:
    app = App(fallback=url)
    app.add_middleware(
        CORSMiddleware(
            ["https://shop.example"],
            allow_origin_regex=r"https://a\.shop\.example",
            allow_credentials=True,
        )
    )
    headers = {"origin": origin, "access-control-request-method": "GET"}
    answer = TestClient(app).request(method, "/", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "Origin" in answer.headers["vary"]


# --- too much ----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["int", "float", "uuid"])
@pytest.mark.parametrize(
    "text",
    ["9" * 5000, "-" + "9" * 5000, "9" * 301, "1." + "9" * 5000, "１２", "1_0", "+1",
     "0x10", "1e5", "nan", "inf", "-inf", "--1", "-", ".", "1.", ".5", "１.５", "1\n",
     "٣", "²", "{12345678-1234-1234-1234-123456789012}", "x" * 36,
     "1234567-12345-1234-1234-123456789012", "１2345678-1234-1234-1234-123456789012"],
)  # fmt: skip
def test_what_is_not_exactly_a_value_is_a_404(kind: str, text: str) -> None:
    app = App()
    app.get(f"/{{x:{kind}}}")(url)
    scope = http_scope() | {"path": f"/{text}"}
    assert ask(app, scope).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("&".join(["a=1"] * 1000), 200), ("&".join(["a=1"] * 1001), 400),
     ("&" * 5000, 400), ("a=" + "x" * 100_000, 200), ("%" * 10_000, 200)],
    ids=["1000", "1001", "ampersands", "long", "percents"],
)  # fmt: skip
def test_a_query_has_at_most_a_thousand_fields(query: str, status: int) -> None:
    app = App()

    @app.get("/")
    async def show(request: Request) -> Response:
        return JSONResponse(len(request.query_params.multi_items()))

    assert TestClient(app).get("/?" + query).status_code == status


@pytest.mark.parametrize(
    "cookie",
    ["a=" + '"' + "\\" * 60_000 + '"', ";" * 60_000, "a=1;" * 15_000,
     "=".join("a" * 30_000), "".join(f"c{i}=1; " for i in range(8000)),
     "\xff" * 60_000, 'a="\\' + "0" * 60_000],
    ids=["backslashes", "semicolons", "same", "equals", "many", "bytes", "octal"],
)  # fmt: skip
def test_a_cookie_bomb_is_read_in_no_time(cookie: str) -> None:
    app = App()

    @app.get("/")
    async def show(request: Request) -> Response:
        return JSONResponse(len(request.cookies))

    start = time.perf_counter()
    answer = TestClient(app).get("/", headers={"cookie": cookie})
    assert answer.status_code == 200
    # Quadratic work on this much takes half a minute.
    assert time.perf_counter() - start < 3


def test_ten_thousand_segments_are_matched_at_once() -> None:
    app = App()
    app.get("/{a}/{b:path}")(url)
    app.get("/{a:int}/{b:int}/x")(url)
    start = time.perf_counter()
    assert TestClient(app).get("/1" * 10_000).status_code == 200
    assert TestClient(app).get("/" * 10_000).status_code == 404
    assert time.perf_counter() - start < 3


# --- nothing leaks from one request to the next --------------------------------


@pytest.mark.parametrize("path", ["/static", "/items/1"])
def test_changing_the_params_changes_this_request_only(path: str) -> None:
    app = App()

    async def show(request: Request) -> Response:
        before = dict(request.path_params)
        request.path_params["evil"] = "1"
        request.path_params.pop("x", None)
        return JSONResponse(before)

    app.get("/static")(show)
    app.get("/items/{x}")(show)
    client = TestClient(app)
    first = client.get(path).json()
    assert client.get(path).json() == first
    assert "evil" not in first


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/none"), ("PUT", "/x"), ("OPTIONS", "/x"), ("GET", "/x/")],
)
def test_changing_an_automatic_answer_changes_this_one_only(
    method: str, path: str
) -> None:
    app = App(redirect_slashes=True)
    app.get("/x")(url)
    counter = iter(range(9))

    @app.add_middleware
    async def mark(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.append("x-count", str(next(counter)))
        return response

    client = TestClient(app)
    assert [client.request(method, path).headers["x-count"] for _ in range(3)] == [
        "0", "1", "2",
    ]  # fmt: skip


def test_setting_headers_does_not_touch_the_mapping_it_was_given() -> None:
    given_headers = {"X-A": "1"}
    response = Response(headers=given_headers)
    response.headers["x-b"] = "2"
    response.headers["content-type"] = "a/b"
    assert given_headers == {"X-A": "1"}
    assert "x-b" not in TextResponse("").headers
    assert TextResponse("").headers["content-type"].startswith("text/plain")
