"""Where each parameter of a handler gets its value."""

from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Literal, NewType
from uuid import UUID

import pytest
from pydantic import Field
from pydantic_core import core_schema

from microlith.applications import App
from microlith.params import Body, Cookie, Header, Path, Query
from microlith.requests import HTTPConnection, Request
from microlith.routing import Router
from microlith.testing import TestClient

UserId = NewType("UserId", int)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Level(IntEnum):
    LOW = 1


def client(handler, path="/", **options):
    """Return a client of an app that has this one handler, for GET."""
    app = App(**options)
    app.get(path)(handler)
    return TestClient(app)


def get(handler, target="/", path="/", **options):
    """Return the JSON that the handler answers; it must be a 200."""
    answer = client(handler, path).get(target, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_name_of_the_path_is_a_path_parameter():
    async def show(item_id: int, name: str):
        return [item_id, name]

    assert get(show, "/items/7/a%20b", "/items/{item_id}/{name}") == [
        7,
        "a b",
    ]


def test_a_scalar_is_a_query_parameter():
    async def show(n: int, word: str):
        return [n, word]

    assert get(show, "/?word=hi&n=3") == [3, "hi"]


def test_values_of_the_path_and_the_query_stand_side_by_side():
    async def show(limit: int, name: str, request: Request, deep: bool):
        return [limit, name, request.method, deep]

    found = get(show, "/Ada?deep=on&limit=3", "/{name}")
    assert found == [3, "Ada", "GET", True], "each at its own place"


def test_a_default_stands_for_what_is_absent():
    async def show(n: int = 3, word: str | None = None, on: bool = False):
        return [n, word, on]

    assert get(show) == [3, None, False]
    assert get(show, "/?n=4&word=x&on=true") == [4, "x", True]


def test_a_default_gives_the_type_where_there_is_none():
    async def show(n=3, word=None):
        return [n, word]

    assert get(show, "/?n=4&word=5") == [4, "5"], (
        "n is an int, since its default is one; word is str or None"
    )


def test_the_first_of_repeated_values_counts():
    async def show(word: str):
        return [word]

    assert get(show, "/?word=a&word=b") == ["a"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (list[int], [2, 1, 2]),
        (tuple[int, ...], [2, 1, 2]),
        (set[int], [1, 2]),
        (list[str], ["2", "1", "2"]),
    ],
)
def test_a_list_takes_all_values_of_its_name(kind, expected):
    async def show(n: kind):
        return list(n)

    assert get(show, "/?n=2&n=1&n=2") == expected


def test_a_list_may_have_a_default():
    async def show(n: list[int] = [], m: list[int] | None = None):  # noqa: B006
        n.append(1)
        return [n, m]

    assert get(show, "/?n=5&m=6") == [[5, 1], [6]]
    shared = client(show)
    for _ in range(2):
        answer = shared.get("/")
        assert answer.status_code == 200, answer.text
        assert answer.json() == [[1], None], "one request's list is its own"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (bool, "yes", True),
        (bool, "0", False),
        (float, "1.5", 1.5),
        (bytes, "ab", "ab"),
        (Decimal, "1.10", "1.10"),
        (date, "2026-01-31", "2026-01-31"),
        (UUID, "0" * 32, "00000000-0000-0000-0000-000000000000"),
        (Colour, "red", "red"),
        (UserId, "7", 7),
        (int | None, "7", 7),
    ],
)
def test_a_scalar_is_read_from_text(kind, text, expected):
    async def show(value: kind):
        return [value]

    assert get(show, f"/?value={text}") == [expected]
    assert get(show, f"/{text}", "/{value}") == [expected]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Literal[1, 2], "2", 2),
        (Literal["a", 2], "2", 2),
        (Literal["a", 2] | None, "a", "a"),
        (Size, "2", 2),
        (Level, "1", 1),
    ],
)
def test_a_literal_number_may_be_written_as_text(kind, text, expected):
    async def show(value: kind):
        return [value]

    assert get(show, f"/?value={text}") == [expected]
    answer = client(show).get("/?value=3")
    assert answer.status_code == 422, "and no other number may"


def test_literal_numbers_in_a_list():
    async def show(value: list[Literal[1, 2]]):
        return value

    assert get(show, "/?value=2&value=1") == [2, 1]


def test_a_header_by_its_name_with_hyphens():
    async def show(x_token: Annotated[str, Header()]):
        return [x_token]

    assert get(show, headers={"X-Token": "t"}) == ["t"]


def test_a_header_by_an_alias_in_any_case():
    async def show(seen: Annotated[int, Header(alias="If-SEEN")] = 0):
        return [seen]

    assert get(show, headers={"if-seen": "4"}) == [4]
    assert get(show) == [0]


def test_a_list_takes_all_headers_of_its_name():
    async def show(
        tag: Annotated[list[str], Header()],
        first: Annotated[str, Header(alias="tag")],
    ):
        return [tag, first]

    sent = [("tag", "a"), ("tag", "b")]
    assert get(show, headers=sent) == [["a", "b"], "a"], (
        "a list takes all of them, a scalar the first"
    )


