"""What a type checker says about handlers, dependencies, streams and sockets."""

import textwrap
from pathlib import Path

import pytest

from tests.final.test_types import mypy

GOOD = """
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, assert_type
from uuid import UUID

from pydantic import BaseModel

from microlith import (
    App, BackgroundTasks, Body, Cookie, Depends, EventStream, Header, HTTPException,
    Key, NotFound, Path, Query, Request, Response, Router, ServerSentEvent,
    StreamingResponse, TextResponse, WebSocket, WebSocketDisconnect,
    WebSocketException,
)
from microlith.conversations import SocketRefused, StreamSession, WebSocketSession
from microlith.testing import TestClient

class Item(BaseModel):
    name: str

class Settings:
    url = "sqlite://"

class Pool:
    def __init__(self, settings: Settings) -> None: ...

@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    yield

app = App(title="shop", threads=8, lifespan=lifespan, timeout=5.0, always_422=True)
router = Router("/items", dependencies=[Depends(lambda: 1)], timeout=2)
COUNT = Key[int]("count")


# --- dependencies keep their types, and Annotated says what arrives

def get_settings() -> Settings:
    return Settings()

async def open_pool(settings: Settings) -> AsyncIterator[Pool]:
    yield Pool(settings)

async def get_user(request: Request, x_token: Annotated[str, Header()]) -> str:
    assert_type(x_token, str)
    return x_token

User = Annotated[str, Depends(get_user)]

made = app.provide(Settings, get_settings, lifetime="app")
assert_type(made(), Settings)
pool = app.provide(Pool, open_pool, lifetime="app", lazy=True)
assert_type(pool(Settings()), AsyncIterator[Pool])
assert_type(app.provide("clock", Settings)(), Settings)


@router.get("/{id}")
async def item(
    id: int,
    user: User,
    settings: Settings,
    uid: Annotated[UUID, Query(alias="u")],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    session: Annotated[str | None, Cookie()] = None,
    fresh: Annotated[Settings, Depends(get_settings, fresh=True)] = Settings(),
) -> Item:
    assert_type(user, str)
    assert_type(fresh, Settings)
    assert_type(session, str | None)
    return Item(name=user)


@router.post("/", status_code=201, timeout=1.5, cancel_on_disconnect=True)
def create(item: Item, note: Annotated[str, Body(embed=True)] = "") -> tuple[int, Item]:
    return 202, item


assert_type(create(Item(name="x")), tuple[int, Item])
plain: Callable[..., tuple[int, Item]] = create


# --- what is decorated keeps its type

@app.on_startup
async def begin() -> int:
    return 1

@app.on_shutdown
def end() -> str:
    return "bye"

assert_type(end(), str)

@app.exception_handler(NotFound)
async def missing(request: Request, exc: NotFound) -> TextResponse:
    return TextResponse("none", 404)

@app.add_middleware
async def around(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    request[COUNT] = 1
    assert_type(request[COUNT], int)
    return await call_next(request)

@app.websocket("/chat/{room}", max_message=1000, origins=["https://shop.example"])
async def chat(socket: WebSocket, room: str, user: User) -> int:
    assert_type(socket[COUNT], int)
    assert_type(socket.subprotocols, list[str])
    await socket.accept("v1", {"x-a": "b"})
    async for text in socket.iter_text():
        assert_type(text, str)
    async for data in socket.iter_bytes():
        assert_type(data, bytes)
    assert_type(await socket.receive_text(), str)
    assert_type(await socket.receive_bytes(), bytes)
    assert_type(await socket.receive_json(), Any)
    await socket.send_json({"room": room})
    await socket.close(4000, "bye")
    assert_type(socket.close_code, int | None)
    raise WebSocketException(4001, "no")

async def they_keep_their_types(request: Request, socket: WebSocket) -> None:
    assert_type(await begin(), int)
    assert_type(await missing(request, NotFound()), TextResponse)
    assert_type(await chat(socket, "a", "b"), int)


class Database:
    def install(self, app: App) -> None: ...

assert_type(app.install(Database()), Database)
app.install(Database()).install(app)


# --- what goes on

def send_mail(to: str, *, subject: str = "") -> None: ...
async def count(number: int) -> None: ...

@app.get("/tasks")
async def tasks(tasks: BackgroundTasks) -> None:
    tasks.add_task(send_mail, "a@example.com", subject="hi")
    tasks.add_task(count, 1)

async def ticks() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent({"a": 1}, event="tick", id="1", retry=1000)

app.get("/events")(ticks)

@app.get("/stream")
async def stream() -> EventStream:
    return EventStream(ticks(), 200, {"x-a": "b"}, ping=None)

@app.get("/lines")
def lines() -> Iterator[str]:
    yield "a"

StreamingResponse(iter([b"a"]), media_type="text/csv")
StreamingResponse(["a", "b"])


# --- tests

with TestClient(app, headers={"x-token": "t"}) as client, app.override(
    {get_settings: lambda: Settings(), Pool: object}
):
    assert_type(client, TestClient)
    with client.websocket("/chat/a", subprotocols=["v1"]) as ws:
        assert_type(ws, WebSocketSession)
        ws.send_text("a")
        assert_type(ws.receive_text(), str)
        assert_type(ws.subprotocol, str | None)
        assert_type(ws.headers, dict[str, str])
    with client.stream("GET", "/events") as response:
        assert_type(response, StreamSession)
        assert_type(response.iter_lines(), Iterator[str])
try:
    client.websocket("/none")
except SocketRefused as refused:
    assert_type(refused.status_code, int)
except WebSocketDisconnect as left:
    assert_type(left.code, int)
"""

