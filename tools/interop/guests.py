"""Whether apps that are mounted below one of Microlith answer as they should."""

# mypy: ignore-errors
# The types of Socket.IO are in the environment of `make interop` alone.

import asyncio
import queue
import time

import socketio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tools.interop.cells import Check, client, is_, until
from tools.interop.servers import Running

__all__ = ["GUESTS"]


async def check_flask(server: Running, prefix: str) -> str:
    """Flask: a body, a parameter, and links that begin with the prefix."""
    async with client(server) as http:
        answer = await http.post(f"{prefix}/items/3", json={"x": 1})
        found = {"item_id": 3, "body": {"x": 1}, "link": f"{prefix}/items/3"}
        is_(answer.json(), found)
        is_((await http.get(f"{prefix}/nothing")).status_code, 404)
    return ""


async def check_a2wsgi(server: Running) -> str:
    """Flask in a2wsgi."""
    return await check_flask(server, "/a2wsgi")


async def check_asgiref(server: Running) -> str:
    """Flask in asgiref, each request over a connection of its own."""
    async with client(server) as http:
        http.headers["connection"] = "close"
        answer = await http.post("/asgiref/items/3", json={"x": 1})
        found = {"item_id": 3, "body": {"x": 1}, "link": "/asgiref/items/3"}
        is_(answer.json(), found)
        is_((await http.get("/asgiref/nothing")).status_code, 404)
    return "a connection for each request"


async def check_starlette(server: Running) -> str:
    """Starlette: its links, the state of its lifespan, its WebSockets."""
    is_("starlette started" in server.notes, True)
    async with client(server) as http:
        found = (await http.get("/starlette/items/3")).json()
        is_((found["item_id"], found["link"]), (3, "/starlette/items/3"))
        is_((await http.get("/starlette/nothing")).text, "Not Found")
    async with connect(f"{server.ws}/starlette/echo", proxy=None) as socket:
        await socket.send("tea")
        is_(await socket.recv(), "starlette:tea")
        try:
            await socket.recv()
        except ConnectionClosed:
            is_(socket.close_code, 4002)
    is_(found["starlette_state"], "mine")
    return ""


async def check_fastapi(server: Running) -> str:
    """FastAPI: its validation, its OpenAPI document with the prefix."""
    is_("fastapi started" in server.notes, True)
    async with client(server) as http:
        answer = await http.post("/fastapi/items/3", json={"x": 1})
        is_(answer.json(), {"item_id": 3, "body": {"x": 1}})
        is_((await http.post("/fastapi/items/x", json={})).status_code, 422)
        document = (await http.get("/fastapi/openapi.json")).json()
        is_(document["servers"], [{"url": "/fastapi"}])
    return ""


async def check_socketio(server: Running) -> str:
    """Socket.IO: an event and its acknowledgement, over both transports."""
    for transport in ("websocket", "polling"):
        is_(await asyncio.to_thread(talk, server.http, transport), ["heard", "TEA"])
    return "by WebSocket and by polling"


def talk(url: str, transport: str) -> list[str]:
    """Say one thing to the Socket.IO server; return what it answers."""
    peer = socketio.Client(reconnection=False)
    heard: queue.Queue[str] = queue.Queue()
    peer.on("shouted", heard.put)
    path = "/live/socket.io"
    peer.connect(url, transports=[transport], socketio_path=path, wait_timeout=10)
    said = peer.call("shout", "tea", timeout=10)
    shouted = heard.get(timeout=10)
    peer.emit("leave")
    for _ in range(500):
        if not peer.connected:
            return [said, shouted]
        time.sleep(0.01)
    raise AssertionError("the server did not close the connection")


async def check_nested(server: Running) -> str:
    """Microlith in Microlith."""
    is_("started" in server.notes, True)
    async with client(server) as http:
        is_((await http.get("/microlith/items/3")).json()["item_id"], 3)
        is_((await http.get("/")).text, "outside")
    return ""


async def check_lifespans(server: Running) -> str:
    """Every lifespan below is stopped with the server, in reverse."""
    is_(await asyncio.to_thread(server.stop), True)
    last = ["stopped", "fastapi stopped", "starlette stopped"]
    await until(lambda: server.notes[-3:] == last, f"{last}, got {server.notes}")
    return ""


GUESTS: dict[str, Check] = {
    "Flask in a2wsgi": check_a2wsgi,
    "Flask in asgiref": check_asgiref,
    "Starlette": check_starlette,
    "FastAPI": check_fastapi,
    "Socket.IO": check_socketio,
    "Microlith": check_nested,
    # The last one: it stops the server.
    "their lifespans": check_lifespans,
}
"""Every check by the name of its row, in order."""
