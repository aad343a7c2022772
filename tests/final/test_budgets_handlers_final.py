"""What parameters and dependencies cost, in Python calls; see `test_budgets`."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from microlith import App, Body, Depends, Header
from microlith.testing import http_scope
from tests.final.test_budgets import MATCHED, PLAIN, count


class Item(BaseModel):
    name: str


JSON = {"content-length": "12", "content-type": "application/json"}
BODY = b'{"name":"x"}'


def app_of(handler: Callable[..., Any], path: str = "/", **options: Any) -> App:
    """An app with this handler, called `handler` in the trace."""
    app = App()
    app.route(path, ["GET", "POST"], **options)(handler)
    return app


# --- parameters --------------------------------------------------------------


def test_a_model_in_and_out_costs_one_call_more() -> None:
    async def handler(item: Item) -> Item:
        return item

    before, total, frames = count(app_of(handler), http_scope("POST", "/", JSON), BODY)
    assert (before, total) == (PLAIN[0] + 1, PLAIN[1] + 1), frames


def test_a_body_in_two_parts_costs_as_much_as_a_whole_one() -> None:
    async def handler(
        name: Annotated[str, Body()], size: Annotated[int, Body()] = 1
    ) -> Any:
        return {name: size}

    before, total, frames = count(app_of(handler), http_scope("POST", "/", JSON), BODY)
    assert (before, total) == (PLAIN[0] + 1, PLAIN[1] + 1), frames


@pytest.mark.parametrize(
    ("path", "target"), [("/{a}", "/3"), ("/{a}/{b}", "/3/4"), ("/x/{a}/{b}", "/x/3/4")]
)
def test_a_path_parameter_with_a_type_costs_nothing(path: str, target: str) -> None:
    async def handler(a: int) -> Any:
        return {"a": a}

    before, total, frames = count(app_of(handler, path), http_scope(target=target))
    assert (before, total) == MATCHED, frames


@pytest.mark.parametrize("number", [1, 2])
def test_headers_are_gathered_in_one_call(number: int) -> None:
    async def one(x_a: Annotated[str, Header()]) -> str:
        return x_a

    async def two(x_a: Annotated[str, Header()], x_b: Annotated[int, Header()]) -> str:
        return x_a

    one.__code__ = one.__code__.replace(co_name="handler")
    two.__code__ = two.__code__.replace(co_name="handler")
    scope = http_scope(headers={"x-a": "1", "x-b": "2"})
    before, total, frames = count(app_of((one, two)[number - 1]), scope)
    # `gather`; then TextResponse by way of Encoder.encode and encode_body.
    assert before == PLAIN[0] + 1, frames
    assert frames.count("gather") == 1, frames
    assert total == PLAIN[1] + 3, frames


def test_a_query_costs_the_same_for_any_number_of_fields() -> None:
    async def one(a: str) -> Any:
        return {}

    async def two(a: str, b: int, c: bool = False) -> Any:
        return {}

    for handler, query in ((one, "a=x"), (two, "a=x&b=2&c=true&d=&e")):
        handler.__code__ = handler.__code__.replace(co_name="handler")
        scope = http_scope(target=f"/?{query}")
        before, total, frames = count(app_of(handler), scope)
        # gather; query_params, QueryParams, MultiDict, split_query.
        assert (before, total) == (PLAIN[0] + 5, PLAIN[1] + 5), frames


@pytest.mark.parametrize(
    ("annotation", "result", "more"),
    [
        (Any, {}, 0),
        (dict, {}, 0),
        (Item, Item(name="x"), 0),
        (dict[str, int], {}, 1),
        (list[Item], [], 1),
        (Any, Item(name="x"), 3),
        (Item, {"name": "x"}, 3),
        (None, None, 2),
    ],
)
def test_a_result_costs_what_has_to_be_found_out(
    annotation: Any, result: Any, more: int
) -> None:
    async def handler() -> Any:
        return result

    handler.__annotations__["return"] = annotation
    app = App()
    app.get("/", status_code=200)(handler)
    before, total, frames = count(app, http_scope())
    # Encoder.content; for what is not the usual also encode and encode_body.
    assert (before, total) == (PLAIN[0], PLAIN[1] + more), frames


# --- dependencies ------------------------------------------------------------


def plain() -> int:
    return 1


async def coroutine() -> int:
    return 1


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@contextmanager
def manager() -> Iterator[int]:
    yield 1


@asynccontextmanager
async def async_manager() -> AsyncIterator[int]:
    yield 1


class Opened:
    def __enter__(self) -> int:
        return 1

    def __exit__(self, *exc_info: object) -> None:
        pass


COSTS = [
    (plain, 1, 0), (coroutine, 1, 0), (generator, 1, 1), (async_generator, 1, 1),
    # `entering`, and what contextlib and the manager do: four in, three out.
    (manager, 5, 3), (async_manager, 5, 3),
]  # fmt: skip


@pytest.mark.parametrize(("function", "enter", "leave"), COSTS)
@pytest.mark.parametrize("options", [{}, {"fresh": True}])
def test_a_dependency_costs_its_own_calls(
    function: Any, enter: int, leave: int, options: dict[str, bool]
) -> None:
    async def handler(value: Annotated[int, Depends(function, **options)]) -> Any:
        return {"value": value}

    before, total, frames = count(app_of(handler), http_scope())
    assert (before, total) == (PLAIN[0] + enter, PLAIN[1] + enter + leave), frames


def test_an_entered_context_manager_costs_its_own_calls() -> None:
    async def handler(value: Annotated[int, Depends(Opened, enter=True)]) -> Any:
        return {"value": value}

    before, total, frames = count(app_of(handler), http_scope())
    # Opened() has no frame: `entering`, __enter__; `entering` again, __exit__.
    assert (before, total) == (PLAIN[0] + 2, PLAIN[1] + 4), frames


@pytest.mark.parametrize("number", [1, 2, 100])
@pytest.mark.parametrize(("function", "enter", "leave"), COSTS[:4])
def test_a_chain_of_dependencies_is_linear(
    function: Any, enter: int, leave: int, number: int
) -> None:
    last = function
    for _ in range(number - 1):
        last = below(last, function)

    async def handler(value: Annotated[int, Depends(last)]) -> Any:
        return {"value": value}

    before, total, frames = count(app_of(handler), http_scope())
    assert before == PLAIN[0] + enter * number, frames
    assert total == PLAIN[1] + (enter + leave) * number, frames


def below(needed: Any, kind: Any) -> Any:
    """A dependency of the same kind as `kind`, that needs another one."""
    if kind is plain:
        return lambda value=Depends(needed): value

    async def one(value: Any = Depends(needed)) -> Any:
        return value

    def two(value: Any = Depends(needed)) -> Any:
        yield value

    async def three(value: Any = Depends(needed)) -> Any:
        yield value

    return {coroutine: one, generator: two, async_generator: three}[kind]


def test_a_shared_dependency_is_paid_once() -> None:
    def left(value: int = Depends(plain)) -> int:
        return value

    def right(value: int = Depends(plain)) -> int:
        return value

    async def handler(a: int = Depends(left), b: int = Depends(right)) -> Any:
        return {"sum": a + b}

    before, total, frames = count(app_of(handler), http_scope())
    assert (before, total) == (PLAIN[0] + 3, PLAIN[1] + 3), frames


def test_a_dependency_of_the_route_costs_its_call() -> None:
    async def handler() -> Any:
        return {}

    app = app_of(handler, dependencies=[Depends(plain), Depends(generator)])
    before, total, frames = count(app, http_scope())
    assert (before, total) == (PLAIN[0] + 2, PLAIN[1] + 3), frames


def test_an_override_costs_nothing_when_it_is_not_used() -> None:
    async def handler(value: Annotated[int, Depends(plain)]) -> Any:
        return {"value": value}

    def stand_in() -> int:
        return 2

    app = app_of(handler)
    expected = (PLAIN[0] + 1, PLAIN[1] + 1)
    assert count(app, http_scope())[:2] == expected
    with app.override({plain: stand_in}):
        before, total, frames = count(app, http_scope())
        assert (before, total) == expected, frames
        assert "stand_in" in frames
    before, total, frames = count(app, http_scope())
    assert (before, total) == expected, frames
    assert "plain" in frames
