# mypy: disable-error-code="import-not-found,no-any-return"
"""Falcon's ASGI app: resources with responders, and middleware objects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import falcon
import falcon.asgi
from falcon import WebSocketDisconnected
from pydantic import ValidationError

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
)

IMPORTS = ("falcon.asgi",)
DISTRIBUTION = "falcon"
UNSUPPORTED = {
    "dependencies": "Falcon has no dependency injection",
    "typed": "Falcon reads no signatures",
}
NOTES = {"query": "its own get_param_as_… methods"}
CHECKS_MEDIA_TYPE = False


class Plaintext:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = GREETING


class Json:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.media = {"message": GREETING}


class Path:
    async def on_get(self, req: Any, resp: Any, id: int) -> None:
        resp.media = {"id": id}


class Query:
    async def on_get(self, req: Any, resp: Any) -> None:
        name = req.get_param("name", required=True)
        if not 1 <= len(name) <= 50:
            raise falcon.HTTPInvalidParam("1 to 50 characters", "name")
        count = req.get_param_as_int("count", True, min_value=1, max_value=100)
        active = req.get_param_as_bool("active", True)
        resp.media = {"name": name, "count": count, "active": active}


class Body:
    async def on_post(self, req: Any, resp: Any) -> None:
        try:
            item = ITEM_VALIDATOR.validate_json(await req.stream.read())
        except ValidationError as error:
            raise falcon.HTTPUnprocessableEntity(description=error.json()) from None
        resp.content_type = falcon.MEDIA_JSON
        resp.data = ITEM_SERIALIZER.to_json(item)


class Models:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.content_type = falcon.MEDIA_JSON
        resp.data = ITEMS_SERIALIZER.to_json(ITEMS)


class Stream:
    async def on_get(self, req: Any, resp: Any) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                yield CHUNK

        resp.content_type = "application/octet-stream"
        resp.stream = chunks()


class Socket:
    async def on_websocket(self, req: Any, ws: Any) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except WebSocketDisconnected:
            pass


def main() -> Any:
    app = falcon.asgi.App()
    app.add_route("/plaintext", Plaintext())
    app.add_route("/json", Json())
    app.add_route("/path/{id:int}", Path())
    app.add_route("/query", Query())
    app.add_route("/body", Body())
    app.add_route("/models", Models())
    app.add_route("/stream", Stream())
    app.add_route("/websocket", Socket())
    return app


class Layer:
    def __init__(self, name: str) -> None:
        self.name = name

    async def process_response(
        self, req: Any, resp: Any, resource: Any, req_succeeded: bool
    ) -> None:
        resp.set_header(self.name, "on")


def middlewares() -> Any:
    app = falcon.asgi.App(middleware=[Layer(f"x-layer-{n}") for n in range(LAYERS)])
    app.add_route("/layered", Plaintext())
    return app


def routes(count: int = ROUTES) -> Any:
    app = falcon.asgi.App()
    for n in range(count):
        app.add_route(f"/last_route/{n}/{{id:int}}", Path())
    return app
