"""Exits of streams, of cancelled requests and of second attempts."""

import asyncio

import pytest

import microlith.exits
from microlith.applications import App
from microlith.calls import Exits
from microlith.dependencies import Depends
from microlith.exceptions import ServiceUnavailable
from microlith.responses import Response, TextResponse
from microlith.testing import Exchange, TestClient, http_scope, run


class Chunks(Response):
    """A response that makes its body while it is sent."""

    def __init__(self, chunks):
        super().__init__()
        self.body = None
        self.chunks = chunks

    async def __call__(self, scope, receive, send):
        await send(
            {"type": "http.response.start", "status": 200, "headers": []}
        )
        for chunk in self.chunks:
            await send(
                {
                    "type": "http.response.body",
                    "body": chunk,
                    "more_body": True,
                }
            )
        await send({"type": "http.response.body", "body": b""})


def app_with(handler):
    """Return an app with one handler at `/`."""
    app = App()
    app.get("/")(handler)
    return app


def outcome(trace):
    """Return a dependency that notes how the call went."""

    def session(exits: Exits):
        failure = None
        try:
            yield trace
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            trace.append(failure or ("failed" if exits.failed else "ok"))

    return session


def drive(app):
    """Return every event that an app sends, and what it raised."""
    exchange = Exchange(app, http_scope())
    raised = None
    try:
        exchange.finish()
    except Exception as error:
        raised = error
    return exchange.sent, raised


# --- streams -----------------------------------------------------------------


def test_a_stream_may_use_what_is_open():
    trace = []

    def session():
        yield trace
        trace.append("closed")

    async def show(session=Depends(session)):
        def chunks():
            for chunk in (b"a", b"b"):
                session.append(chunk)
                yield chunk

        return Chunks(chunks())

    exchange = Exchange(app_with(show), http_scope())
    kinds = [exchange.take()["type"] for _ in range(3)]
    assert kinds == ["http.response.start"] + ["http.response.body"] * 2
    exchange.finish()
    assert trace == [b"a", b"b", "closed"]


def test_closed_after_the_last_chunk_and_before_the_last_event():
    order = []

    async def session():
        yield
        order.append("closed")

    async def show(session=Depends(session)):
        return Chunks([b"a"])

    async def serve():
        async def send(message):
            order.append(message.get("body", "start"))

        await app_with(show)(http_scope(), None, send)

    run(serve())
    assert order == ["start", b"a", "closed", b""]


def test_a_failed_commit_of_a_stream_is_a_cut_transfer(caplog):
    def session():
        yield
        raise RuntimeError("disk full")

    async def show(session=Depends(session)):
        return Chunks([b"a"])

    sent, raised = drive(app_with(show))
    assert str(raised) == "disk full", "the server has to cut the connection"
    assert [m.get("more_body", False) for m in sent[1:]] == [True], (
        "the event that says `complete` is not sent"
    )


def test_an_error_in_the_middle_of_a_stream_is_thrown_in(caplog):
    trace = []

    async def show(session=Depends(outcome(trace))):
        def chunks():
            yield b"a"
            raise ValueError("in the middle")

        return Chunks(chunks())

    sent, raised = drive(app_with(show))
    assert isinstance(raised, ValueError)
    assert trace == ["ValueError"]
    assert len(sent) == 2


def test_an_error_before_the_first_chunk_is_a_500(caplog):
    trace = []

    class Broken(Chunks):
        async def __call__(self, scope, receive, send):
            raise ValueError("no first chunk")

    async def show(session=Depends(outcome(trace))):
        return Broken([])

    assert TestClient(app_with(show)).get("/").status_code == 500
    assert trace == ["ValueError"]


def test_a_stream_that_ends_well():
    trace = []

    async def show(session=Depends(outcome(trace))):
        return Chunks([b"a", b"b"])

    assert TestClient(app_with(show)).get("/").text == "ab"
    assert trace == ["ok"]


# --- cancellation ------------------------------------------------------------


def cancel(handler, times=1):
    """Cancel a request that hangs; return the task, once it is done."""

    async def main():
        async def send(message):
            raise AssertionError("nothing is sent to a client that left")

        app = app_with(handler)
        task = asyncio.ensure_future(app(http_scope(), None, send))
        for _ in range(times):
            await asyncio.sleep(0.005)
            task.cancel()
        await asyncio.wait([task])
        return task

    return run(main())


