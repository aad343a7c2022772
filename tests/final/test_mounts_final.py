"""Mounts at odd roots, and options of mounts."""

import pytest

from microlith import (
    App,
    ConfigurationError,
    Request,
    Response,
    Router,
    TextResponse,
)
from microlith.middleware.chain import CallNext
from microlith.testing import TestClient
from microlith.types import Receive, Scope, Send


async def show(request: Request) -> TextResponse:
    return TextResponse(f"{request.scope['root_path']}|{request.path}")


@pytest.mark.parametrize(
    ("root", "target"),
    [("/", "//evil"), ("/api/", "/api//x"), ("/api", "/apis"), ("/api", "/a")],
)
def test_only_a_whole_root_is_taken_off(root: str, target: str) -> None:
    app = App()
    app.get("/x")(show)
    app.get("/evil")(show)
    app.get("/s")(show)
    response = TestClient(app, root_path=root).get(target)
    assert response.status_code == 404, "part of the path was cut away"


def test_a_mount_never_cuts_the_path() -> None:
    seen: list[Scope] = []

    async def foreign(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        if scope["type"] == "lifespan":
            raise NotImplementedError("it has no lifespan")
        await TextResponse("ok")(scope, receive, send)

    app = App()
    app.mount("/in", foreign)
    TestClient(app, root_path="/api/").get("/api/in//x")
    assert [scope["type"] for scope in seen] == ["lifespan", "http"]
    assert seen[1]["path"] == "/api/in//x"
    assert seen[1]["root_path"] == "/api/in"


@pytest.mark.parametrize("options", [{"max_bdoy": 3}, {"max_body": -1}])
def test_options_of_a_mount_are_checked(options: dict[str, int]) -> None:
    app = App()
    app.mount("/x", App(), **options)
    with pytest.raises(ConfigurationError, match="max_body"):
        app.freeze()


def test_a_parameter_may_be_called_name() -> None:
    app = App()
    app.get("/{name}", name="user")(show)
    assert app.url_for("user", name="ada") == "/ada"


async def start_then_fail(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("cut")


def test_an_error_that_two_apps_see_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outer, inner = App(), App()
    inner.mount("/leaf", start_then_fail)
    outer.mount("/in", inner)
    with pytest.raises(RuntimeError, match="cut"):
        TestClient(outer).get("/in/leaf")
    assert len(caplog.records) == 1


def test_a_policy_set_by_a_middleware_outlives_a_failed_mount() -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("at once")

    app = App()

    @app.add_middleware
    async def policy(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["content-security-policy"] = "default-src 'self'"
        return response

    app.mount("/x", fail)
    response = TestClient(app).get("/x")
    assert response.status_code == 500
    assert response.headers["content-security-policy"] == "default-src 'self'"
    assert len(response.getlist("content-type")) == 1


def test_middleware_that_is_no_list_is_refused_wherever_it_stands() -> None:
    async def timing(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    router = Router("/r", middleware=timing)
    router.get("/x", middleware=[timing])(show)
    app = App()
    app.include(router)
    with pytest.raises(ConfigurationError, match="middleware is a list"):
        app.freeze()


def test_an_exception_object_raised_twice_is_logged_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = ValueError("always the same object")

    async def fail(request: Request) -> Response:
        raise broken

    app = App()
    app.get("/")(fail)
    TestClient(app).get("/")
    TestClient(app).get("/")
    assert len(caplog.records) == 2
