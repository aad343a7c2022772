# mypy: disable-error-code="attr-defined"
"""The same work on each stage of the book, with what that stage has.

`PYTHONPATH` says which stage is imported. Until stage 06 handlers take the
request and return a response; from then on, their signatures say more.
"""

from __future__ import annotations

from typing import Annotated, Any

import microlith
from benchmarks.models import GREETING, Item
from benchmarks.scenarios import SCENARIOS, Exchange
from microlith.applications import App
from microlith.requests import Request
from microlith.responses import Response

PLAIN = {"media_type": "text/plain", "expects": GREETING}
NEEDS = {
    "plaintext": 1,
    "path": 3,
    "middleware": 5,
    "body": 6,
    "dependency": 7,
}
"""Since which stage each of them is possible."""


def exchange(name: str, model: str, **more: Any) -> Exchange:
    """Return an exchange with an app of its own."""
    fields = {f: getattr(SCENARIOS[model], f) for f in Exchange.__slots__}
    return Exchange(**fields | {"name": name, "app": name, "refuses": ()} | more)


EXCHANGES = {
    "plaintext": exchange("plaintext", "plaintext"),
    "path": exchange("path", "path", **PLAIN),
    "middleware": exchange("middleware", "plaintext"),
    "body": exchange("body", "body"),
    "dependency": exchange("dependency", "plaintext"),
}


async def hello(request: Request) -> Response:
    return Response(GREETING)


def plaintext() -> Any:
    if hasattr(App, "get"):
        app = App()
        app.get("/plaintext")(hello)
        return app
    return App(hello)


def path() -> Any:
    app = App()
    app.get("/path/{id:int}")(hello)
    return app


def middleware() -> Any:
    app = plaintext()

    async def passing(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response

    app.add_middleware(passing)
    return app


def body() -> Any:
    app = App()

    @app.post("/body")
    async def handler(item: Item) -> Item:
        return item

    return app


async def word() -> str:
    return GREETING


def dependency() -> Any:
    app = App()

    async def handler(text: str) -> Response:
        return Response(text)

    marked = Annotated[str, microlith.Depends(word)]
    handler.__annotations__ = {"text": marked, "return": Response}
    app.get("/plaintext")(handler)
    return app
