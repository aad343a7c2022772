"""A plain `def` handler runs beside the loop, in a bounded pool."""

import asyncio
import functools
import threading
import time
from contextvars import ContextVar

import pytest

from microlith.applications import App
from microlith.exceptions import NotFound
from microlith.testing import Exchange, Stuck, TestClient, http_scope, run
from microlith.threads import Threads

SEEN = ContextVar("SEEN", default="nothing")


class Broken(Exception):
    """What this file's functions raise."""


def here():
    """Return the number of the thread that this runs in."""
    return threading.get_ident()


def test_a_plain_handler_runs_in_a_thread_and_an_async_one_does_not():
    app = App()

    @app.get("/plain")
    def plain(n: int):
        return [n, here()]

    @app.get("/async")
    async def straight(n: int):
        return [n, here()]

    client = TestClient(app)
    answer = client.get("/plain?n=1")
    assert answer.status_code == 200, answer.text
    assert answer.json()[0] == 1
    assert answer.json()[1] != here(), "a def must not block the loop"
    assert client.get("/async?n=1").json() == [1, here()]


def test_a_plain_handler_is_a_handler_in_every_other_way():
    app = App()

    @app.post("/", status_code=201)
    def create(
        names: list[str], request, *, data: dict[str, int]
    ) -> list[int]:
        return [*data.values(), len(names)]

    @app.get("/")
    def missing():
        raise NotFound("no such thing")

    client = TestClient(app)
    answer = client.post("/?names=a", json={"a": 1})
    assert (answer.status_code, answer.text) == (201, "[1,1]")
    assert client.post("/?names=a").status_code == 400
    answer = client.get("/")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "no such thing",
    )


def test_plain_methods_partials_and_objects_run_in_a_thread():
    class Page:
        def show(self, n: int):
            return [n, here()]

        def __call__(self, n: int):
            return [n, here()]

    def add(a: int, n: int):
        return [a + n, here()]

    app = App()
    app.get("/method")(Page().show)
    app.get("/object")(Page())
    app.get("/partial")(functools.partial(add, 1))
    client = TestClient(app)
    for path, expected in (("method", 1), ("object", 1), ("partial", 2)):
        answer = client.get(f"/{path}?n=1")
        assert answer.status_code == 200, answer.text
        number, thread = answer.json()
        assert (number, thread != here()) == (expected, True), path


def test_a_decorated_async_handler_stays_in_the_loop():
    def passing(function):
        @functools.wraps(function)
        def inner(*args, **keywords):
            return function(*args, **keywords)

        return inner

    app = App()

    @app.get("/")
    @passing
    async def show(n: int):
        return [n, here()]

    answer = TestClient(app).get("/?n=1")
    assert (answer.status_code, answer.json()) == (200, [1, here()])


def test_a_plain_fallback_runs_in_a_thread():
    def fallback(request):
        return 410, [here()]

    answer = TestClient(App(fallback)).get("/gone")
    assert answer.status_code == 410
    assert answer.json() != [here()]


def test_a_plain_handler_sees_context_variables_of_the_request():
    app = App()

    @app.add_middleware
    async def outer(request, call_next):
        SEEN.set("from outside")
        response = await call_next(request)
        response.headers["x-after"] = SEEN.get()
        return response

    @app.get("/")
    def show():
        before = SEEN.get()
        SEEN.set("from the thread")
        return [before]

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (200, ["from outside"])
    assert answer.headers["x-after"] == "from outside", (
        "a thread works on a copy"
    )


def test_the_loop_goes_on_while_a_thread_works():
    app = App()
    go = threading.Event()

    @app.get("/wait")
    def wait():
        return [go.wait(5)]

    @app.get("/go")
    async def free():
        go.set()
        return ["gone"]

    async def serve(path):
        sent = []

        async def send(message):
            sent.append(message)

        await app(http_scope("GET", path), None, send)
        return sent[1]["body"]

    async def both():
        return await asyncio.gather(serve("/wait"), serve("/go"))

    assert run(both()) == [b"[true]", b'["gone"]']


def most_at_once(threads, calls):
    """Return how many of these calls ran at the same time."""
    lock, running, most = threading.Lock(), [], []

    def work():
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.02)
        with lock:
            running.pop()

    async def main():
        await asyncio.gather(*[threads.run(work) for _ in range(calls)])

    run(main())
    assert len(most) == calls, "every call runs, sooner or later"
    return max(most)


def test_no_more_threads_than_the_limit():
    assert most_at_once(Threads(1), 4) == 1
    assert most_at_once(Threads(2), 6) <= 2


def test_threads_work_side_by_side_up_to_the_limit():
    threads, meet = Threads(2), threading.Barrier(2, timeout=5)

    async def main():
        return await asyncio.gather(*[threads.run(meet.wait)] * 1, other())

    async def other():
        return await threads.run(meet.wait)

    assert sorted(run(main())) == [0, 1]


def test_the_limit_is_the_apps():
    assert App(threads=1).threads.limit == 1
    assert App().threads.limit == 40
    app = App(threads=3)
    app.get("/")(lambda: [1])
    assert TestClient(app).get("/").text == "[1]"


def test_a_thread_raises_where_it_is_awaited():
    def fail(value):
        raise Broken(value)

    async def main():
        with pytest.raises(Broken, match="why"):
            await Threads().run(fail, "why")
        return "caught"

    assert run(main()) == "caught"


def test_stop_iteration_from_a_thread_does_not_hang():
    def fail():
        raise StopIteration

    async def main():
        with pytest.raises(RuntimeError, match="raised StopIteration"):
            await Threads().run(fail)
        return "caught"

    assert run(main()) == "caught"


def test_wrap_makes_a_function_awaitable():
    async def main():
        double = Threads(1).wrap(lambda n: n * 2)
        return [await double(3), await double("a")]

    assert run(main()) == [6, "aa"]


def test_the_stepped_loop_waits_for_a_thread():
    async def main():
        return await asyncio.to_thread(here)

    assert run(main()) not in (None, here())


def test_the_stepped_loop_keeps_its_timers_while_a_thread_works():
    seen, go = [], threading.Event()

    def work():
        assert go.wait(5)
        seen.append("thread")

    async def main():
        loop = asyncio.get_running_loop()
        away = loop.run_in_executor(None, work)
        loop.call_later(0.01, seen.append, "timer")
        loop.call_later(0.02, go.set)
        await away
        return seen

    assert run(main()) == ["timer", "thread"]


def test_a_thread_wakes_the_stepped_loop():
    async def main():
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def work():
            loop.call_soon_threadsafe(woken.set)
            return "done"

        away = loop.run_in_executor(None, work)
        await woken.wait()
        return await away

    assert run(main()) == "done"


def test_nothing_left_is_stuck_after_the_threads_are_back():
    app = App()

    @app.get("/")
    def quick(n: int = 1):
        return [n]

    @app.get("/stuck")
    async def stuck(n: int = 1):
        await asyncio.to_thread(here)
        await asyncio.get_running_loop().create_future()

    assert TestClient(app).get("/").text == "[1]"
    with pytest.raises(Stuck, match="the next event from the app"):
        Exchange(app, http_scope("GET", "/stuck")).take()
