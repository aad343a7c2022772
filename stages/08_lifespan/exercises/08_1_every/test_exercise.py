import asyncio

from exercise import Every

from microlith import App
from microlith.testing import TestClient


def build(seconds, function):
    app = App()
    every = Every(seconds, function)
    assert app.install(every) is every

    @app.get("/")
    async def pause(request):
        await asyncio.sleep(0.02)
        return "later"

    return app


def test_it_is_called_again_and_again():
    calls = []

    async def tick():
        calls.append(1)

    with TestClient(build(0.001, tick)) as client:
        client.get("/")
        assert len(calls) >= 2, "the first at the start, then every 0.001 s"
        client.get("/")
    count = len(calls)
    assert count >= 4


def test_a_failure_is_logged_and_the_calls_go_on(caplog):
    calls = []

    async def tick():
        calls.append(1)
        raise OSError("no cache")

    with TestClient(build(0.001, tick)) as client:
        client.get("/")
    assert len(calls) >= 2
    records = [r for r in caplog.records if r.name == "every"]
    assert len(records) == len(calls)
    assert all(record.exc_info for record in records)


def test_the_stop_does_not_wait_for_the_pause():
    calls = []

    async def tick():
        calls.append(asyncio.get_running_loop().time())

    with TestClient(build(3600, tick)) as client:
        client.get("/")
    assert len(calls) == 1, "and the stop has not taken an hour"


def test_a_call_under_way_is_waited_for():
    log = []

    async def tick():
        log.append("begin")
        await asyncio.sleep(0.05)
        log.append("end")

    with TestClient(build(3600, tick)) as client:
        client.get("/")
        assert log == ["begin"]
    assert log == ["begin", "end"]


def test_a_second_start_calls_again():
    calls = []

    async def tick():
        calls.append(1)

    app = build(3600, tick)
    for number in (1, 2):
        with TestClient(app) as client:
            client.get("/")
        assert len(calls) == number
