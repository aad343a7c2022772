"""What cannot be meant is explained at freeze, all of it together."""

from typing import Annotated

import pytest
from pydantic import BaseModel

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import ConfigurationError
from microlith.params import Body
from microlith.routing import Router
from microlith.testing import TestClient


class Item(BaseModel):
    """A body."""

    name: str = ""


class Unknown:
    """A type that nobody provides."""


def explain(handler, method="GET", **options):
    """Return what a handler's mistakes are explained by."""
    app = App()
    app.route("/", [method], **options)(handler)
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    return str(caught.value)


def test_a_parameter_that_nothing_fills():
    def session(unknown: Unknown):
        return unknown

    async def show(session=Depends(session)):
        return session

    text = explain(show)
    assert "session (test_depends_mistakes.py" in text
    assert "'unknown'" in text
    assert "app.provide" in text


def test_the_trail_says_who_needs_it():
    def pool(unknown: Unknown):
        return unknown

    def session(pool=Depends(pool)):
        return pool

    async def show(session=Depends(session)):
        return session

    assert "(needed by show -> session)" in explain(show)


def test_all_mistakes_together():
    def pool(unknown: Unknown, unclear):
        return unknown

    def session(pool=Depends(pool), other=Depends("nothing")):
        return pool

    app = App()

    @app.get("/a")
    async def first(session=Depends(session)):
        return session

    @app.get("/b")
    async def second(number=Depends(5)):
        return number

    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    text = str(caught.value)
    for part in ("'unknown'", "'unclear'", "'nothing'", "'number'"):
        assert part in text, f"{part} is missing in:\n{text}"
    assert len(caught.value.errors) == 4


def test_a_cycle():
    def chicken(egg=Depends("egg")):
        return egg

    def egg(chicken=Depends("chicken")):
        return chicken

    app = App()
    app.provide("egg", egg)
    app.provide("chicken", chicken)

    @app.get("/")
    async def show(chicken=Depends("chicken")):
        return chicken

    with pytest.raises(
        ConfigurationError,
        match=r"depends on itself: show -> chicken -> egg -> chicken",
    ):
        app.freeze()


def test_a_cycle_through_a_provided_type():
    def unknown(again: Unknown):
        return again

    app = App()
    app.provide(Unknown, unknown)

    @app.get("/")
    async def show(unknown: Unknown):
        return "never"

    with pytest.raises(ConfigurationError, match="depends on itself"):
        app.freeze()


def test_a_stand_in_that_needs_what_it_replaces():
    def real():
        return "real"

    def fake(value=Depends(real)):
        return value

    app = App()

    @app.get("/")
    async def show(value=Depends(real)):
        return value

    app.freeze()
    override = app.override({real: fake})
    with pytest.raises(ConfigurationError, match="fake -> fake"), override:
        raise AssertionError("the block must not run")
    assert TestClient(app).get("/").text == "real"


@pytest.mark.parametrize("kind", [Item, list[Item]])
def test_a_body_in_a_dependency(kind):
    def read(item: kind):
        return item

    async def add(read=Depends(read)):
        return read

    text = explain(add, "POST")
    assert "'item' would be the body" in text
    assert "after its dependencies" in text


def test_a_marked_body_in_a_dependency():
    def read(raw: bytes = Body(media_type="text/csv")):
        return raw

    async def add(read=Depends(read)):
        return read

    assert "after its dependencies" in explain(add, "POST")


def test_a_body_that_the_handler_takes_is_fine():
    def page(page: int = 1):
        return page

    app = App()

    @app.post("/")
    async def add(item: Item, page=Depends(page)):
        return {item.name: page}

    answer = TestClient(app).post("/", json={"name": "chair"})
    assert answer.json() == {"chair": 1}


def test_depends_without_a_function():
    async def show(value=Depends()):
        return value

    text = explain(show)
    assert "'value'" in text
    assert "takes a function or a class" in text


def test_depends_with_a_result():
    def page():
        return 5

    async def show(page=Depends(page())):
        return page

    assert "without calling it" in explain(show)


def test_depends_not_called():
    async def show(value=Depends):
        return value

    assert "is marked Depends: call it, Depends(…)" in explain(show)


def test_two_depends():
    def one():
        return 1

    async def show(n: Annotated[int, Depends(one), Depends(lambda: 2)]):
        return n

    assert "two Depends(…)" in explain(show)


def test_an_unknown_name():
    async def show(user=Depends("user")):
        return user

    text = explain(show)
    assert "'user'" in text
    assert "nothing is registered under this name" in text


@pytest.mark.parametrize("kind", ["async", "yield", "enter"])
def test_thread_is_for_plain_functions(kind):
    async def coroutine():
        return 1

    def generator():
        yield 1

    function = coroutine if kind == "async" else generator

    async def show(
        one=Depends(function, thread=True, enter=kind == "enter"),
    ):
        return one

    assert "thread=True is for a plain function" in explain(show)


def test_a_parameter_without_a_name():
    def session(*args):
        return args

    async def show(session=Depends(session)):
        return session

    text = explain(show)
    assert "'args' has no name to be filled by" in text
    assert "needed by show" in text


def test_dependencies_is_a_list():
    def page():
        return 1

    async def show():
        return "hello"

    text = explain(show, dependencies=Depends(page))
    assert "show (test_depends_mistakes.py" in text
    assert "dependencies is a list of Depends(…)" in text


def test_a_listed_function_has_to_be_wrapped():
    def page():
        return 1

    async def show():
        return "hello"

    text = explain(show, dependencies=[page])
    assert "show (test_depends_mistakes.py" in text
    assert "'dependencies' has <function" in text
    assert "no Depends(…)" in text


def test_a_misspelt_option_is_found():
    async def show():
        return "hello"

    text = explain(show, dependancies=[])
    assert "Did you mean 'dependencies'?" in text


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("dependencies", "auth", "a list of Depends(…)"),
        ("always_422", 1, "True or False"),
    ],
)
def test_options_with_a_wrong_value(option, value, wanted):
    async def show():
        return "hello"

    router = Router("", **{option: value})
    router.get("/")(show)
    app = App()
    app.include(router)
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    assert f"{option} is {wanted}, not {value!r}" in str(caught.value)
