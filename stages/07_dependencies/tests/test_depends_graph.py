"""What a handler asks for: chains, sharing, order, and every callable."""

import ast
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microlith.calls
import microlith.dependencies
from microlith.applications import App
from microlith.dependencies import Depends
from microlith.drawing import draw
from microlith.params import Cookie, Header
from microlith.requests import HTTPConnection, Request
from microlith.testing import TestClient


def ask(handler, target="/", path="/", **options):
    """Serve one GET with a handler; return the answer."""
    app = App()
    app.get(path)(handler)
    return TestClient(app).get(target, **options)


def test_a_function_beside_a_type():
    def page() -> int:
        return 7

    async def show(page: Annotated[int, Depends(page)]):
        return {"page": page}

    assert ask(show).json() == {"page": 7}


def test_a_function_in_place_of_a_default():
    def page():
        return 7

    async def show(page=Depends(page)):
        return {"page": page}

    assert ask(show).json() == {"page": 7}


def test_an_alias_serves_many_handlers():
    app = App()
    Page = Annotated[int, Depends(lambda: 7)]

    @app.get("/a")
    async def first(page: Page):
        return page

    @app.get("/b")
    async def second(number: Page):
        return number + 1

    client = TestClient(app)
    assert [client.get(p).json() for p in ("/a", "/b")] == [7, 8]


def test_a_dependency_reads_the_request_as_a_handler_does():
    def where(
        shelf: int,
        page: int = 1,
        x_token: Annotated[str, Header()] = "",
        theme: Annotated[str, Cookie()] = "",
    ):
        return [shelf, page, x_token, theme]

    async def show(where=Depends(where)):
        return where

    answer = ask(
        show,
        "/shelves/3?page=2",
        "/shelves/{shelf:int}",
        headers={"x-token": "t", "cookie": "theme=dark"},
    )
    assert answer.json() == [3, 2, "t", "dark"]


def test_handler_and_dependency_may_read_the_same_value():
    def double(n: int):
        return 2 * n

    async def show(n: str, double=Depends(double)):
        return [n, double]

    assert ask(show, "/?n=4").json() == ["4", 8], "each with its own type"


def test_dependencies_of_dependencies():
    def a():
        return "a"

    def b(a=Depends(a)):
        return a + "b"

    async def c(b=Depends(b)):
        return b + "c"

    async def show(c=Depends(c)):
        return {"made": c}

    assert ask(show).json() == {"made": "abc"}


def test_a_shared_dependency_is_called_once():
    made = []

    def pool():
        made.append("pool")
        return object()

    def users(pool=Depends(pool)):
        return pool

    def orders(pool: Annotated[object, Depends(pool)]):
        return pool

    async def show(u=Depends(users), o=Depends(orders), p=Depends(pool)):
        return u is o is p

    assert ask(show).json() is True
    assert made == ["pool"]


def test_each_call_makes_it_anew():
    made = []

    def number():
        made.append(1)
        return len(made)

    app = App()

    @app.get("/")
    async def show(n=Depends(number)):
        return n

    client = TestClient(app)
    assert [client.get("/").json() for _ in range(3)] == [1, 2, 3]


def test_fresh_makes_another_one():
    made = []

    def number():
        made.append(1)
        return len(made)

    async def show(
        a=Depends(number), b=Depends(number, fresh=True), c=Depends(number)
    ):
        return [a, b, c]

    assert ask(show).json() == [1, 2, 1], "fresh is not shared, the rest is"


def test_the_order_is_that_of_the_signature_depth_first():
    trace = []

    def named(name, *needs):
        def dependency(**values):
            trace.append(name)
            return name

        @wraps(dependency)
        def bare():
            return dependency()

        del bare.__wrapped__
        if not needs:
            return bare

        def over(one=Depends(needs[0]), two=Depends(needs[-1])):
            return dependency()

        return over

    left = named("left", named("leaf 1"), named("leaf 2"))
    right = named("right", named("leaf 3"))

    async def show(first=Depends(left), second=Depends(right)):
        trace.append("handler")

    ask(show)
    assert trace == [
        "leaf 1",
        "leaf 2",
        "left",
        "leaf 3",
        "right",
        "handler",
    ]


