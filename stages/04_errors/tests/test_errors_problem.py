"""An HTTPException becomes a problem document, or text on demand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith import App, HTTPException, Request
from microlith.errors import ErrorMap, Problem
from microlith.exceptions import (
    Conflict,
    TooManyRequests,
    UnprocessableContent,
)
from microlith.testing import TestClient, http_scope, run

PROBLEM = "application/problem+json"
TEXT = "text/plain; charset=utf-8"


def client_for(exc):
    """Return a client of an app whose one handler raises."""
    app = App()

    @app.get("/")
    async def fail(request):
        raise exc

    return TestClient(app)


def test_problem_has_type_title_and_status():
    response = Problem(409)
    assert response.status_code == 409
    assert response.headers["content-type"] == PROBLEM
    assert response.body == (
        b'{"type":"about:blank","title":"Conflict","status":409}'
    ), "a problem without a detail has three members, in this order"


def test_problem_takes_detail_type_title_headers_and_extensions():
    response = Problem(
        403,
        "Your balance is 30",
        type="https://example.com/out-of-credit",
        title="Out of credit",
        headers={"X-Hint": "top up"},
        balance=30,
    )
    app = App()

    @app.get("/")
    async def credit(request):
        return response

    answer = TestClient(app).get("/")
    assert answer.json() == {
        "type": "https://example.com/out-of-credit",
        "title": "Out of credit",
        "status": 403,
        "detail": "Your balance is 30",
        "balance": 30,
    }
    assert answer.headers["x-hint"] == "top up"


def test_problem_of_a_status_without_phrase_is_titled_error():
    assert b'"title":"Error"' in Problem(599).body


def test_http_exception_becomes_a_problem():
    answer = client_for(Conflict("Somebody was faster")).get("/")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Somebody was faster",
    }


def test_headers_of_the_exception_are_sent():
    exc = TooManyRequests(headers={"Retry-After": "30"})
    answer = client_for(exc).get("/")
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["retry-after"] == "30"


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_problem_about_the_input_always_has_errors(status):
    answer = client_for(HTTPException(status, "no good")).get("/")
    assert answer.json()["errors"] == [
        {"loc": [], "msg": "no good", "type": "error"}
    ], f"a {status} without errors gets one entry made from its detail"


def test_errors_of_the_exception_are_kept():
    errors = [{"loc": ["query", "n"], "msg": "not a number", "type": "int"}]
    answer = client_for(UnprocessableContent(errors=errors)).get("/")
    assert answer.json()["errors"] == errors
    answer = client_for(Conflict(errors=errors)).get("/")
    assert answer.json()["errors"] == errors, "any status may carry errors"


def test_text_for_a_client_that_asks_for_text():
    answer = client_for(Conflict("Somebody was faster")).get(
        "/", headers={"Accept": "text/plain"}
    )
    assert answer.status_code == 409
    assert answer.headers["content-type"] == TEXT
    assert answer.text == "409 Conflict: Somebody was faster"


def test_text_does_not_repeat_the_phrase():
    answer = client_for(Conflict()).get("/", headers={"Accept": "text/plain"})
    assert answer.text == "409 Conflict"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, PROBLEM),
        ("", PROBLEM),
        ("*/*", PROBLEM),
        ("application/json", PROBLEM),
        ("text/html", PROBLEM),
        ("TEXT/PLAIN", TEXT),
        ("text/*", TEXT),
        ("text/plain, application/json", PROBLEM),
        ("text/plain, application/json;q=0.9", TEXT),
        ("text/plain;q=0.5, application/problem+json", PROBLEM),
        ("text/plain;q=0.5, */*;q=0.1", TEXT),
        ("text/plain; charset=utf-8; q=0.2, */*;q=0.1", TEXT),
        ("text/plain;q=0", PROBLEM),
        ("text/plain;q=high", PROBLEM),
    ],
)
def test_accept_decides_between_text_and_problem(accept, expected):
    headers = {} if accept is None else {"Accept": accept}
    answer = client_for(Conflict()).get("/", headers=headers)
    vary = answer.headers.get("vary")
    assert (answer.headers["content-type"], vary) == (expected, "Accept"), (
        f"Accept: {accept} prefers {expected}; a tie goes to the problem; "
        "both say Vary: Accept"
    )


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255)))
@settings(deadline=None, max_examples=60)
def test_no_accept_header_breaks_the_answer(accept):
    request = Request(http_scope(headers={"Accept": accept}), None)
    answer = run(ErrorMap().respond(request, Conflict("x")))
    assert answer.status_code == 409
    assert answer.headers["content-type"] in (PROBLEM, TEXT)


@pytest.mark.parametrize("accept", ["text/plain", "application/json"])
def test_vary_names_accept(accept):
    answer = client_for(Conflict()).get("/", headers={"Accept": accept})
    assert answer.headers.get("vary") == "Accept", (
        "a cache must know that the answer depends on Accept"
    )


def test_vary_of_the_exception_is_kept():
    exc = Conflict(headers={"Vary": "Origin"})
    assert client_for(exc).get("/").headers["vary"] == "Origin, Accept"


def test_head_gets_the_headers_of_the_problem_and_no_body():
    client = client_for(Conflict())
    answer = client.head("/")
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["content-length"] == str(
        len(client.get("/").content)
    )
    assert answer.content == b""
