"""The call budget: how many Python functions one request runs through."""

import sys
from pathlib import Path

import pytest

import microlith
from microlith.applications import App
from microlith.middleware.hooks import HookMiddleware
from microlith.responses import TextResponse
from microlith.testing import http_scope, run

PLACES = (str(Path(microlith.__file__).parent), __file__)


async def through(request, call_next):
    return await call_next(request)


class Before(HookMiddleware):
    async def before_request(self, request):
        return None


class After(HookMiddleware):
    async def after_request(self, request, response):
        return None


class Both(Before, After):
    pass


def count_calls(*middlewares):
    """Serve one request; return the calls to the handler, and all of them.

    Counted are the functions of the package and of this file, without the
    server's part: `receive` and `send`.
    """
    app, names = App(), []
    for middleware in middlewares:
        app.add_middleware(middleware)

    @app.get("/")
    async def handler(request):
        return TextResponse("hello")

    async def send(message):
        pass

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PLACES):
            names.append(code.co_name)

    async def serve():
        app.freeze()
        scope = http_scope()
        # The second request is counted: the app knows its Host by then.
        await app(scope, None, send)
        sys.setprofile(watch)
        try:
            await app(scope, None, send)
        finally:
            sys.setprofile(None)

    run(serve())
    names = [name for name in names if name != "send"]
    return names.index("handler") + 1, len(names), names


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_middleware_costs_two_calls(number):
    to_handler, total, names = count_calls(*[through] * number)
    assert to_handler <= 5 + 2 * number, names
    assert total <= 6 + 2 * number, names
    assert names.count("through") == number


@pytest.mark.parametrize(
    ("hook", "cost"), [(Before, 2), (After, 2), (Both, 3)]
)
def test_a_hook_middleware_costs_one_call_and_its_hooks(hook, cost):
    _, total, names = count_calls(hook())
    assert total <= 6 + cost, names
    hooks = {"before_request", "after_request"}
    assert len(hooks & set(names)) == cost - 1


def test_a_hook_middleware_without_hooks_costs_nothing():
    _, with_hook, names = count_calls(through, HookMiddleware())
    _, without, _ = count_calls(through)
    assert names.count("through") == 1
    assert with_hook == without, names
