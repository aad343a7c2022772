"""An exception that nobody foresaw: a bare 500 and one log record."""

import logging

import pytest

from microlith import App, HTTPException, Request, Response, TextResponse
from microlith.errors import ErrorMap
from microlith.exceptions import ClientDisconnect
from microlith.testing import Exchange, TestClient, http_scope, run


class Broken(Exception):
    """What this file's handlers raise."""


def failing(message="the password is hunter2", **options):
    """Return an app that fails on every path."""

    async def fail(request):
        raise Broken(message)

    return App(fail, **options)


def errors_in(caplog):
    """Return the records of errors that Microlith wrote."""
    return [
        record
        for record in caplog.records
        if record.name == "microlith.errors"
        and record.levelno == logging.ERROR
    ]


def test_the_client_gets_a_500_without_details():
    answer = TestClient(failing()).get("/safe")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Internal Server Error",
    }
    assert "hunter2" not in answer.text
    assert "Broken" not in answer.text


def test_the_client_may_ask_for_the_500_as_text():
    answer = TestClient(failing()).get("/", headers={"Accept": "text/plain"})
    assert answer.text == "500 Internal Server Error"


def test_one_log_record_with_the_traceback(caplog):
    TestClient(failing()).get("/safe")
    records = errors_in(caplog)
    assert len(records) == 1, "one failed request, one record"
    assert records[0].getMessage() == "Unhandled error in GET '/safe'"
    assert isinstance(records[0].exc_info[1], Broken)
    assert "hunter2" in caplog.text, "the log has the traceback"


def test_a_path_cannot_forge_a_log_line(caplog):
    TestClient(failing()).get("/a%0AERROR%20forged")
    assert errors_in(caplog)[0].getMessage() == (
        r"Unhandled error in GET '/a\nERROR forged'"
    )


def test_an_http_exception_is_not_logged(caplog):
    request = Request(http_scope(), None)
    answer = run(ErrorMap().respond(request, HTTPException(500)))
    assert answer.status_code == 500
    assert not errors_in(caplog), "an HTTPException is raised on purpose"


def test_an_exception_with_a_handler_of_its_own_is_not_logged(caplog):
    app = failing()
    app.exception_handler(Broken)(lambda request, exc: TextResponse("known"))
    assert TestClient(app).get("/").text == "known"
    assert not errors_in(caplog), "a class that has a handler was foreseen"


@pytest.mark.parametrize("key", [Exception, 500])
def test_a_handler_for_everything_does_not_hide_the_error(key, caplog):
    app = failing()
    app.exception_handler(key)(lambda request, exc: TextResponse("sorry", 500))
    assert TestClient(app).get("/").text == "sorry"
    assert len(errors_in(caplog)) == 1, f"a handler for {key!r} is no plan"


def test_an_error_in_an_exception_handler_is_a_500(caplog):
    app = failing("first")

    @app.exception_handler(Broken)
    async def broken_too(request, exc):
        raise LookupError("second")

    answer = TestClient(app).get("/")
    assert answer.status_code == 500
    assert "second" not in answer.text
    [record] = errors_in(caplog)
    assert isinstance(record.exc_info[1], LookupError)
    assert "first" in caplog.text, "the traceback shows both exceptions"


def test_an_exception_handler_that_returns_no_response(caplog):
    app = failing()
    app.exception_handler(Broken)(lambda request, exc: {"error": "x"})
    assert TestClient(app).get("/").status_code == 500
    assert "returned {'error': 'x'}, not a Response" in caplog.text


# --- debug mode --------------------------------------------------------------


def test_debug_shows_the_traceback_as_text(caplog):
    answer = TestClient(failing(debug=True)).get("/")
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Traceback" in answer.text
    assert "Broken: the password is hunter2" in answer.text
    assert len(errors_in(caplog)) == 1, "debug mode logs as well"


def test_debug_page_is_escaped():
    app = failing("<script>alert(1)</script>", debug=True)
    answer = TestClient(app).get(
        "/%3Cimg%20src=x%3E", headers={"Accept": "text/html,*/*;q=0.8"}
    )
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Broken: &lt;script&gt;alert(1)" in answer.text
    assert "<script>" not in answer.text, "the message is escaped"
    assert "GET /&lt;img src=x&gt;" in answer.text
    assert "<img" not in answer.text, "the path is escaped"


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_debug_shows_a_message_that_is_no_utf8(accept):
    client = TestClient(failing("lone \ud800", debug=True))
    answer = client.get("/", headers={"Accept": accept})
    assert r"Broken: lone \ud800" in answer.text, "it is shown escaped"
    assert "UnicodeEncodeError" not in answer.text, (
        "the page shows the error of the app, not one of its own"
    )


def test_debug_does_not_change_http_exceptions():
    errors = ErrorMap(debug=True)
    request = Request(http_scope(headers={"Accept": "text/html"}), None)
    answer = run(errors.respond(request, HTTPException(409)))
    assert answer.headers["content-type"] == "application/problem+json"


def test_debug_is_off_unless_asked_for():
    assert App().errors.debug is False
    assert App(debug=True).errors.debug is True


# --- responses that make their body while they are sent ----------------------


class Late(Response):
    """A response that sends some events and then breaks."""

    __slots__ = ("events",)

    def __init__(self, *events, **options):
        super().__init__(**options)
        self.body = None
        self.events = events

    async def __call__(self, scope, receive, send):
        for event in self.events:
            await send(event)
        raise Broken("late")


START = {"type": "http.response.start", "status": 200, "headers": []}


def app_of(response):
    """Return an app that answers everything with one response."""

    async def answer(request):
        return response

    return App(answer)


def test_an_error_before_the_start_is_answered(caplog):
    answer = TestClient(app_of(Late())).get("/")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(errors_in(caplog)) == 1


def test_an_answer_instead_keeps_headers_that_do_not_describe_the_body():
    late = Late(headers={"X-Request-Id": "7", "Content-Language": "de"})
    answer = TestClient(app_of(late)).get("/")
    assert answer.headers["x-request-id"] == "7"
    assert "content-language" not in answer.headers
    assert answer.getlist("content-length") == [str(len(answer.content))], (
        "the new body has its own length, once"
    )


def test_an_error_before_the_start_has_no_body_for_head():
    answer = TestClient(app_of(Late())).head("/")
    assert (answer.status_code, answer.content) == (500, b"")


def test_a_client_that_leaves_before_the_start_gets_no_answer(caplog):
    class Reading(Late):
        async def __call__(self, scope, receive, send):
            raise ClientDisconnect

    exchange = Exchange(app_of(Reading()), http_scope())
    try:
        exchange.finish()
    except ClientDisconnect:
        pytest.fail("the disconnect reached the server")
    assert exchange.sent == []
    assert not errors_in(caplog)


def test_an_error_after_the_start_ends_the_connection(caplog):
    piece = {"type": "http.response.body", "body": b"1", "more_body": True}
    exchange = Exchange(app_of(Late(START, piece)), http_scope())
    exchange.put({"type": "http.request", "body": b"", "more_body": False})
    with pytest.raises(Broken):
        exchange.finish()
    assert exchange.sent == [START, piece], (
        "nothing may follow: a last event would make a short body look whole"
    )
    assert len(errors_in(caplog)) == 1, "the error is logged, once"
