"""What a client sees of the app on a server: one check for each thing shown.

A check gets the server that runs, uses it as a client would, and raises
AssertionError when it does not answer as it must. What it returns is a remark
for its cell: where a server's part differs from the others'.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tools.interop.servers import Running

__all__ = ["CHECKS", "Check", "until"]

Check = Callable[[Running], Awaitable[str]]


async def until(is_so: Callable[[], bool], what: str, seconds: float = 5.0) -> None:
    """Wait until something is so; AssertionError when it never is."""
    for _ in range(int(seconds / 0.02)):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def client(server: Running) -> httpx.AsyncClient:
    """Return an HTTP client for a server."""
    return httpx.AsyncClient(base_url=server.http, timeout=10, trust_env=False)


def is_(found: object, wanted: object) -> None:
    """Raise AssertionError unless both are equal."""
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


async def check_json(server: Running) -> str:
    """JSON, twice over one connection."""
    async with client(server) as http:
        for _ in range(2):
            answer = await http.get("/")
            is_(answer.json(), {"hello": "world"})
            is_(answer.headers["content-type"], "application/json")
    return ""


async def check_path(server: Running) -> str:
    """A path parameter and a query."""
    async with client(server) as http:
        answer = await http.get("/items/7", params={"tag": "a b/é"})
        is_(answer.json(), {"item_id": 7, "tag": "a b/é"})
        is_((await http.get("/items/x")).status_code, 404)
    return ""


async def check_body(server: Running) -> str:
    """A body: valid, not valid, not JSON."""
    async with client(server) as http:
        answer = await http.post("/items", json={"name": "tea", "price": 2})
        is_((answer.status_code, answer.json()["price"]), (201, 2.0))
        answer = await http.post("/items", json={"name": "tea", "price": "x"})
        is_(answer.status_code, 422)
        is_(answer.json()["errors"][0]["loc"], ["body", "price"])
        head = {"content-type": "application/json"}
        answer = await http.post("/items", content=b"{", headers=head)
        is_(answer.status_code, 400)
    return ""


async def check_upload(server: Running) -> str:
    """A body of two megabytes that comes in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b"x" * 65536

    async with client(server) as http:
        answer = await http.post("/size", content=pieces())
        is_(answer.json(), {"size": 32 * 65536})
    return ""


async def check_errors(server: Running) -> str:
    """404, 405, 500, HEAD and OPTIONS."""
    async with client(server) as http:
        answer = await http.get("/nothing")
        is_(answer.status_code, 404)
        is_(answer.headers["content-type"], "application/problem+json")
        answer = await http.delete("/items")
        is_((answer.status_code, answer.headers["allow"]), (405, "OPTIONS, POST"))
        answer = await http.get("/boom")
        is_((answer.status_code, "on purpose" in answer.text), (500, False))
        answer = await http.head("/")
        is_((answer.status_code, answer.content), (200, b""))
        is_((await http.options("/items")).status_code, 204)
    return ""


async def check_stream(server: Running) -> str:
    """A stream, whose first piece is there before the second is made."""
    async with client(server) as http, http.stream("GET", "/stream") as answer:
        found = answer.aiter_text()
        is_(await anext(found), "one")
        await http.post("/open")
        is_("".join([piece async for piece in found]), "two")
    return ""


async def check_events(server: Running) -> str:
    """Server-sent events, each when it happens."""
    async with client(server) as http, http.stream("GET", "/events") as answer:
        is_(answer.headers["content-type"], "text/event-stream")
        lines = answer.aiter_lines()
        is_(await anext(lines), "event: piece")
        is_(json.loads((await anext(lines)).removeprefix("data: ")), {"piece": "one"})
        await http.post("/open")
        rest = [line async for line in lines]
        is_([line for line in rest if line], ["event: piece", 'data: {"piece":"two"}'])
    return ""


async def check_leaving(server: Running) -> str:
    """A client that leaves a stream: the app's generator is closed."""
    async with client(server) as http, http.stream("GET", "/endless") as answer:
        is_(await anext(answer.aiter_text()), "tick\n")
    await until(lambda: "client left" in server.notes, "the generator to be closed")
    return ""


async def check_background(server: Running) -> str:
    """A background task, which runs after the answer."""
    async with client(server) as http:
        is_((await http.get("/after")).text, "begun")
        is_("worked" in server.notes, False)
        await http.post("/open")
        await until(lambda: "worked" in server.notes, "the background task")
    return ""


async def check_echo(server: Running) -> str:
    """A WebSocket: messages, a subprotocol, headers, a close code."""
    url = f"{server.ws}/echo?prefix=you:"
    wanted = [Subprotocol("other"), Subprotocol("echo.v1")]
    async with connect(url, subprotocols=wanted, proxy=None) as socket:
        is_(socket.subprotocol, "echo.v1")
        assert socket.response is not None
        is_(socket.response.headers["x-room"], "echo")
        for text in ("tea", "é" * 1000):
            await socket.send(text)
            is_(await socket.recv(), f"you:{text}")
        await socket.send("bye")
        try:
            await socket.recv()
        except ConnectionClosed:
            is_((socket.close_code, socket.close_reason), (4001, "as you wish"))
        else:
            raise AssertionError("the socket was not closed")
    return ""


async def check_denial(server: Running) -> str:
    """A refused handshake: with an answer, where the server can send one."""
    status, body = await refused(f"{server.ws}/members")
    if status == 401:
        is_(json.loads(body)["detail"], "members only")
        is_((await refused(f"{server.ws}/nothing"))[0], 404)
        return "401 with its problem document"
    is_(status, 403)
    return "403 without a body: no denial extension"


async def refused(url: str) -> tuple[int, bytes]:
    """Return the answer to a handshake that must be refused."""
    try:
        async with connect(url, proxy=None):
            raise AssertionError(f"{url} was accepted")
    except InvalidStatus as error:
        return error.response.status_code, bytes(error.response.body or b"")


async def check_lifespan(server: Running) -> str:
    """The start before the first request; the stop when the server stops."""
    is_(server.notes[:1], ["started"])
    is_("stopped" in server.notes, False)
    is_(await asyncio.to_thread(server.stop), True)
    await until(lambda: server.notes[-1] == "stopped", "the app to be stopped")
    return ""


CHECKS: dict[str, Check] = {
    "JSON": check_json,
    "path and query": check_path,
    "body": check_body,
    "upload in pieces": check_upload,
    "404, 405, 500, HEAD": check_errors,
    "stream": check_stream,
    "server-sent events": check_events,
    "client leaves": check_leaving,
    "background task": check_background,
    "WebSocket": check_echo,
    "denied handshake": check_denial,
    # The last one: it stops the server.
    "lifespan": check_lifespan,
}
"""Every check by the name of its row, in order."""