def test_a_cookie():
    async def show(
        visits: Annotated[int, Cookie()],
        theme: Annotated[str, Cookie(alias="__theme")] = "light",
    ):
        return [visits, theme]

    assert get(show, headers={"cookie": "visits=3"}) == [3, "light"]
    sent = {"cookie": "__theme=dark; visits=3"}
    assert get(show, headers=sent) == [3, "dark"]


def test_an_alias_names_a_query_value():
    async def show(kind: Annotated[str, Query(alias="class")]):
        return [kind]

    assert get(show, "/?class=b") == ["b"]


def test_an_alias_names_a_path_value():
    async def show(number: Annotated[int, Path(alias="id", gt=0)]):
        return [number]

    assert get(show, "/7", "/{id}") == [7]
    assert client(show, "/{id}").get("/0").status_code == 422


def test_a_marker_may_stand_in_place_of_the_default():
    async def show(n: int = Query(10, ge=1), word: str = Query(max_length=2)):
        return [n, word]

    assert get(show, "/?word=ab") == [10, "ab"]
    assert client(show).get("/?word=abc").status_code == 422
    answer = client(show).get("/")
    assert answer.status_code == 400, "Query() without a default needs one"


@pytest.mark.parametrize(
    ("kind", "options", "good", "bad"),
    [
        (int, {"ge": 1, "le": 9}, "9", "10"),
        (int, {"multiple_of": 5}, "10", "11"),
        (str, {"min_length": 2, "max_length": 3}, "abc", "abcd"),
        (str, {"pattern": "^[a-z]+$"}, "abc", "a1"),
        (float, {"allow_inf_nan": False}, "1", "nan"),
        (Decimal, {"max_digits": 2}, "12", "123"),
    ],
)
def test_a_marker_demands(kind, options, good, bad):
    async def show(value: Annotated[kind, Query(**options)]):
        return [value]

    assert client(show).get(f"/?value={good}").status_code == 200
    answer = client(show).get(f"/?value={bad}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "value"]


def test_demands_of_pydantic_beside_the_marker_hold_too():
    async def show(n: Annotated[int, Field(ge=1), Query()]):
        return [n]

    assert get(show, "/?n=1") == [1]
    assert client(show).get("/?n=0").status_code == 422


def test_a_marker_wins_over_a_name_of_the_path():
    async def show(name: Annotated[str, Query()]):
        return [name]

    assert get(show, "/a?name=b", "/{name}") == ["b"]


def test_a_name_of_the_path_wins_over_the_type():
    class Text(str):
        __source__ = Query()

        @classmethod
        def __get_pydantic_core_schema__(cls, source, handler):
            return core_schema.str_schema()

    async def show(name: Text):
        return [name]

    assert get(show, "/a?name=b", "/{name}") == ["a"]


def test_the_request_by_its_type_under_any_name():
    async def show(it: Request, head: HTTPConnection, request, n: int):
        return [it is head is request, it.method, n]

    assert get(show, "/?n=1") == [True, "GET", 1]


def test_request_with_a_type_of_its_own_is_no_request():
    async def show(request: str):
        return [request]

    assert get(show, "/?request=x") == ["x"]


def test_a_parameter_that_has_to_be_passed_by_name():
    async def show(a: int, *, b: int, c: int = 3):
        return [a, b, c]

    assert get(show, "/?b=2&a=1") == [1, 2, 3]


def test_a_handler_without_parameters():
    async def show():
        return {"ok": True}

    assert get(show) == {"ok": True}


def test_a_converter_of_the_path_has_done_its_work():
    async def show(n: int, u: UUID, rest: str):
        return [n, u.version, rest]

    found = get(
        show,
        "/7/00000000-0000-4000-8000-000000000000/a/b",
        "/{n:int}/{u:uuid}/{rest:path}",
    )
    assert found == [7, 4, "a/b"]


def test_parameters_below_the_prefix_of_a_router():
    async def show(shop: str, n: int):
        return [shop, n]

    shops = Router("/shops/{shop}")
    shops.get("/items/{n}")(show)
    app = App()
    app.include(shops)
    answer = TestClient(app).get("/shops/a/items/2")
    assert (answer.status_code, answer.text) == (200, '["a",2]')


class Point:
    """A type of a third party that brings a schema for pydantic."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    @classmethod
    def read(cls, text):
        x, y = text.split(",")
        return cls(int(x), int(y))

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda point: f"{point.x},{point.y}"
            ),
        )


def test_a_third_party_type_with_a_schema_in_path_and_query():
    async def show(at: Point, to: Annotated[Point, Query()]):
        return [at.x, to.y]

    assert get(show, "/1,2?to=3,4", "/{at}") == [1, 4]
    answer = client(show, "/{at}").get("/1,2?to=34")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "to"]


def test_a_third_party_type_with_a_schema_as_body_and_result():
    async def move(to: Point) -> Point:
        return Point(to.x + 1, to.y)

    app = App()
    app.post("/")(move)
    answer = TestClient(app).post("/", json="1,2")
    assert (answer.status_code, answer.text) == (200, '"2,2"')


def test_a_fallback_has_parameters_too():
    async def fallback(request, word: str, data: Annotated[list[int], Body()]):
        return 410, [request.path, word, data]

    client = TestClient(App(fallback))
    answer = client.post("/gone?word=x", json=[1])
    assert (answer.status_code, answer.json()) == (410, ["/gone", "x", [1]])
