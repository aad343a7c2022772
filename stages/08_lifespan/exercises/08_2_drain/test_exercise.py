import asyncio

from exercise import Drain

from microlith import App
from microlith.testing import http_scope, run


class Pool:
    """What requests use."""


def build(deadline, log):
    app = App()
    drain = app.install(Drain(deadline))

    async def pool():
        yield Pool()
        log.append("pool closed")

    app.provide(Pool, pool, lifetime="app")

    @app.get("/slow")
    async def slow(pool: Pool):
        log.append(f"active {drain.active}")
        await asyncio.sleep(0.02)
        log.append("answered")
        return "x"

    return app, drain


async def live(app, *paths):
    """Start the app, begin requests, and stop it while they run."""
    inbox, sent = asyncio.Queue(), asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {}}
    life = asyncio.create_task(app(scope, inbox.get, sent.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"

    async def send(message):
        pass

    requests = [
        asyncio.create_task(app(http_scope("GET", path), None, send))
        for path in paths
    ]
    await asyncio.sleep(0.002)
    await inbox.put({"type": "lifespan.shutdown"})
    answer = await sent.get()
    await life
    await asyncio.gather(*requests)
    return answer["type"]


def test_requests_end_before_the_values_are_closed():
    log = []
    app, drain = build(10, log)
    assert run(live(app, "/slow", "/slow")) == "lifespan.shutdown.complete"
    assert log == [
        "active 1",
        "active 2",
        "answered",
        "answered",
        "pool closed",
    ]
    assert drain.active == 0


def test_without_requests_it_stops_at_once():
    log = []
    app, _ = build(3600, log)
    assert run(live(app)) == "lifespan.shutdown.complete"
    assert log == ["pool closed"]
    assert run(live(app, "/slow")) == "lifespan.shutdown.complete"
    assert log[1:] == ["active 1", "answered", "pool closed"]


def test_the_deadline_ends_the_wait(caplog):
    log = []
    app, _ = build(0.005, log)
    assert run(live(app, "/slow")) == "lifespan.shutdown.complete"
    assert log.index("pool closed") < log.index("answered")
    records = [r for r in caplog.records if r.name == "drain"]
    assert [r.levelname for r in records] == ["WARNING"]
    assert "1" in records[0].getMessage()


def test_a_request_that_is_cut_off_counts_no_longer():
    app, drain = build(10, [])
    seen = []

    async def cut():
        async def send(message):
            seen.append(drain.active)
            raise ConnectionError

        try:
            await app(http_scope("GET", "/slow"), None, send)
        except ConnectionError:
            seen.append(drain.active)

    run(cut())
    assert seen == [1, 0]
