# mypy: disable-error-code="import-not-found,no-any-return"
"""Starlette: routes in a list, functions from Request to Response.

It has no model binding: pydantic is called by hand, in its fastest form. Its
middlewares are pure ASGI, which its documentation prefers to BaseHTTPMiddleware
where the response is only given a header (and which is some thirty times cheaper).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

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

IMPORTS = (
    "starlette.applications",
    "starlette.requests",
    "starlette.responses",
    "starlette.routing",
    "starlette.websockets",
)
DISTRIBUTION = "starlette"
UNSUPPORTED = {
    "dependencies": "Starlette has no dependency injection",
    "typed": "Starlette reads no signatures",
}
NOTES = {"middlewares": "pure ASGI middlewares"}
CHECKS_MEDIA_TYPE = False


async def plaintext(request: Request) -> Response:
    return PlainTextResponse(GREETING)


async def as_json(request: Request) -> Response:
    return JSONResponse({"message": GREETING})


async def path(request: Request) -> Response:
    return JSONResponse({"id": request.path_params["id"]})


async def query(request: Request) -> Response:
    try:
        search = SEARCH_VALIDATOR.validate_strings(dict(request.query_params))
    except ValidationError as error:
        raise HTTPException(422, error.json()) from None
    return Response(SEARCH_SERIALIZER.to_json(search), media_type="application/json")


async def body(request: Request) -> Response:
    try:
        item = ITEM_VALIDATOR.validate_json(await request.body())
    except ValidationError as error:
        raise HTTPException(422, error.json()) from None
    return Response(ITEM_SERIALIZER.to_json(item), media_type="application/json")


async def models(request: Request) -> Response:
    return Response(ITEMS_SERIALIZER.to_json(ITEMS), media_type="application/json")


async def stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    return StreamingResponse(chunks(), media_type="application/octet-stream")


async def websocket(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def main() -> Any:
    return Starlette(
        routes=[
            Route("/plaintext", plaintext),
            Route("/json", as_json),
            Route("/path/{id:int}", path),
            Route("/query", query),
            Route("/body", body, methods=["POST"]),
            Route("/models", models),
            Route("/stream", stream),
            WebSocketRoute("/websocket", websocket),
        ]
    )


class Layer:
    def __init__(self, app: Any, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[self.name] = "on"
            await send(message)

        await self.app(scope, receive, send_with_header)


def middlewares() -> Any:
    layers = [Middleware(Layer, name=f"x-layer-{n}") for n in range(LAYERS)]
    return Starlette(routes=[Route("/layered", plaintext)], middleware=layers)


def routes(count: int = ROUTES) -> Any:
    return Starlette(
        routes=[Route(f"/last_route/{n}/{{id:int}}", path) for n in range(count)]
    )
