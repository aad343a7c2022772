"""How many calls a request costs, counted and not timed.

Counted are the Python `call` events from the moment the server calls the app
until it returns; the `receive` and `send` of the test stand for the server's
and are left out. Nothing suspends, so no frame is entered twice.
"""

import sys
from typing import Any

import pytest

from microlith import App, HookMiddleware, JSONResponse, Request, TextResponse
from microlith.testing import http_scope

PLAIN = (4, 5)
"""Calls up to and with the handler, and calls in all."""

MATCHED = (5, 6)
"""The same for a path with parameters, which only `match` can find."""


def count(app: App, scope: dict[str, Any], body: bytes = b"") -> tuple[int, int, str]:
    """Serve one request and return (to the handler, in all, the frames)."""
    frames: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    sent: list[dict[str, Any]] = []
    outside = {receive.__code__, send.__code__}

    def profile(frame: Any, event: str, arg: object) -> None:
        if event == "call" and frame.f_code not in outside:
            frames.append(frame.f_code.co_name)

    app.freeze()
    for _ in range(2):  # the second one is measured: caches are warm
        frames.clear()
        sent.clear()
        coroutine = app(scope, receive, send)
        sys.setprofile(profile)
        try:
            coroutine.send(None)
        except StopIteration:
            pass
        else:
            pytest.fail("the app waited, where nothing had to be waited for")
        finally:
            sys.setprofile(None)
    assert sent[0]["status"] == 200, sent
    assert frames.count("handler") == 1, frames
    return frames.index("handler") + 1, len(frames), " -> ".join(frames)


async def handler(request: Request) -> TextResponse:
    return TextResponse("hello")


def plain_app() -> App:
    app = App()
    app.get("/")(handler)
    app.get("/items/{x}")(handler)
    app.get("/numbers/{x:int}")(handler)
    return app


COOKIES = {"cookie": "a=1; b=2"}
LENGTH = {"content-length": "0"}
HOST = {"host": "shop.example:8000"}


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(http_scope(), id="plain"),
        pytest.param(http_scope(headers=COOKIES), id="cookies"),
        pytest.param(http_scope(headers=LENGTH), id="content-length"),
        pytest.param(http_scope(headers=HOST), id="host"),
        pytest.param(http_scope("HEAD"), id="head"),
        pytest.param(http_scope(target="/?a=1&b=2"), id="query"),
        pytest.param(http_scope(target="/items/7"), id="parameter"),
        pytest.param(http_scope(target="/api/", root_path="/api"), id="root-path"),
        pytest.param(
            http_scope(
                "HEAD",
                "/api/items/a%20b",
                {**COOKIES, **LENGTH, **HOST},
                root_path="/api",
            ),
            id="all-at-once",
        ),
    ],
)
def test_a_plain_handler_costs_five_calls(scope: dict[str, Any]) -> None:
    before, total, frames = count(plain_app(), scope)
    expected = MATCHED if "items" in scope["path"] else PLAIN
    assert (before, total) == expected, frames


def test_another_host_each_time_costs_three_calls_more() -> None:
    app = plain_app()
    count(app, http_scope(headers={"host": "one.example"}))
    scopes = iter([http_scope(headers={"host": f"{i}.example"}) for i in range(2)])

    async def alternating(scope: Any, receive: Any, send: Any) -> None:
        await app(next(scopes), receive, send)

    alternating.freeze = app.freeze  # type: ignore[attr-defined]
    before, total, frames = count(alternating, http_scope())  # type: ignore[arg-type]
    # `alternating` itself; head_fault, check_host and parse_host.
    assert (before, total) == (PLAIN[0] + 4, PLAIN[1] + 4), frames


def test_a_converter_costs_one_call_more() -> None:
    before, total, frames = count(plain_app(), http_scope(target="/numbers/7"))
    # int: the converter itself; a plain {x} has none.
    assert (before, total) == (MATCHED[0] + 1, MATCHED[1] + 1), frames


def test_a_json_body_costs_one_call_more() -> None:
    seen = []

    async def handler(request: Request) -> TextResponse:
        seen.append(await request.body())
        return TextResponse("ok")

    app = App()
    app.post("/")(handler)
    headers = {"content-length": "2", "content-type": "application/json"}
    before, total, frames = count(app, http_scope("POST", "/", headers), b"{}")
    assert seen == [b"{}", b"{}"]
    # The body is read inside of the handler.
    assert (before, total) == (PLAIN[0], PLAIN[1] + 1), frames


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_function_middleware_costs_two_calls(number: int) -> None:
    app = plain_app()
    for _ in range(number):

        @app.add_middleware
        async def middleware(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    before, total, frames = count(app, http_scope())
    assert before == PLAIN[0] + 2 * number, frames
    assert total == PLAIN[1] + 2 * number, frames


class Nothing(HookMiddleware):
    pass


class Before(HookMiddleware):
    async def before_request(self, request: Request) -> None:
        return None


class After(HookMiddleware):
    async def after_request(self, request: Request, response: Any) -> None:
        return None


class Both(Before, After):
    pass


@pytest.mark.parametrize(
    ("kind", "cost"), [(Nothing, 0), (Before, 2), (After, 2), (Both, 3)]
)
def test_a_hook_middleware_costs_one_call_and_its_hooks(
    kind: type[HookMiddleware], cost: int
) -> None:
    app = plain_app()
    app.add_middleware(kind())
    _, total, frames = count(app, http_scope())
    assert total == PLAIN[1] + cost, frames


@pytest.mark.parametrize("number", [1, 2, 5])
def test_wrap_layers_cost_two_calls_inside(number: int) -> None:
    app = plain_app()

    def layer(inner: Any) -> Any:
        return inner

    for _ in range(number):
        app.wrap(layer)
    before, total, frames = count(app, http_scope())
    # App.__call__ from outside, the detour to the layers, and from inside.
    assert (before, total) == (PLAIN[0] + 2, PLAIN[1] + 2), frames
    assert frames.count("__call__ ->") == 2, frames


def test_another_ten_routes_cost_nothing() -> None:
    app = plain_app()
    for i in range(1000):
        app.get(f"/static/{i}")(handler)
        app.get(f"/typed/{i}/{{x}}")(handler)
    for target, expected in (("/static/999", PLAIN), ("/typed/999/a", MATCHED)):
        before, total, frames = count(app, http_scope(target=target))
        assert (before, total) == expected, frames


def test_the_counter_sees_what_is_added() -> None:
    async def handler(request: Request) -> JSONResponse:
        return JSONResponse({})

    app = App()
    app.get("/")(handler)
    _, total, frames = count(app, http_scope())
    assert total == PLAIN[1] + 1, f"JSONResponse has an __init__ of its own: {frames}"
