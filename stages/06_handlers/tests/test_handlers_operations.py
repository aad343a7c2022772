"""What is decided once, when the app is frozen, and what is left for later."""

import sys
from pathlib import Path as FilePath
from typing import Annotated

import pytest
from pydantic import BaseModel
from pydantic_core import core_schema

import microlith
from microlith.applications import App
from microlith.errors import ErrorMap
from microlith.exceptions import ConfigurationError, Unauthorized
from microlith.handlers import compile_endpoint, inspect_handler
from microlith.params import Computed, Header, Query, Scalar, Source
from microlith.requests import HTTPConnection, Request
from microlith.routes import Route
from microlith.testing import TestClient, http_scope, run
from microlith.threads import Threads

PLACES = (str(FilePath(microlith.__file__).parent), __file__)


class Item(BaseModel):
    name: str


class Counted:
    """A type that counts how often pydantic asks for its schema."""

    asked = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        Counted.asked += 1
        return core_schema.str_schema()


def test_a_signature_is_compiled_once():
    app = App()

    @app.post("/{a}")
    async def show(a: Counted, b: Annotated[Counted, Query()], c: Counted):
        return [a, b, c]

    Counted.asked = 0
    app.freeze()
    asked = Counted.asked
    assert asked > 0, "freeze() builds the validators"
    client = TestClient(app)
    for _ in range(3):
        answer = client.post("/x?b=y", json="z")
        assert (answer.status_code, answer.text) == (200, '["x","y","z"]')
    app.freeze()
    assert Counted.asked == asked, "and no request builds one"


def count_calls(handler, path="/", target="/", body=b""):
    """Serve one request; return the names of the functions that ran."""
    app, names = App(), []
    app.route(path, ["GET", "POST"])(handler)

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        pass

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PLACES):
            names.append(code.co_name)

    async def serve():
        app.freeze()
        scope = http_scope("POST", target)
        # The second request is counted: the app knows its Host by then.
        await app(scope, receive, send)
        sys.setprofile(watch)
        try:
            await app(scope, receive, send)
        finally:
            sys.setprofile(None)

    run(serve())
    return [name for name in names if name not in ("send", "receive")]


def test_a_plain_handler_stays_within_five_calls_and_six():
    async def handler():
        return {"ok": True}

    names = count_calls(handler)
    assert "handler" in names, names
    assert names.index("handler") + 1 <= 5, names
    assert len(names) <= 6, names


def test_parameters_of_the_path_cost_no_call():
    async def handler(n: int, word: str):
        return {"n": n}

    names = count_calls(handler, "/{n}/{word}", "/1/a")
    assert "handler" in names, names
    assert names.index("handler") + 1 <= 5, names
    assert len(names) <= 6, names


def test_a_json_body_costs_one_call():
    async def handler(item: Annotated[Item, microlith.Body()]) -> Item:
        return item

    names = count_calls(handler, body=b'{"name": "pen"}')
    assert "handler" in names, names
    assert names.index("handler") + 1 <= 6, names
    assert len(names) <= 7, names


def test_an_operation_can_be_read():
    async def show(n: int, request, item: Item, *, word: str = "") -> Item:
        return item

    route = Route("/{n}", ["POST"], show, options={"status_code": 201})
    operation = inspect_handler(route)
    assert operation.route is route
    scalars = operation.scalars.fields.values()
    assert [(s.place, s.key) for s in scalars] == [
        ("path", "n"),
        ("query", "word"),
    ]
    assert operation.payload.media_type == b"application/json"
    assert operation.names == ("word",), "passed by name"
    assert operation.takes == (1, 0, 3, 2), (
        "n, request, item and word in the list request, n, word, item"
    )
    assert operation.encoder.declared is Item
    assert operation.encoder.status == 201
    assert (operation.is_plain, operation.always_422) == (False, False)


@pytest.mark.parametrize("takes", [True, False])
def test_a_handler_of_the_request_alone_is_plain(takes):
    async def alone(request):
        return []

    async def nothing():
        return []

    operation = inspect_handler(
        Route("/{n}", ["GET"], alone if takes else nothing)
    )
    assert operation.is_plain is True
    assert operation.scalars is None
    assert operation.payload is None
    assert operation.takes == ((0,) if takes else ())


def test_an_endpoint_never_raises():
    async def show(n: int):
        return [1 / n]

    endpoint = compile_endpoint(
        inspect_handler(Route("/", ["GET"], show)), ErrorMap(), Threads()
    )

    async def status(query):
        scope = http_scope("GET", f"/?{query}")
        response = await endpoint(Request(scope, None))
        return response.status_code

    found = [run(status(query)) for query in ("n=1", "n=0", "n=x", "")]
    assert found == [200, 500, 422, 400]


class User:
    """A type that knows where it comes from."""

    def __init__(self, name):
        self.name = name


class Session(Source):
    """A source of this file: the user, from a header."""

    def bind(self, parameter, context):
        if parameter.type is not User:
            raise parameter.mistake("is no User.")
        return Computed(parameter, self.read)

    def read(self, request):
        name = request.headers.get("x-user")
        if name is None:
            raise Unauthorized("Who are you?")
        return User(name)


User.__source__ = Session()


def test_a_type_with_a_source_is_injected_by_its_bare_annotation():
    app = App()

    @app.get("/")
    async def show(user: User, n: int = 1):
        return [user.name, n]

    client = TestClient(app)
    answer = client.get("/?n=2", headers={"x-user": "Ada"})
    assert (answer.status_code, answer.text) == (200, '["Ada",2]')
    answer = client.get("/")
    assert (answer.status_code, answer.json()["detail"]) == (
        401,
        "Who are you?",
    )
    assert client.get("/?n=x").status_code == 422, (
        "what is computed needs valid scalars first"
    )


def test_a_source_of_ones_own_as_a_marker():
    class Method(Source):
        def bind(self, parameter, context):
            return Computed(parameter, lambda request: request.method)

    app = App()

    @app.post("/")
    async def show(item: Item, method: Annotated[str, Method()], n: int):
        return [item.name, method, n]

    answer = TestClient(app).post("/?n=1", json={"name": "a"})
    assert (answer.status_code, answer.text) == (200, '["a","POST",1]')


def test_a_source_may_read_a_scalar():
    class Upper(Source):
        def bind(self, parameter, context):
            key = parameter.name.upper()
            return Scalar(parameter, "query", key, parameter.type, False)

    app = App()

    @app.get("/")
    async def show(n: Annotated[int, Upper()]):
        return [n]

    client = TestClient(app)
    assert client.get("/?N=1").text == "[1]"
    answer = client.get("/?n=1")
    assert answer.json()["errors"][0]["loc"] == ["query", "N"]


def test_a_source_refuses_a_parameter_at_freeze():
    app = App()

    @app.get("/")
    async def show(n: Annotated[int, Session()]):
        return []

    with pytest.raises(ConfigurationError, match="'n' is no User"):
        app.freeze()


def test_a_source_is_bound_with_the_app():
    seen = []

    class Nosy(Source):
        def bind(self, parameter, context):
            seen.append(context)
            return Computed(parameter, lambda request: request.app is context)

    app = App()

    @app.get("/")
    async def show(mine: Annotated[bool, Nosy()]):
        return [mine]

    assert TestClient(app).get("/").text == "[true]"
    assert seen == [app]


def test_a_head_is_what_request_and_socket_share():
    app = App()

    @app.get("/")
    async def show(head: HTTPConnection, x: Annotated[str, Header()] = ""):
        return [head.path, x]

    assert TestClient(app).get("/", headers={"x": "y"}).text == '["/","y"]'
