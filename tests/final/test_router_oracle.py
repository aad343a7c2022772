# ruff: noqa: RUF001
"""The router against a naive oracle, on random sets of routes.

The oracle is written from the rule alone: segment by segment, left to right, a
literal beats int, int beats uuid, then float, str, path and mount; the method
is part of the match. It tries every route and takes the best; the router must
give the same answer in whatever order the routes were registered.
"""

import random
import re
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from microlith import ConfigurationError, Router

UUID = "123e4567-e89b-42d3-a456-426614174000"
WORDS = ["a", "b", "7", "-1", "1.5", UUID, "x y", "é", "１", "1_0", "nan", "0x1"]
KINDS = ["int", "uuid", "float", "str", "path"]
PATTERNS = {
    "int": r"-?[0-9]+",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "float": r"-?[0-9]+(\.[0-9]+)?",
    "str": r"[^/]+",
    "path": r".*",
}
LITERAL, MOUNT = -1, 9
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "DELETE"]

Shape = tuple[str, ...]
Rule = tuple[Shape, str, bool]
"""The segments (a literal, or `{kind}`), the method, whether it is a mount."""


# --- the oracle --------------------------------------------------------------


def score(rule: Rule, path: str) -> list[int] | None:
    """The rank of each segment where the rule matches the path, else None."""
    shape, _, mount = rule
    parts = path.split("/")[1:]
    ranks: list[int] = []
    for index, entry in enumerate(shape):
        if entry == "{path}":
            if index >= len(parts):
                return None
            return [*ranks, KINDS.index("path")]
        if index >= len(parts):
            return None
        if entry.startswith("{"):
            kind = entry[1:-1]
            if re.fullmatch(PATTERNS[kind], parts[index], re.DOTALL) is None:
                return None
            ranks.append(KINDS.index(kind))
        else:
            if entry != parts[index]:
                return None
            ranks.append(LITERAL)
    if mount:
        return [*ranks, MOUNT]
    return ranks if len(parts) == len(shape) else None


def best(rules: list[Rule], method: str, path: str) -> tuple[Any, set[str]]:
    """The index of the rule that answers, or None and the other methods."""
    hits, others = [], set()
    for index, rule in enumerate(rules):
        ranks = score(rule, path)
        if ranks is None:
            continue
        asked = rule[1]
        if rule[2] or asked == method:
            hits.append((ranks, 0, index))
        elif asked == "GET" and method == "HEAD":
            hits.append((ranks, 1, index))
        else:
            others.add(asked)
    return (min(hits)[2], set()) if hits else (None, others)


# --- random routes -----------------------------------------------------------

segments = st.sampled_from([*WORDS, *(f"{{{kind}}}" for kind in KINDS[:4])])
bodies = st.lists(segments, max_size=3)
tails = st.sampled_from([(), ("",), ("{path}",)])
plain = st.builds(
    lambda body, tail, method: ((*body, *tail) or ("",), method, False),
    bodies,
    tails,
    st.sampled_from(METHODS),
)
mounts = st.builds(
    lambda body: (tuple(body), "*", True),
    st.lists(st.sampled_from(["a", "b", "7", "x y"]), max_size=2),
)
rule_sets = st.lists(st.one_of(plain, plain, plain, mounts), max_size=14, unique=True)
paths = st.lists(st.sampled_from([*WORDS, "", "zz"]), max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)


def template(shape: Shape, salt: int) -> str:
    """A template of this shape, with names of its own."""
    names = (
        f"{{p{salt}_{i}:{s[1:-1]}}}" if s.startswith("{") else s
        for i, s in enumerate(shape)
    )
    return "/" + "/".join(names)


def build(rules: list[Rule], order: list[int]) -> tuple[Router, dict[Any, int]]:
    """A router with these rules, registered in this order."""
    router, index_of = Router(), {}
    for index in order:
        shape, method, mount = rules[index]

        async def handler(*args: Any) -> None: ...

        index_of[handler] = index
        if mount:
            router.mount("/" + "/".join(shape) if shape else "/", handler)
        else:
            router.route(template(shape, index), [method])(handler)
    return router, index_of


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_sets, st.lists(paths, min_size=1, max_size=12), st.randoms())
@example(
    [(("{int}",), "POST", False), (("{str}",), "GET", False)], ["/7"], random.Random(1)
)
@example(
    [(("a",), "*", True), (("a", "{path}"), "GET", False)],
    ["/a", "/a/"],
    random.Random(1),
)
def test_the_router_agrees_with_the_oracle(
    rules: list[Rule], asked: list[str], dice: random.Random
) -> None:
    orders = [list(range(len(rules))), list(range(len(rules)))]
    dice.shuffle(orders[1])
    # Paths that rules were made for: random ones seldom meet two rules at once.
    for shape, _, _ in rules:
        parts = [
            dice.choice(["7", "7", "1.5", UUID, "a"]) if s[:1] == "{" else s
            for s in shape
        ]
        asked = [*asked, "/" + "/".join(parts)]
    for order in orders:
        router, index_of = build(rules, order)
        for path in asked:
            for method in METHODS:
                route, params, others = router.match(method, path)
                wanted, allowed = best(rules, method, path)
                got = None if route is None else index_of[route.handler]
                assert got == wanted, (
                    f"{method} {path!r}: {got} and not {wanted} of {rules}"
                )
                methods = {m for r in others for m in r.methods}
                assert methods == allowed, f"{method} {path!r} in {rules}"
                if route is not None:
                    assert len(params) == sum(
                        s.startswith("{") for s in rules[wanted][0]
                    )


