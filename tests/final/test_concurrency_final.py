"""Many requests at once on asyncio's own loop, and what a cancellation leaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from microlith import (
    App,
    BackgroundTasks,
    Depends,
    Key,
    Request,
)
from microlith.testing import http_scope

MARK: Key[str] = Key("mark")


class Wire:
    """The server's side of one request; it may hold the app up, or fail."""

    def __init__(self, body: bytes = b"") -> None:
        self.body = body
        self.sent: list[dict[str, Any]] = []
        self.at_send: Callable[[int], Awaitable[None]] | None = None

    async def receive(self) -> dict[str, Any]:
        if self.body is None:
            await asyncio.Event().wait()
        body, self.body = self.body, None  # type: ignore[assignment]
        return {"type": "http.request", "body": body}

    async def send(self, message: Any) -> None:
        if self.at_send is not None:
            await self.at_send(len(self.sent))
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def content(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def ask(app: App, target: str = "/", wire: Wire | None = None) -> Wire:
    wire = wire or Wire()
    await app(http_scope(target=target), wire.receive, wire.send)
    return wire


async def turns(number: int) -> None:
    """Let the others run."""
    for _ in range(number):
        await asyncio.sleep(0)


# --- nothing is shared -------------------------------------------------------


@pytest.mark.parametrize("path", ["/{name}", "/{name}/{number:int}", "/fixed"])
def test_requests_share_no_state(path: str) -> None:
    open_now: dict[str, str] = {}
    strangers: list[str] = []

    async def opened(request: Request) -> AsyncIterator[str]:
        mark = request.query_params["mark"]
        open_now[mark] = mark
        await turns(hash(mark) % 5)
        yield mark
        await turns(hash(mark) % 3)
        del open_now[mark]  # KeyError, if another one has closed it

    def plain(request: Request, mark: str = Depends(opened)) -> Iterator[str]:
        yield mark
        if open_now.get(mark) != mark:
            strangers.append(mark)

    app = App()

    @app.get(path)
    async def handler(
        request: Request, a: str = Depends(opened), b: str = Depends(plain)
    ) -> Any:
        before = dict(request.path_params)
        request.path_params["leak"] = a
        assert MARK not in request
        request[MARK] = a
        await turns(hash(a) % 7)
        assert request.path_params.pop("leak") == a
        assert a == b == request[MARK] == request.query_params["mark"]
        request.path_params["left"] = a
        return {"mark": a, "before": before}

    async def main() -> None:
        targets = []
        for i in range(200):
            target = path.replace("{name}", f"n{i}").replace("{number:int}", str(i))
            targets.append(f"{target}?mark=m{i}")
        wires = await asyncio.gather(*(ask(app, target) for target in targets))
        for i, wire in enumerate(wires):
            assert wire.status == 200, wire.content
            assert b'"mark":"m%d"' % i in wire.content
            assert b"leak" not in wire.content, "path_params of another request"
            assert b"left" not in wire.content, "path_params of another request"

    asyncio.run(main())
    assert open_now == {}
    assert strangers == []


def test_the_exits_of_one_request_close_nothing_of_another() -> None:
    state = {"open": 0, "most": 0}

    async def opened() -> AsyncIterator[list[str]]:
        mine = ["open"]
        state["open"] += 1
        state["most"] = max(state["most"], state["open"])
        try:
            yield mine
        finally:
            state["open"] -= 1
            mine[0] = "closed"

    app = App()

    @app.get("/{number:int}")
    async def handler(number: int, mine: list[str] = Depends(opened)) -> Any:
        for _ in range(number % 11):
            await asyncio.sleep(0)
            assert mine == ["open"]
        if number % 3 == 0:
            raise ValueError("one fails, the others go on")
        return {}

    async def main() -> list[int]:
        wires = await asyncio.gather(*(ask(app, f"/{i}") for i in range(200)))
        return [wire.status for wire in wires]

    statuses = asyncio.run(main())
    assert statuses == [500 if i % 3 == 0 else 200 for i in range(200)]
    assert state["open"] == 0
    assert state["most"] > 50, "they did not run at once"


def test_background_tasks_are_of_one_request() -> None:
    ran: list[tuple[int, int]] = []
    app = App()

    @app.get("/{number:int}")
    async def handler(number: int, tasks: BackgroundTasks) -> None:
        await turns(number % 5)
        tasks.add_task(lambda: ran.append((number, number)))

    async def main() -> None:
        await app.lifespan.start()
        await asyncio.gather(*(ask(app, f"/{i}") for i in range(50)))
        await app.lifespan.stop()

    asyncio.run(main())
    assert sorted(ran) == [(i, i) for i in range(50)]


# --- first requests ----------------------------------------------------------


class Pool:
    pass


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("started", [True, False])
def test_a_value_of_the_app_is_made_once(lazy: bool, started: bool) -> None:
    log: list[str] = []

    async def make() -> AsyncIterator[Pool]:
        log.append("made")
        await turns(5)
        yield Pool()
        log.append("closed")

    app = App()
    app.provide(Pool, make, lifetime="app", lazy=lazy)
    seen: list[Pool] = []

    @app.get("/")
    async def handler(pool: Pool) -> None:
        seen.append(pool)

    async def main() -> None:
        if started:
            await app.lifespan.start()
            assert log == ([] if lazy else ["made"])
        wires = await asyncio.gather(*(ask(app) for _ in range(50)))
        assert {wire.status for wire in wires} == {204}
        assert log == ["made"]
        if not started:
            app.lifespan.started = True
        await app.lifespan.stop()

    asyncio.run(main())
    assert log == ["made", "closed"]
    assert len(seen) == 50
    assert len({id(pool) for pool in seen}) == 1


def test_a_lazy_value_that_fails_fails_for_all_and_is_tried_again() -> None:
    attempts = 0

    async def make() -> Pool:
        nonlocal attempts
        attempts += 1
        await turns(3)
        if attempts == 1:
            raise OSError("not yet")
        return Pool()

    app = App()
    app.provide(Pool, make, lifetime="app", lazy=True)

    @app.get("/")
    async def handler(pool: Pool) -> None: ...

    async def main() -> None:
        await app.lifespan.start()
        first = await asyncio.gather(*(ask(app) for _ in range(50)))
        assert {wire.status for wire in first} == {500}
        assert attempts == 1
        second = await asyncio.gather(*(ask(app) for _ in range(50)))
        assert {wire.status for wire in second} == {204}
        assert attempts == 2
        await app.lifespan.stop()

    asyncio.run(main())


@pytest.mark.parametrize("lazy", [True, False])
def test_the_first_request_may_be_cancelled_while_a_value_is_made(lazy: bool) -> None:
    made = 0

    async def make() -> Pool:
        nonlocal made
        made += 1
        await turns(10)
        return Pool()

    app = App()
    app.provide(Pool, make, lifetime="app", lazy=lazy)

    @app.get("/")
    async def handler(pool: Pool) -> None: ...

    async def main() -> None:
        tasks = [asyncio.create_task(ask(app)) for _ in range(10)]
        await turns(4)
        tasks[0].cancel()
        tasks[5].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for i, result in enumerate(results):
            if i in (0, 5):
                assert isinstance(result, asyncio.CancelledError)
            else:
                assert isinstance(result, Wire), result
                assert result.status == 204
        await app.lifespan.stop()

    asyncio.run(main())
    assert made == 1
