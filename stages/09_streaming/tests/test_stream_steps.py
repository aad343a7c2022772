"""A plain iterator is stepped in the pool, one step at a time."""

import asyncio
import threading
import time
from contextvars import ContextVar

from microlith.applications import App
from microlith.streaming import StreamingResponse
from microlith.testing import Exchange, TestClient, http_scope, run

WHO = ContextVar("WHO", default="nobody")


def here():
    """Return the number of the thread that this runs in."""
    return threading.get_ident()


def begin(call):
    """Start a call; what it raises is looked at in any case."""
    task = asyncio.ensure_future(call)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def hang_up(app, after=2):
    """Take so many events, then leave; return what was sent."""
    exchange = Exchange(app, http_scope())
    for _ in range(after):
        exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    return exchange.sent


def test_steps_run_beside_the_loop():
    seen = []

    def pieces():
        seen.append(here())
        yield "a"
        seen.append(here())

    app = App()
    app.get("/")(pieces)
    assert TestClient(app).get("/").text == "a"
    assert len(seen) == 2
    assert here() not in seen, "a plain generator must not block the loop"


def test_steps_of_a_streaming_response_run_beside_the_loop():
    seen = []

    def pieces():
        seen.append(here())
        yield "a"

    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(pieces())

    assert TestClient(app).get("/").text == "a"
    assert here() not in seen


def test_a_step_that_blocks_does_not_block_the_loop():
    gate = threading.Event()

    def pieces():
        assert gate.wait(5), "the loop could not run while a step waited"
        yield "a"

    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        response = StreamingResponse(pieces())
        call = begin(response(http_scope(), asyncio.Event().wait, send))
        for _ in range(3):
            await asyncio.sleep(0.001)
        gate.set()
        await call
        return sent

    assert run(main())[1]["body"] == b"a"


def test_a_list_needs_no_thread():
    app = App(threads=1)

    @app.get("/")
    async def stream():
        before = threading.active_count()
        return StreamingResponse(["a", str(before)])

    before = threading.active_count()
    assert TestClient(app).get("/").text == f"a{before}"
    assert threading.active_count() == before


def test_the_app_s_own_pool_steps_a_generator_handler():
    names = []

    def pieces():
        names.append(here())
        yield "a"
        names.append(here())
        yield "b"
        names.append(here())

    def plain():
        return [here()]

    app = App(threads=1)
    app.get("/stream")(pieces)
    app.get("/plain")(plain)
    client = TestClient(app)
    assert client.get("/stream").text == "ab"
    assert set(names) == set(client.get("/plain").json()), (
        "with one thread for the app, all of its plain code runs there"
    )


def test_a_stop_iteration_from_a_step_is_an_error_and_no_end(caplog):
    class Odd:
        steps = 0

        def __iter__(self):
            return self

        def __next__(self):
            self.steps += 1
            if self.steps == 1:
                return b"a"
            raise StopIteration("the end")

    class Worse(Odd):
        def close(self):
            raise StopIteration("while closing")

    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(Odd())

    @app.get("/worse")
    async def worse():
        return StreamingResponse(Worse())

    assert TestClient(app).get("/").content == b"a"
    exchange = Exchange(app, http_scope(target="/worse"))
    raised = None
    try:
        exchange.finish()
    except RuntimeError as error:
        raised = error
    assert "StopIteration" in str(raised)


def test_context_variables_are_seen_in_each_step():
    def pieces():
        yield WHO.get()
        yield "+"
        yield WHO.get()

    app = App()
    app.get("/")(pieces)

    @app.add_middleware
    async def name(request, call_next):
        WHO.set("Ada")
        return await call_next(request)

    assert TestClient(app).get("/").text == "Ada+Ada"


# --- never two steps at a time -----------------------------------------------


class Careful:
    """An iterator that notes when two threads are in it at once."""

    def __init__(self):
        self.busy = False
        self.overlaps = 0
        self.closed = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.steps = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.overlaps += self.busy
        self.busy = True
        self.steps += 1
        if self.steps == 2:
            self.entered.set()
            self.gate.wait(5)
        time.sleep(0.001)
        self.busy = False
        return b"x"

    def close(self):
        self.overlaps += self.busy
        self.closed.append(here())


def test_a_client_that_leaves_waits_for_the_step_under_way():
    source = Careful()

    async def main():
        left = asyncio.Event()

        async def receive():
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            pass

        app = App()

        @app.get("/")
        async def stream():
            return StreamingResponse(source)

        call = begin(app(http_scope(), receive, send))
        for _ in range(1000):
            if source.entered.is_set() or call.done():
                break
            await asyncio.sleep(0.001)
        assert source.entered.is_set(), "the second step has to begin"
        left.set()
        for _ in range(5):
            await asyncio.sleep(0.001)
        assert source.closed == [], "a step is under way: closing waits for it"
        source.gate.set()
        await call

    run(main())
    assert source.overlaps == 0
    assert source.steps == 2, "no step is begun after the client has left"
    assert len(source.closed) == 1


def test_a_plain_iterator_is_closed_beside_the_loop_too():
    source = Careful()
    source.gate.set()
    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(source)

    hang_up(app)
    assert len(source.closed) == 1
    assert source.closed[0] != here()


def test_a_plain_generator_runs_its_finally_when_the_client_leaves():
    trace = []

    def pieces():
        try:
            for _ in range(1000):
                yield b"x"
        finally:
            trace.append("closed")

    app = App()
    app.get("/")(pieces)
    hang_up(app, 4)
    assert trace == ["closed"]