WRONG = {
    "app.provide(3, factory)": "incompatible type",
    'app.provide(str, "factory")': "type variable",
    "app.provide(Request, factory, lifetime=1)": "incompatible type",
    "app.on_startup(3)": "type variable",
    "app.on_startup(needs)": "type variable",
    "app.install(object())": "type variable",
    "app.install(Request)": "type variable",
    "tasks.add_task(needs, 1)": "incompatible type",
    "tasks.add_task(needs)": "Missing positional argument",
    'tasks.add_task(needs, "a", other=1)': "Unexpected keyword argument",
    'tasks.add_task(needs("a"))': "does not return a value",
    "EventStream(5)": "incompatible type",
    "EventStream([1], ping='1')": "incompatible type",
    "EventStream([1], media_type='a')": "Unexpected keyword argument",
    "StreamingResponse([1])": "incompatible type",
    "ServerSentEvent(1, id=1)": "incompatible type",
    "ServerSentEvent().data = 1": "read-only",
    'Depends(factory, fresh="yes")': "incompatible type",
    "Depends(factory, True)": "Too many positional arguments",
    "Depends(3)": "incompatible type",
    "Query(alias=1)": "incompatible type",
    "await socket.send_text(b'a')": "incompatible type",
    "await socket.close('a')": "incompatible type",
    "await socket.accept(headers=[('a', 'b')])": "incompatible type",
    "socket.body()": 'has no attribute "body"',
    'client.websocket("/", json=1)': "Unexpected keyword argument",
    'client.websocket("/").status_code': "has no attribute",
    'request[COUNT] + ""': "Unsupported operand",
    "app.override(factory).__enter__()": "incompatible type",
}


def test_what_users_write_has_the_types_they_expect(tmp_path: Path) -> None:
    found = mypy(tmp_path, GOOD)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What mypy says about each wrong line."""
    head = textwrap.dedent(
        """
        from microlith import *
        from microlith.testing import TestClient
        app, client = App(), TestClient(App())
        COUNT = Key[int]("count")
        def factory() -> str: return ""
        def needs(name: str) -> None: ...
        async def f(
            request: Request, socket: WebSocket, tasks: BackgroundTasks
        ) -> None:
        """
    )
    first = head.count("\n") + 1
    lines = "".join(f"    {line}\n" for line in WRONG)
    found = mypy(tmp_path_factory.mktemp("wrong"), head + lines)
    messages = dict.fromkeys(WRONG, "")
    for line in found.stdout.splitlines():
        if ": error:" in line:
            number = int(line.split(":")[1]) - first
            messages[list(WRONG)[number]] += line
    return messages


@pytest.mark.parametrize("line", WRONG)
def test_a_mistake_is_found_before_it_runs(line: str, errors: dict[str, str]) -> None:
    assert WRONG[line] in errors[line], errors[line] or "mypy finds nothing"
