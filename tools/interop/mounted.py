"""An app of Microlith with other people's apps below it.

Each mounted app answers what it was asked for, so that a client sees which path
and which root it was given; those with a lifespan note its start and its stop.
"""

# mypy: ignore-errors
# The types of these packages are in the environment of `make interop` alone.

from contextlib import asynccontextmanager

import socketio
from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from fastapi import FastAPI
from flask import Flask, request, url_for
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from microlith import App
from tools.interop.app import app as microlith_app
from tools.interop.app import note

__all__ = ["app"]


def noting(name):
    """Return a lifespan that notes its start and its stop."""

    @asynccontextmanager
    async def lifespan(app):
        note(f"{name} started")
        yield {f"{name}_state": "mine"}
        note(f"{name} stopped")

    return lifespan


# --- Flask -------------------------------------------------------------------

flask_app = Flask("shop")


@flask_app.post("/items/<int:item_id>")
def flask_item(item_id):
    """Answer what Flask has read, and the URL that it would link to."""
    body = request.get_json()
    link = url_for("flask_item", item_id=item_id)
    return {"item_id": item_id, "body": body, "link": link}


# --- Starlette ---------------------------------------------------------------


async def starlette_item(request: Request):
    """Answer what Starlette has read, and its own state."""
    item_id = request.path_params["item_id"]
    link = request.url_for("item", item_id=item_id).path
    return JSONResponse({"item_id": item_id, "link": link, **request.state._state})


async def starlette_echo(socket: WebSocket):
    """Send one message back."""
    await socket.accept()
    await socket.send_text("starlette:" + await socket.receive_text())
    await socket.close(4002)


starlette_app = Starlette(
    routes=[
        Route("/items/{item_id:int}", starlette_item, name="item"),
        WebSocketRoute("/echo", starlette_echo),
    ],
    lifespan=noting("starlette"),
)

# --- FastAPI -----------------------------------------------------------------

fastapi_app = FastAPI(lifespan=noting("fastapi"))


@fastapi_app.post("/items/{item_id}")
async def fastapi_item(item_id: int, body: dict[str, int]):
    """Answer what FastAPI has read."""
    return {"item_id": item_id, "body": body}


# --- Socket.IO ---------------------------------------------------------------

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@sio.event
async def shout(sid, text):
    """Answer an event, by an event and by an acknowledgement."""
    await sio.emit("shouted", text.upper(), to=sid)
    return "heard"


@sio.event
async def leave(sid):
    """Close this connection: from here it ends at once on every transport."""
    await sio.disconnect(sid)


socket_app = socketio.ASGIApp(sio, socketio_path="/live/socket.io")

# --- all of them -------------------------------------------------------------

app = App()
app.mount("/a2wsgi", WSGIMiddleware(flask_app))
app.mount("/asgiref", WsgiToAsgi(flask_app))
app.mount("/starlette", starlette_app)
app.mount("/fastapi", fastapi_app)
app.mount("/live", socket_app)
app.mount("/microlith", microlith_app)


@app.get("/")
async def home() -> str:
    """Answer beside the mounted apps."""
    return "outside"
