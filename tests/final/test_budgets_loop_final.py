"""What deadlines, values of the app and sockets cost, in Python calls.

These need a running loop. Counted are the frames of the package and of this
file: what asyncio does behind them is not ours.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import microlith
from microlith import App, Depends, WebSocket
from microlith.scopes import socket_scope
from microlith.testing import http_scope, run
from tests.final.test_budgets import PLAIN

PACKAGE = str(Path(microlith.__file__).parent)
LOOP = str(Path(PACKAGE) / "steploop.py")


def counted(
    app: App, scope: dict[str, Any], *events: Any, called: int | None = 1
) -> list[str]:
    """Serve a connection twice, in a started app; return the second's frames.

    ``called`` is how often the handler runs in each (None: as often as it likes).
    """

    async def receive() -> Any:
        return inbox.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    outside = {receive.__code__, send.__code__}

    def profile(frame: Any, event: str, arg: object) -> None:
        code = frame.f_code
        file = code.co_filename
        # Python 3.12 has no frames for comprehensions.
        if (
            event == "call"
            and file.startswith((PACKAGE, __file__))
            and file != LOOP
            and code not in outside
            and code.co_name != "<listcomp>"
        ):
            frames.append(code.co_name)

    async def serve() -> None:
        await app.lifespan.start()
        for _ in range(2):
            for kept in (frames, sent):
                kept.clear()
            inbox[:] = [*events, {"type": "http.request", "body": b""}]
            sys.setprofile(profile)
            try:
                await app({**scope}, receive, send)
            finally:
                sys.setprofile(None)
            await asyncio.sleep(0)
        await app.lifespan.stop()

    frames: list[str] = []
    sent: list[str] = []
    inbox: list[Any] = []
    run(serve())
    assert called in (None, frames.count("handler")), frames
    return frames


def cost(frames: list[str]) -> tuple[int, int]:
    """Calls up to and with the handler, and in all."""
    return frames.index("handler") + 1, len(frames)


def named(function: Any) -> Any:
    """The function, called `handler` in the trace."""
    function.__code__ = function.__code__.replace(co_name="handler")
    return function


@named
async def bare() -> Any:
    return {}


# --- deadlines ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wrapper", "expected"),
    [
        ({}, None, PLAIN),
        ({"timeout": None}, None, PLAIN),
        ({"cancel_on_disconnect": False}, None, PLAIN),
        ({"timeout": 5}, "timed", (PLAIN[0] + 1, PLAIN[1] + 1)),
        # `watched`, `body`, the Watch and its `run`, `first_wait`.
        ({"cancel_on_disconnect": True}, "watched", (PLAIN[0] + 5, PLAIN[1] + 5)),
    ],
)
def test_a_deadline_is_paid_where_it_is_asked_for(
    options: dict[str, Any], wrapper: str | None, expected: tuple[int, int]
) -> None:
    app = App()
    app.get("/", **options)(bare)
    app.get("/both", timeout=5, cancel_on_disconnect=True)(bare)
    frames = counted(app, http_scope())
    assert cost(frames) == expected, frames
    assert set(frames) & {"timed", "watched"} == ({wrapper} if wrapper else set())


# --- values of the app, and layers ------------------------------------------


class Settings:
    pass


class Pool:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


@pytest.mark.parametrize("unused", [0, 50])
def test_a_value_of_the_app_costs_nothing(unused: int) -> None:
    async def handler(pool: Pool, settings: Settings) -> Any:
        return {"same": pool.settings is settings}

    app = App()
    app.get("/")(handler)
    app.provide(Settings, Settings, lifetime="app")
    app.provide(Pool, Pool, lifetime="app")
    for i in range(unused):
        app.provide(f"unused {i}", Settings, lifetime="app")
        app.provide(f"call {i}", Settings)
    frames = counted(app, http_scope())
    assert cost(frames) == PLAIN, frames


def test_a_lazy_value_of_the_app_costs_one_call() -> None:
    async def handler(settings: Settings) -> Any:
        return {}

    app = App()
    app.get("/")(handler)
    app.provide(Settings, Settings, lifetime="app", lazy=True)
    frames = counted(app, http_scope())
    assert cost(frames) == (PLAIN[0] + 1, PLAIN[1] + 1), frames
    assert "need" in frames


def test_what_is_started_and_stopped_costs_a_request_nothing() -> None:
    app = App()
    app.get("/")(bare)
    app.on_startup(lambda: None)
    app.on_shutdown(lambda: None)
    assert cost(counted(app, http_scope())) == PLAIN


@pytest.mark.parametrize("number", [1, 3])
def test_layers_of_an_app_with_a_life_cost_two_calls(number: int) -> None:
    app = App()
    app.get("/")(bare)
    app.on_startup(lambda: None)
    for _ in range(number):
        app.wrap(lambda inner: inner)
    frames = counted(app, http_scope())
    assert cost(frames) == (PLAIN[0] + 2, PLAIN[1] + 2), frames


# --- sockets -----------------------------------------------------------------

STREAM = 20
"""Calls of a stream, without the steps of its generator."""

NOT_FOUND = 13
"""Calls of a 404, with the problem document that it is."""

HANDSHAKE = 24
"""Calls up to the handler of a socket, without an Origin."""

CONNECT = {"type": "websocket.connect"}
GONE = {"type": "websocket.disconnect", "code": 1000}
TEXT = {"type": "websocket.receive", "text": "a"}


def socket(headers: Any = ()) -> dict[str, Any]:
    return dict(socket_scope(http_scope(headers=headers), ()))


def echo_app(*asked: Depends) -> App:
    @named
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    app = App()
    app.websocket("/", dependencies=asked)(echo)
    return app


def test_a_handshake_costs_what_it_costs() -> None:
    frames = counted(echo_app(), socket(), CONNECT, GONE)
    assert cost(frames)[0] == HANDSHAKE, frames


@pytest.mark.parametrize("number", [1, 7])
def test_a_message_and_its_echo_cost_the_same_each_time(number: int) -> None:
    app = echo_app()
    nothing = len(counted(app, socket(), CONNECT, GONE))
    frames = counted(app, socket(), CONNECT, *[TEXT] * number, GONE)
    # iter_text and send_text.
    assert len(frames) == nothing + 2 * number, frames


@pytest.mark.parametrize("pieces", [1, 2, 50])
def test_a_piece_of_a_stream_costs_the_step_of_its_generator(pieces: int) -> None:
    @named
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield b"a"

    app = App()
    app.get("/")(stream)
    frames = counted(app, http_scope(), called=None)
    # One step more than pieces: the one that finds the end.
    assert frames.count("handler") == pieces + 1, frames
    assert len(frames) - frames.count("handler") == STREAM, frames


def test_a_404_costs_what_it_costs() -> None:
    app = App()
    app.get("/items/{n:int}")(bare)
    frames = counted(app, http_scope(target="/things/1"), called=0)
    assert len(frames) == NOT_FOUND, frames


def plain() -> int:
    return 1


async def coroutine() -> int:
    return 1


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize("function", [plain, coroutine])
def test_a_dependency_of_a_socket_costs_one_call(function: Any, number: int) -> None:
    asked = [Depends(function, fresh=True) for _ in range(number)]
    frames = counted(echo_app(*asked), socket(), CONNECT, GONE)
    without = counted(echo_app(), socket(), CONNECT, GONE)
    assert cost(frames) == (HANDSHAKE + number, len(without) + number), frames


@pytest.mark.parametrize("function", [generator, async_generator])
def test_closing_for_a_socket_is_linear(function: Any) -> None:
    totals = []
    for number in range(1, 5):
        asked = [Depends(function, fresh=True) for _ in range(number)]
        frames = counted(echo_app(*asked), socket(), CONNECT, GONE)
        assert cost(frames)[0] == HANDSHAKE + number, frames
        totals.append(len(frames))
    # Each: itself, twice, and `close`.
    assert {b - a for a, b in pairwise(totals)} == {3}


@pytest.mark.parametrize("number", [1, 5])
def test_sockets_of_other_routes_cost_nothing(number: int) -> None:
    app = echo_app()
    for i in range(100 * number):
        app.websocket(f"/other/{i}", dependencies=[Depends(plain)])(echo_two)
    frames = counted(app, socket(), CONNECT, GONE)
    assert cost(frames)[0] == HANDSHAKE, frames


async def echo_two(socket: WebSocket) -> None:
    await socket.accept()
