from exercise import Page

from microlith import App
from microlith.testing import TestClient


def client():
    app = App()

    @app.get("/")
    async def show(page: Page, word: str = ""):
        return [page.limit, page.offset, word]

    return TestClient(app)


def test_the_defaults():
    answer = client().get("/")
    assert (answer.status_code, answer.text) == (200, '[20,0,""]')


def test_what_the_query_says():
    answer = client().get("/?offset=40&limit=10&limit=5&word=a")
    assert (answer.status_code, answer.text) == (200, '[10,40,"a"]')


def test_one_fault():
    for text in ("0", "101", "x", "", "-1", "1.5", "\uff11", "9" * 5000):
        answer = client().get("/", params={"limit": text})
        assert answer.status_code == 422, text
        (error,) = answer.json()["errors"]
        assert (error["loc"], error["type"]) == (["query", "limit"], "page")
        assert "100" in error["msg"], "say what is allowed"


def test_two_faults_at_once():
    errors = client().get("/?limit=x&offset=-1").json()["errors"]
    assert [e["loc"][1] for e in errors] == ["limit", "offset"]
