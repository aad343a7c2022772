"""The same without Microlith: whether a failure is that of other people's parts.

When a check fails on a server, it is run again on this app, which is plain ASGI
and knows only what such a check asks for. If it fails here as well, then the
cause is between the server and the client, or the server and the mounted app.
"""

# mypy: ignore-errors
# The types of these packages are in the environment of `make interop` alone.

from urllib.parse import parse_qs

from a2wsgi import WSGIMiddleware

from tools.interop.mounted import flask_app

__all__ = ["CONTROLLED", "app"]

CONTROLLED = ("WebSocket", "Flask in a2wsgi")
"""The rows that this app can answer for."""

flask = WSGIMiddleware(flask_app)


async def app(scope, receive, send):
    """Answer a WebSocket; hand HTTP to Flask, below ``/a2wsgi``."""
    if scope["type"] == "websocket":
        await echo(scope, receive, send)
    elif scope["type"] == "http":
        await flask({**scope, "root_path": "/a2wsgi"}, receive, send)
    else:
        raise RuntimeError("no lifespan here")


async def echo(scope, receive, send):
    """Do what the WebSocket of the app does."""
    await receive()
    head = [(b"x-room", b"echo")]
    accept = {"type": "websocket.accept", "subprotocol": "echo.v1", "headers": head}
    await send(accept)
    prefix = parse_qs(scope["query_string"].decode())["prefix"][0]
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "bye":
            close = {"type": "websocket.close", "code": 4001, "reason": "as you wish"}
            await send(close)
            break
        await send({"type": "websocket.send", "text": prefix + message["text"]})
