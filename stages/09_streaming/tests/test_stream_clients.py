"""A client that leaves: the stream is cancelled and closed."""

import asyncio
import logging
from typing import Annotated

import pytest

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import ClientDisconnect
from microlith.requests import Request
from microlith.streaming import EventStream, StreamingResponse
from microlith.testing import Exchange, TestClient, http_scope, run


def endless(trace):
    """Return a generator function that never ends and notes its close."""

    async def pieces():
        try:
            yield b"first"
            await asyncio.sleep(600)
        except BaseException as error:
            trace.append(type(error).__name__)
            raise
        finally:
            trace.append("closed")

    return pieces


def begin(call):
    """Start a call; what it raises is looked at in any case."""
    task = asyncio.ensure_future(call)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def leave(app, scope=None, after=2):
    """Take so many events, then hang up; return the exchange."""
    exchange = Exchange(app, scope or http_scope())
    for _ in range(after):
        exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    return exchange


def test_a_client_that_leaves_cancels_the_generator():
    trace = []
    app = App()
    app.get("/")(endless(trace))
    exchange = leave(app)
    assert trace == ["CancelledError", "closed"]
    assert exchange.sent[-1].get("more_body"), "nobody is there to be told"


def test_a_client_that_leaves_is_no_error(caplog):
    app = App()
    app.get("/")(endless([]))
    exchange = leave(app)
    assert len(exchange.sent) == 2
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_the_generator_may_clean_up_with_await():
    trace = []

    async def pieces():
        try:
            yield b"first"
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.001)
            trace.append("closed")

    app = App()
    app.get("/")(pieces)
    leave(app)
    assert trace == ["closed"]


def test_the_exits_of_a_broken_stream_run():
    trace = []

    async def session():
        try:
            yield
        except BaseException as error:
            trace.append(type(error).__name__)
            raise

    async def pieces(session: Annotated[None, Depends(session)]):
        yield b"first"
        await asyncio.sleep(600)

    app = App()
    app.get("/")(pieces)
    leave(app)
    assert trace == ["ClientDisconnect"], "a broken transfer is no success"


def test_the_request_task_survives_a_client_that_leaves():
    trace = []
    app = App()
    app.get("/")(endless(trace))

    async def outer(scope, receive, send):
        await app(scope, receive, send)
        await asyncio.sleep(0.001)
        trace.append(asyncio.current_task().cancelling())

    leave(outer)
    assert trace == ["CancelledError", "closed", 0], (
        "the cancellation is taken back, so work can go on"
    )


def test_a_foreign_cancel_stays_a_cancel():
    trace = []

    async def main():
        async def send(message):
            pass

        app = App()
        app.get("/")(endless(trace))
        call = begin(app(http_scope(), asyncio.Event().wait, send))
        await asyncio.sleep(0.005)
        call.cancel()
        await asyncio.wait([call])
        return call.cancelled()

    assert run(main()), "the server's own cancel is not the client leaving"
    assert trace == ["CancelledError", "closed"]


def test_nobody_watches_after_the_last_piece():
    app = App()

    @app.get("/")
    async def stream():
        return StreamingResponse(["a"])

    async def main():
        before = asyncio.all_tasks()

        async def send(message):
            pass

        await app(http_scope(), asyncio.Event().wait, send)
        return asyncio.all_tasks() - before

    assert run(main()) == set(), "the watcher must not outlive the response"


def test_a_client_that_is_gone_before_the_first_piece():
    trace = []
    app = App()

    @app.get("/")
    async def pieces():
        try:
            await asyncio.sleep(600)
            yield b"never"
        finally:
            trace.append("closed")

    exchange = Exchange(app, http_scope())
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert exchange.sent == []
    assert trace == ["closed"]


# --- a send that fails -------------------------------------------------------


