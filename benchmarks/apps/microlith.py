"""Microlith: signatures say what is needed, and `App` does the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from benchmarks.models import (
    CHUNK,
    CHUNKS,
    GREETING,
    ITEMS,
    LAYERS,
    ROUTES,
    Connection,
    Item,
    Repository,
    Settings,
)
from microlith import App, Depends, Query, Request, Response, TextResponse, WebSocket

IMPORTS = ("microlith",)
DISTRIBUTION = "microlith"
UNSUPPORTED: dict[str, str] = {}
NOTES: dict[str, str] = {}
CHECKS_MEDIA_TYPE = True
CHECKS_HEAD = True

Text = Annotated[str, Query(min_length=1, max_length=50)]
Count = Annotated[int, Query(ge=1, le=100)]


async def get_settings() -> Settings:
    return Settings()


async def get_connection(
    settings: Annotated[Settings, Depends(get_settings)],
) -> AsyncIterator[Connection]:
    connection = Connection(settings)
    try:
        yield connection
    finally:
        connection.close()


async def get_repository(
    connection: Annotated[Connection, Depends(get_connection)],
) -> Repository:
    return Repository(connection)


def main() -> App:
    app = App()

    @app.get("/plaintext")
    async def plaintext() -> TextResponse:
        return TextResponse(GREETING)

    @app.get("/json")
    async def as_json() -> dict[str, str]:
        return {"message": GREETING}

    @app.get("/path/{id:int}")
    async def path(id: int) -> dict[str, int]:
        return {"id": id}

    @app.get("/query")
    async def query(name: Text, count: Count, active: bool) -> dict[str, Any]:
        return {"name": name, "count": count, "active": active}

    @app.post("/body")
    async def body(item: Item) -> Item:
        return item

    @app.get("/models")
    async def models() -> list[Item]:
        return ITEMS

    @app.get("/dependencies")
    async def dependencies(
        repository: Annotated[Repository, Depends(get_repository)],
    ) -> dict[str, str | int]:
        return repository.answer()

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    @app.websocket("/websocket")
    async def websocket(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    return app


def setting(name: str) -> Any:
    async def layer(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers[name] = "on"
        return response

    return layer


def middlewares() -> App:
    app = App()
    for n in range(LAYERS):
        app.add_middleware(setting(f"x-layer-{n}"))

    @app.get("/layered")
    async def handler() -> TextResponse:
        return TextResponse(GREETING)

    return app


def routes(count: int = ROUTES) -> App:
    app = App()

    async def handler(id: int) -> dict[str, int]:
        return {"id": id}

    for n in range(count):
        app.get(f"/last_route/{n}/{{id:int}}")(handler)
    return app


def typed(count: int = ROUTES) -> App:
    app = App()
    for n in range(count):

        @app.post(f"/typed/{n}/{{id:int}}")
        async def handler(id: int, item: Item, count: Count = 1) -> Item:
            return item

    return app
