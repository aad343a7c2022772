# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"
"""FastAPI: as its tutorial writes it, with return annotations as response models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse, StreamingResponse

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

IMPORTS = ("fastapi",)
DISTRIBUTION = "fastapi"
UNSUPPORTED: dict[str, str] = {}
NOTES = {"middlewares": '`@app.middleware("http")`, as in its tutorial'}
CHECKS_MEDIA_TYPE = True

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


def main() -> Any:
    app = FastAPI()

    @app.get("/plaintext", response_class=PlainTextResponse)
    async def plaintext() -> str:
        return GREETING

    @app.get("/json")
    async def as_json() -> dict[str, str]:
        return {"message": GREETING}

    @app.get("/path/{id}")
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
    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                yield CHUNK

        return StreamingResponse(chunks(), media_type="application/octet-stream")

    @app.websocket("/websocket")
    async def websocket(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnect:
            pass

    return app


def setting(name: str) -> Any:
    async def layer(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers[name] = "on"
        return response

    return layer


def middlewares() -> Any:
    app = FastAPI()
    for n in range(LAYERS):
        app.middleware("http")(setting(f"x-layer-{n}"))

    @app.get("/layered", response_class=PlainTextResponse)
    async def handler() -> str:
        return GREETING

    return app


def routes(count: int = ROUTES) -> Any:
    app = FastAPI()

    async def handler(id: int) -> dict[str, int]:
        return {"id": id}

    for n in range(count):
        app.get(f"/last_route/{n}/{{id}}")(handler)
    return app


def typed(count: int = ROUTES) -> Any:
    app = FastAPI()
    for n in range(count):

        @app.post(f"/typed/{n}/{{id}}")
        async def handler(id: int, item: Item, count: Count = 1) -> Item:
            return item

    return app
