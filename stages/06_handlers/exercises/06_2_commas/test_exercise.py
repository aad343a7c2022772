from typing import Annotated, Literal

import pytest
from exercise import Commas

from microlith import App, ConfigurationError
from microlith.testing import TestClient


def client(kind, **options):
    app = App()

    @app.get("/")
    async def show(ids: Annotated[kind, Commas(**options)]):
        return list(ids)

    return TestClient(app)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ids=1,2,3", [1, 2, 3]),
        ("ids=7", [7]),
        ("ids=", []),
        ("ids=1,%202", [1, 2]),
        ("ids=1,2&ids=3", [1, 2]),
    ],
)
def test_a_list(query, expected):
    answer = client(list[int]).get(f"/?{query}")
    assert (answer.status_code, answer.json()) == (200, expected)


def test_other_lists_and_options():
    answer = client(tuple[Literal[1, 2], ...], alias="n").get("/?n=2,1")
    assert (answer.status_code, answer.json()) == (200, [2, 1])
    answer = client(list[str], max_length=2).get("/?ids=a,b,c")
    assert answer.status_code == 422


def test_faults():
    answer = client(list[int]).get("/?ids=1,x")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "ids", 1]
    answer = client(list[int]).get("/")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == ["query", "ids"]


def test_no_list():
    with pytest.raises(ConfigurationError, match="'ids' is no list"):
        client(int).app.freeze()
