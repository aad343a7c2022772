"""Middleware, layers, mounts and includes, together and at their edges."""

import asyncio
import itertools
from contextvars import ContextVar
from typing import Any

import pytest

from microlith import (
    App,
    ConfigurationError,
    Forbidden,
    HookMiddleware,
    Key,
    NotFound,
    Request,
    Response,
    Router,
    TextResponse,
)
from microlith.middleware.cors import CORSMiddleware
from microlith.testing import Exchange, TestClient, http_scope, run


async def ok(request: Request) -> Response:
    return TextResponse("ok")


def named(name: str, log: list[str]) -> Any:
    async def middleware(request: Request, call_next: Any) -> Response:
        log.append(f"+{name}")
        response: Response = await call_next(request)
        log.append(f"-{name}")
        return response

    return middleware


def mistakes(app: App) -> str:
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    return str(caught.value)


# --- what can be a middleware ------------------------------------------------


class OldStyle:
    def __init__(self, app: Any) -> None:
        self.app = app


class PlainHooks(HookMiddleware):
    def before_request(self, request: Request) -> None:  # type: ignore[override]
        return None


class PlainAfter(HookMiddleware):
    def after_request(self, request: Request, response: Response) -> None:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("middleware", "message"),
    [
        (OldStyle, r"takes an instance: OldStyle\(…\).*app.wrap"),
        (HookMiddleware, "takes an instance"),
        (CORSMiddleware, "takes an instance"),
        (lambda request, call_next: None, "is not `async def`"),
        (5, "not callable"),
        (None, "not callable"),
        (PlainHooks(), "before_request.* is not `async def`"),
        (PlainAfter(), "after_request.* is not `async def`"),
    ],
)
@pytest.mark.parametrize("where", ["app", "router", "route"])
def test_what_cannot_be_a_middleware_is_refused_at_freeze(
    middleware: Any, message: str, where: str
) -> None:
    app = App()
    router = Router(middleware=[middleware] if where == "router" else [])
    router.get("/x", middleware=[middleware] if where == "route" else [])(ok)
    app.include(router)
    if where == "app":
        app.add_middleware(middleware)
    with pytest.raises(ConfigurationError, match=message):
        app.freeze()


def test_add_middleware_gives_back_what_it_got() -> None:
    app = App()
    for middleware in (named("a", []), HookMiddleware()):
        assert app.add_middleware(middleware) is middleware