@settings(max_examples=150, deadline=None)
@given(plain, paths)
def test_the_values_spell_the_path_again(rule: Rule, path: str) -> None:
    router, _ = build([rule], [0])
    route, params, _ = router.match(rule[1], path)
    if route is None:
        assert score(rule, path) is None
        return
    values = iter(params.values())
    parts = path.split("/")[1:]
    for index, entry in enumerate(rule[0]):
        if not entry.startswith("{"):
            continue
        value = next(values)
        if entry == "{path}":
            assert value == "/".join(parts[index:])
        elif entry == "{str}":
            assert value == parts[index]
        else:
            kind = type(value).__name__.lower()
            assert kind == entry[1:-1]
            assert type(value)(parts[index]) == value


@settings(max_examples=150, deadline=None)
@given(plain, st.integers(0, 1))
def test_the_same_shape_and_method_twice_is_refused(rule: Rule, first: int) -> None:
    router, _ = build([rule, rule], [first, 1 - first])
    with pytest.raises(ConfigurationError, match="already taken") as caught:
        router.freeze()
    assert str(caught.value).count("test_router_oracle.py") == 2


FITS = {"int": "7", "uuid": UUID, "float": "7", "str": "7", "path": "7"}


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("low", range(len(KINDS)))
@pytest.mark.parametrize("high", range(len(KINDS)))
def test_of_two_converters_the_more_precise_one_answers(
    low: int, high: int, depth: int
) -> None:
    if low >= high:
        return
    start = ("x",) * depth
    rules: list[Rule] = [
        ((*start, f"{{{KINDS[low]}}}"), "GET", False),
        ((*start, f"{{{KINDS[high]}}}"), "GET", False),
    ]
    path = "/" + "/".join((*start, FITS[KINDS[low]]))
    for order in ([0, 1], [1, 0]):
        router, index_of = build(rules, order)
        route, _, _ = router.match("GET", path)
        assert route is not None
        assert index_of[route.handler] == 0, f"{KINDS[low]} before {KINDS[high]}"


# --- counted, not timed ------------------------------------------------------


def events(router: Router, method: str, path: str) -> int:
    """How many Python and C calls one match makes."""
    counted = [0]

    def profile(frame: Any, event: str, arg: object) -> None:
        counted[0] += event in ("call", "c_call")

    router.match(method, path)
    sys.setprofile(profile)
    try:
        found = router.match(method, path)
    finally:
        sys.setprofile(None)
    assert found[0] is not None, path
    return counted[0]


async def handler(*args: Any) -> None: ...


def router_with(number: int) -> Router:
    router = Router()
    for i in range(number):
        router.get(f"/static/{i}")(handler)
        router.get(f"/users/{{id:int}}/part{i}")(handler)
        router.get(f"/area{i}/{{name}}/x/{{rest:path}}")(handler)
        router.mount(f"/mounted{i}", handler)
    return router


@pytest.mark.parametrize(
    "path",
    ["/static/0", "/users/7/part9", "/area5/me/x/y/z", "/mounted3/a/b"],
)
def test_a_match_is_flat_in_the_number_of_routes(path: str) -> None:
    few, many = router_with(10), router_with(2000)
    assert events(few, "GET", path) == events(many, "GET", path)


def test_a_match_is_linear_in_the_depth_of_the_path() -> None:
    costs = []
    for depth in (10, 20, 40, 80):
        router = Router()
        router.get("/" + "/".join(f"{{p{i}:int}}" for i in range(depth)))(handler)
        costs.append(events(router, "GET", "/7" * depth))
    steps = [b - a for a, b in pairwise(costs)]
    assert steps[1] == 2 * steps[0], costs
    assert steps[2] == 4 * steps[0], costs


def test_a_match_costs_at_most_one_visit_a_node() -> None:
    """Both edges at every level: 2^n branches need 2^n routes, not one."""
    router = Router()
    for i in range(20):
        router.get("/x" * i + f"/{{a{i}}}" + "/x" * (19 - i) + "/end")(handler)
    route, _, others = router.match("GET", "/x" * 20 + "/no")
    assert (route, others) == (None, ())
    counted = [0]

    def profile(frame: Any, event: str, arg: object) -> None:
        counted[0] += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        router.match("GET", "/x" * 20 + "/no")
    finally:
        sys.setprofile(None)
    assert counted[0] < 20 * 21 * 4, "more than every node of the trie once"


# --- methods of one route ----------------------------------------------------


@pytest.mark.parametrize("methods", [["GET", "HEAD"], ["HEAD", "GET"]])
def test_one_route_may_name_get_and_head(methods: list[str]) -> None:
    router = Router()
    router.route("/x", methods)(handler)
    for method in methods:
        route, _, _ = router.match(method, "/x")
        assert route is not None, f"{method} of {methods}"


@pytest.mark.parametrize("path", ["/x", "/{x}"])
def test_a_star_is_no_method(path: str) -> None:
    router = Router()
    router.route(path, ["*"])(handler)
    with pytest.raises(ConfigurationError, match="'\\*' is not a method"):
        router.freeze()
