"""The body of a request, as a value."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from microlith.applications import App
from microlith.params import Body
from microlith.testing import TestClient


class Item(BaseModel):
    name: str
    price: float = 1.5


@dataclass
class Size:
    width: int
    height: int = 2


class Tag(TypedDict):
    label: str


def client(handler, **options):
    """Return a client of an app that has this one handler, for POST."""
    app = App()
    app.post("/", **options)(handler)
    return TestClient(app)


def post(handler, target="/", **options):
    """Return the JSON that the handler answers; it must be a 200."""
    answer = client(handler).post(target, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        (Item, {"name": "pen"}, "Item"),
        (Size, {"width": 1}, "Size"),
        (Tag, {"label": "new"}, "dict"),
        (dict[str, int], {"a": "1"}, "dict"),
        (list[Item], [{"name": "pen"}], "list"),
        (Item | Size, {"width": 1}, "Size"),
    ],
)
def test_a_type_that_is_no_scalar_is_the_body(kind, sent, read):
    async def create(data: kind):
        return [type(data).__name__]

    assert post(create, json=sent) == [read]


def test_defaults_inside_of_the_body():
    async def create(item: Item):
        return [item.name, item.price]

    assert post(create, json={"name": "pen"}) == ["pen", 1.5]


def test_the_body_beside_path_query_and_request():
    async def create(n: int, request, item: Item, *, word: str = "-"):
        return [n, request.path, item.name, word]

    found = post(create, "/?n=2&word=x", json={"name": "pen"})
    assert found == [2, "/", "pen", "x"]


def test_a_scalar_is_the_body_when_it_is_marked():
    async def create(n: Annotated[int, Body(ge=1)]):
        return [n]

    assert post(create, json=3) == [3]
    assert client(create).post("/", json=0).status_code == 422


def test_a_body_in_pieces():
    async def create(item: Item):
        return [item.name]

    pieces = [b'{"na', b'me":', b'"pen"}']
    assert post(create, content=pieces) == ["pen"]


def test_two_bodies_are_members_of_one_object():
    async def create(item: Item, size: Size, tag: Tag | None = None):
        return [item.name, size.width, tag]

    sent = {"size": {"width": 3}, "item": {"name": "pen"}}
    assert post(create, json=sent) == ["pen", 3, None], (
        "keyed by the parameter's name, in any order"
    )
    sent["tag"] = {"label": "new"}
    assert post(create, json=sent) == ["pen", 3, {"label": "new"}]


def test_a_member_by_its_alias():
    async def create(
        item: Annotated[Item, Body(alias="the-item")],
        n: Annotated[int, Body()],
    ):
        return [item.name, n]

    sent = {"the-item": {"name": "pen"}, "n": 2}
    assert post(create, json=sent) == ["pen", 2]


def test_a_single_body_as_a_member():
    async def create(item: Annotated[Item, Body(embed=True)]):
        return [item.name]

    assert post(create, json={"item": {"name": "pen"}}) == ["pen"]
    answer = client(create).post("/", json={"name": "pen"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "item"]


def test_an_empty_body_is_the_default():
    async def create(item: Item | None = None):
        return [item]

    assert post(create) == [None]
    assert post(create, json={"name": "a"}) == [{"name": "a", "price": 1.5}]
    assert client(create).post("/", json={}).status_code == 422, (
        "{} is not empty: it is an item without a name"
    )


def test_an_empty_body_is_the_default_of_each_member():
    async def create(item: Item | None = None, size: Size | None = None):
        return [item, size]

    assert post(create) == [None, None]


def test_optional_without_a_default_still_needs_a_body():
    async def create(item: Item | None):
        return [item]

    assert post(create, content=b"null") == [None]
    assert client(create).post("/").status_code == 400


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
        "application/vnd.shop.v2+json;v=1",
    ],
)
def test_what_is_read_as_json(media_type):
    async def create(item: Item):
        return [item.name]

    headers = {"content-type": media_type} if media_type else {}
    assert post(create, content=b'{"name":"a"}', headers=headers) == ["a"]


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/x+json",
        "",
    ],
)
def test_what_is_not_read_as_json_is_a_415(media_type):
    async def create(item: Item):
        raise AssertionError("the handler must not be called")

    answer = client(create).post(
        "/", content=b'{"name":"a"}', headers={"content-type": media_type}
    )
    assert answer.status_code == 415, answer.text
    problem = answer.json()
    assert problem["detail"] == (
        f"The body must be application/json, not {media_type!r}"
    )
    assert problem["errors"] == [
        {
            "loc": ["body"],
            "msg": "The body must be application/json",
            "type": "media_type",
        }
    ]


def test_raw_bytes_of_another_media_type():
    async def create(
        data: Annotated[bytes, Body(media_type="image/png", max_length=4)],
    ):
        return [len(data)]

    png = {"content-type": "image/png"}
    assert post(create, content=b"\x89PNG", headers=png) == [4]
    answer = client(create).post("/", content=b"\x89PNG.", headers=png)
    assert answer.status_code == 422, "demands hold for bytes as well"
    answer = client(create).post(
        "/", content=b"{}", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 415
    assert "must be image/png" in answer.json()["detail"]


def test_text_of_another_media_type():
    async def create(text: Annotated[str, Body(media_type="text/plain")]):
        return [text]

    plain = {"content-type": "text/plain; charset=utf-8"}
    assert post(create, content="é".encode(), headers=plain) == ["é"]
    answer = client(create).post("/", content=b"\xff", headers=plain)
    assert answer.status_code == 400, "bytes that are no text are a 400"


def test_a_get_has_a_body_where_it_is_marked():
    async def find(item: Annotated[Item, Body()]):
        return [item.name]

    app = App()
    app.get("/")(find)
    client = TestClient(app)
    answer = client.request("GET", "/", json={"name": "pen"})
    assert (answer.status_code, answer.text) == (200, '["pen"]')


def test_a_delete_has_a_body():
    async def remove(names: list[Item]):
        return [item.name for item in names]

    app = App()
    app.delete("/")(remove)
    answer = TestClient(app).request("DELETE", "/", json=[{"name": "pen"}])
    assert (answer.status_code, answer.text) == (200, '["pen"]')


def test_the_body_is_kept_for_the_handler():
    async def create(item: Item, request):
        return [item.name, (await request.body()).decode()]

    found = post(create, content=b'{"name": "a"}')
    assert found == ["a", '{"name": "a"}']


def test_a_handler_without_a_body_reads_none():
    async def create(n: int):
        return [n]

    sent = {"content-type": "text/plain"}
    found = post(create, "/?n=1", content=b"anything", headers=sent)
    assert found == [1], "nobody asked for the body, so it is not judged"
