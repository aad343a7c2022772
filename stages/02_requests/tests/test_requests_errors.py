"""The exceptions that a reader of requests may see."""

import pytest

from microlith.exceptions import (
    BadRequest,
    ConfigurationError,
    ContentTooLarge,
    HTTPException,
    MethodNotAllowed,
)


def test_an_http_exception_says_what_to_answer():
    error = HTTPException(
        409, headers={"x-a": "1"}, errors=[{"loc": ["body"]}]
    )
    assert (error.status_code, error.detail) == (409, "Conflict")
    assert error.headers == {"x-a": "1"}
    assert error.errors == [{"loc": ["body"]}]
    assert str(error) == "409 Conflict"
    assert HTTPException(499).detail == "Error", "a status without a phrase"
    assert BadRequest("no").detail == "no"
    assert ContentTooLarge().detail == "Content Too Large", "RFC 9110's name"


def test_only_an_error_status_can_be_raised():
    assert HTTPException(599).status_code == 599
    for status in (200, 399, 600):
        with pytest.raises(ValueError, match=f"{status} is not an error"):
            HTTPException(status)


def test_a_405_names_the_methods_that_are_allowed():
    error = MethodNotAllowed(["GET", "HEAD"])
    assert (error.status_code, error.allow) == (405, ("GET", "HEAD"))
    assert error.headers == {"Allow": "GET, HEAD"}


def test_mistakes_are_reported_together():
    one, two = ConfigurationError("first"), ConfigurationError("second")
    assert one.errors == (one,)
    assert ConfigurationError.together([one]) is one
    both = ConfigurationError.together([one, two])
    assert both.errors == (one, two)
    assert "2 mistakes" in str(both)
    assert "1. first\n" in str(both)
