"""The least honest work in pure Python plus pydantic-core, written by hand.

What a request needs is still there: the method, the media type, the limit of the
body, the validation, and a connection that is closed whatever happens.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import ValidationError, to_json

from benchmarks.apps.raw import serve_lifespan, stream, websocket
from benchmarks.models import (
    GREETING,
    ITEM_SERIALIZER,
    ITEM_VALIDATOR,
    ITEMS,
    ITEMS_SERIALIZER,
    LAYERS,
    ROUTES,
    SEARCH_SERIALIZER,
    SEARCH_VALIDATOR,
    Connection,
    Repository,
    Settings,
)

IMPORTS = ("pydantic_core",)
DISTRIBUTION = ""
UNSUPPORTED = {"typed": "there is nothing to start"}
NOTES: dict[str, str] = {}
CHECKS_MEDIA_TYPE = True

TEXT = (b"content-type", b"text/plain; charset=utf-8")
JSON = (b"content-type", b"application/json")
HELLO = GREETING.encode()
MAX_BODY = 10 * 1024 * 1024

validate_item = ITEM_VALIDATOR.validate_json
item_to_json = ITEM_SERIALIZER.to_json
items_to_json = ITEMS_SERIALIZER.to_json
validate_search = SEARCH_VALIDATOR.validate_strings
search_to_json = SEARCH_SERIALIZER.to_json

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

NOT_FOUND: Answer = (404, [TEXT], b"not found")
WRONG_METHOD: Answer = (405, [TEXT], b"method")
LEFT: Answer = (400, [TEXT], b"the client has left")
TOO_LARGE: Answer = (413, [TEXT], b"too large")
WRONG_TYPE: Answer = (415, [TEXT], b"media type")


async def plaintext(scope: Any, receive: Any) -> Answer:
    return 200, [TEXT], HELLO


async def as_json(scope: Any, receive: Any) -> Answer:
    return 200, [JSON], to_json({"message": GREETING})


async def path(scope: Any, receive: Any) -> Answer:
    text = scope["path"].rpartition("/")[2]
    if not text.isascii() or not text.isdigit():
        return NOT_FOUND
    return 200, [JSON], to_json({"id": int(text)})


async def query(scope: Any, receive: Any) -> Answer:
    raw = scope["query_string"].decode("latin-1")
    if "%" in raw or "+" in raw:
        fields = dict(parse_qsl(raw))
    else:
        fields = dict([field.split("=", 1) for field in raw.split("&") if "=" in field])
    try:
        return 200, [JSON], search_to_json(validate_search(fields))
    except ValidationError as error:
        return 422, [JSON], error.json().encode()


async def body(scope: Any, receive: Any) -> Answer:
    if scope["method"] != "POST":
        return WRONG_METHOD
    for name, value in scope["headers"]:
        if name == b"content-type" and value != b"application/json":
            return WRONG_TYPE
    message = await receive()
    data = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        data += message.get("body", b"")
        if len(data) > MAX_BODY:
            return TOO_LARGE
    if message["type"] != "http.request":
        return LEFT
    try:
        return 200, [JSON], item_to_json(validate_item(data))
    except ValidationError as error:
        return 422, [JSON], error.json().encode()


async def models(scope: Any, receive: Any) -> Answer:
    return 200, [JSON], items_to_json(ITEMS)


async def get_settings() -> Settings:
    return Settings()


async def get_repository(connection: Connection) -> Repository:
    return Repository(connection)


async def dependencies(scope: Any, receive: Any) -> Answer:
    connection = Connection(await get_settings())
    try:
        repository = await get_repository(connection)
        return 200, [JSON], to_json(repository.answer())
    finally:
        connection.close()


ENDPOINTS = {
    "/plaintext": plaintext,
    "/json": as_json,
    "/query": query,
    "/body": body,
    "/models": models,
    "/dependencies": dependencies,
}

# The routes that send by themselves: /stream and /websocket are those of `raw`.
SENDING = {"/stream": stream, "/websocket": websocket}


def app_of(endpoints: dict[str, Any], numbered: dict[str, Any]) -> Any:
    """Return an app: whole paths, and paths that end with an int."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(receive, send)
            return
        whole = scope["path"]
        endpoint = endpoints.get(whole)
        if endpoint is None:
            if whole in SENDING:
                await SENDING[whole](scope, receive, send)
                return
            endpoint = numbered.get(whole.rpartition("/")[0])
        if endpoint is None:
            status, headers, content = NOT_FOUND
        else:
            status, headers, content = await endpoint(scope, receive)
        headers = [*headers, (b"content-length", b"%d" % len(content))]
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": content})

    return app


def main() -> Any:
    return app_of(ENDPOINTS, {"/path": path})


def setting(endpoint: Any, name: bytes) -> Any:
    field = (name, b"on")

    async def layer(scope: Any, receive: Any) -> Answer:
        status, headers, content = await endpoint(scope, receive)
        headers.append(field)
        return status, headers, content

    return layer


def middlewares() -> Any:
    endpoint: Any = plaintext
    for n in range(LAYERS):
        endpoint = setting(endpoint, b"x-layer-%d" % n)
    return app_of({"/layered": endpoint}, {})


def routes(count: int = ROUTES) -> Any:
    return app_of({}, {f"/last_route/{n}": path for n in range(count)})
