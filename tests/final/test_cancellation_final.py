"""A request that is cancelled, in each of its phases, leaves nothing open."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from microlith import App, Depends, EventStream, Request, StreamingResponse
from tests.final.test_concurrency_final import Wire, ask, turns

PHASES = (
    "enter first", "enter last", "body", "handler", "middleware", "exit last",
    "exit first", "send start", "send body",
)  # fmt: skip


class Ledger:
    """What was opened and closed, and the place where a request stands still."""

    def __init__(self, phase: str) -> None:
        self.phase = phase
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.seen: list[str | None] = []
        self.reached = asyncio.Event()

    async def at(self, phase: str) -> None:
        """Stand still here, if this is the phase."""
        if phase == self.phase:
            self.reached.set()
            await asyncio.Event().wait()

    @contextmanager
    def watched(self, name: str) -> Iterator[str]:
        self.opened.append(name)
        failure: BaseException | None = None
        try:
            yield name
        except BaseException as error:
            failure = error
            raise
        finally:
            self.closed.append(name)
            self.seen.append(type(failure).__name__ if failure else None)

    # Four kinds of dependencies, in a row.

    async def first(self) -> AsyncIterator[str]:
        with self.watched("first"):
            await self.at("enter first")
            yield "first"
            await self.at("exit first")

    def second(self) -> Any:
        def second(needed: str = Depends(self.first)) -> Iterator[str]:
            with self.watched("second"):
                yield needed

        return second

    def third(self) -> Any:
        @asynccontextmanager
        async def third(needed: str = Depends(self.second())) -> AsyncIterator[str]:
            with self.watched("third"):
                yield needed

        return third

    def last(self) -> Any:
        async def last(needed: str = Depends(self.third())) -> AsyncIterator[str]:
            with self.watched("last"):
                await self.at("enter last")
                yield needed
                await self.at("exit last")

        return last


def app_of(ledger: Ledger, **options: Any) -> App:
    app = App()

    @app.add_middleware
    async def around(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        await ledger.at("middleware")
        return response

    @app.get("/", **options)
    async def handler(request: Request, value: str = Depends(ledger.last())) -> Any:
        if ledger.phase == "body":
            ledger.reached.set()
            await request.receive()
        await ledger.at("handler")
        return {"value": value}

    return app


class SlowWire(Wire):
    """A wire that stands still at its first or second event."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.body = None  # type: ignore[assignment]
        self.ledger = ledger

    async def send(self, message: Any) -> None:
        kind = message["type"].rpartition(".")[2]
        await self.ledger.at(f"send {kind}")
        await super().send(message)


def check(ledger: Ledger) -> None:
    """Everything that was opened is closed, once, last first."""
    assert ledger.opened
    assert ledger.closed == ledger.opened[::-1]


async def cancelled(app: App, ledger: Ledger) -> Wire:
    """Cancel a request where it stands still."""
    wire = SlowWire(ledger)
    task = asyncio.create_task(ask(app, wire=wire))
    await asyncio.wait_for(ledger.reached.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1, "a task was left behind"
    return wire


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancelled_request_leaves_nothing_open(phase: str) -> None:
    async def main() -> None:
        ledger = Ledger(phase)
        app = app_of(ledger)
        wire = await cancelled(app, ledger)
        check(ledger)
        expected = 1 if phase == "send body" else 0
        assert len(wire.sent) == expected, "an answer to a request that was cancelled"
        if phase in ("handler", "body", "middleware"):
            assert ledger.seen == ["CancelledError"] * 4
        # The next one is served as if nothing had been.
        ledger.phase = "none"
        assert (await ask(app)).status == 200
        check_twice(ledger)

    asyncio.run(main())


def check_twice(ledger: Ledger) -> None:
    """Also of the second request all was closed."""
    assert sorted(ledger.opened) == sorted(ledger.closed)
    assert ledger.seen[-4:] == [None] * 4


@pytest.mark.parametrize("phase", ["enter first", "enter last", "body", "handler"])
@pytest.mark.parametrize("options", [{}, {"cancel_on_disconnect": True}])
def test_a_timeout_leaves_nothing_open(phase: str, options: dict[str, bool]) -> None:
    async def main() -> None:
        ledger = Ledger(phase)
        wire = SlowWire(ledger)
        if options:
            wire.body = b""  # it is read before the client is watched
        await ask(app_of(ledger, timeout=0.02, **options), wire=wire)
        assert wire.status == 504
        check(ledger)
        # What was being entered is cancelled, what is open is told why.
        told = {"handler": "GatewayTimeout", "body": "GatewayTimeout"}
        if phase in told:
            assert set(ledger.seen) == {told[phase]}
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_client_that_leaves_cancels_where_that_is_asked_for() -> None:
    async def main() -> None:
        ledger = Ledger("handler")
        app = app_of(ledger, cancel_on_disconnect=True)
        wire = Wire()
        gone = asyncio.Event()
        asked = 0

        async def receive() -> Any:
            nonlocal asked
            asked += 1
            if asked == 1:
                return {"type": "http.request", "body": b""}
            await gone.wait()
            return {"type": "http.disconnect"}

        wire.receive = receive  # type: ignore[method-assign]
        task = asyncio.create_task(ask(app, wire=wire))
        await asyncio.wait_for(ledger.reached.wait(), 5)
        gone.set()
        await asyncio.wait_for(task, 5)
        check(ledger)
        assert set(ledger.seen) == {"ClientDisconnect"}
        assert wire.sent == []
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_an_exit_that_waits_for_ever_does_not_hold_up_a_cancelled_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("microlith.exits.TEARDOWN_TIMEOUT", 0.02)

    async def main() -> None:
        log: list[str] = []
        reached = asyncio.Event()

        async def outer() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                log.append("outer closed")

        async def inner(value: int = Depends(outer)) -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                log.append("inner waits")
                await asyncio.Event().wait()

        app = App()

        @app.get("/")
        async def handler(value: int = Depends(inner)) -> None:
            reached.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(ask(app))
        await reached.wait()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, "the request hangs in an exit"
        assert task.cancelled()
        assert log == ["inner waits", "outer closed"]

    asyncio.run(main())


# --- streams -----------------------------------------------------------------


@pytest.mark.parametrize("kind", [StreamingResponse, EventStream])
@pytest.mark.parametrize("way", ["async", "plain"])
@pytest.mark.parametrize("event", [0, 1, 2, 4])
def test_a_stream_that_is_cancelled_closes_its_iterator(
    kind: Any, way: str, event: int
) -> None:
    async def main() -> None:
        ledger = Ledger("none")

        async def pieces() -> AsyncIterator[bytes | str]:
            with ledger.watched("pieces"):
                for _ in range(3):
                    yield "a"

        def plain() -> Iterator[bytes | str]:
            with ledger.watched("pieces"):
                for _ in range(3):
                    yield "a"

        app = App()

        @app.get("/")
        async def handler(value: str = Depends(ledger.last())) -> Any:
            return kind(pieces() if way == "async" else plain())

        wire = Wire()
        wire.body = None  # type: ignore[assignment]

        async def at_send(number: int) -> None:
            if number == event:
                ledger.reached.set()
                await asyncio.Event().wait()

        wire.at_send = at_send
        task = asyncio.create_task(ask(app, wire=wire))
        await asyncio.wait_for(ledger.reached.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sorted(ledger.opened) == sorted(ledger.closed)
        row = [name for name in ledger.closed if name != "pieces"]
        assert row == ["last", "third", "second", "first"]
        await turns(3)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
