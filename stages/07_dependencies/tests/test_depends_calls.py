"""The call budget: what a dependency costs a request."""

import sys
from pathlib import Path

import pytest

import microlith
from microlith.applications import App
from microlith.dependencies import Depends
from microlith.responses import TextResponse
from microlith.testing import http_scope, run

PLACES = (str(Path(microlith.__file__).parent), __file__)


def plain():
    return 1


async def coroutine():
    return 1


def generator():
    yield 1


async def async_generator():
    yield 1


def count_calls(*dependencies, around=None):
    """Serve one request; return the names of the functions that ran.

    Counted are the functions of the package and of this file, without the
    server's part: `receive` and `send`.
    """
    app, names = App(), []

    @app.get("/", dependencies=[Depends(d, fresh=True) for d in dependencies])
    async def handler():
        return TextResponse("hello")

    async def send(message):
        pass

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PLACES):
            names.append(code.co_name)

    async def serve():
        app.freeze()
        if around is not None:
            with app.override(around):
                pass
        scope = http_scope()
        # The second request is counted: the app knows its Host by then.
        await app(scope, None, send)
        sys.setprofile(watch)
        try:
            await app(scope, None, send)
        finally:
            sys.setprofile(None)

    run(serve())
    return [name for name in names if name != "send"]


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("dependency", [plain, coroutine])
def test_a_dependency_costs_one_call(dependency, number):
    names = count_calls(*[dependency] * number)
    assert names.count(dependency.__name__) == number
    assert names.index("handler") + 1 <= 5 + number, names
    assert len(names) <= 6 + number, names


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("dependency", [generator, async_generator])
def test_a_generator_costs_two_calls(dependency, number):
    names = count_calls(*[dependency] * number)
    assert names.count(dependency.__name__) == 2 * number
    assert len(names) <= 6 + 2 * number, names


def test_a_shared_dependency_costs_one_call():
    app, calls = App(), []

    def shared():
        calls.append(1)
        return 1

    def first(one=Depends(shared)):
        return one

    def second(one=Depends(shared)):
        return one

    @app.get("/")
    async def handler(a=Depends(first), b=Depends(second)):
        return TextResponse("hello")

    async def serve():
        async def send(message):
            pass

        for _ in range(3):
            await app(http_scope(), None, send)

    run(serve())
    assert calls == [1, 1, 1]


def test_overrides_cost_nothing_when_they_are_over():
    before = count_calls(plain, generator)
    after = count_calls(plain, generator, around={plain: lambda: 2})
    assert "plain" in after
    assert before == after
