from typing import Annotated

import pytest
from exercise import Work, unit_of_work

from microlith import App, Conflict, Depends, Response
from microlith.testing import TestClient

Unit = Annotated[Work, Depends(unit_of_work)]


def serve(how, trace):
    """Serve one request that ends in some way; return the status."""
    app = App()

    async def slow(word):
        trace.append(word)

    def session(work: Unit):
        yield
        trace.append("commit")
        if how == "commit fails":
            raise Conflict("too late")

    @app.get("/")
    async def handler(work: Unit, session: Annotated[None, Depends(session)]):
        work.afterwards(trace.append, "one")
        work.on_failure(trace.append, "undo one")
        work.afterwards(slow, "two")
        work.on_failure(slow, "undo two")
        if how == "raises":
            raise Conflict("no")
        return Response(status_code=422 if how == "refuses" else 200)

    return TestClient(app).get("/").status_code


def test_after_a_success():
    trace = []
    assert serve("well", trace) == 200
    assert trace == ["commit", "one", "two"]


@pytest.mark.parametrize(
    ("how", "status"), [("raises", 409), ("refuses", 422)]
)
def test_after_a_failure(how, status):
    trace = []
    assert serve(how, trace) == status
    assert trace[-2:] == ["undo two", "undo one"]
    assert "one" not in trace


def test_after_a_commit_that_fails():
    trace = []
    assert serve("commit fails", trace) == 409
    assert trace == ["commit", "undo two", "undo one"]


def test_each_request_has_its_own():
    trace = []
    serve("well", trace)
    serve("well", trace)
    assert trace == ["commit", "one", "two"] * 2
