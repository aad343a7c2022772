"""Work after the response: supervised, isolated, drained."""

import asyncio
import functools
import logging
import threading
from contextvars import ContextVar
from typing import Annotated

import pytest

from microlith.applications import App
from microlith.background import BackgroundTasks, Supervisor
from microlith.dependencies import Depends
from microlith.exceptions import Conflict
from microlith.requests import Request
from microlith.responses import TextResponse
from microlith.testing import Exchange, TestClient, http_scope, run
from microlith.threads import Threads

WHO = ContextVar("WHO", default="nobody")


class Broken(Exception):
    """What this file's tasks raise."""


def here():
    """Return the number of the thread that this runs in."""
    return threading.get_ident()


def records_of(caplog):
    """Return the records that the background tasks wrote."""
    return [r for r in caplog.records if r.name == "microlith.background"]


# --- after the response ------------------------------------------------------


def test_a_task_runs_after_the_response():
    order = []
    app = App()

    @app.post("/")
    async def create(tasks: BackgroundTasks):
        async def work(word, *, times):
            order.append(word * times)

        tasks.add_task(work, "x", times=3)
        order.append("handler")
        return "made"

    with TestClient(app) as client:
        exchange = Exchange(app, http_scope("POST"), client.loop)
        exchange.take()
        assert exchange.take()["body"] == b"made"
        assert order == ["handler"], "the client does not wait for the task"
        exchange.finish()
    assert order == ["handler", "xxx"]


def test_the_request_ends_before_its_tasks_do():
    gate = asyncio.Event()
    order = []
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        async def work():
            await gate.wait()
            order.append("worked")

        tasks.add_task(work)
        return "shown"

    with TestClient(app) as client:
        assert client.get("/").text == "shown"
        assert order == [], "the connection is free, the work goes on"
        gate.set()
    assert order == ["worked"]


def test_a_plain_function_runs_in_a_thread():
    seen = {}
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        def plain():
            seen["plain"] = here()

        async def straight():
            seen["async"] = here()

        tasks.add_task(plain)
        tasks.add_task(straight)

    with TestClient(app) as client:
        assert client.get("/").status_code == 204
    assert seen["async"] == here()
    assert seen["plain"] != here(), "a def must not block the loop"


def test_a_builtin_and_what_only_looks_plain(caplog):
    trace = []

    async def later(word):
        trace.append(word)

    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        tasks.add_task(trace.append, "builtin")
        tasks.add_task(functools.partial(later, "partial"))
        tasks.add_task(lambda: later("lambda"))

    with TestClient(app) as client:
        assert client.get("/").status_code == 204
    assert trace == ["builtin", "partial", "lambda"]
    assert caplog.text == "", "os.remove is a builtin too"


def test_one_after_another_in_order():
    trace = []
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        async def slow():
            trace.append("slow begins")
            await asyncio.sleep(0.005)
            trace.append("slow ends")

        def plain():
            trace.append("plain")

        tasks.add_task(slow)
        tasks.add_task(plain)
        tasks.add_task(trace.append, "last")

    with TestClient(app) as client:
        assert client.get("/").status_code == 204
    assert trace == ["slow begins", "slow ends", "plain", "last"]


def test_a_task_may_add_another():
    trace = []
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        async def first():
            trace.append("first")
            tasks.add_task(trace.append, "second")

        tasks.add_task(first)

    with TestClient(app) as client:
        assert client.get("/").status_code == 204
    assert trace == ["first", "second"]


def test_all_who_ask_in_one_request_get_the_same():
    trace = []

    def audit(tasks: BackgroundTasks):
        tasks.add_task(trace.append, "audit")
        return tasks

    app = App()

    @app.get("/")
    async def show(
        mine: BackgroundTasks, theirs: Annotated[object, Depends(audit)]
    ):
        mine.add_task(trace.append, "handler")
        return mine is theirs

    with TestClient(app) as client:
        assert client.get("/").json() is True
        client.get("/")
    assert sorted(trace) == ["audit"] * 2 + ["handler"] * 2


def test_tasks_run_after_the_exits_of_dependencies():
    trace = []

    def session():
        yield
        trace.append("committed")

    app = App()

    @app.get("/")
    async def show(
        tasks: BackgroundTasks, s: Annotated[None, Depends(session)]
    ):
        tasks.add_task(trace.append, "task")

    with TestClient(app) as client:
        client.get("/")
    assert trace == ["committed", "task"], "a task sees what is committed"