def test_a_cancelled_request_rolls_back():
    trace = []

    async def show(session=Depends(outcome(trace))):
        await asyncio.sleep(60)

    assert cancel(show).cancelled(), "CancelledError is raised again"
    assert trace == ["CancelledError"]


def test_exits_of_a_cancelled_request_may_wait():
    trace = []

    async def session(exits: Exits):
        try:
            yield
        finally:
            await asyncio.sleep(0.01)
            trace.append(("rolled back", exits.failed))

    async def show(a=Depends(session), b=Depends(session, fresh=True)):
        await asyncio.sleep(60)

    assert cancel(show).cancelled()
    assert trace == [("rolled back", True)] * 2


def test_a_cancel_while_a_dependency_opens():
    trace = []

    async def hangs(session=Depends(outcome(trace))):
        await asyncio.sleep(60)
        yield

    async def show(hangs=Depends(hangs)):
        trace.append("handler")

    assert cancel(show).cancelled()
    assert trace == ["CancelledError"]


def test_a_cancel_while_an_exit_runs(caplog):
    trace = []

    async def slow(session=Depends(outcome(trace))):
        yield
        await asyncio.sleep(60)

    async def show(slow=Depends(slow)):
        return "fine"

    assert cancel(show).cancelled()
    assert trace == ["CancelledError"], "a commit was not finished"


def test_a_cancelled_exit_that_fails_is_logged(caplog):
    trace = []

    def broken(session=Depends(outcome(trace))):
        try:
            yield
        finally:
            raise ValueError("while closing")

    async def show(broken=Depends(broken)):
        await asyncio.sleep(60)

    assert cancel(show).cancelled(), "the cancellation is what leaves"
    assert trace == ["ValueError"]
    assert "while closing" in caplog.text


def test_exits_of_a_cancelled_request_have_limited_time(monkeypatch, caplog):
    trace = []
    monkeypatch.setattr(microlith.exits, "TEARDOWN_TIMEOUT", 0.01)

    def hanging(name):
        async def session():
            try:
                yield
            finally:
                trace.append(name)
                await asyncio.sleep(60)
                trace.append("too late")

        return session

    async def show(a=Depends(hanging("a")), b=Depends(hanging("b"))):
        await asyncio.sleep(60)

    assert cancel(show).cancelled()
    assert trace == ["b", "a"], "both are tried, and neither holds us up"
    assert "TimeoutError" in caplog.text


def test_a_second_cancel_breaks_an_exit_off(caplog):
    trace = []

    async def session():
        try:
            yield
        finally:
            trace.append("begin")
            await asyncio.sleep(60)
            trace.append("end")

    async def show(first=Depends(outcome(trace)), second=Depends(session)):
        await asyncio.sleep(60)

    assert cancel(show, times=2).cancelled()
    assert trace == ["begin", "CancelledError"], "the other exit still runs"
    assert "An exit failed" in caplog.text


# --- a second attempt --------------------------------------------------------


def retrying(handler):
    """Return an app whose middleware tries once more after a 5xx."""
    app = app_with(handler)

    @app.add_middleware
    async def retry(request, call_next):
        response = await call_next(request)
        if response.status_code >= 500:
            response = await call_next(request)
        return response

    return app


@pytest.mark.parametrize("how", ["returned", "raised"])
def test_a_retry_closes_the_first_attempt_first(how):
    trace = []

    def session(exits: Exits):
        trace.append("open")
        try:
            yield len(trace)
        finally:
            trace.append("rollback" if exits.failed else "commit")

    async def show(number=Depends(session)):
        if number > 1:
            return "second"
        if how == "raised":
            raise ServiceUnavailable("busy")
        return TextResponse("busy", 503)

    assert TestClient(retrying(show)).get("/").text == "second"
    assert trace == ["open", "rollback", "open", "commit"]


def test_a_first_attempt_that_cannot_be_closed_ends_it(caplog):
    trace = []

    def session():
        trace.append("open")
        yield
        raise RuntimeError("the connection is gone")

    async def show(session=Depends(session)):
        return TextResponse("busy", 503)

    assert TestClient(retrying(show)).get("/").status_code == 500
    assert trace == ["open"], "no second one beside a first one in doubt"
    assert "the connection is gone" in caplog.text
