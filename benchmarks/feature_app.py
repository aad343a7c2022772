"""Apps of microlith that differ in one feature each: what does it cost?

Each factory is the plain one plus one thing. `FEATURES` names with which other
app each is compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from benchmarks.models import GREETING, ITEMS, Item
from benchmarks.scenarios import SCENARIOS, Exchange
from microlith import (
    App,
    Depends,
    Header,
    HookMiddleware,
    Query,
    Request,
    Response,
    TextResponse,
)

HELLO = Exchange("", "", "/", media_type="text/plain", expects=GREETING)
NUMBER = Exchange("", "", "/42", media_type="text/plain", expects=GREETING)
BODY = SCENARIOS["body"]


def exchange(name: str, model: Exchange, **more: Any) -> Exchange:
    """Return an exchange that is served by the factory of its name."""
    fields = {f: getattr(model, f) for f in Exchange.__slots__} | {"refuses": ()}
    return Exchange(**fields | {"name": name, "title": name, "app": name} | more)


EXCHANGES = {
    name: exchange(name, model, **more)
    for name, model, more in (
        ("plain", HELLO, {}),
        ("request", HELLO, {}),
        ("middleware", HELLO, {}),
        ("middlewares_5", HELLO, {}),
        ("hook_middleware", HELLO, {}),
        ("dependency", HELLO, {}),
        ("generator", HELLO, {}),
        ("str_parameter", NUMBER, {}),
        ("path_parameter", NUMBER, {}),
        ("query_parameter", HELLO, {"query": "count=3"}),
        ("header_parameter", HELLO, {"headers": {"x-count": "3"}}),
        ("body", BODY, {"path": "/", "media_type": "text/plain", "expects": GREETING}),
        ("body_and_result", BODY, {"path": "/"}),
        ("result", HELLO, {"media_type": None, "expects": None}),
        ("dict_result", HELLO, {"media_type": None, "expects": None}),
        ("timeout", HELLO, {}),
        ("cancel_on_disconnect", HELLO, {}),
        ("thread", HELLO, {}),
        ("wrap_layer", HELLO, {}),
    )
}

FEATURES = (
    ("the request as an argument", "request", "plain"),
    ("a middleware", "middleware", "plain"),
    ("five middlewares", "middlewares_5", "plain"),
    ("a hook middleware, both hooks", "hook_middleware", "plain"),
    ("a layer around the app (wrap)", "wrap_layer", "plain"),
    ("a dependency", "dependency", "plain"),
    ("a dependency that yields", "generator", "plain"),
    ("a path parameter, str", "str_parameter", "plain"),
    ("a path parameter, int", "path_parameter", "plain"),
    ("a query parameter, int", "query_parameter", "plain"),
    ("a header parameter, int", "header_parameter", "plain"),
    ("a JSON body as a model", "body", "plain"),
    ("a model as the result", "result", "plain"),
    ("a dict as the result", "dict_result", "plain"),
    ("a timeout", "timeout", "plain"),
    ("cancel_on_disconnect", "cancel_on_disconnect", "plain"),
    ("a handler in a thread (def)", "thread", "plain"),
)
"""What it is called, the exchange with it, the exchange without it."""


async def hello() -> TextResponse:
    return TextResponse(GREETING)


def plain(**options: Any) -> App:
    app = App()
    app.get("/", **options)(hello)
    return app


def request() -> App:
    app = App()

    @app.get("/")
    async def handler(request: Request) -> TextResponse:
        return TextResponse(GREETING)

    return app


async def passing(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    return await call_next(request)


def middleware() -> App:
    app = plain()
    app.add_middleware(passing)
    return app


def middlewares_5() -> App:
    app = plain()
    for _ in range(5):
        app.add_middleware(passing)
    return app


class Hooks(HookMiddleware):
    async def before_request(self, request: Request) -> None:
        return None

    async def after_request(self, request: Request, response: Response) -> None:
        return None


def hook_middleware() -> App:
    app = plain()
    app.add_middleware(Hooks())
    return app


def wrap_layer() -> App:
    app = plain()

    def layer(inner: Any) -> Any:
        return inner

    app.wrap(layer)
    return app


async def word() -> str:
    return GREETING


async def word_and_end() -> AsyncIterator[str]:
    yield GREETING


def dependency() -> App:
    app = App()

    @app.get("/")
    async def handler(text: Annotated[str, Depends(word)]) -> TextResponse:
        return TextResponse(text)

    return app


def generator() -> App:
    app = App()

    @app.get("/")
    async def handler(text: Annotated[str, Depends(word_and_end)]) -> TextResponse:
        return TextResponse(text)

    return app


def str_parameter() -> App:
    app = App()

    @app.get("/{id}")
    async def handler(id: str) -> TextResponse:
        return TextResponse(GREETING)

    return app


def path_parameter() -> App:
    app = App()

    @app.get("/{id:int}")
    async def handler(id: int) -> TextResponse:
        return TextResponse(GREETING)

    return app


def query_parameter() -> App:
    app = App()

    @app.get("/")
    async def handler(count: Annotated[int, Query(ge=1)]) -> TextResponse:
        return TextResponse(GREETING)

    return app


def header_parameter() -> App:
    app = App()

    @app.get("/")
    async def handler(x_count: Annotated[int, Header()]) -> TextResponse:
        return TextResponse(GREETING)

    return app


def body() -> App:
    app = App()

    @app.post("/")
    async def handler(item: Item) -> TextResponse:
        return TextResponse(GREETING)

    return app


def body_and_result() -> App:
    app = App()

    @app.post("/")
    async def handler(item: Item) -> Item:
        return item

    return app


def result() -> App:
    app = App()

    @app.get("/")
    async def handler() -> Item:
        return ITEMS[0]

    return app


def dict_result() -> App:
    app = App()

    @app.get("/")
    async def handler() -> dict[str, str]:
        return {"message": GREETING}

    return app


def timeout() -> App:
    return plain(timeout=5.0)


def cancel_on_disconnect() -> App:
    return plain(cancel_on_disconnect=True)


def thread() -> App:
    app = App()

    @app.get("/")
    def handler() -> TextResponse:
        return TextResponse(GREETING)

    return app
