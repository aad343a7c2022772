"""What a handler returns, as a response."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from microlith.applications import App
from microlith.exceptions import ConfigurationError, Conflict
from microlith.responses import Response, TextResponse
from microlith.testing import TestClient


class Item(BaseModel):
    name: str
    price: float = 1.5


class Secret(Item):
    password: str = "hunter2"


class Shouted(BaseModel):
    name: str = Field(serialization_alias="NAME")


@dataclass
class Size:
    width: int


class Tag(TypedDict):
    label: str


class Pair(NamedTuple):
    a: int
    b: int


def answer_of(handler, **options):
    """Return what the app answers with this one handler."""
    app = App()
    app.get("/", **options)(handler)
    return TestClient(app).get("/")


def returning(result, annotation=None):
    """Return a handler that returns this, declared as that."""

    async def handler():
        return result

    if annotation is not None:
        handler.__annotations__["return"] = annotation
    return handler


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([1, "x"], '[1,"x"]'),
        (7, "7"),
        (True, "true"),
        (Item(name="pen"), '{"name":"pen","price":1.5}'),
        ({"item": Item(name="pen")}, '{"item":{"name":"pen","price":1.5}}'),
        (Size(3), '{"width":3}'),
        ({"day": date(2026, 1, 31)}, '{"day":"2026-01-31"}'),
        (Pair(1, 2), "[1,2]"),
    ],
)
def test_json_without_an_annotation(result, body):
    answer = answer_of(returning(result))
    assert (answer.status_code, answer.text) == (200, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    ("result", "annotation", "body"),
    [
        (Item(name="pen"), Item, '{"name":"pen","price":1.5}'),
        ({"name": "pen"}, Item, '{"name":"pen","price":1.5}'),
        (Size(3), Size, '{"width":3}'),
        ({"width": "3"}, Size, '{"width":3}'),
        ({"label": "new"}, Tag, '{"label":"new"}'),
        ([{"name": "a"}], list[Item], '[{"name":"a","price":1.5}]'),
        ("7", int, None),
        (Pair(1, 2), Pair, "[1,2]"),
        ({"a": 1}, dict[str, Any], '{"a":1}'),
        ({"a": 1}, "dict[str, float]", '{"a":1.0}'),
    ],
)
def test_json_through_the_annotation(result, annotation, body):
    answer = answer_of(returning(result, annotation))
    assert answer.status_code == 200, answer.text
    if body is None:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text == "7", "a str is text whatever is declared"
    else:
        assert answer.text == body


@pytest.mark.parametrize("many", [False, True])
def test_what_the_declared_model_does_not_have_is_not_sent(many):
    if many:
        answer = answer_of(returning([Secret(name="a")], list[Item]))
    else:
        answer = answer_of(returning(Secret(name="a"), Item))
    assert answer.status_code == 200
    assert "name" in answer.text
    assert "hunter2" not in answer.text


def test_aliases_are_the_names_that_are_sent():
    answer = answer_of(returning(Shouted(name="a"), Shouted))
    assert answer.text == '{"NAME":"a"}'
    assert answer_of(returning(Shouted(name="a"))).text == '{"NAME":"a"}'


@pytest.mark.parametrize(
    ("result", "annotation"),
    [
        ({"nam": "pen"}, Item),
        (Size(1), Item),
        ([{"name": 1}], list[Item]),
        ({"a": "x"}, dict[str, int]),
    ],
)
def test_a_result_that_is_not_what_was_declared_is_a_500(
    result, annotation, caplog
):
    answer = answer_of(returning(result, annotation))
    assert answer.status_code == 500
    assert "errors" not in answer.json(), "the client learns nothing of it"
    assert "handler (test_handlers_results.py:" in caplog.text
    assert "which cannot be sent as" in caplog.text


def test_a_result_that_is_no_json_at_all_is_a_500(caplog):
    assert answer_of(returning([1])).text == "[1]"
    assert answer_of(returning([object()])).status_code == 500
    assert "which cannot be sent as JSON" in caplog.text


@pytest.mark.parametrize("annotation", [None, Any, dict[str, float]])
def test_not_a_number_becomes_null(annotation):
    values = {"a": float("nan"), "b": float("inf")}
    answer = answer_of(returning(values, annotation))
    assert (answer.status_code, answer.text) == (200, '{"a":null,"b":null}')


def test_none_is_a_204():
    answer = answer_of(returning(None))
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    assert answer_of(returning(None), status_code=202).status_code == 202


def test_none_beside_a_declared_type_is_a_204():
    assert answer_of(returning(None, Item | None)).status_code == 204
    found = answer_of(returning(Item(name="a"), Item | None))
    assert (found.status_code, found.json()["name"]) == (200, "a")


def test_text_and_bytes():
    answer = answer_of(returning("é"))
    assert (answer.status_code, answer.text) == (200, "é")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    answer = answer_of(returning(b"\x00"), status_code=201)
    assert (answer.status_code, answer.content) == (201, b"\x00")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_response_goes_out_as_it_is():
    async def handler(n: int = 3) -> Response | Item:
        return TextResponse("own", 203)

    answer = answer_of(handler, status_code=201)
    assert (answer.status_code, answer.text) == (203, "own"), (
        "a response has a status of its own"
    )


def test_the_status_of_the_route():
    answer = answer_of(returning({"a": 1}), status_code=201)
    assert (answer.status_code, answer.text) == (201, '{"a":1}')
    answer = answer_of(returning(Item(name="a"), Item), status_code=202)
    assert answer.status_code == 202
    assert answer_of(returning("x"), status_code=203).status_code == 203


def test_an_exception_is_not_touched_by_the_status():
    async def handler(n: int = 1) -> Item:
        raise Conflict("sold out")

    answer = answer_of(handler, status_code=201)
    assert (answer.status_code, answer.json()["detail"]) == (409, "sold out")


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ((202, {"a": 1}), 202, '{"a":1}'),
        ((404, "gone"), 404, "gone"),
        ((204, None), 204, ""),
        ((200, None), 200, ""),
        ((200, [1, 2]), 200, "[1,2]"),
        ((201, Item(name="a")), 201, '{"name":"a","price":1.5}'),
    ],
)
def test_a_tuple_is_status_and_body(result, status, body):
    answer = answer_of(returning(result), status_code=299)
    assert (answer.status_code, answer.text) == (status, body), (
        "the tuple's status wins over the route's"
    )


def test_a_tuple_may_have_headers():
    answer = answer_of(
        returning((201, {"a": 1}, {"location": "/a", "Content-Type": "a/b"}))
    )
    assert answer.status_code == 201
    assert answer.headers["location"] == "/a"
    assert answer.getlist("content-type") == ["a/b"]


@pytest.mark.parametrize(
    "annotation",
    [tuple[int, Item], tuple[int, Item, Mapping], Item | tuple[int, Item]],
)
def test_a_declared_tuple_declares_its_body(annotation, caplog):
    headers = ({},) if len(getattr(annotation, "__args__", ())) == 3 else ()
    good = (201, {"name": "a"}, *headers)
    answer = answer_of(returning(good, annotation))
    assert (answer.status_code, answer.text) == (
        201,
        '{"name":"a","price":1.5}',
    )
    bad = (201, {"nam": "a"}, *headers)
    assert answer_of(returning(bad, annotation)).status_code == 500


@pytest.mark.parametrize(
    "result",
    [(), (1,), (1, 2), ("a", 200), (200, 1, 2), (200, 1, {}, 3), (99, "x")],
)
def test_any_other_tuple_is_a_500_that_says_what_a_tuple_is(result, caplog):
    answer = answer_of(returning(result))
    assert answer.status_code == 500
    assert "returned the tuple" in caplog.text
    assert "Return a list for a JSON array" in caplog.text


@pytest.mark.parametrize(
    "annotation",
    [
        tuple,
        tuple[int],
        tuple[str, int],
        tuple[int, ...],
        tuple[int, int, int, int],
    ],
)
def test_a_tuple_that_is_no_response_is_refused_at_freeze(annotation):
    app = App()
    app.get("/")(returning((1, 2), annotation))
    with pytest.raises(ConfigurationError, match="a tuple is a response"):
        app.freeze()


def test_a_result_that_pydantic_does_not_know_is_refused_at_freeze():
    class Unknown:
        pass

    app = App()
    app.get("/")(returning(None, Unknown))
    with pytest.raises(ConfigurationError, match="cannot be sent as JSON"):
        app.freeze()


@pytest.mark.parametrize("status", [204, 304])
def test_a_declared_body_where_there_can_be_none_is_refused(status):
    app = App()
    app.get("/", status_code=status)(returning(None, Item))
    with pytest.raises(ConfigurationError, match="has no body"):
        app.freeze()
    assert answer_of(returning(None), status_code=status).status_code == status


@pytest.mark.parametrize("status", [99, 600, "201"])
def test_a_status_that_is_none_is_refused(status):
    app = App()
    app.get("/", status_code=status)(returning(None))
    with pytest.raises(ConfigurationError, match="from 200 to 599"):
        app.freeze()
