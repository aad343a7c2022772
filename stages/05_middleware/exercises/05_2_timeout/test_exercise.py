import asyncio

import pytest
from exercise import Timeout

from microlith import App, TextResponse
from microlith.testing import TestClient


def client(trace):
    app = App()
    app.add_middleware(Timeout(2))

    @app.get("/sleep/{seconds:float}")
    async def sleep(request):
        try:
            await asyncio.sleep(request.path_params["seconds"])
            trace.append("slept")
        finally:
            trace.append("cleaned up")
        return TextResponse("awake")

    @app.get("/own")
    async def own(request):
        raise TimeoutError("the database did not answer")

    return TestClient(app)


def test_in_time():
    trace = []
    answer = client(trace).get("/sleep/1.5")
    assert (answer.status_code, answer.text) == (200, "awake")
    assert trace == ["slept", "cleaned up"]


def test_too_late():
    trace = []
    answer = client(trace).get("/sleep/30.0")
    assert answer.status_code == 504
    assert answer.headers["content-type"] == "application/problem+json"
    assert trace == ["cleaned up"], "the handler is cancelled, and cleans up"


def test_a_timeout_of_the_handlers_own_stays_a_500():
    assert client([]).get("/own").status_code == 500


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_limit_is_above_zero(seconds):
    with pytest.raises(ValueError, match=str(seconds)):
        Timeout(seconds)
