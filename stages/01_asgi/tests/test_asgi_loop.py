"""The stepped loop: enough of asyncio, no I/O, and it never hangs."""

import asyncio
import socket
import threading

import pytest

from microlith.applications import App
from microlith.requests import Request
from microlith.responses import Response
from microlith.steploop import new_loop
from microlith.testing import Exchange, Stuck, TestClient, http_scope, run


def test_run_gives_the_result_and_the_exception() -> None:
    async def divide(a: float, b: float) -> float:
        await asyncio.sleep(0)
        return a / b

    assert run(divide(6, 3)) == 2
    with pytest.raises(ZeroDivisionError):
        run(divide(1, 0))


def test_ready_callbacks_run_in_the_order_they_came() -> None:
    seen: list[str] = []
    loop = new_loop()
    loop.call_soon(seen.append, "first")
    loop.call_soon(loop.call_soon, seen.append, "third")
    loop.call_soon(seen.append, "second")
    assert loop.step() is True
    assert seen == ["first", "second"], (
        "one step runs what was ready when it began; what that adds waits"
    )
    assert loop.step() is True
    assert seen[-1] == "third"
    assert loop.step() is False, "nothing is left, and step() says so"


def test_sleepers_wake_by_time_not_by_order() -> None:
    async def main() -> list[str]:
        woken: list[str] = []

        async def sleeper(name: str, delay: float) -> None:
            await asyncio.sleep(delay)
            woken.append(name)

        await asyncio.gather(sleeper("late", 0.02), sleeper("soon", 0.005))
        return woken

    assert run(main()) == ["soon", "late"]


def test_a_cancelled_timer_never_fires() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        fired: list[str] = []
        loop.call_later(0.001, fired.append, "x").cancel()
        async with asyncio.timeout(5):
            await asyncio.sleep(0.003)
        return f"fired {len(fired)}"

    assert run(main()) == "fired 0"


def test_waiting_for_ever_is_stuck_at_once() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck, match="the coroutine to end"):
        run(forever())


def test_a_loop_inside_a_loop_gives_the_outer_one_back() -> None:
    async def inner() -> tuple[asyncio.AbstractEventLoop, str]:
        await asyncio.sleep(0)
        return asyncio.get_running_loop(), "done"

    async def outer() -> None:
        mine = asyncio.get_running_loop()
        loop, result = run(inner())
        assert result == "done"
        assert loop is not mine, "run() must bring its own loop"
        assert asyncio.get_running_loop() is mine, "the outer loop is lost"
        await asyncio.sleep(0)

    asyncio.run(outer())


def test_a_request_needs_no_thread_and_no_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("the driver opened a socket or started a thread")

    async def handler(request: Request) -> Response:
        await asyncio.sleep(0)
        return Response("alone")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "socketpair", refuse)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert TestClient(App(handler)).get("/").text == "alone"


def test_a_stuck_app_is_cancelled_so_that_it_cleans_up() -> None:
    log: list[str] = []

    async def handler(request: Request) -> Response:
        try:
            await request.receive()
        finally:
            log.append("cleaned up")
        return Response("never")

    exchange = Exchange(App(handler), http_scope())
    with pytest.raises(Stuck, match="the next event from the app"):
        exchange.take()
    assert log == ["cleaned up"]