def test_tasks_of_a_stream_run_after_it():
    trace = []
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        tasks.add_task(trace.append, "task")
        yield "a"
        trace.append("end of the stream")

    with TestClient(app) as client:
        assert client.get("/").text == "a"
    assert trace == ["end of the stream", "task"]


def test_middlewares_and_context_variables_do_not_hinder_them():
    """Background tasks under two middlewares (demand 1)."""
    seen = []
    app = App()

    async def name(request: Request, call_next):
        WHO.set("Ada")
        return await call_next(request)

    app.add_middleware(name)
    app.add_middleware(name)

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        async def straight():
            await asyncio.sleep(0.001)
            seen.append(WHO.get())

        def plain():
            seen.append(WHO.get())

        tasks.add_task(straight)
        tasks.add_task(plain)
        return "shown"

    with TestClient(app) as client:
        assert client.get("/").text == "shown"
    assert seen == ["Ada", "Ada"]


# --- which requests have tasks that run --------------------------------------


def run_one(handler):
    """Call a handler once in an app with tasks; return its answer."""
    app = App()
    app.get("/")(handler)
    with TestClient(app) as client:
        return client.get("/")


def test_tasks_are_dropped_if_the_handler_raised():
    trace = []

    async def show(tasks: BackgroundTasks, fail: bool = True):
        tasks.add_task(trace.append, "task")
        if fail:
            raise Conflict("sold out")
        return "fine"

    app = App()
    app.get("/")(show)
    with TestClient(app) as client:
        assert client.get("/").status_code == 409
        assert client.get("/?fail=0").text == "fine"
    assert trace == ["task"], "only the request that went well has its task"


def test_tasks_are_dropped_if_an_exit_failed(caplog):
    trace = []

    def session():
        yield
        if not trace:
            trace.append("broken")
            raise Broken("no commit")

    async def show(
        tasks: BackgroundTasks, s: Annotated[None, Depends(session)]
    ):
        tasks.add_task(trace.append, "task")
        return "fine"

    app = App()
    app.get("/")(show)
    with TestClient(app) as client:
        assert client.get("/").status_code == 500
        assert client.get("/").text == "fine"
    assert trace == ["broken", "task"]


def test_tasks_are_dropped_if_the_stream_broke_off(caplog):
    trace = []
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks, fail: bool = False):
        tasks.add_task(trace.append, f"task {fail}")
        yield "a"
        if fail:
            raise Broken("in the middle")

    with TestClient(app) as client:
        assert client.get("/").text == "a"
        with pytest.raises(Broken, match="in the middle"):
            client.get("/?fail=1")
    assert trace == ["task False"]


def test_tasks_of_an_error_that_was_returned_run():
    trace = []

    async def show(tasks: BackgroundTasks):
        tasks.add_task(trace.append, "task")
        return TextResponse("busy", 503)

    assert run_one(show).status_code == 503
    assert trace == ["task"], "an answer that was returned is the author's own"


# --- failures ----------------------------------------------------------------


def test_a_failure_is_logged_and_stops_nothing(caplog):
    trace = []

    async def broken():
        raise Broken("no mail today")

    def plainly_broken():
        raise Broken("no disk either")

    async def show(tasks: BackgroundTasks):
        tasks.add_task(broken)
        tasks.add_task(plainly_broken)
        tasks.add_task(trace.append, "third")

    assert run_one(show).status_code == 204
    assert trace == ["third"]
    first, second = records_of(caplog)
    assert first.levelno == logging.ERROR
    assert "broken" in first.getMessage()
    assert "failed" in first.getMessage()
    assert "GET '/'" in first.getMessage(), "say which request it was"
    assert first.exc_info[0] is Broken
    assert "no disk either" in str(second.exc_info[1])


def test_a_failure_does_not_touch_the_next_request(caplog):
    async def broken():
        raise Broken("no")

    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        tasks.add_task(broken)
        return "shown"

    with TestClient(app) as client:
        assert [client.get("/").text for _ in range(3)] == ["shown"] * 3
    assert len(records_of(caplog)) == 3


# --- the supervisor ----------------------------------------------------------


def tasks_for(*calls):
    """Return the background tasks of a request, with these functions."""
    tasks = BackgroundTasks(Request(http_scope("POST", "/orders"), None))
    for call in calls:
        tasks.add_task(call)
    return tasks


