# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"
# mypy: disable-error-code="possibly-undefined"
"""Quart: view functions with a request from the context, as Flask has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pydantic import ValidationError
from quart import Quart, Response, abort, request, websocket

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

IMPORTS = ("quart",)
DISTRIBUTION = "quart"
UNSUPPORTED = {
    "dependencies": "Quart has no dependency injection",
    "typed": "Quart reads no signatures",
}
NOTES = {"middlewares": "five `after_request` functions"}
CHECKS_MEDIA_TYPE = False

JSON = "application/json"


def main() -> Any:
    app = Quart("main")

    @app.get("/plaintext")
    async def plaintext() -> Any:
        return Response(GREETING, mimetype="text/plain")

    @app.get("/json")
    async def as_json() -> Any:
        return {"message": GREETING}

    @app.get("/path/<int:id>")
    async def path(id: int) -> Any:
        return {"id": id}

    @app.get("/query")
    async def query() -> Any:
        try:
            search = SEARCH_VALIDATOR.validate_strings(request.args.to_dict())
        except ValidationError as error:
            abort(422, error.json())
        return Response(SEARCH_SERIALIZER.to_json(search), mimetype=JSON)

    @app.post("/body")
    async def body() -> Any:
        try:
            item = ITEM_VALIDATOR.validate_json(await request.get_data())
        except ValidationError as error:
            abort(422, error.json())
        return Response(ITEM_SERIALIZER.to_json(item), mimetype=JSON)

    @app.get("/models")
    async def models() -> Any:
        return Response(ITEMS_SERIALIZER.to_json(ITEMS), mimetype=JSON)

    @app.get("/stream")
    async def stream() -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                yield CHUNK

        return chunks(), {"content-type": "application/octet-stream"}

    @app.websocket("/websocket")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    return app


def setting(name: str) -> Any:
    async def layer(response: Any) -> Any:
        response.headers[name] = "on"
        return response

    return layer


def middlewares() -> Any:
    app = Quart("middlewares")
    for n in range(LAYERS):
        app.after_request(setting(f"x-layer-{n}"))

    @app.get("/layered")
    async def handler() -> Any:
        return Response(GREETING, mimetype="text/plain")

    return app


def routes(count: int = ROUTES) -> Any:
    app = Quart("routes")

    async def handler(id: int) -> Any:
        return {"id": id}

    for n in range(count):
        app.add_url_rule(f"/last_route/{n}/<int:id>", f"handler_{n}", handler)
    return app
