# mypy: disable-error-code="import-not-found,misc,no-any-return"
"""MicroPie: a class whose methods are the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from micropie import App, ConnectionClosed, HttpMiddleware
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
    SEARCH_SERIALIZER,
    SEARCH_VALIDATOR,
)

NO_ROUTES = "MicroPie's routes are the methods of a class: it has no table of them"

IMPORTS = ("micropie",)
DISTRIBUTION = "micropie"
UNSUPPORTED = {
    "dependencies": "MicroPie has no dependency injection",
    "last_route": NO_ROUTES,
    "not_found": NO_ROUTES,
    "typed": "MicroPie reads no annotations",
}
NOTES = {"path": "the int is converted by hand"}
CHECKS_MEDIA_TYPE = False


def text() -> list[tuple[str, str]]:
    # A new list for each response: MicroPie's middlewares append to it.
    return [("Content-Type", "text/plain; charset=utf-8")]


def json() -> list[tuple[str, str]]:
    return [("Content-Type", "application/json")]


# A method name is a path: /plaintext, /json, /path/42, /query, /body, /models,
# /stream and, with `ws_` before it, /websocket.
class Main(App):
    async def plaintext(self) -> Any:
        return 200, GREETING, text()

    async def json(self) -> Any:
        return {"message": GREETING}

    async def path(self, id: str) -> Any:
        try:
            return {"id": int(id)}
        except ValueError:
            return 404, "no such thing", text()

    async def query(self, **strings: Any) -> Any:
        try:
            search = SEARCH_VALIDATOR.validate_strings(strings)
        except ValidationError as error:
            return 422, error.json(), json()
        return 200, SEARCH_SERIALIZER.to_json(search), json()

    async def body(self) -> Any:
        try:
            item = ITEM_VALIDATOR.validate_python(self.request.json())
        except ValidationError as error:
            return 422, error.json(), json()
        return 200, ITEM_SERIALIZER.to_json(item), json()

    async def models(self) -> Any:
        return 200, ITEMS_SERIALIZER.to_json(ITEMS), json()

    async def stream(self) -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                yield CHUNK

        return 200, chunks(), [("Content-Type", "application/octet-stream")]

    async def ws_websocket(self, socket: Any) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except ConnectionClosed:
            pass


def main() -> Any:
    return Main()


class Layer(HttpMiddleware):
    def __init__(self, name: str) -> None:
        self.name = name

    async def before_request(self, request: Any) -> None:
        return None

    async def after_request(
        self, request: Any, status: int, body: Any, headers: Any
    ) -> None:
        headers.append((self.name, "on"))


class Layered(App):
    async def layered(self) -> Any:
        return 200, GREETING, text()


def middlewares() -> Any:
    app = Layered()
    app.middlewares = [Layer(f"x-layer-{n}") for n in range(LAYERS)]
    return app