@pytest.mark.parametrize("kind", [Request, HTTPConnection])
def test_the_request_by_its_type(kind):
    def agent(connection: kind):
        return [connection.headers["user-agent"], connection.path]

    async def show(found=Depends(agent), same: kind = None):
        return found

    answer = ask(show, headers={"user-agent": "curl"})
    assert answer.json() == ["curl", "/"]


def test_an_unannotated_request():
    def path_of(request):
        return request.path

    async def show(path=Depends(path_of)):
        return path

    assert ask(show).text == "/"


# --- what may be a dependency ------------------------------------------------


def test_a_class_is_called():
    class Paging:
        def __init__(self, page: int = 1, size: int = 20):
            self.start = (page - 1) * size

    async def show(paging: Annotated[Paging, Depends(Paging)]):
        return paging.start

    assert ask(show, "/?page=3").json() == 40


def test_the_annotated_class_itself():
    class Paging:
        def __init__(self, page: int = 1):
            self.page = page

    async def show(a: Annotated[Paging, Depends()], b: Paging = Depends()):
        return [a.page, a is b]

    assert ask(show, "/?page=3").json() == [3, True]


def test_a_dataclass_with_a_dependency_inside():
    def read(x_token: Annotated[str, Header()]):
        return x_token

    @dataclass
    class Context:
        page: int
        token: Annotated[str, Depends(read)]

    async def show(context: Annotated[Context, Depends()]):
        return [context.page, context.token]

    answer = ask(show, "/?page=3", headers={"x-token": "t"})
    assert answer.json() == [3, "t"]


def test_an_object_that_can_be_called():
    class Limit:
        def __init__(self, most):
            self.most = most

        async def __call__(self, size: int = 10):
            return min(size, self.most)

    async def show(a=Depends(Limit(5)), b=Depends(Limit(50))):
        return [a, b]

    assert ask(show, "/?size=20").json() == [5, 20]


def test_a_bound_method():
    class Shop:
        def __init__(self, name):
            self.name = name

        def greet(self, who: str):
            return f"{self.name} greets {who}"

    async def show(a=Depends(Shop("A").greet), b=Depends(Shop("B").greet)):
        return [a, b]

    assert ask(show, "/?who=Ada").json() == ["A greets Ada", "B greets Ada"]


def test_a_partial_fills_what_is_left():
    def power(base: int, exponent: int):
        return base**exponent

    square = partial(power, exponent=2)

    async def show(value=Depends(square)):
        return value

    assert ask(show, "/?base=5").json() == 25


def test_keyword_only_parameters():
    def unit():
        return "m"

    def length(value: int, *, unit=Depends(unit), sign: str = "+"):
        return f"{sign}{value}{unit}"

    async def show(*, length=Depends(length), value: int):
        return {length: value}

    assert ask(show, "/?value=4").json() == {"+4m": 4}


def test_keyword_only_parameters_in_threads():
    def unit(*, unit: str = "m"):
        return unit

    def show(*, unit=Depends(unit, thread=True), value: int):
        return f"{value}{unit}"

    assert ask(show, "/?value=4").text == "4m"


def test_keyword_only_generators_are_closed_too():
    trace = []

    def session(*, name: str = "s"):
        yield name
        trace.append("closed")

    async def show(session=Depends(session)):
        return {"session": session}

    assert ask(show).json() == {"session": "s"}
    assert trace == ["closed"]


def test_a_graph_is_read_once():
    def page():
        return 1

    def limit(page=Depends(page)):
        return page

    app = App()

    @app.get("/")
    async def show(limit=Depends(limit)):
        return limit

    app.freeze()
    limit.__defaults__ = (Depends(lambda: 2),)
    assert TestClient(app).get("/").json() == 1, (
        "signatures are read at freeze, and never again"
    )


def test_many_routes_and_one_graph_stay_flat():
    read = []

    class Session:
        def __init__(self):
            read.append(self)

    app = App(dependencies=[Depends(Session)])
    for number in range(50):
        app.get(f"/{number}")(lambda: None)
    app.freeze()
    assert len(app.routes) == 50
    assert read == [], "freezing calls nothing"
    assert TestClient(app).get("/7").status_code == 204
    assert len(read) == 1


