"""Hand-written ASGI with the standard library: `json`, and checks by hand."""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import parse_qs

from benchmarks.models import (
    CHUNK,
    CHUNKS,
    GREETING,
    ITEMS,
    LAYERS,
    ROUTES,
    Connection,
    Repository,
    Settings,
)

IMPORTS = ("json",)
DISTRIBUTION = ""
UNSUPPORTED = {"typed": "there is nothing to start"}
NOTES = {"body": "json, and checks by hand", "models": "json.dumps of dicts"}
CHECKS_MEDIA_TYPE = True

TEXT = (b"content-type", b"text/plain; charset=utf-8")
JSON = (b"content-type", b"application/json")
BYTES = (b"content-type", b"application/octet-stream")
ROWS = [item.model_dump() for item in ITEMS]


class Refused(Exception):
    """The request is wrong; the argument is the status."""


def refuse(status: int) -> NoReturn:
    raise Refused(status)


async def reply(
    send: Any, body: bytes, kind: tuple[bytes, bytes], status: int = 200
) -> None:
    length = (b"content-length", b"%d" % len(body))
    headers = [kind, length]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


async def plaintext(scope: Any, receive: Any, send: Any) -> None:
    await reply(send, GREETING.encode(), TEXT)


async def as_json(scope: Any, receive: Any, send: Any) -> None:
    await reply(send, dumps({"message": GREETING}), JSON)


def number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        refuse(404)
    return int(text)


async def path(scope: Any, receive: Any, send: Any) -> None:
    id = number(scope["path"].rpartition("/")[2])
    await reply(send, dumps({"id": id}), JSON)


async def query(scope: Any, receive: Any, send: Any) -> None:
    fields = parse_qs(scope["query_string"].decode("latin-1"))
    name = fields.get("name", [""])[0]
    text = fields.get("count", [""])[0]
    active = {"true": True, "false": False}.get(fields.get("active", [""])[0])
    count = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= len(name) <= 50 or not 1 <= count <= 100 or active is None:
        refuse(422)
    found = {"name": name, "count": count, "active": active}
    await reply(send, dumps(found), JSON)


def check_item(value: Any) -> dict[str, Any]:
    """Return the members of an item; refuse what is none."""
    if not isinstance(value, dict):
        refuse(422)
    name: Any = value.get("name")
    price: Any = value.get("price")
    quantity: Any = value.get("quantity")
    tags: Any = value.get("tags")
    if (
        type(name) is not str
        or not 1 <= len(name) <= 50
        or type(price) not in (int, float)
        or price < 0
        or type(quantity) is not int
        or not 0 <= quantity <= 1000
        or type(tags) is not list
        or not all(type(tag) is str for tag in tags)
    ):
        refuse(422)
    return {"name": name, "price": price, "quantity": quantity, "tags": tags}


async def read(scope: Any, receive: Any) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-type" and value != b"application/json":
            refuse(415)
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            refuse(400)
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > 10_000_000:
            refuse(413)
        if not message.get("more_body"):
            return body


async def body(scope: Any, receive: Any, send: Any) -> None:
    if scope["method"] != "POST":
        refuse(405)
    try:
        value = json.loads(await read(scope, receive))
    except ValueError:
        refuse(400)
    await reply(send, dumps(check_item(value)), JSON)


async def models(scope: Any, receive: Any, send: Any) -> None:
    await reply(send, dumps(ROWS), JSON)


async def dependencies(scope: Any, receive: Any, send: Any) -> None:
    connection = Connection(Settings())
    try:
        answer = Repository(connection).answer()
    finally:
        connection.close()
    await reply(send, dumps(answer), JSON)


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [BYTES]})
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": message["text"]})


async def serve_lifespan(receive: Any, send: Any) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


ENDPOINTS = {
    "/plaintext": plaintext,
    "/json": as_json,
    "/query": query,
    "/body": body,
    "/models": models,
    "/dependencies": dependencies,
    "/stream": stream,
    "/websocket": websocket,
}


def app_of(endpoints: dict[str, Any], numbered: dict[str, Any]) -> Any:
    """Return an app: whole paths, and paths that end with an int."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(receive, send)
            return
        whole = scope["path"]
        endpoint = endpoints.get(whole)
        if endpoint is None:
            endpoint = numbered.get(whole.rpartition("/")[0])
        try:
            if endpoint is None:
                refuse(404)
            await endpoint(scope, receive, send)
        except Refused as error:
            await reply(send, b"refused", TEXT, error.args[0])

    return app


def main() -> Any:
    return app_of(ENDPOINTS, {"/path": path})


def setting(app: Any, name: bytes) -> Any:
    async def layer(scope: Any, receive: Any, send: Any) -> None:
        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((name, b"on"))
            await send(message)

        await app(scope, receive, send_with_header)

    return layer


def middlewares() -> Any:
    app = app_of({"/layered": plaintext}, {})
    for n in range(LAYERS):
        app = setting(app, b"x-layer-%d" % n)
    return app


def routes(count: int = ROUTES) -> Any:
    return app_of({}, {f"/last_route/{n}": path for n in range(count)})
