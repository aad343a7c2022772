import asyncio

import pytest
from exercise import ClientGone, until_disconnect

from microlith import App, Request, Response
from microlith.testing import Exchange, http_scope


def exchange_with(delay: float, log: list[str]) -> Exchange:
    async def work() -> str:
        try:
            await asyncio.sleep(delay)
            if delay == 0:
                raise LookupError("nothing there")
            return "worked"
        finally:
            log.append("cleaned up")

    async def handler(request: Request) -> Response:
        try:
            text = await until_disconnect(request, work())
        except ClientGone:
            text = "gone"
        tasks = [t for t in asyncio.all_tasks() if not t.done()]
        return Response(f"{text}, {len(tasks)} task")

    return Exchange(App(handler), http_scope())


def answer(exchange: Exchange) -> str:
    exchange.take()
    body: bytes = exchange.take()["body"]
    exchange.finish()
    return body.decode()


def test_work_that_ends_first_gives_its_result_and_leaves_no_task() -> None:
    log: list[str] = []
    exchange = exchange_with(0.01, log)
    exchange.put({"type": "http.request", "body": b"unread"})
    assert answer(exchange) == "worked, 1 task"
    assert log == ["cleaned up"]


def test_a_client_that_leaves_cancels_the_work() -> None:
    log: list[str] = []
    exchange = exchange_with(0.5, log)
    exchange.put(
        {"type": "http.request", "body": b"unread"},
        {"type": "http.disconnect"},
    )
    assert answer(exchange) == "gone, 1 task"
    assert log == ["cleaned up"], "the work was not cancelled"


def test_an_error_of_the_work_comes_out() -> None:
    exchange = exchange_with(0, [])
    with pytest.raises(LookupError, match="nothing there"):
        exchange.take()
