"""What is wrong with a request: which status, and how it is told."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Json

from microlith.applications import App
from microlith.params import Body, Cookie, Header, Query
from microlith.responses import JSONResponse
from microlith.routing import Router
from microlith.testing import TestClient

JSON = {"content-type": "application/json"}


class Item(BaseModel):
    name: str
    price: float


def app_of(handler, path="/", **options):
    """Return an app that has this one handler, for GET and POST."""
    app = App(**options)
    app.route(path, ["GET", "POST"])(handler)
    return app


async def find(
    n: int,
    word: str = "",
    x_token: "Annotated[str, Header()]" = "",
    theme: "Annotated[int, Cookie()]" = 0,
):
    """A handler that reads from everywhere."""
    return [n, word, x_token, theme]


async def create(item: Item, n: int = 0):
    """A handler that reads a body."""
    return [item.name, n]


def fault(answer):
    """Return the status, and place and type of each error."""
    errors = answer.json().get("errors", [])
    return answer.status_code, [(e["loc"], e["type"]) for e in errors]


def test_a_missing_value_is_a_400():
    answer = TestClient(app_of(find)).get("/")
    assert fault(answer) == (400, [(["query", "n"], "missing")])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "The request lacks what it needs"


@pytest.mark.parametrize(
    ("marker", "options", "loc"),
    [
        (Query, {}, ["query", "value"]),
        (Header, {"alias": "X-Value"}, ["header", "x-value"]),
        (Cookie, {}, ["cookie", "value"]),
    ],
)
def test_a_missing_value_is_told_with_its_place(marker, options, loc):
    async def show(value: Annotated[str, marker(**options)]):
        return [value]

    answer = TestClient(app_of(show)).get("/")
    assert fault(answer) == (400, [(loc, "missing")])


def test_all_missing_values_are_told_at_once():
    async def show(a: int, b: int, item: Item):
        return [a]

    app = App()
    app.post("/")(show)
    answer = TestClient(app).post("/")
    assert fault(answer) == (
        400,
        [
            (["query", "a"], "missing"),
            (["query", "b"], "missing"),
            (["body"], "missing"),
        ],
    )


def test_an_invalid_value_is_a_422():
    answer = TestClient(app_of(find)).get("/?n=x")
    assert fault(answer) == (422, [(["query", "n"], "int_parsing")])
    problem = answer.json()
    assert problem["detail"] == "The request is not valid"
    assert "valid integer" in problem["errors"][0]["msg"]


def test_an_empty_value_is_there_and_invalid():
    answer = TestClient(app_of(find)).get("/?n=")
    assert fault(answer) == (422, [(["query", "n"], "int_parsing")])


def test_missing_and_invalid_together_are_a_422():
    async def show(a: int, b: int):
        return [a]

    answer = TestClient(app_of(show)).get("/?b=x")
    assert fault(answer) == (
        422,
        [(["query", "a"], "missing"), (["query", "b"], "int_parsing")],
    )


def test_faults_of_the_head_and_of_the_body_come_together():
    client = TestClient(app_of(create_two))
    answer = client.post(
        "/?n=x",
        json={"price": "much"},
        headers={"cookie": "theme=dark"},
    )
    status, faults = fault(answer)
    assert status == 422
    assert faults == [
        (["query", "n"], "int_parsing"),
        (["cookie", "theme"], "int_parsing"),
        (["body", "name"], "missing"),
        (["body", "price"], "float_parsing"),
    ]


async def create_two(
    n: int, theme: "Annotated[int, Cookie()]", item: "Annotated[Item, Body()]"
):
    """A handler that reads head and body."""
    return [n]


def test_a_fault_deep_inside_of_the_body_has_its_whole_path():
    async def create_all(items: list[Item]):
        return []

    app = App()
    app.post("/")(create_all)
    sent = [{"name": "a", "price": 1}, {"name": "b", "price": None}]
    answer = TestClient(app).post("/", json=sent)
    assert fault(answer) == (422, [(["body", 1, "price"], "float_type")])


def test_a_fault_in_a_list_of_the_query_has_its_index():
    async def show(n: list[int]):
        return n

    answer = TestClient(app_of(show)).get("/?n=1&n=x")
    assert fault(answer) == (422, [(["query", "n", 1], "int_parsing")])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),  # the whole parameter is absent
        (b"{}", 422),  # it is there, and lacks something
        (b"null", 422),
        (b"[]", 422),
    ],
)
def test_missing_inside_of_the_body_is_not_a_missing_body(sent, status):
    app = App()
    app.post("/")(create)
    answer = TestClient(app).post("/", content=sent, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["loc"][0] == "body"


@pytest.mark.parametrize(
    "sent", [b"{", b"\xff", b"{'name': 1}", b'{"a":1}}', b"[" * 9999]
)
def test_what_is_not_json_is_a_400(sent):
    app = App()
    app.post("/")(create)
    answer = TestClient(app).post("/", content=sent, headers=JSON)
    assert fault(answer) == (400, [(["body"], "json_invalid")])
    assert answer.json()["detail"] == "The request is not JSON"


def test_unparsable_json_wins_over_other_faults():
    app = App()
    app.post("/")(create)
    answer = TestClient(app).post("/?n=x", content=b"{", headers=JSON)
    assert fault(answer) == (400, [(["body"], "json_invalid")]), (
        "of a body that cannot be parsed nothing else can be said"
    )


def test_a_member_that_should_be_json_is_a_422():
    class Wrapped(BaseModel):
        data: Json

    async def show(wrapped: Wrapped):
        return []

    app = App()
    app.post("/")(show)
    answer = TestClient(app).post("/", json={"data": "{"})
    assert fault(answer) == (422, [(["body", "data"], "json_invalid")]), (
        "the request is JSON; a string in it is not"
    )


def test_no_fault_repeats_what_was_sent():
    async def login(password: Annotated[int, Query()], item: Item):
        return []

    app = App()
    app.post("/")(login)
    answer = TestClient(app).post(
        "/?password=hunter2", json={"name": "a", "price": "hunter3"}
    )
    assert answer.status_code == 422
    assert "hunter" not in answer.text
    assert all(
        set(e) == {"loc", "msg", "type"} for e in answer.json()["errors"]
    )


def test_a_wrong_media_type_wins_over_other_faults():
    app = App()
    app.post("/")(create)
    answer = TestClient(app).post(
        "/?n=x", content=b"{", headers={"content-type": "text/plain"}
    )
    assert fault(answer) == (415, [(["body"], "media_type")])


def test_too_large_wins_over_everything():
    app = App()
    app.post("/", max_body=20)(create)
    client = TestClient(app)
    fine = client.post("/", content=b'{"name":"","price":1}'[:20])
    assert fault(fine) == (400, [(["body"], "json_invalid")]), (
        "20 bytes are read"
    )
    answer = client.post(
        "/?n=x", content=b"{" * 21, headers={"content-type": "text/plain"}
    )
    assert fault(answer) == (413, [(["body"], "too_large")])


def test_too_large_without_a_length_wins_over_faults_of_the_head():
    app = App()
    app.post("/", max_body=20)(create)
    chunked = {"transfer-encoding": "chunked"} | JSON
    answer = TestClient(app).post(
        "/?n=x", content=[b"[" * 15, b"[" * 15], headers=chunked
    )
    assert fault(answer) == (413, [(["body"], "too_large")])


def test_a_converter_that_does_not_match_is_a_404():
    async def show(n: int):
        return [n]

    client = TestClient(app_of(show, "/{n:int}"))
    assert client.get("/1").text == "[1]"
    assert client.get("/x").status_code == 404, "no route has this path"
    client = TestClient(app_of(show, "/{n}"))
    assert fault(client.get("/x")) == (422, [(["path", "n"], "int_parsing")])


def test_the_handler_is_not_called_when_something_is_wrong():
    called = []

    async def show(n: int):
        called.append(n)
        return []

    client = TestClient(app_of(show))
    statuses = [client.get(t).status_code for t in ("/", "/?n=x", "/?n=1")]
    assert (statuses, called) == ([400, 422, 200], [1])


@pytest.mark.parametrize("level", ["app", "router", "route"])
def test_one_switch_makes_every_fault_of_the_input_a_422(level):
    on = {"always_422": True}
    app = App(**(on if level == "app" else {}))
    router = Router("", **(on if level == "router" else {}))
    router.post("/", **(on if level == "route" else {}))(create)
    app.include(router)
    client = TestClient(app)
    assert fault(client.post("/")) == (422, [(["body"], "missing")])
    answer = client.post("/", content=b"{", headers=JSON)
    assert fault(answer) == (422, [(["body"], "json_invalid")])
    plain = {"content-type": "text/plain"}
    assert client.post("/", content=b"{}", headers=plain).status_code == 415


def test_the_switch_may_be_turned_off_for_a_route():
    app = App(always_422=True)
    app.get("/new")(find)
    app.get("/old", always_422=False)(find)
    client = TestClient(app)
    assert client.get("/new").status_code == 422
    assert client.get("/old").status_code == 400


def test_a_handler_that_validates_nothing_never_answers_422():
    async def show():
        return {"ok": True}

    client = TestClient(app_of(show))
    answer = client.post("/?n=x", content=b"{", headers=JSON)
    assert (answer.status_code, answer.text) == (200, '{"ok":true}')


def test_an_exception_handler_shapes_the_faults():
    app = app_of(find)

    @app.exception_handler(422)
    async def shaped(request, exc):
        places = [".".join(map(str, e["loc"])) for e in exc.errors]
        return JSONResponse(places, 422)

    answer = TestClient(app).get("/?n=x")
    assert (answer.status_code, answer.text) == (422, '["query.n"]')


def test_no_text_in_a_query_crashes():
    client = TestClient(app_of(find))
    assert client.get("/?n=1").status_code == 200

    @given(st.text())
    def try_text(text):
        answer = client.get("/", params={"n": text})
        assert answer.status_code in (200, 422), answer.text

    try_text()
