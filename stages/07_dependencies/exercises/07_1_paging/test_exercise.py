from typing import Annotated

from exercise import Paging, limited

from microlith import App, Depends
from microlith.testing import TestClient

ROWS = list(range(50))


def client(ran=None):
    app = App()
    few = limited(5)

    @app.get("/rows")
    async def rows(paging: Annotated[Paging, Depends()]):
        if ran is not None:
            ran.append(paging)
        return paging.cut(ROWS)

    @app.get("/few")
    async def some(paging: Annotated[Paging, Depends(few)]):
        return paging.cut(ROWS)

    @app.get("/both")
    async def both(
        full: Annotated[Paging, Depends()],
        small: Annotated[Paging, Depends(few)],
    ):
        return [len(full.cut(ROWS)), len(small.cut(ROWS))]

    return TestClient(app)


def test_the_first_page():
    assert client().get("/rows").json() == ROWS[:20]


def test_another_page():
    assert client().get("/rows?page=2&size=7").json() == ROWS[7:14]


def test_behind_the_end():
    assert client().get("/rows?page=9").json() == []


def test_what_is_not_allowed():
    ran = []
    for query in ("page=0", "size=0", "size=101", "page=x"):
        assert client(ran).get(f"/rows?{query}").status_code == 422, query
    assert ran == [], "no handler runs"


def test_a_limit():
    assert client().get("/few").json() == ROWS[:5]
    assert client().get("/few?size=3&page=2").json() == ROWS[3:6]


def test_the_shared_one_is_left_alone():
    assert client().get("/both").json() == [20, 5]
