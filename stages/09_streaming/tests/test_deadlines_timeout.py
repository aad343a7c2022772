"""`timeout=` and `cancel_on_disconnect=`: handlers that end early."""

import asyncio
import threading
from typing import Annotated

import pytest

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import ConfigurationError
from microlith.requests import Request
from microlith.responses import TextResponse
from microlith.routing import Router
from microlith.testing import Exchange, TestClient, http_scope

SHORT = 0.01


def hanging(trace):
    """Return a handler that hangs, and notes that it was cancelled."""

    async def hang():
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            trace.append("cancelled")
            raise
        finally:
            trace.append("cleaned up")

    return hang


def test_a_handler_that_takes_too_long_is_a_504():
    trace = []
    app = App()
    app.get("/", timeout=SHORT)(hanging(trace))
    answer = TestClient(app).get("/")
    assert answer.status_code == 504
    assert answer.headers["content-type"] == "application/problem+json"
    assert "0.01 seconds" in answer.json()["detail"]
    assert trace == ["cancelled", "cleaned up"], "the work does not go on"


def test_a_handler_in_time_is_not_touched():
    app = App()

    @app.get("/", timeout=30)
    async def quick():
        await asyncio.sleep(0)
        return "quick"

    assert TestClient(app).get("/").text == "quick"


def test_of_the_app_the_router_and_the_route_the_innermost_holds():
    app, router = App(timeout=SHORT), Router(timeout=30)

    async def slow():
        await asyncio.sleep(0.05)
        return "slow"

    router.get("/router")(slow)
    router.get("/route", timeout=SHORT)(slow)
    router.get("/never", timeout=None)(slow)
    app.get("/app")(slow)
    app.include(router)
    client = TestClient(app)
    found = {
        path: client.get(path).status_code
        for path in ("/app", "/router", "/route", "/never")
    }
    assert found == {
        "/app": 504,
        "/router": 200,
        "/route": 504,
        "/never": 200,
    }


def test_a_timeout_error_of_the_handler_s_own_stays_a_500(caplog):
    app = App(timeout=30)

    @app.get("/")
    async def show():
        raise TimeoutError("the database did not answer")

    assert TestClient(app).get("/").status_code == 500
    assert "the database did not answer" in caplog.text


def test_a_504_is_no_surprise_and_no_error_in_the_log(caplog):
    app = App(timeout=SHORT)
    app.get("/")(hanging([]))
    assert TestClient(app).get("/").status_code == 504
    assert caplog.text == ""


def test_the_exits_of_dependencies_run_and_learn_of_it():
    trace = []

    async def session():
        try:
            yield
        except Exception as error:
            trace.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(0)
            trace.append("closed")

    app = App(timeout=SHORT)

    @app.get("/")
    async def show(s: Annotated[None, Depends(session)]):
        await asyncio.sleep(600)

    assert TestClient(app).get("/").status_code == 504
    assert trace == ["GatewayTimeout", "closed"]


def test_a_dependency_that_hangs_counts_too():
    trace = []

    async def session():
        try:
            await asyncio.sleep(600)
        finally:
            trace.append("closed")

    app = App(timeout=SHORT)

    @app.get("/")
    async def show(s: Annotated[None, Depends(session)]):
        trace.append("handler")

    assert TestClient(app).get("/").status_code == 504
    assert trace == ["closed"]


def test_a_504_passes_the_chain():
    seen = []
    app = App(timeout=SHORT)
    app.get("/")(hanging([]))

    @app.add_middleware
    async def look(request, call_next):
        response = await call_next(request)
        seen.append((response.status_code, type(response.error).__name__))
        return response

    assert TestClient(app).get("/").status_code == 504
    assert seen == [(504, "GatewayTimeout")]


def test_a_handler_for_504_answers():
    app = App(timeout=SHORT)
    app.get("/")(hanging([]))

    @app.exception_handler(504)
    async def slow(request, error):
        return TextResponse("too slow", 504)

    assert TestClient(app).get("/").text == "too slow"


def test_a_plain_handler_runs_on_in_its_thread():
    gate, ended = threading.Event(), threading.Event()
    app = App(timeout=SHORT)

    @app.get("/")
    def show():
        gate.wait(5)
        ended.set()

    client = TestClient(app)
    assert client.get("/").status_code == 504
    assert not ended.is_set(), "nothing can stop a thread"
    gate.set()
    assert ended.wait(5)


