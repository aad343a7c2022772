# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"
"""BlackSheep with its compiled extensions, and rodi for dependency injection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from blacksheep import (
    Application,
    FromJSON,
    Request,
    Response,
    StreamedContent,
    WebSocket,
    WebSocketDisconnectError,
    json,
    text,
)
from blacksheep.exceptions import BadRequest
from blacksheep.server.routing import Router
from pydantic import ValidationError

from benchmarks.models import (
    CHUNK,
    CHUNKS,
    GREETING,
    ITEMS,
    LAYERS,
    ROUTES,
    SEARCH_VALIDATOR,
    Connection,
    Item,
    Repository,
    Settings,
)

IMPORTS = ("blacksheep",)
DISTRIBUTION = "blacksheep"
UNSUPPORTED: dict[str, str] = {}
NOTES = {
    "query": "it has no constraints for a query: pydantic by hand",
    "dependencies": "rodi has no generators: the handler closes the connection",
}
CHECKS_MEDIA_TYPE = True


def main() -> Any:
    app = Application(router=Router())
    app.services.add_scoped(Settings)
    app.services.add_scoped(Connection)
    app.services.add_scoped(Repository)

    @app.router.get("/plaintext")
    async def plaintext() -> Response:
        return text(GREETING)

    @app.router.get("/json")
    async def as_json() -> Response:
        return json({"message": GREETING})

    @app.router.get("/path/{id}")
    async def path(id: int) -> Response:
        return json({"id": id})

    @app.router.get("/query")
    async def query(request: Request) -> Response:
        strings = {name: values[0] for name, values in request.query.items()}
        try:
            search = SEARCH_VALIDATOR.validate_strings(strings)
        except ValidationError as error:
            raise BadRequest(error.json()) from None
        return json(search)

    @app.router.post("/body")
    async def body(data: FromJSON[Item]) -> Response:
        return json(data.value)

    @app.router.get("/models")
    async def models() -> Response:
        return json(ITEMS)

    @app.router.get("/dependencies")
    async def dependencies(repository: Repository) -> Response:
        try:
            return json(repository.answer())
        finally:
            repository.connection.close()

    @app.router.get("/stream")
    async def stream() -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                yield CHUNK

        content = StreamedContent(b"application/octet-stream", chunks)
        return Response(200, content=content)

    @app.router.ws("/websocket")
    async def websocket(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnectError:
            pass

    return app


def setting(name: bytes) -> Any:
    async def layer(request: Request, handler: Any) -> Any:
        response = await handler(request)
        response.headers[name] = b"on"
        return response

    return layer


def middlewares() -> Any:
    app = Application(router=Router())
    for n in range(LAYERS):
        app.middlewares.append(setting(b"x-layer-%d" % n))

    @app.router.get("/layered")
    async def handler() -> Response:
        return text(GREETING)

    return app


def routes(count: int = ROUTES) -> Any:
    app = Application(router=Router())

    async def handler(id: int) -> Response:
        return json({"id": id})

    for n in range(count):
        app.router.get(f"/last_route/{n}/{{id}}")(handler)
    return app


def typed(count: int = ROUTES) -> Any:
    app = Application(router=Router())
    for n in range(count):

        @app.router.post(f"/typed/{n}/{{id}}")
        async def handler(id: int, data: FromJSON[Item], count: int = 1) -> Response:
            return json(data.value)

    return app
