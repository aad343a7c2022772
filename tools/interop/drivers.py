"""Other people's clients that call an app in process, without a server."""

# mypy: ignore-errors
# The types of these packages are in the environment of `make interop` alone.

import asyncio
import importlib
import os
import tempfile
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from asgi_lifespan import LifespanManager
from asgiref.testing import ApplicationCommunicator

from microlith.testing import http_scope
from tools.interop import app as module
from tools.interop.cells import is_

__all__ = ["DRIVERS"]


def fresh():
    """Return the app as a new process would have it."""
    return importlib.reload(module).app


def notes() -> list[str]:
    """Return what the app has noted."""
    file = Path(os.environ["INTEROP_NOTES"])
    return file.read_text("utf-8").splitlines() if file.exists() else []


async def check_httpx() -> str:
    """httpx.ASGITransport: requests, a body, an error."""
    app = fresh()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        is_((await http.get("/items/7?tag=a")).json(), {"item_id": 7, "tag": "a"})
        answer = await http.post("/items", json={"name": "tea", "price": 2})
        is_(answer.status_code, 201)
        is_((await http.get("/boom")).status_code, 500)
    is_(notes(), ["started"])
    await app.lifespan.stop()
    return "starts the app by its first request"


async def check_lifespan() -> str:
    """asgi-lifespan: start, requests, stop."""
    async with LifespanManager(fresh()) as manager:
        is_(notes(), ["started"])
        transport = httpx.ASGITransport(manager.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            is_((await http.get("/")).json(), {"hello": "world"})
    is_(notes(), ["started", "stopped"])
    return ""


async def check_communicator() -> str:
    """asgiref's ApplicationCommunicator: HTTP and a WebSocket, by events."""
    app = fresh()
    one = ApplicationCommunicator(app, http_scope("GET", "/items/7"))
    await one.send_input({"type": "http.request"})
    is_((await one.receive_output(2))["status"], 200)
    body = await one.receive_output(2)
    is_(body["body"], b'{"item_id":7,"tag":"none"}')
    await one.wait(2)
    scope = http_scope("GET", "/echo") | {"type": "websocket", "subprotocols": []}
    two = ApplicationCommunicator(app, scope)
    await two.send_input({"type": "websocket.connect"})
    is_((await two.receive_output(2))["type"], "websocket.accept")
    await two.send_input({"type": "websocket.receive", "text": "tea"})
    is_((await two.receive_output(2))["text"], "tea")
    await two.send_input({"type": "websocket.disconnect", "code": 1000})
    await two.wait(2)
    return ""


async def check_starlette() -> str:
    """Starlette's TestClient: HTTP, a WebSocket, the lifespan."""
    return await asyncio.to_thread(with_starlette)


def with_starlette() -> str:
    """Drive the app with Starlette's client."""
    with warnings.catch_warnings():
        # It asks for a successor of httpx that does the same.
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient

    with TestClient(fresh(), base_url="http://t") as http:
        is_(http.get("/items/7").json(), {"item_id": 7, "tag": "none"})
        with http.websocket_connect("/echo?prefix=you:") as socket:
            socket.send_text("tea")
            is_(socket.receive_text(), "you:tea")
    is_(notes(), ["started", "stopped"])
    return ""


async def with_notes(check: Callable[[], Awaitable[str]]) -> str:
    """Run a check with notes of its own."""
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        os.environ["INTEROP_NOTES"] = str(Path(folder) / "notes")
        return await check()


DRIVERS = {
    "httpx.ASGITransport": check_httpx,
    "asgi-lifespan": check_lifespan,
    "asgiref ApplicationCommunicator": check_communicator,
    "Starlette's TestClient": check_starlette,
}
"""Every check by the name of its row, in order."""