def test_the_time_is_for_the_answer_not_for_the_stream():
    app = App(timeout=SHORT)

    @app.get("/")
    async def show():
        for letter in "ab":
            await asyncio.sleep(0.03)
            yield letter

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.text) == (200, "ab")


@pytest.mark.parametrize("timeout", [0, -1, "5", True, float("nan")])
def test_a_timeout_is_a_number_above_zero(timeout):
    app = App()

    @app.get("/", timeout=timeout)
    async def show():
        return "shown"

    with pytest.raises(ConfigurationError, match="is a number of seconds"):
        app.freeze()


def test_a_flag_is_a_flag():
    app = App()

    @app.get("/", cancel_on_disconnect="yes")
    async def show():
        return "shown"

    with pytest.raises(ConfigurationError, match="is True or False"):
        app.freeze()


# --- a client that leaves ----------------------------------------------------


def leave(app, body=b""):
    """Ask, hang up once the handler runs; return what was sent."""
    headers = {"content-length": str(len(body))} if body else {}
    exchange = Exchange(app, http_scope("POST", "/", headers))
    exchange.put({"type": "http.request", "body": body})
    exchange.put({"type": "http.disconnect"})
    exchange.finish()
    return exchange.sent


def test_a_handler_is_cancelled_where_that_was_asked_for():
    trace = []
    app = App()
    app.post("/", cancel_on_disconnect=True)(hanging(trace))
    assert leave(app) == [], "nobody is left to be answered"
    assert trace == ["cancelled", "cleaned up"]


def test_a_handler_is_not_cancelled_unasked():
    trace = []
    app = App()

    @app.post("/")
    async def work():
        await asyncio.sleep(0.005)
        trace.append("worked")

    @app.post("/asked", cancel_on_disconnect=True)
    async def asked():
        trace.append("asked")

    leave(app)
    assert trace == ["worked"], "half an order is worse than one for nobody"
    TestClient(app).post("/asked")
    assert trace == ["worked", "asked"]


def test_it_may_be_asked_for_everywhere_and_taken_back():
    trace = []
    app = App(cancel_on_disconnect=True)

    @app.post("/", cancel_on_disconnect=False)
    async def work():
        await asyncio.sleep(0.005)
        trace.append("worked")

    leave(app)
    assert trace == ["worked"]


def test_the_body_is_there_all_the_same():
    app = App()

    @app.post("/json", cancel_on_disconnect=True)
    async def show(data: dict[str, int]):
        return data

    @app.post("/stream", cancel_on_disconnect=True)
    async def stream(request: Request):
        return b"".join([piece async for piece in request.stream()])

    client = TestClient(app)
    assert client.post("/json", json={"a": 1}).json() == {"a": 1}
    assert client.post("/stream", content=[b"a", b"b"]).content == b"ab"


def test_a_body_that_is_too_large_is_still_a_413():
    app = App(max_body=3)

    @app.post("/", cancel_on_disconnect=True)
    async def show(request: Request):
        return await request.body()

    client = TestClient(app)
    answer = client.post(
        "/", content=[b"ab", b"cd"], headers={"transfer-encoding": "chunked"}
    )
    assert answer.status_code == 413
    assert client.post("/", content=b"abc").content == b"abc"


def test_the_exits_learn_that_the_client_left():
    trace = []

    async def session():
        try:
            yield
        except Exception as error:
            trace.append(type(error).__name__)
            raise

    app = App()

    @app.post("/", cancel_on_disconnect=True)
    async def show(s: Annotated[None, Depends(session)]):
        await asyncio.sleep(600)

    assert leave(app) == []
    assert trace == ["ClientDisconnect"]


def test_middlewares_see_the_client_s_leaving(caplog):
    seen = []
    app = App()
    app.post("/", cancel_on_disconnect=True)(hanging([]))

    @app.add_middleware
    async def look(request, call_next):
        response = await call_next(request)
        seen.append((response.status_code, type(response.error).__name__))
        return response

    assert leave(app) == []
    assert seen == [(499, "ClientDisconnect")]
    assert caplog.text == ""


def test_an_error_of_a_watched_handler_is_answered(caplog):
    app = App()

    @app.post("/", cancel_on_disconnect=True)
    async def broken():
        raise ValueError("broken")

    assert TestClient(app).post("/").status_code == 500
    assert "broken" in caplog.text


def test_both_at_once():
    trace = []
    app = App(timeout=SHORT, cancel_on_disconnect=True)
    app.post("/")(hanging(trace))
    assert TestClient(app).post("/").status_code == 504
    assert leave(app) == []
    assert trace == ["cancelled", "cleaned up"] * 2
