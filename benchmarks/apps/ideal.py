"""The least honest work in pure Python plus pydantic-core, written by hand.

What a request needs is still there: the Host and the Content-Length are checked,
the method, the media type, the limit of the body and the validation; a HEAD has no
body, an exception is a 500, and a connection is closed whatever happens. Only the
stream and the WebSocket send by themselves and look at no head. There is no
request, no response and no router.
"""

from __future__ import annotations

import re
import traceback
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import ValidationError, to_json

from benchmarks.apps.raw import serve_lifespan, stream
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
CHECKS_HEAD = True

TEXT = (b"content-type", b"text/plain; charset=utf-8")
JSON = (b"content-type", b"application/json")
HELLO = GREETING.encode()
MAX_BODY = 10 * 1024 * 1024
MAX_MESSAGE = 1024 * 1024

is_host = re.compile(rb"[A-Za-z0-9\-._~!$&'()*+,;=%\[\]:]{1,255}").fullmatch

validate_item = ITEM_VALIDATOR.validate_json
item_to_json = ITEM_SERIALIZER.to_json
items_to_json = ITEMS_SERIALIZER.to_json
validate_search = SEARCH_VALIDATOR.validate_strings
search_to_json = SEARCH_SERIALIZER.to_json

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

NOT_FOUND: Answer = (404, [TEXT], b"not found")
WRONG_METHOD: Answer = (405, [TEXT], b"method")
LEFT: Answer = (400, [TEXT], b"the client has left")
WRONG_HEAD: Answer = (400, [TEXT], b"the head")
FAILED: Answer = (500, [TEXT], b"failed")
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


GET = ("GET", "HEAD")
POST = ("POST",)

ENDPOINTS = {
    "/plaintext": (GET, plaintext),
    "/json": (GET, as_json),
    "/query": (GET, query),
    "/body": (POST, body),
    "/models": (GET, models),
    "/dependencies": (GET, dependencies),
}


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None or len(text) > MAX_MESSAGE:
            await send({"type": "websocket.close", "code": 1003})
            return
        await send({"type": "websocket.send", "text": text})


# The routes that send by themselves.
SENDING = {"/stream": stream, "/websocket": websocket}


def app_of(endpoints: dict[str, Any], numbered: dict[str, Any]) -> Any:
    """Return an app: whole paths, and paths that end with an int."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(receive, send)
            return
        whole = scope["path"]
        if whole in SENDING:
            await SENDING[whole](scope, receive, send)
            return
        found = endpoints.get(whole) or numbered.get(whole.rpartition("/")[0])
        wrong = host = length = None
        for name, value in scope["headers"]:
            if name == b"host":
                if host is not None or is_host(value) is None:
                    wrong = WRONG_HEAD
                host = value
            elif name == b"content-length":
                if length is not None or not value.isdigit() or len(value) > 18:
                    wrong = WRONG_HEAD
                elif int(value) > MAX_BODY:
                    wrong = TOO_LARGE
                length = value
            elif name == b"content-type" and value != b"application/json":
                wrong = WRONG_TYPE
        if wrong is not None:
            status, headers, content = wrong
        elif found is None:
            status, headers, content = NOT_FOUND
        elif scope["method"] not in found[0]:
            status, headers, content = WRONG_METHOD
        else:
            try:
                status, headers, content = await found[1](scope, receive)
            except Exception:
                traceback.print_exc()
                status, headers, content = FAILED
        headers = [*headers, (b"content-length", b"%d" % len(content))]
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        if scope["method"] == "HEAD":
            content = b""
        await send({"type": "http.response.body", "body": content})

    return app


def main() -> Any:
    return app_of(ENDPOINTS, {"/path": (GET, path)})


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
    return app_of({"/layered": (GET, endpoint)}, {})


def routes(count: int = ROUTES) -> Any:
    return app_of({}, {f"/last_route/{n}": (GET, path) for n in range(count)})
