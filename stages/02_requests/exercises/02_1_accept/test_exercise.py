import pytest
from exercise import accepted

from microlith.requests import Request
from microlith.testing import http_scope


async def nothing():
    raise AssertionError("no body is needed")


def request(*values: str) -> Request:
    headers = [("Accept", value) for value in values]
    return Request(http_scope(headers=headers), nothing)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["text/html"], ["text/html"]),
        (["a/a;q=0.5, b/b"], ["b/b", "a/a"]),
        (["a/a, b/b, c/c"], ["a/a", "b/b", "c/c"]),
        (["b/b;q=0.1", "a/a;q=0.9"], ["a/a", "b/b"]),
        (["a/a;q=0, b/b"], ["b/b"]),
        (["a/a;v=1;Q=0.5, B/B;q=x"], ["b/b", "a/a"]),
        (["a/a,,"], ["a/a"]),
    ],
)
def test_the_best_type_comes_first(values: list[str], expected: list[str]):
    assert accepted(request(*values)) == expected


def test_without_a_header_everything_is_accepted():
    assert accepted(request()) == ["*/*"]
