"""Mistakes in a signature: found at freeze, told with the way out."""

import functools
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from microlith.applications import App
from microlith.exceptions import ConfigurationError
from microlith.params import Body, Cookie, Header, Path, Query  # noqa: F401
from microlith.routing import Router
from microlith.signatures import read_parameters
from microlith.testing import TestClient


class Item(BaseModel):
    name: str


class Unknown:
    """A type that pydantic has no schema for."""


def mistakes(handler, path="/x/{id}", method="post"):
    """Freeze an app with this handler; return the error's message."""
    app = App()
    getattr(app, method)(path)(handler)
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    message = str(caught.value)
    assert "(test_handlers_mistakes.py:" in message, "it names the place"
    return message


def taking(annotation, default=None):
    """Return a handler whose parameter `value` is annotated like this."""
    if default is None:

        async def handler(value):
            return []

    else:

        async def handler(value=default):
            return []

    handler.__annotations__["value"] = annotation
    return handler


@pytest.mark.parametrize(
    ("annotation", "fragment"),
    [
        ("Nowhere", "has an annotation that does not resolve"),
        ("Nowhere", "outside `if TYPE_CHECKING:`"),
        ("int |", "has an annotation that is no type"),
        ("Annotated[int, Query]", "is marked Query: call it, Query()"),
        (
            "Annotated[int, Query(), Header()]",
            "has two sources, Query() and Header(); keep one",
        ),
        (
            "Annotated[int, Query(5)]",
            "has its default inside of Query(); write it behind '='",
        ),
        (
            "Annotated[int, Query(ge=5)] | None",
            "has Query() inside of its type",
        ),
        (
            "list[Annotated[int, Header()]]",
            "has Header() inside of its type",
        ),
        (
            "Annotated[int, Path()]",
            "is a Path(), and '/x/{id}' has no {value}",
        ),
        (
            "Annotated[list[str], Cookie()]",
            "is a list, and a cookie has one value",
        ),
        ("Unknown", "cannot be validated"),
        ("Unknown", "app.provide"),
        (
            'Annotated[str, Query(pattern="(")]',
            "cannot be validated",
        ),
        (
            'Annotated[Item, Body(media_type="text/plain")]',
            "is a body of type text/plain, which is read as bytes or str",
        ),
    ],
)
def test_a_mistake_in_an_annotation(annotation, fragment):
    message = mistakes(taking(annotation))
    assert "handler (test_handlers_mistakes.py:" in message
    assert "the parameter 'value' " in message
    assert fragment in message


def test_neither_a_type_nor_a_default():
    async def show(item):
        return []

    message = mistakes(show)
    assert "'item' has neither a type nor a default" in message
    assert "`request: Request`" in message, "it says how to get the request"


def test_a_marker_without_a_type():
    async def show(value=Query()):  # noqa: B008
        return []

    assert "has no type: write value: Annotated[str, Query" in mistakes(show)


def test_a_body_where_there_is_none():
    async def show(item: Item):
        return []

    message = mistakes(show, method="get")
    assert "'item' would be the body, and GET has none" in message
    assert "Body() if it is meant" in message


def test_a_name_that_is_nearly_one_of_the_path():
    async def show(item_di: int):
        return []

    message = mistakes(show, "/items/{item_id}")
    assert "is not in '/items/{item_id}'; did you mean {item_id}?" in message
    assert "Query() if it is none" in message

    async def fine(item_id: int, item_ids: int, q: int):
        return [item_id]

    app = App()
    app.get("/items/{item_id}")(fine)
    answer = TestClient(app).get("/items/1?item_ids=2&q=3")
    assert answer.status_code == 200, "a name that is taken is no suspect"


def test_a_str_where_the_converter_makes_an_int():
    async def show(id: str):
        return []

    message = mistakes(show, "/x/{id:int}")
    assert "is a str, and {id:int} makes it an int" in message


