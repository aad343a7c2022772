# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"
"""Sanic as an ASGI app: its own server is not what is compared here."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.response import json, raw, text

from benchmarks.models import (
    CHUNK,
    CHUNKS,
    GREETING,
    ITEM_SERIALIZER,
    ITEM_VALIDATOR,
    ITEMS,
    ITEMS_SERIALIZER,
    LAYERS,
    ROUTES,
    SEARCH_SERIALIZER,
    SEARCH_VALIDATOR,
)

IMPORTS = ("sanic",)
DISTRIBUTION = "sanic"
UNSUPPORTED = {
    "dependencies": "Sanic's injection is in another package, sanic-ext",
    "typed": "Sanic reads no signatures",
}
NOTES = {"middlewares": "five `on_response` functions"}
CHECKS_MEDIA_TYPE = False

JSON = "application/json"


def main() -> Any:
    app = Sanic("main", configure_logging=False)

    @app.get("/plaintext")
    async def plaintext(request: Any) -> Any:
        return text(GREETING)

    @app.get("/json")
    async def as_json(request: Any) -> Any:
        return json({"message": GREETING})

    @app.get("/path/<id:int>")
    async def path(request: Any, id: int) -> Any:
        return json({"id": id})

    @app.get("/query")
    async def query(request: Any) -> Any:
        strings = {name: values[0] for name, values in request.args.items()}
        try:
            search = SEARCH_VALIDATOR.validate_strings(strings)
        except ValidationError as error:
            raise SanicException(error.json(), 422) from None
        return raw(SEARCH_SERIALIZER.to_json(search), content_type=JSON)

    @app.post("/body")
    async def body(request: Any) -> Any:
        try:
            item = ITEM_VALIDATOR.validate_json(request.body)
        except ValidationError as error:
            raise SanicException(error.json(), 422) from None
        return raw(ITEM_SERIALIZER.to_json(item), content_type=JSON)

    @app.get("/models")
    async def models(request: Any) -> Any:
        return raw(ITEMS_SERIALIZER.to_json(ITEMS), content_type=JSON)

    @app.get("/stream")
    async def stream(request: Any) -> None:
        response = await request.respond(content_type="application/octet-stream")
        for _ in range(CHUNKS):
            await response.send(CHUNK)
        await response.eof()

    @app.websocket("/websocket")
    async def websocket(request: Any, socket: Any) -> None:
        # As an ASGI app Sanic gives None when the client has left.
        while (message := await socket.recv()) is not None:
            await socket.send(message)

    return app


def setting(name: str) -> Any:
    async def layer(request: Any, response: Any) -> None:
        response.headers[name] = "on"

    return layer


def middlewares() -> Any:
    app = Sanic("middlewares", configure_logging=False)
    for n in range(LAYERS):
        app.register_middleware(setting(f"x-layer-{n}"), "response")

    @app.get("/layered")
    async def handler(request: Any) -> Any:
        return text(GREETING)

    return app


def routes(count: int = ROUTES) -> Any:
    app = Sanic("routes", configure_logging=False)

    async def handler(request: Any, id: int) -> Any:
        return json({"id": id})

    for n in range(count):
        app.add_route(handler, f"/last_route/{n}/<id:int>", name=f"handler_{n}")
    return app
