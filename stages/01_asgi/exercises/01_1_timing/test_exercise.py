import asyncio

from exercise import Timed

from microlith import App, Request, Response
from microlith.testing import Exchange, TestClient


def milliseconds(value: str) -> int:
    name, _, number = value.partition(";dur=")
    assert name == "app", f"the header should begin with app;dur=, not {value}"
    return int(number)


def test_the_header_says_how_long_the_handler_took() -> None:
    async def handler(request: Request) -> Response:
        await asyncio.sleep(0.03)
        return Response("slept")

    answer = TestClient(Timed(App(handler))).get("/")
    assert answer.text == "slept"
    assert answer.raw_headers[-1][0] == b"server-timing", "add it at the end"
    assert 25 <= milliseconds(answer.headers["server-timing"]) < 3000


def test_a_response_that_is_sent_twice_gets_one_header_each_time() -> None:
    shared = Response("again")
    client = TestClient(Timed(shared))
    for _ in range(2):
        values = client.get("/").getlist("server-timing")
        assert len(values) == 1, f"one header each time, not {values}"
    assert len(shared.raw_headers) == 2, "the response itself was changed"


def test_a_lifespan_passes_through() -> None:
    exchange = Exchange(Timed(App()), {"type": "lifespan"})
    exchange.put({"type": "lifespan.startup"})
    assert exchange.take() == {"type": "lifespan.startup.complete"}