def test_a_parameter_without_a_usable_name():
    async def positional(value, /):
        return []

    assert "Remove the '/'" in mistakes(positional)

    async def variable(*args: Any):
        return []

    assert "'args' has no name to be filled by" in mistakes(variable)

    def undone(function):
        async def inner(*args, **keywords):
            return await function(*args, **keywords)

        return inner

    async def show(n: int):
        return []

    assert "functools.wraps" in mistakes(undone(show))


def test_two_parts_of_a_body_that_is_not_json():
    text = Annotated[str, Body(media_type="text/plain")]

    async def first(value: text, item: Item):
        return []

    async def second(item: Item, value: text):
        return []

    for handler in (first, second):
        message = mistakes(handler)
        assert "the parameter 'value' is one of several parts" in message
        assert "only JSON has members" in message


@pytest.mark.parametrize("name", ["Query", "Depends"])
def test_a_marker_of_another_framework(name):
    foreign = type(name, (), {"__module__": "fastapi.params"})()
    message = mistakes(taking(Annotated[int, foreign]))
    assert f"has FastAPI's {name}. Import {name} from microlith." in message
    assert f"FastAPI's {name}" in mistakes(taking(int, foreign))


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("starlette.requests.Request", "Import Request from microlith"),
        ("starlette.websockets.WebSocket", "Import WebSocket from"),
        ("fastapi.background.BackgroundTasks", "Import BackgroundTasks"),
        (
            "sqlalchemy.ext.asyncio.session.AsyncSession",
            "app.provide(AsyncSession",
        ),
    ],
)
def test_a_type_of_another_framework(name, fragment):
    module, _, short = name.rpartition(".")
    foreign = type(short, (), {"__module__": module})
    message = mistakes(taking(foreign))
    assert f"is a {name}. " in message
    assert fragment in message


def test_an_option_that_a_marker_does_not_have():
    with pytest.raises(TypeError, match=r"Query\(\) has no option 'gte'"):
        Query(gte=3)


def test_all_mistakes_come_together():
    async def show(a, b: Annotated[int, Path()], c: int):
        return []

    async def other(d):
        return []

    app = App()
    router = Router("/shop")
    router.get("/show")(show)
    app.get("/other")(other)
    app.include(router)
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    message = str(caught.value)
    for name in ("'a'", "'b'", "'d'"):
        assert f"the parameter {name}" in message
    assert "'c'" not in message, "which is in order"


def test_a_mistake_in_the_fallback():
    async def fallback(word):
        return []

    with pytest.raises(ConfigurationError, match="the parameter 'word'"):
        App(fallback).freeze()


def test_the_signature_below_a_decorator_counts():
    def passing(function):
        @functools.wraps(function)
        async def inner(*args, **keywords):
            return await function(*args, **keywords)

        return inner

    @passing
    async def show(n: int, *, m: "int" = 2):
        return [n, m]

    app = App()
    app.get("/")(show)
    answer = TestClient(app).get("/?n=1")
    assert (answer.status_code, answer.text) == (200, "[1,2]")


def test_names_of_an_annotation_come_from_around_the_function():
    class Local(BaseModel):
        n: int

    async def show(value: "Local") -> "list[Local]":
        return [Local(n=value.n + 1)]

    app = App()
    app.post("/")(show)
    answer = TestClient(app).post("/", json={"n": 1})
    assert (answer.status_code, answer.text) == (200, '[{"n":2}]')


def test_read_parameters_of_functions_partials_and_classes():
    def show(a: int, b: "str" = "x", *, c: Annotated[int, "extra"]):
        return None

    found = read_parameters(show)
    assert [(p.name, p.type, p.keyword_only) for p in found] == [
        ("a", int, False),
        ("b", str, False),
        ("c", int, True),
    ]
    assert found[1].default == "x"
    assert found[2].metadata == ("extra",)
    assert "show (test_handlers_mistakes.py:" in found[0].where
    rest = read_parameters(functools.partial(show, 1, c=2))
    assert [p.name for p in rest] == ["b"], "what is given is not asked for"


def test_a_builtin_without_a_signature():
    with pytest.raises(ConfigurationError, match="wrap it in a function"):
        read_parameters(dict)
