"""How dependencies are closed: when, in which order, and with what."""

import asyncio

import pytest

from microlith.applications import App
from microlith.calls import Exits
from microlith.dependencies import Depends
from microlith.exceptions import Conflict, NotFound
from microlith.responses import Response, TextResponse
from microlith.testing import Exchange, TestClient, http_scope


def tracing(name, trace, fails=None):
    """Return a generator that notes its end, and perhaps fails there."""

    async def dependency():
        trace.append(f"open {name}")
        try:
            yield name
        finally:
            trace.append(f"close {name}")
            if fails is not None:
                raise fails

    return dependency


def app_with(handler, **options):
    """Return an app with one handler at `/`."""
    app = App()
    app.get("/", **options)(handler)
    return app


def ask(handler, **options):
    """Serve one GET with a handler; return the answer."""
    return TestClient(app_with(handler, **options)).get("/")


def test_last_opened_is_first_closed():
    trace = []
    first, second, third = (tracing(n, trace) for n in "abc")

    async def show(a=Depends(first), b=Depends(second), c=Depends(third)):
        trace.append("handler")

    ask(show)
    assert trace == [
        *("open a", "open b", "open c", "handler"),
        *("close c", "close b", "close a"),
    ]


def test_exits_run_one_after_another():
    trace = []

    def slow(name):
        async def dependency():
            yield
            trace.append(f"begin {name}")
            await asyncio.sleep(0)
            trace.append(f"end {name}")

        return dependency

    async def show(a=Depends(slow("a")), b=Depends(slow("b"))):
        return None

    ask(show)
    assert trace == ["begin b", "end b", "begin a", "end a"], (
        "a session is not closed while what uses it still closes"
    )


def test_closed_before_the_answer_is_sent():
    trace = []

    async def show(a=Depends(tracing("a", trace))):
        return "hello"

    exchange = Exchange(app_with(show), http_scope())
    start = exchange.take()
    assert start["status"] == 200
    assert trace == ["open a", "close a"], (
        "nothing is sent before it is closed"
    )


def test_closed_after_the_middlewares():
    trace = []

    async def show(a=Depends(tracing("a", trace))):
        return "hello"

    app = app_with(show)

    @app.add_middleware
    async def outer(request, call_next):
        response = await call_next(request)
        trace.append("middleware")
        return response

    TestClient(app).get("/")
    assert trace == ["open a", "middleware", "close a"], (
        "a middleware may still change the answer, and so the outcome"
    )


def test_a_failing_exit_is_a_500_and_no_lie(caplog):
    trace = []
    commit = tracing("commit", trace, RuntimeError("disk full"))

    async def show(a=Depends(commit)):
        return TextResponse("saved", 201)

    answer = ask(show)
    assert answer.status_code == 500
    assert "saved" not in answer.text
    assert "disk full" in caplog.text
    assert len(caplog.records) == 1


def test_a_failing_exit_keeps_the_headers_of_middlewares(caplog):
    async def show(a=Depends(tracing("a", [], RuntimeError("no")))):
        return TextResponse("saved", 201)

    app = app_with(show)

    @app.add_middleware
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["access-control-allow-origin"] = "*"
        response.headers.add_vary("Accept")
        return response

    answer = TestClient(app).get("/")
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.getlist("content-length") == [str(len(answer.content))]
    assert answer.getlist("vary") == ["Accept"], "no header comes twice"


def test_an_exit_may_answer_with_an_error_of_its_own():
    async def session():
        yield
        raise Conflict("somebody was faster")

    async def show(a=Depends(session)):
        return "saved"

    answer = ask(show)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "somebody was faster"


@pytest.mark.parametrize("kind", ["def", "async"])
def test_the_exception_is_thrown_in(kind):
    seen = []

    def session():
        try:
            yield
        except NotFound as error:
            seen.append(error)
            raise

    async def async_session():
        try:
            yield
        except NotFound as error:
            seen.append(error)
            raise

    dependency = session if kind == "def" else async_session

    async def show(a=Depends(dependency)):
        raise NotFound("no such thing")

    assert ask(show).status_code == 404
    assert [e.detail for e in seen] == ["no such thing"]


def test_an_error_of_a_later_dependency_is_thrown_in():
    seen = []

    def session():
        try:
            yield
        except NotFound:
            seen.append("rolled back")
            raise

    def user(session=Depends(session)):
        raise NotFound("no such user")

    async def show(user=Depends(user)):
        seen.append("handler")

    assert ask(show).status_code == 404
    assert seen == ["rolled back"]


def test_an_error_that_a_middleware_raises_is_thrown_in(caplog):
    seen = []

    def session():
        try:
            yield
        except ZeroDivisionError:
            seen.append("rolled back")
            raise

    async def show(session=Depends(session)):
        return "fine"

    app = app_with(show)

    @app.add_middleware
    async def broken(request, call_next):
        await call_next(request)
        return 1 / 0

    assert TestClient(app).get("/").status_code == 500
    assert seen == ["rolled back"]


