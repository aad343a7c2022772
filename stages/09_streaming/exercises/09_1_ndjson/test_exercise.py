import math

from exercise import NDJSONResponse

from microlith import App
from microlith.testing import TestClient


def ask(items):
    app = App()

    @app.get("/")
    async def show():
        return NDJSONResponse(items)

    return TestClient(app).get("/")


def test_each_item_is_a_line():
    answer = ask([{"a": 1}, "two", None, [3]])
    assert answer.text == '{"a":1}\n"two"\nnull\n[3]\n'


def test_the_type():
    assert ask(["x"]).headers["content-type"] == "application/x-ndjson"


def test_an_async_generator():
    async def items():
        yield 1
        yield 2

    assert ask(items()).text == "1\n2\n"


def test_numbers_that_json_does_not_have():
    assert ask([math.nan, [math.inf]]).text == "null\n[null]\n"


def test_the_first_item_may_fail():
    assert ask([object()]).status_code == 500
    assert ask([]).text == ""
    assert ask([1]).text == "1\n"
