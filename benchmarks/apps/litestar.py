# mypy: disable-error-code="import-not-found,untyped-decorator,misc,no-any-return"
"""Litestar: decorated functions in a list, dependencies by name through Provide."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from litestar import Litestar, MediaType, get, post, websocket_listener
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.middleware import ASGIMiddleware
from litestar.params import Parameter
from litestar.response import Stream

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

IMPORTS = ("litestar", "litestar.plugins.pydantic")
DISTRIBUTION = "litestar"
UNSUPPORTED: dict[str, str] = {}
NOTES = {"websocket": "its `websocket_listener`"}
CHECKS_MEDIA_TYPE = False

Text = Annotated[str, Parameter(min_length=1, max_length=50)]
Count = Annotated[int, Parameter(ge=1, le=100)]


@get("/plaintext", media_type=MediaType.TEXT)
async def plaintext() -> str:
    return GREETING


@get("/json")
async def as_json() -> dict[str, str]:
    return {"message": GREETING}


@get("/path/{id:int}")
async def path(id: int) -> dict[str, int]:
    return {"id": id}


@get("/query")
async def query(name: Text, count: Count, active: bool) -> dict[str, Any]:
    return {"name": name, "count": count, "active": active}


@post("/body", status_code=200)
async def body(data: Item) -> Item:
    return data


@get("/models")
async def models() -> list[Item]:
    return ITEMS


async def get_settings() -> Settings:
    return Settings()


async def get_connection(settings: Settings) -> AsyncGenerator[Connection, None]:
    connection = Connection(settings)
    try:
        yield connection
    finally:
        connection.close()


async def get_repository(connection: Connection) -> Repository:
    return Repository(connection)


@get(
    "/dependencies",
    dependencies={
        "settings": Provide(get_settings),
        "connection": Provide(get_connection),
        "repository": Provide(get_repository),
    },
)
async def dependencies(repository: Repository) -> dict[str, str | int]:
    return repository.answer()


@get("/stream")
async def stream() -> Stream:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    return Stream(chunks(), media_type="application/octet-stream")


@websocket_listener("/websocket")
async def websocket(data: str) -> str:
    return data


def main() -> Any:
    return Litestar(
        [
            plaintext,
            as_json,
            path,
            query,
            body,
            models,
            dependencies,
            stream,
            websocket,
        ],
        openapi_config=None,
    )


class Layer(ASGIMiddleware):
    def __init__(self, name: str) -> None:
        self.name = name

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)[self.name] = "on"
            await send(message)

        await next_app(scope, receive, send_with_header)


@get("/layered", media_type=MediaType.TEXT)
async def layered() -> str:
    return GREETING


def middlewares() -> Any:
    layers = [Layer(f"x-layer-{n}") for n in range(LAYERS)]
    return Litestar([layered], middleware=layers, openapi_config=None)


def routes(count: int = ROUTES) -> Any:
    async def handler(id: int) -> dict[str, int]:
        return {"id": id}

    handlers = [get(f"/last_route/{n}/{{id:int}}")(handler) for n in range(count)]
    return Litestar(handlers, openapi_config=None)


def typed(count: int = ROUTES) -> Any:
    handlers = []
    for n in range(count):

        @post(f"/typed/{n}/{{id:int}}")
        async def handler(id: int, data: Item, count: Count = 1) -> Item:
            return data

        handlers.append(handler)
    return Litestar(handlers, openapi_config=None)