@pytest.mark.parametrize("kind", [StreamingResponse, EventStream])
def test_a_send_that_raises_oserror_is_a_client_that_left(kind, caplog):
    trace = []

    async def pieces():
        try:
            for _ in range(100):
                yield "x"
        finally:
            trace.append("closed")

    app = App()

    @app.get("/")
    async def stream():
        return kind(pieces())

    async def main():
        sent = []

        async def send(message):
            if len(sent) == 3:
                raise BrokenPipeError("the client is gone")
            sent.append(message)

        await app(http_scope(), asyncio.Event().wait, send)
        return len(sent)

    assert run(main()) == 3
    assert trace == ["closed"]
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_an_oserror_of_the_generator_is_an_error(caplog):
    async def pieces():
        yield b"a"
        raise ConnectionResetError("the database is gone")

    app = App()
    app.get("/")(pieces)
    exchange = Exchange(app, http_scope())
    with pytest.raises(ConnectionResetError, match="the database"):
        exchange.finish()
    assert "the database is gone" in caplog.text


# --- with a body still to be read --------------------------------------------


def post(**headers):
    """Return the scope of a POST with these headers."""
    named = {name.replace("_", "-"): v for name, v in headers.items()}
    return http_scope("POST", "/", named)


def echo_app():
    """Return an app that sends back what comes in, piece by piece."""
    app = App()

    @app.post("/")
    async def echo(request: Request):
        return StreamingResponse(request.stream())

    return app


def test_an_echo_works_piece_by_piece():
    exchange = Exchange(echo_app(), post(content_length="6"))
    event = {"type": "http.request", "body": b"one", "more_body": True}
    exchange.put(event)
    assert exchange.take()["type"] == "http.response.start"
    assert exchange.take()["body"] == b"one", "before the rest has arrived"
    exchange.put({"type": "http.request", "body": b"two"})
    assert exchange.take()["body"] == b"two"
    assert exchange.take() == {"type": "http.response.body", "body": b""}
    exchange.finish()


def test_an_echo_of_a_chunked_body():
    answer = TestClient(echo_app()).post(
        "/",
        content=[b"one", b"two", b"three"],
        headers={"transfer-encoding": "chunked"},
    )
    assert answer.content == b"onetwothree"


def test_an_echo_notices_the_client_in_the_body(caplog):
    exchange = Exchange(echo_app(), post(content_length="6"))
    exchange.put({"type": "http.request", "body": b"one", "more_body": True})
    exchange.take()
    exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert len(exchange.sent) == 2
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_body_that_was_read_lets_the_client_be_watched():
    trace = []
    app = App()

    @app.post("/")
    async def stream(request: Request):
        await request.body()
        return StreamingResponse(endless(trace)())

    exchange = Exchange(app, post(content_length="2"))
    exchange.put({"type": "http.request", "body": b"hi"})
    exchange.take()
    exchange.take()
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    assert trace == ["CancelledError", "closed"]


def test_an_unread_body_is_not_eaten_by_the_watcher():
    app = App()

    @app.post("/")
    async def stream(request: Request):
        async def pieces():
            yield b"got "
            await asyncio.sleep(0.001)  # whoever wants to receive, may now
            yield await request.body()

        return StreamingResponse(pieces())

    answer = TestClient(app).post("/", content=b"all of it")
    assert answer.content == b"got all of it"


@pytest.mark.parametrize("length", [None, "0"])
def test_a_request_without_a_body_is_watched(length):
    trace = []
    app = App()
    app.post("/")(endless(trace))
    scope = post(**({} if length is None else {"content_length": length}))
    exchange = leave(app, scope)
    assert trace == ["CancelledError", "closed"]
    assert len(exchange.sent) == 2


def test_the_response_says_that_the_client_left():
    seen = []

    class Noted(StreamingResponse):
        async def __call__(self, scope, receive, send):
            try:
                await super().__call__(scope, receive, send)
            except Exception as error:
                seen.append(error)
                raise

    app = App()

    @app.get("/")
    async def stream():
        return Noted(endless([])())

    leave(app)
    assert [type(error) for error in seen] == [ClientDisconnect]