def test_to_swallow_it_does_not_undo_the_failure():
    trace, seen = [], []

    def outer():
        try:
            yield
        except Conflict as error:
            seen.append(error.detail)

    def quiet():
        try:
            yield
        except Conflict:
            trace.append("swallowed")

    async def show(a=Depends(outer), b=Depends(quiet)):
        raise Conflict("taken")

    answer = ask(show)
    assert trace == ["swallowed"]
    assert seen == ["taken"], "the next one still gets it"
    assert (answer.status_code, answer.json()["detail"]) == (409, "taken")


def test_a_new_exception_replaces_it():
    seen = []

    def outer():
        try:
            yield
        except Exception as error:
            seen.append(type(error))
            raise

    def translate():
        try:
            yield
        except KeyError as error:
            raise NotFound("no such key") from error

    async def show(a=Depends(outer), b=Depends(translate)):
        return {}["missing"]

    answer = ask(show)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no such key"
    assert seen == [NotFound]


def test_every_exit_runs_and_errors_form_a_group(caplog):
    trace, seen = [], []
    first = tracing("a", trace, ValueError("a"))
    second = tracing("b", trace)
    third = tracing("c", trace, ValueError("c"))

    async def show(a=Depends(first), b=Depends(second), c=Depends(third)):
        trace.clear()

    app = app_with(show)

    @app.exception_handler(Exception)
    def note(request, error):
        seen.append(error)
        return TextResponse("sorry", 500)

    assert TestClient(app).get("/").text == "sorry"
    assert trace == ["close c", "close b", "close a"], "every exit runs"
    assert isinstance(seen[-1], ExceptionGroup), "both errors are reported"
    assert [str(e) for e in seen[-1].exceptions] == ["c", "a"]


def test_a_stop_iteration_is_thrown_in_like_any_other(caplog):
    trace = []

    async def show(a=Depends(tracing("a", trace))):
        return next(iter(()))

    def plain():
        yield
        trace.append("not reached")

    async def other(a=Depends(plain)):
        raise StopAsyncIteration

    assert ask(show).status_code == 500
    assert ask(other).status_code == 500
    assert trace == ["open a", "close a"]


# --- the outcome -------------------------------------------------------------


def committing(trace):
    """Return a dependency that commits or rolls back."""

    def session(exits: Exits):
        try:
            yield
        finally:
            trace.append("rollback" if exits.failed else "commit")

    return session


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "commit"),
        (303, "commit"),
        (399, "commit"),
        (400, "rollback"),
        (503, "rollback"),
    ],
)
def test_exits_tell_how_a_call_went(status, outcome):
    trace = []

    async def show(session=Depends(committing(trace))):
        return Response(status_code=status)

    assert ask(show).status_code == status
    assert trace == [outcome]


def test_an_exception_is_a_failure():
    trace = []

    async def show(session=Depends(committing(trace))):
        raise Conflict("taken")

    assert ask(show).status_code == 409
    assert trace == ["rollback"]


def test_a_middleware_that_refuses_makes_it_a_failure():
    trace = []

    async def show(session=Depends(committing(trace))):
        return "fine"

    app = app_with(show)

    @app.add_middleware
    async def refuse(request, call_next):
        await call_next(request)
        return TextResponse("no", 403)

    assert TestClient(app).get("/").status_code == 403
    assert trace == ["rollback"]


def test_a_middleware_that_consoles_does_not_make_it_a_success():
    trace = []

    async def show(session=Depends(committing(trace))):
        raise NotFound("half done")

    app = app_with(show)

    @app.add_middleware
    async def console(request, call_next):
        await call_next(request)
        return TextResponse("never mind")

    assert TestClient(app).get("/").text == "never mind"
    assert trace == ["rollback"], "the handler did not come to its end"


def test_an_exit_that_fails_is_a_failure_for_those_before_it():
    trace = []

    def broken(session=Depends(committing(trace))):
        yield
        raise Conflict("at the end")

    async def show(broken=Depends(broken)):
        return "fine"

    assert ask(show).status_code == 409
    assert trace == ["rollback"]


def test_a_handler_may_ask_for_exits_too():
    trace = []

    async def show(exits: Exits, session=Depends(committing(trace))):
        return len(exits)

    assert ask(show).json() == 1, "one dependency is open"
    assert trace == ["commit"]


def test_a_transaction():
    """The whole rule in one place: a request is a transaction."""
    rows = []

    async def transaction(exits: Exits):
        before = list(rows)
        try:
            yield rows
        finally:
            if exits.failed:
                rows[:] = before

    app = App()

    @app.post("/{name}")
    async def add(name: str, rows=Depends(transaction)):
        rows.append(name)
        if name == "bad":
            raise Conflict("no")
        if name == "wrong":
            return 422, {"detail": "wrong"}
        return 201, {"rows": len(rows)}

    client = TestClient(app)
    statuses = [
        client.post(f"/{name}").status_code
        for name in ("a", "bad", "wrong", "b")
    ]
    assert statuses == [201, 409, 422, 201]
    assert rows == ["a", "b"]
