import asyncio

from exercise import Broadcast

from microlith import App, EventStream
from microlith.testing import Exchange, http_scope, run


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def collect(broadcast, got):
    async for item in broadcast.listen():
        got.append(item)


def test_everybody_gets_every_item():
    async def main():
        broadcast, first, second = Broadcast(), [], []
        tasks = [
            asyncio.ensure_future(collect(broadcast, got))
            for got in (first, second)
        ]
        await settle()
        assert len(broadcast) == 2, "both have taken their first step"
        for item in "abc":
            broadcast.publish(item)
            await settle()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert first == second == ["a", "b", "c"]
        assert len(broadcast) == 0, "who is closed is forgotten"

    run(main())


def test_who_is_too_slow_is_dropped_and_keeps_what_it_has():
    async def main():
        broadcast, got = Broadcast(size=2), []
        task = asyncio.ensure_future(collect(broadcast, got))
        await settle()
        for item in range(5):
            broadcast.publish(item)
        assert len(broadcast) == 0
        await asyncio.wait_for(task, 1)
        assert got == [0, 1]

    run(main())


def test_a_client_that_leaves_is_forgotten():
    broadcast = Broadcast()
    app = App()

    @app.get("/")
    async def feed():
        return EventStream(broadcast.listen())

    exchange = Exchange(app, http_scope())
    exchange.take()
    exchange.take()
    exchange.loop.run_until(lambda: len(broadcast) == 1, "a listener")
    broadcast.publish("hello")
    assert exchange.take()["body"] == b"data: hello\n\n"
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert len(broadcast) == 0
