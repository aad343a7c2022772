"""Which handler answers which exception."""

import pytest

from microlith import App, Request, TextResponse
from microlith.errors import ErrorMap
from microlith.exceptions import (
    ConfigurationError,
    Conflict,
    HTTPException,
    NotFound,
)
from microlith.testing import TestClient, http_scope, run


class Broken(Exception):
    """What this file's handlers raise."""


class VeryBroken(Broken):
    """A Broken of a special kind."""


def named(text):
    """Return an exception handler that answers with this text."""

    async def handler(request, exc):
        return TextResponse(text, 418)

    return handler


def ask(errors, exc):
    """Return the map's response to an exception."""
    return run(errors.respond(Request(http_scope(), None), exc))


def test_a_handler_for_a_class_answers():
    app = App()

    @app.exception_handler(Broken)
    async def broken(request, exc):
        return TextResponse(f"{request.path} broke: {exc}", 503)

    @app.get("/pot")
    async def fail(request):
        raise Broken("no water")

    answer = TestClient(app).get("/pot")
    assert answer.status_code == 503
    assert answer.text == "/pot broke: no water"


def test_the_decorator_returns_the_handler():
    app = App()

    async def broken(request, exc):
        return TextResponse("")

    assert app.exception_handler(Broken)(broken) is broken


def test_a_handler_may_be_a_plain_function():
    errors = ErrorMap()
    errors.add(Broken, lambda request, exc: TextResponse("plain", 418))
    assert ask(errors, Broken()).body == b"plain"


@pytest.mark.parametrize("first", [Broken, VeryBroken])
def test_the_nearest_class_wins(first):
    errors = ErrorMap()
    second = VeryBroken if first is Broken else Broken
    errors.add(first, named(first.__name__))
    errors.add(second, named(second.__name__))
    assert ask(errors, VeryBroken()).body == b"VeryBroken", (
        "the nearest class of the exception answers, whatever was added first"
    )
    assert ask(errors, Broken()).body == b"Broken"


def test_a_handler_for_a_class_answers_its_subclasses():
    errors = ErrorMap()
    errors.add(Broken, named("Broken"))
    assert ask(errors, VeryBroken()).body == b"Broken"


def test_a_handler_for_a_status_answers():
    errors = ErrorMap()
    errors.add(409, named("by status"))
    assert ask(errors, Conflict()).body == b"by status"
    assert ask(errors, HTTPException(409)).body == b"by status"


def test_a_status_is_asked_before_a_class():
    errors = ErrorMap()
    errors.add(Conflict, named("by class"))
    errors.add(409, named("by status"))
    assert ask(errors, Conflict()).body == b"by status"


def test_a_handler_for_500_answers_what_nobody_foresaw():
    errors = ErrorMap()
    errors.add(500, named("sorry"))
    assert ask(errors, Broken()).body == b"sorry"
    assert ask(errors, HTTPException(500)).body == b"sorry"


def test_a_class_is_asked_before_500():
    errors = ErrorMap()
    errors.add(500, named("sorry"))
    errors.add(Exception, named("any"))
    assert ask(errors, Broken()).body == b"any", (
        "an exception without a status has 500 as its last key"
    )


def test_a_handler_for_exception_does_not_take_http_exceptions():
    errors = ErrorMap()
    errors.add(Exception, named("any"))
    assert ask(errors, NotFound()).status_code == 404, (
        "HTTPException has a handler from the start, nearer than Exception's"
    )


def test_a_handler_for_http_exception_replaces_the_problem():
    errors = ErrorMap()
    errors.add(HTTPException, named("mine"))
    assert ask(errors, NotFound()).body == b"mine"


@pytest.mark.parametrize("key", [Broken, 404])
def test_a_second_handler_for_a_key_is_refused(key):
    app = App()
    app.exception_handler(key)(named("one"))
    with pytest.raises(ConfigurationError, match="has two exception handlers"):
        app.exception_handler(key)(named("two"))


@pytest.mark.parametrize(
    "key", [200, 399, 600, True, "404", None, str, KeyboardInterrupt]
)
def test_a_key_is_an_exception_class_or_an_error_status(key):
    with pytest.raises(ConfigurationError, match="from 400 to 599, not"):
        ErrorMap().add(key, named("never"))


def test_a_frozen_app_takes_no_handler():
    app = App()
    app.freeze()
    with pytest.raises(ConfigurationError, match="exception handler for 404"):
        app.exception_handler(404)(named("late"))


def test_apps_do_not_share_handlers():
    one, two = ErrorMap(), ErrorMap()
    one.add(404, named("one"))
    assert ask(one, NotFound()).body == b"one"
    assert ask(two, NotFound()).status_code == 404


def test_the_response_keeps_its_exception():
    errors = ErrorMap()
    errors.add(Broken, named("Broken"))
    for exc in (Broken(), NotFound(), ZeroDivisionError()):
        assert ask(errors, exc).error is exc, (
            "response.error is the exception that the response answers"
        )