@pytest.mark.parametrize("result", [None, "text", 204])
def test_a_middleware_that_returns_no_response_is_a_500_that_says_so(
    result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app, log = App(), list[str]()
    app.add_middleware(named("outer", log))

    @app.add_middleware
    async def forgets(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return result

    app.get("/")(ok)
    assert TestClient(app).get("/").status_code == 500
    assert log == ["+outer", "-outer"], "the outer one still saw a response"
    assert "forgets (test_middleware_final.py:" in caplog.text
    assert "Return what `await call_next(request)` gave" in caplog.text


# --- order and reach ---------------------------------------------------------


def test_listed_first_is_outermost_everywhere() -> None:
    log: list[str] = []
    app = App()
    inner = Router("/inner", middleware=[named("inner", log)])
    outer = Router("/outer", middleware=[named("outer", log)])
    inner.get("/x", middleware=[named("route1", log), named("route2", log)])(ok)
    outer.include(inner)
    app.include(outer)
    app.add_middleware(named("app1", log))
    app.add_middleware(named("app2", log))
    assert TestClient(app).get("/outer/inner/x").text == "ok"
    order = ["app1", "app2", "outer", "inner", "route1", "route2"]
    assert log == [f"+{n}" for n in order] + [f"-{n}" for n in reversed(order)]


@pytest.mark.parametrize(
    ("method", "path", "reached"),
    [
        ("GET", "/a", "app router one"),
        ("POST", "/a", "app router two"),
        ("PUT", "/a", "app router"),
        ("OPTIONS", "/a", "app router"),
        ("PUT", "/b", "app router one"),
        ("GET", "/none", "app"),
        ("GET", "/a/", "app"),
    ],
)
def test_automatic_answers_pass_what_their_routes_share(
    method: str, path: str, reached: str
) -> None:
    log: list[str] = []
    app = App(redirect_slashes=True)
    app.add_middleware(named("app", log))
    router = Router(middleware=[named("router", log)])
    one, two = named("one", log), named("two", log)
    router.get("/a", middleware=[one])(ok)
    router.post("/a", middleware=[two])(ok)
    router.get("/b", middleware=[one])(ok)
    app.include(router)
    TestClient(app).request(method, path)
    assert [step[1:] for step in log if step[0] == "+"] == reached.split()


@pytest.mark.parametrize("kind", ["function", "hook"])
@pytest.mark.parametrize(
    "path", ["/x", "/none", "/broken", "/mounted", "/mounted/deep"]
)
def test_an_app_middleware_guards_every_path_and_mount(kind: str, path: str) -> None:
    reached = []

    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def handler(request: Request) -> Response:
        reached.append(request.path)
        return Response()

    async def deny(request: Request, call_next: Any) -> Response:
        raise Forbidden("not you")

    class Deny(HookMiddleware):
        async def before_request(self, request: Request) -> Response | None:
            raise Forbidden("not you")

    app = App()
    app.get("/x")(handler)
    app.get("/broken")(handler)
    app.mount("/mounted", foreign)
    app.add_middleware(deny if kind == "function" else Deny())
    assert TestClient(app).get(path).status_code == 403
    assert reached == []


def test_hooks_run_in_pairs_and_may_answer_at_once() -> None:
    log: list[str] = []

    class Hook(HookMiddleware):
        def __init__(self, name: str) -> None:
            self.name = name

        async def before_request(self, request: Request) -> Response | None:
            log.append(f"+{self.name}")
            return TextResponse(self.name) if f"/{self.name}" == request.path else None

        async def after_request(
            self, request: Request, response: Response
        ) -> Response | None:
            log.append(f"-{self.name} {response.status_code}")
            return None

    app = App()
    app.get("/")(ok)
    for name in "abc":
        app.add_middleware(Hook(name))
    client = TestClient(app)
    assert client.get("/").text == "ok"
    assert log == ["+a", "+b", "+c", "-c 200", "-b 200", "-a 200"]
    log.clear()
    assert client.get("/b").text == "b"
    assert log == ["+a", "+b", "-a 200"]
    log.clear()
    assert client.get("/none").status_code == 404
    assert log == ["+a", "+b", "+c", "-c 404", "-b 404", "-a 404"]


def test_a_middleware_that_raises_after_the_answer_replaces_it() -> None:
    log: list[str] = []
    app = App()
    app.add_middleware(named("outer", log))

    @app.add_middleware
    async def regrets(request: Request, call_next: Any) -> Response:
        await call_next(request)
        raise NotFound("changed my mind")

    app.get("/")(ok)
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()["detail"]) == (404, "changed my mind")
    assert log == ["+outer", "-outer"]


def test_call_next_may_be_called_twice() -> None:
    app, attempts = App(), itertools.count(1)

    @app.add_middleware
    async def retry(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response if response.error is None else await call_next(request)

    @app.post("/")
    async def flaky(request: Request) -> Response:
        body = await request.body()
        if next(attempts) == 1:
            raise Forbidden
        return Response(body)

    assert TestClient(app).post("/", content=b"again").content == b"again"


# --- many requests at once ---------------------------------------------------

CURRENT: ContextVar[str] = ContextVar("current", default="nobody")
USER = Key[str]("user")


def test_concurrent_requests_keep_their_context_apart() -> None:
    app = App()

    @app.add_middleware
    async def identify(request: Request, call_next: Any) -> Response:
        name = request.path[1:]
        CURRENT.set(name)
        request[USER] = name
        response: Response = await call_next(request)
        response.headers["x-up"] = CURRENT.get()
        return response

    @app.get("/{name}")
    async def show(request: Request) -> Response:
        for _ in range(3):
            await asyncio.sleep(0)
        found = {CURRENT.get(), request[USER], request.path_params["name"]}
        CURRENT.set(CURRENT.get() + " seen")
        return TextResponse(",".join(found))

    async def one(name: str) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(http_scope(target=f"/{name}"), receive, send)
        return sent

    async def everybody() -> list[list[Any]]:
        return await asyncio.gather(*(one(f"u{i}") for i in range(50)))

    for i, (start, body) in enumerate(run(everybody())):
        assert body["body"] == f"u{i}".encode()
        assert dict(start["headers"])[b"x-up"] == f"u{i} seen".encode()
    assert CURRENT.get() == "nobody"


# --- layers ------------------------------------------------------------------


def layer(name: str, log: list[str]) -> Any:
    def make(app: Any, suffix: str = "") -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            log.append(f"+{name}{suffix} {scope['type']}")
            await app(scope, receive, send)
            log.append(f"-{name}{suffix} {scope['type']}")

        return call

    return make


def test_a_layer_stands_around_every_kind_of_connection() -> None:
    log: list[str] = []
    app = App()
    app.wrap(layer("a", log), suffix="!")
    app.wrap(layer("b", log))
    app.get("/")(ok)
    exchange = Exchange(app, {"type": "lifespan"})
    exchange.put({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    exchange.finish()
    assert TestClient(app).get("/").text == "ok"
    socket = Exchange(app, {"type": "websocket", "path": "/", "headers": []})
    socket.put({"type": "websocket.connect"})
    socket.finish()
    assert [m["type"] for m in socket.sent] == ["websocket.close"]
    kinds = ("lifespan", "http", "websocket")
    assert log == [
        f"{step} {kind}" for kind in kinds for step in ("+a!", "+b", "-b", "-a!")
    ]
    with pytest.raises(RuntimeError, match=r"does not speak .* 'telnet'"):
        Exchange(app, {"type": "telnet"}).finish()


def test_a_layer_is_made_once() -> None:
    made = []

    def make(app: Any) -> Any:
        made.append(app)
        return app

    app = App()
    app.wrap(make)
    app.get("/")(ok)
    for _ in range(3):
        TestClient(app).get("/")
    assert len(made) == 1


def test_an_error_in_a_layer_is_the_servers_to_see() -> None:
    def make(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            raise ValueError("outside of the error map")

        return call

    app = App()
    app.wrap(make)
    with pytest.raises(ValueError, match="outside"):
        TestClient(app).get("/")


# --- mounts ------------------------------------------------------------------


class Foreign:
    """An ASGI app that is not ours: it answers what it was called with."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError("it has no lifespan")
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        seen = f"{scope['root_path']}|{scope['path']}|".encode() + body
        await send(
            {
                "type": "http.response.start",
                "status": 203,
                "headers": [(b"x-own", b"1")],
            }
        )
        await send({"type": "http.response.body", "body": seen[:3], "more_body": True})
        await send({"type": "http.response.body", "body": seen[3:]})


@pytest.mark.parametrize("root", ["", "/api", "/api/", "/a/b"])
@pytest.mark.parametrize(
    ("path", "rest"), [("/m", ""), ("/m/", "/"), ("/m/x/y", "/x/y"), ("/m//x", "//x")]
)
def test_a_mounted_app_sees_its_root_and_the_full_path(
    root: str, path: str, rest: str
) -> None:
    app, foreign = App(), Foreign()
    app.mount("/m/", foreign)
    client = TestClient(app, root_path=root)
    base = root.rstrip("/")
    answer = client.post(f"{base}{path}?q=1", content=b"body")
    assert answer.status_code == 203
    assert answer.text == f"{base}/m|{base}/m{rest}|body"
    assert answer.headers["x-own"] == "1"
    assert foreign.scopes[-1]["query_string"] == b"q=1"


@pytest.mark.parametrize("path", ["/mm", "/m2/x", "/", "/x/m"])
def test_a_mount_ends_at_a_segment(path: str) -> None:
    app = App()
    app.mount("/m", Foreign())
    assert TestClient(app).get(path).status_code == 404


@pytest.mark.parametrize("root", ["", "/api", "/api/", "/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_mounts_in_mounts(root: str, method: str) -> None:
    seen: list[Any] = []
    innermost = App()

    @innermost.route("/x/{name}", [method])
    async def show(request: Request) -> Response:
        seen.append((request.scope["root_path"], request.path, request.path_params))
        return TextResponse("here")

    middle, app = App(), App()
    middle.mount("/two", innermost)
    app.mount("/one", middle)
    base = root.rstrip("/")
    target = f"{base}/one/two/x/%C3%A9"
    assert TestClient(app, root_path=root).request(method, target).status_code == 200
    assert seen == [(f"{base}/one/two", f"{base}/one/two/x/é", {"name": "é"})]


@pytest.mark.parametrize("root", ["/", "/api", "/api/"])
@pytest.mark.parametrize("slashes", ["/", "//"])
def test_a_route_and_a_mount_cut_the_same_root(root: str, slashes: str) -> None:
    """What finds a path and what forwards it must not disagree about it."""
    inner, app = App(), App()
    inner.get("/x")(ok)
    app.mount("/m", inner)
    app.get("/r/x")(ok)
    base = root.rstrip("/")
    client = TestClient(app, root_path=root)
    routed = client.get(f"{base}{slashes}r/x").status_code
    mounted = client.get(f"{base}{slashes}m/x").status_code
    assert routed == mounted == (200 if slashes == "/" else 404)


def test_a_server_that_leaves_the_root_out_of_the_path_is_understood() -> None:
    app = App()
    app.get("/x")(ok)
    app.mount("/m", Foreign())
    client = TestClient(app, root_path="/api")
    assert client.get("/x").text == "ok"
    assert client.get("/m/y").text == "/api/m|/api/m/y|"


@pytest.mark.parametrize("path", ["/apis/x", "/apix"])
def test_a_root_is_taken_off_at_a_segment_only(path: str) -> None:
    app = App()
    app.get("/x")(ok)
    assert TestClient(app, root_path="/api").get(path).status_code == 404


def test_a_mount_at_the_root_takes_what_no_route_has() -> None:
    app = App()
    app.get("/x")(ok)
    app.mount("/", Foreign())
    client = TestClient(app)
    assert client.get("/x").text == "ok"
    assert client.post("/x").status_code == 203
    assert client.get("/").text == "|/|"


def test_middleware_adds_headers_to_a_mounted_apps_answer() -> None:
    app = App()
    app.mount("/m", Foreign())
    app.add_middleware(CORSMiddleware(["https://a.example"]))
    answer = TestClient(app).get("/m", headers={"origin": "https://a.example"})
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert answer.headers["x-own"] == "1"
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    ("path", "first"), [("/m/chat", "websocket.accept"), ("/x", "websocket.close")]
)
@pytest.mark.parametrize("root", ["", "/api"])
def test_a_socket_reaches_a_mount_or_is_refused(
    path: str, first: str, root: str
) -> None:
    app, foreign = App(), Foreign()
    app.get("/x")(ok)
    app.mount("/m", foreign)
    scope = {"type": "websocket", "path": root + path, "root_path": root, "headers": []}
    exchange = Exchange(app, scope)
    exchange.put({"type": "websocket.connect"})
    assert exchange.take()["type"] == first
    exchange.finish()
    for found in foreign.scopes[1:]:  # the first one is its lifespan
        assert found["root_path"] == f"{root}/m"
        assert found["path"] == f"{root}{path}"


def test_a_mounted_app_reports_its_own_mistakes_and_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, inner = App(), App()

    @inner.get("/broken")
    async def broken(request: Request) -> Response:
        raise ValueError("inside")

    inner.exception_handler(404)(lambda request, exc: TextResponse("inner", 404))
    app.exception_handler(404)(lambda request, exc: TextResponse("outer", 404))
    app.mount("/m", inner)
    client = TestClient(app)
    assert client.get("/m/none").text == "inner"
    assert client.get("/none").text == "outer"
    assert client.get("/m/broken").status_code == 500
    assert len(caplog.records) == 1, "logged where it happened, and there alone"


# --- include -----------------------------------------------------------------


def test_one_router_in_two_places_has_two_chains() -> None:
    log: list[str] = []
    shared = Router()
    shared.get("/x", name="x")(ok)
    app = App()
    for name in ("a", "b"):
        holder = Router(f"/{name}", middleware=[named(name, log)])
        holder.include(shared)
        app.include(holder)
    client = TestClient(app)
    assert client.get("/a/x").text == client.get("/b/x").text == "ok"
    assert log == ["+a", "-a", "+b", "-b"]
    with pytest.raises(LookupError, match="2 routes"):
        app.url_for("x")


def test_what_includes_itself_is_refused() -> None:
    one, two = Router(), Router()
    one.include(two)
    two.include(one)
    app = App()
    app.include(one)
    assert "includes itself" in mistakes(app)


@pytest.mark.parametrize("thing", [App(), object(), None, ok])
def test_only_routers_are_included(thing: Any) -> None:
    with pytest.raises(ConfigurationError, match="takes a Router"):
        App().include(thing)


def test_anything_that_makes_a_router_is_included() -> None:
    class Controller:
        def __router__(self) -> Router:
            router = Router("/made")
            router.get("/x")(ok)
            return router

    app = App()
    app.include(Controller(), prefix="/by")
    assert TestClient(app).get("/by/made/x").text == "ok"
    assert "/by/made/x" in str(app.routes)
