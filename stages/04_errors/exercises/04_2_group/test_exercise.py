import asyncio

from exercise import install

from microlith import App, HTTPException, TextResponse
from microlith.exceptions import Conflict, NotFound
from microlith.testing import TestClient


def ask(exc, prepare=lambda app: None):
    app = App()
    install(app)
    prepare(app)

    @app.get("/")
    async def fail(request):
        raise exc

    return TestClient(app).get("/")


def test_a_task_group():
    app = App()
    install(app)

    async def look_up():
        raise NotFound("no such page")

    @app.get("/")
    async def gather(request):
        async with asyncio.TaskGroup() as group:
            group.create_task(look_up())

    answer = TestClient(app).get("/")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no such page"


def test_the_highest_status_wins():
    group = ExceptionGroup("", [NotFound(), Conflict("a"), Conflict("b")])
    answer = ask(group)
    assert (answer.status_code, answer.json()["detail"]) == (409, "a")


def test_another_exception_is_answered_first(caplog):
    group = ExceptionGroup("", [HTTPException(503), LookupError("secret")])
    answer = ask(group)
    assert answer.status_code == 500
    [record] = caplog.records
    assert isinstance(record.exc_info[1], LookupError)


def test_its_own_handler_is_asked(caplog):
    def prepare(app):
        app.exception_handler(LookupError)(
            lambda request, exc: TextResponse("lost", 404)
        )

    answer = ask(ExceptionGroup("", [Conflict(), LookupError()]), prepare)
    assert (answer.status_code, answer.text) == (404, "lost")
    assert not caplog.records


def test_groups_in_groups():
    inner = ExceptionGroup("", [ExceptionGroup("", [Conflict("deep")])])
    answer = ask(ExceptionGroup("", [NotFound(), inner]))
    assert answer.json()["detail"] == "deep"