def test_leaving_a_supervisor_waits_for_its_tasks():
    trace = []

    async def work():
        await asyncio.sleep(0.005)
        trace.append("worked")

    async def main():
        async with Supervisor(Threads()) as supervisor:
            supervisor.start(tasks_for(work))
            supervisor.start(tasks_for(work, work))
            assert trace == []

    run(main())
    assert trace == ["worked"] * 3


def test_at_most_so_many_requests_at_a_time():
    running, most = 0, 0

    async def work():
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1

    async def main():
        async with Supervisor(Threads(), limit=2) as supervisor:
            for _ in range(6):
                supervisor.start(tasks_for(work))

    run(main())
    assert most == 2


def test_what_is_not_done_at_the_deadline_is_cancelled_and_logged(caplog):
    trace = []

    async def hangs():
        try:
            await asyncio.sleep(600)
        finally:
            trace.append("cancelled")

    async def quick():
        trace.append("quick")

    async def main():
        async with Supervisor(Threads(), deadline=0.01) as supervisor:
            supervisor.start(tasks_for(hangs))
            supervisor.start(tasks_for(quick))

    run(main())
    assert trace == ["quick", "cancelled"]
    (record,) = records_of(caplog)
    assert "hangs" in record.getMessage()
    assert "was cancelled by the stop" in record.getMessage()
    assert "POST '/orders'" in record.getMessage()


def test_what_never_had_its_turn_is_logged_too(caplog):
    async def hangs():
        await asyncio.sleep(600)

    async def behind():
        raise AssertionError("there was no time left for this one")

    async def queued():
        raise AssertionError("there was no place for this one")

    async def main():
        supervisor = Supervisor(Threads(), limit=1, deadline=0.01)
        async with supervisor:
            supervisor.start(tasks_for(hangs, behind))
            supervisor.start(tasks_for(queued))

    run(main())
    told = [record.getMessage() for record in records_of(caplog)]
    assert len(told) == 3, told
    for name in ("hangs", "behind", "queued"):
        assert any(name in message for message in told), (
            f"{name} was lost without a word"
        )


def test_a_supervisor_may_be_entered_again():
    trace = []

    async def work():
        trace.append("worked")

    supervisor = Supervisor(Threads())

    async def main():
        async with supervisor:
            supervisor.start(tasks_for(work))

    run(main())
    run(main())
    assert trace == ["worked"] * 2, "an app may be started twice"


def test_the_app_may_start_again():
    trace = []
    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        tasks.add_task(trace.append, "task")
        return "shown"

    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/").text == "shown"
    assert trace == ["task"] * 2


def test_a_mounted_app_drains_its_own():
    trace = []
    inner, outer = App(), App()

    @inner.get("/")
    async def show(tasks: BackgroundTasks):
        async def work():
            await asyncio.sleep(0.005)
            trace.append("worked")

        tasks.add_task(work)
        return "inner"

    outer.mount("/inner", inner)
    with TestClient(outer) as client:
        assert client.get("/inner/").text == "inner"
    assert trace == ["worked"]


def test_what_an_extension_entered_is_open_while_tasks_are_drained():
    trace = []

    class Pool:
        open = False

        async def __aenter__(self):
            self.open = True

        async def __aexit__(self, *exc_info):
            self.open = False

        def install(self, app):
            app.lifespan.enter(self)

    app = App()
    pool = app.install(Pool())

    @app.get("/")
    async def show(tasks: BackgroundTasks):
        async def work():
            await asyncio.sleep(0.005)
            trace.append(pool.open)

        tasks.add_task(work)
        return "shown"

    with TestClient(app) as client:
        assert client.get("/").text == "shown"
    assert trace == [True]
    assert not pool.open


def test_the_stop_closes_a_value_after_the_tasks_that_use_it():
    class Pool:
        is_open = True

    async def pool():
        found = Pool()
        yield found
        found.is_open = False

    seen = []
    gate = asyncio.Event()
    app = App()
    app.provide(Pool, pool, lifetime="app")

    @app.get("/")
    async def show(tasks: BackgroundTasks, pool: Pool):
        async def work():
            await gate.wait()
            seen.append(pool.is_open)

        tasks.add_task(work)
        return "shown"

    with TestClient(app) as client:
        client.get("/")
        gate.set()
    assert seen == [True], "the tasks end before the pool is closed"
