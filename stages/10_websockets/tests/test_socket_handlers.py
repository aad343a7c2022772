"""Handlers of sockets: what they may ask for, and what it costs."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

import microlith
from microlith.applications import App
from microlith.background import BackgroundTasks
from microlith.calls import Exits
from microlith.conversations import SocketRefused
from microlith.dependencies import Depends
from microlith.exceptions import ConfigurationError, Unauthorized
from microlith.params import Cookie, Header, Query
from microlith.requests import HTTPConnection, Request
from microlith.routing import Router
from microlith.testing import TestClient, http_scope, run
from microlith.websockets import WebSocket

PLACES = (str(Path(microlith.__file__).parent), __file__)


def app_with(handler, path="/ws", **options):
    """Return an app with one socket."""
    app = App()
    app.websocket(path, **options)(handler)
    return app


def first_json(handler, target="/ws", path="/ws", **options):
    """Open a socket; return the first thing that it sends."""
    with TestClient(app_with(handler, path)).websocket(
        target, **options
    ) as ws:
        return ws.receive_json()


def refused(app, target="/ws", **options):
    """Open a socket that is refused; return the refusal."""
    with pytest.raises(SocketRefused) as caught:
        TestClient(app).websocket(target, **options)
    return caught.value


def mistake(handler, **options):
    """Freeze an app whose socket is wrong; return the message."""
    with pytest.raises(ConfigurationError) as caught:
        app_with(handler, **options).freeze()
    return str(caught.value)


def test_parameters_of_every_kind():
    async def show(
        socket: WebSocket,
        room: int,
        since: float = 0.0,
        tag: Annotated[list[str], Query()] = [],  # noqa: B006
        x_user: Annotated[str, Header()] = "nobody",
        token: Annotated[str | None, Cookie()] = None,
    ):
        await socket.accept()
        await socket.send_json([room, since, tag, x_user, token])

    got = first_json(
        show,
        "/ws/7?since=1.5&tag=a&tag=b",
        "/ws/{room}",
        headers={"x-user": "Ada", "cookie": "token=t"},
    )
    assert got == [7, 1.5, ["a", "b"], "Ada", "t"]


def test_defaults_hold():
    async def show(socket: WebSocket, room: str, since: int = 3):
        await socket.accept()
        await socket.send_json([room, since])

    assert first_json(show, "/ws/a", "/ws/{room}") == ["a", 3]


def test_parameters_by_keyword():
    async def show(socket: WebSocket, *, room: str):
        await socket.accept()
        await socket.send_json(room)

    assert first_json(show, "/ws/a", "/ws/{room}") == "a"


def test_a_handler_may_take_what_request_and_socket_share():
    seen = []

    async def who(connection: HTTPConnection):
        seen.append(type(connection).__name__)
        return connection.headers.get("x-user")

    app = App()

    @app.websocket("/ws")
    async def chat(
        socket: WebSocket, user: Annotated[str | None, Depends(who)]
    ):
        await socket.accept()
        await socket.send_json(user)

    @app.get("/")
    async def home(user: Annotated[str | None, Depends(who)]) -> str:
        return user or "nobody"

    client = TestClient(app, headers={"x-user": "Ada"})
    with client.websocket("/ws") as ws:
        assert ws.receive_json() == "Ada"
    assert client.get("/").text == "Ada"
    assert seen == ["WebSocket", "Request"]


def test_a_dependency_may_take_the_socket():
    async def room(socket: WebSocket):
        return socket.path_params["room"]

    async def show(socket: WebSocket, room: Annotated[str, Depends(room)]):
        await socket.accept()
        await socket.send_json(room)

    assert first_json(show, "/ws/blue", "/ws/{room}") == "blue"


def test_a_faulty_parameter_is_refused_before_the_accept():
    called = []

    async def show(socket: WebSocket, n: int):
        called.append(n)

    answer = refused(app_with(show), "/ws?n=x")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "n"]
    answer = refused(app_with(show))
    assert answer.status_code == 400, "missing, as for a request"
    assert called == []


def test_a_dependency_authenticates_before_the_accept():
    called = []

    def user(token: Annotated[str, Query()] = ""):
        if token != "secret":
            raise Unauthorized("Log in")
        return "Ada"

    async def show(socket: WebSocket, user: Annotated[str, Depends(user)]):
        called.append(user)
        await socket.accept()
        await socket.send_json(user)

    assert refused(app_with(show)).status_code == 401
    assert called == []
    assert first_json(show, "/ws?token=secret") == "Ada"


@pytest.mark.parametrize("level", ["app", "router", "route"])
def test_dependencies_of_every_level(level):
    def guard(x_user: Annotated[str, Header()] = ""):
        if not x_user:
            raise Unauthorized("Log in")

    def needs(name):
        return {"dependencies": [Depends(guard)]} if level == name else {}

    router = Router("/r", **needs("router"))

    @router.websocket("/ws", **needs("route"))
    async def show(socket: WebSocket):
        await socket.accept()
        await socket.send_json("in")

    app = App(**needs("app"))
    app.include(router)
    assert refused(app, "/r/ws").status_code == 401
    with TestClient(app).websocket("/r/ws", headers={"x-user": "A"}) as ws:
        assert ws.receive_json() == "in"


def test_values_by_type_and_for_the_apps_life():
    @dataclass
    class Pool:
        made: int

    made, app = [], App()

    async def pool():
        made.append(1)
        yield Pool(len(made))
        made.append("closed")

    app.provide(Pool, pool, lifetime="app")

    @app.websocket("/ws")
    async def show(socket: WebSocket, pool: Pool):
        await socket.accept()
        await socket.send_json(pool.made)

    with TestClient(app) as client:
        for _ in range(2):
            with client.websocket("/ws") as ws:
                assert ws.receive_json() == 1
    assert made == [1, "closed"]


def test_overrides_reach_sockets():
    def real():
        return "real"

    async def show(socket: WebSocket, name: Annotated[str, Depends(real)]):
        await socket.accept()
        await socket.send_json(name)

    app = app_with(show)
    client = TestClient(app)
    with (
        app.override({real: lambda: "stand-in"}),
        client.websocket("/ws") as ws,
    ):
        assert ws.receive_json() == "stand-in"
    with client.websocket("/ws") as ws:
        assert ws.receive_json() == "real"


def test_a_dependency_is_shared_within_one_socket():
    calls = []

    def counted():
        calls.append(1)
        return len(calls)

    async def show(
        socket: WebSocket,
        a: Annotated[int, Depends(counted)],
        b: Annotated[int, Depends(counted)],
    ):
        await socket.accept()
        await socket.send_json([a, b])

    assert first_json(show) == [1, 1]
    assert first_json(show) == [2, 2]


# --- mistakes ----------------------------------------------------------------


def test_a_plain_function_is_a_mistake():
    def show(socket: WebSocket):
        return None

    assert "the handler of a WebSocket is an `async def`" in mistake(show)


def test_a_handler_that_yields_is_a_mistake():
    async def show(socket: WebSocket):
        yield 1

    assert "that does not yield" in mistake(show)


def test_a_request_in_a_socket_is_a_mistake():
    async def show(request: Request):
        return None

    assert "request" in mistake(show)


def test_a_request_in_a_dependency_of_a_socket_is_a_mistake():
    def user(request: Request):
        return request.headers

    async def show(socket: WebSocket, user: Annotated[str, Depends(user)]):
        return None

    text = mistake(show)
    assert "user (" in text
    assert "'request'" in text


def test_a_socket_in_a_request_handler_is_a_mistake():
    app = App()

    @app.get("/")
    async def show(socket: WebSocket):
        return None

    @app.websocket("/ws")
    async def fine(socket: WebSocket):
        return None

    with pytest.raises(ConfigurationError, match="socket"):
        app.freeze()


def test_a_body_is_a_mistake():
    @dataclass
    class Item:
        name: str

    async def show(socket: WebSocket, item: Item):
        return None

    text = mistake(show)
    assert "item" in text
    assert "would be the body, and a WebSocket has none" in text


def test_two_sockets_of_one_path_are_a_mistake():
    async def show(socket: WebSocket):
        return None

    app = app_with(show)
    app.websocket("/ws")(show)
    with pytest.raises(ConfigurationError, match="already taken"):
        app.freeze()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"origins": "https://a.example"}, "origins is a list"),
        ({"origins": ["a.example"]}, "origins is a list"),
        ({"max_message": -1}, "max_message is a number of bytes"),
        ({"max_message": "1 MB"}, "max_message is a number of bytes"),
        ({"max_mesage": 1}, "Did you mean 'max_message'?"),
    ],
)
def test_options_are_checked(options, text):
    async def show(socket: WebSocket):
        return None

    assert text in mistake(show, **options)


# --- what it costs -----------------------------------------------------------


def plain():
    return 1


async def coroutine():
    return 1


def generator():
    yield 1


async def async_generator():
    yield 1


def count_calls(*dependencies):
    """Serve one socket; return the names of the functions that ran.

    Counted are the functions of the package and of this file, without the
    server's part: the loop, `receive` and `send`.
    """
    app, names = App(), []

    @app.websocket(
        "/", dependencies=[Depends(d, fresh=True) for d in dependencies]
    )
    async def handler(socket: WebSocket):
        names.append("here")

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        pass

    def watch(frame, event, argument):
        code = frame.f_code
        here = code.co_filename.startswith(PLACES)
        if event == "call" and here and "steploop" not in code.co_filename:
            names.append(code.co_name)

    async def serve():
        scope = {**http_scope(), "type": "websocket"}
        await app(scope, receive, send)
        names.clear()
        sys.setprofile(watch)
        try:
            await app(scope, receive, send)
        finally:
            sys.setprofile(None)

    run(serve())
    return [n for n in names if n not in ("receive", "send", "here")]


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("dependency", [plain, coroutine])
def test_a_dependency_of_a_socket_costs_one_call(dependency, number):
    bare, names = count_calls(), count_calls(*[dependency] * number)
    assert names.index("handler") == bare.index("handler") + number, names


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("dependency", [generator, async_generator])
def test_a_generator_of_a_socket_costs_two_calls(dependency, number):
    bare, names = count_calls(), count_calls(*[dependency] * number)
    assert names.count(dependency.__name__) == 2 * number
    assert names.index("handler") == bare.index("handler") + number, names


def test_the_way_to_a_sockets_handler_is_short():
    names = count_calls()
    assert names.index("handler") + 1 <= 40, names


# --- how it ends for what was opened -----------------------------------------


def test_exits_by_type_tell_how_a_socket_went():
    seen = []

    def transaction(exits: Exits):
        try:
            yield
        finally:
            seen.append(exits.failed)

    async def fine(socket: WebSocket):
        await socket.accept()

    async def fails(socket: WebSocket):
        raise Unauthorized("no")

    needs = {"dependencies": [Depends(transaction)]}
    with TestClient(app_with(fine, **needs)).websocket("/ws"):
        pass
    refused(app_with(fails, **needs))
    assert seen == [False, True]


def test_background_tasks_of_a_socket_run_after_it():
    trace, app = [], App()

    @app.websocket("/ws")
    async def show(socket: WebSocket, tasks: BackgroundTasks):
        tasks.add_task(note)
        await socket.accept()
        await socket.receive_text()

    async def note():
        trace.append("note")

    with TestClient(app) as client, client.websocket("/ws"):
        assert trace == []
    assert trace == ["note"]


def test_background_tasks_are_dropped_after_an_error():
    trace, app = [], App()

    @app.websocket("/ws")
    async def show(socket: WebSocket, tasks: BackgroundTasks):
        tasks.add_task(note)
        raise Unauthorized("no")

    async def note():
        trace.append("note")

    with TestClient(app) as client, pytest.raises(SocketRefused):
        client.websocket("/ws")
    assert trace == []