# --- an oracle ---------------------------------------------------------------

GRAPHS = st.lists(
    st.tuples(
        st.sampled_from(["def", "async", "yield", "async yield"]),
        st.lists(st.integers(0, 11), max_size=4),
    ),
    min_size=1,
    max_size=12,
)
"""Each dependency's kind, and the numbers of those before it that it needs."""


def build(graph, trace):
    """Return the functions of a graph; each notes when it is run."""
    functions = []
    for number, (kind, wanted) in enumerate(graph):
        needs = sorted({n for n in wanted if n < number})
        arguments = ", ".join(f"d{n}=Depends(f[{n}])" for n in needs)
        names = ", ".join(f"d{n}" for n in needs)
        start = "async def" if kind.startswith("async") else "def"
        result = f"({number}, [{names}])"
        if kind.endswith("yield"):
            end = f"yield {result}\n    trace.append(('close', {number}))"
        else:
            end = f"return {result}"
        code = (
            f"{start} made({arguments}):\n"
            f"    trace.append(('open', {number}))\n    {end}\n"
        )
        names = {"Depends": Depends, "f": functions, "trace": trace}
        exec(code, names)
        functions.append(names["made"])
    return functions


def oracle(graph):
    """Return what the last function of a graph makes, and the trace."""
    values, trace, opened = {}, [], []

    def visit(number):
        if number not in values:
            kind, wanted = graph[number]
            needs = sorted({n for n in wanted if n < number})
            made = [visit(n) for n in needs]
            trace.append(("open", number))
            values[number] = [number, made]
            if kind.endswith("yield"):
                opened.append(number)
        return values[number]

    result = visit(len(graph) - 1)
    closes = [("close", number) for number in reversed(opened)]
    return result, trace + closes


def test_random_graphs_agree_with_an_oracle():
    trace = []
    diamond = [
        ("yield", []),
        ("def", [0]),
        ("async yield", [0]),
        ("def", [1, 2]),
    ]
    functions = build(diamond, trace)

    async def show(top=Depends(functions[-1])):
        return list(top)

    assert ask(show).json() == [3, [[1, [[0, []]]], [2, [[0, []]]]]]
    assert trace[-2:] == [("close", 2), ("close", 0)]

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(GRAPHS)
    def agrees(graph):
        trace.clear()
        functions = build(graph, trace)

        async def show(top=Depends(functions[-1])):
            return list(top)

        result, expected = oracle(graph)
        assert ask(show).json() == result
        assert trace == expected

    agrees()


# --- what it knows, and what it shows ----------------------------------------


def test_dependencies_know_nothing_of_http():
    def test_free(module):
        tree = ast.parse(Path(module.__file__).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                yield node.module

    async def show(one=Depends(lambda: 1)):
        return one

    assert ask(show).json() == 1
    for module in (microlith.dependencies, microlith.calls):
        for name in test_free(module):
            if name.startswith("microlith._"):
                continue  # a hole, in what a reader starts from
            assert not name.startswith("microlith.") or name in (
                "microlith.calls",
                "microlith.exceptions",
                "microlith.kinds",
                "microlith.plans",
                "microlith.routes",
                "microlith.signatures",
            ), f"{module.__name__} imports {name}: that is for HTTP alone"


def test_a_graph_is_drawn():
    def pool():
        return 1

    def session(pool=Depends(pool)):
        yield pool

    def user(token: Annotated[str, Header()], session=Depends(session)):
        return token

    app = App()

    @app.get("/{number}")
    async def show(number: int, request: Request, user=Depends(user)):
        return number

    text = draw(app, show)
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "flowchart LR"
    assert 'd1["pool"]' in lines
    assert 'd2(["session"])' in lines, "rounded: it is closed after the call"
    assert 'handler[["show"]]' in lines
    assert "d1 --> d2" in lines
    assert "d2 --> d3" in lines
    assert "d3 --> handler" in lines
    for label in ("path number", "header token", "request"):
        assert any(f'>"{label}"]' in line for line in lines), label


def test_only_handlers_of_the_app_are_drawn():
    async def show(one=Depends(lambda: 1)):
        return one

    with pytest.raises(LookupError, match="show is at no route of this app"):
        draw(App(), show)
