"""Which route answers: precedence, backtracking, methods, and the cost."""

import re
import sys
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from microlith.routing import Router


async def show(request):
    """Stand for any handler; it is never called here."""


def router_of(*templates, methods=("GET",)):
    """Return a router whose routes are named after their templates."""
    router = Router()
    for template in templates:
        router.route(template, methods, name=template)(show)
    return router


def winner(router, path, method="GET"):
    """Return the name of the route that answers, and the values."""
    route, params, _ = router.match(method, path)
    return (route.name if route is not None else None), params


def test_a_static_path_is_found_whole():
    router = router_of("/", "/items", "/items/")
    assert winner(router, "/items") == ("/items", {})
    assert winner(router, "/items/") == ("/items/", {})
    assert winner(router, "/") == ("/", {})
    assert winner(router, "/item")[0] is None


def test_match_answers_with_three_parts():
    router = router_of("/items/{item_id:int}")
    route, params, others = router.match("GET", "/items/3")
    assert (params, others) == ({"item_id": 3}, ())
    assert router.match("GET", "/nothing") == (None, {}, ())
    assert router.match("PUT", "/items/3") == (None, {}, (route,))


PRECISE = [
    ("/x/7", "/x/7"),
    ("/x/{a:int}", "/x/8"),
    ("/x/{a:uuid}", "/x/12345678-1234-5678-1234-567812345678"),
    ("/x/{a:float}", "/x/8.5"),
    ("/x/{a}", "/x/eight"),
    ("/x/{a:path}", "/x/eight/nine"),
]


def test_the_more_precise_edge_is_tried_first():
    router = router_of(*(template for template, _ in reversed(PRECISE)))
    for template, path in PRECISE:
        assert winner(router, path)[0] == template, f"{path} belongs there"


def test_the_order_of_registration_does_not_matter():
    templates = ["/x/7", "/x/{a:int}", "/x/{a}", "/{b}/7", "/{b:path}"]
    paths = ["/x/7", "/x/8", "/x/y", "/y/7", "/y/8", "/", "/x"]
    wanted = ["/x/7", "/x/{a:int}", "/x/{a}", "/{b}/7"] + ["/{b:path}"] * 3
    for order in permutations(templates):
        router = router_of(*order)
        assert [winner(router, path)[0] for path in paths] == wanted


def test_a_dead_end_is_walked_back():
    router = router_of("/{a:int}/one", "/{a}/two", "/{rest:path}")
    assert winner(router, "/1/one") == ("/{a:int}/one", {"a": 1})
    assert winner(router, "/1/two") == ("/{a}/two", {"a": "1"})
    assert winner(router, "/1/three") == ("/{rest:path}", {"rest": "1/three"})


def test_a_literal_dead_end_is_walked_back():
    router = router_of("/users/me/{tab:int}", "/users/{name}/posts")
    assert winner(router, "/users/me/posts") == (
        "/users/{name}/posts",
        {"name": "me"},
    )


def test_the_method_is_part_of_the_match():
    router = Router()
    router.get("/items/new", name="form")(show)
    router.post("/items/{item_id}", name="change")(show)
    router.delete("/items/{item_id:int}", name="remove")(show)
    assert winner(router, "/items/new")[0] == "form"
    assert winner(router, "/items/new", "POST") == (
        "change",
        {"item_id": "new"},
    )
    assert winner(router, "/items/5", "POST")[1] == {"item_id": "5"}


def test_every_template_of_the_path_is_reported_as_other():
    router = Router()
    router.get("/items/new", name="a")(show)
    router.post("/items/{x}", name="b")(show)
    router.put("/{rest:path}", name="c")(show)
    route, params, others = router.match("DELETE", "/items/new")
    assert (route, params) == (None, {})
    assert [other.name for other in others] == ["a", "b", "c"]


def test_get_answers_head_unless_head_has_its_own():
    for first in (True, False):
        router = Router()
        if first:
            router.head("/a", name="head")(show)
        router.get("/a", name="get")(show)
        router.get("/b", name="other")(show)
        if not first:
            router.head("/a", name="head")(show)
        assert winner(router, "/a", "HEAD")[0] == "head"
        assert winner(router, "/a", "GET")[0] == "get"
        assert winner(router, "/b", "HEAD")[0] == "other"


def test_a_slash_more_is_another_path():
    router = router_of("/a/{x}", "/b/{x}/")
    assert winner(router, "/a/1")[0] == "/a/{x}"
    assert winner(router, "/b/1/")[0] == "/b/{x}/"
    for path in ("/a/1/", "/b/1", "/a//1", "//a/1", "/a/"):
        assert winner(router, path)[0] is None, f"{path} has no route"


def test_params_are_fresh_for_each_match():
    router = router_of("/x/{a}")
    _, first, _ = router.match("GET", "/x/1")
    first["a"] = "spoilt"
    _, second, _ = router.match("GET", "/x/1")
    assert second == {"a": "1"}, "one request's params leaked into another's"


# --- the oracle --------------------------------------------------

LITERALS = ["a", "1", "1.5", ""]
TYPED = {
    "{%s:int}": ("[-]?[0-9]+", int),
    "{%s:float}": (r"[-]?[0-9]+(\.[0-9]+)?", float),
    "{%s}": ("[^/]+", str),
}
RANK = {"{%s:int}": 1, "{%s:float}": 2, "{%s}": 3, "{%s:path}": 4}

segment = st.sampled_from([*LITERALS[:3], *TYPED])
template = st.tuples(
    st.lists(segment, min_size=1, max_size=3),
    st.sampled_from([None, "", "{%s:path}"]),
).map(lambda t: (*t[0], *(() if t[1] is None else (t[1],))))
paths = st.lists(
    st.sampled_from(["a", "1", "1.5", "b", "", "-1"]), min_size=1, max_size=4
)


def try_template(template, segments):
    """Match one template alone, by regular expressions; None or the values."""
    values = []
    for index, entry in enumerate(template):
        if index >= len(segments):
            return None
        if entry == "{%s:path}":
            return [*values, "/".join(segments[index:])]
        if entry in TYPED:
            pattern, convert = TYPED[entry]
            if not re.fullmatch(pattern, segments[index]):
                return None
            values.append(convert(segments[index]))
        elif entry != segments[index]:
            return None
    return values if len(template) == len(segments) else None


def oracle(routes, method, segments):
    """Try every route; the lexicographically most precise one wins."""
    found = [
        (tuple(RANK.get(entry, 0) for entry in template), verb, name, values)
        for name, (template, verb) in enumerate(routes)
        if (values := try_template(template, segments)) is not None
    ]
    served = [
        hit
        for hit in found
        if hit[1] == method or (hit[1] == "GET" and method == "HEAD")
    ]
    if served:
        _, _, name, values = min(served)
        return str(name), values, set()
    return None, [], {str(name) for _, _, name, _ in found}


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    routes=st.lists(
        st.tuples(template, st.sampled_from(["GET", "POST"])),
        min_size=1,
        max_size=8,
        unique=True,
    ),
    requests=st.lists(
        st.tuples(st.sampled_from(["GET", "POST", "HEAD", "PUT"]), paths),
        min_size=1,
        max_size=12,
    ),
)
def compare_with_oracle(routes, requests):
    """Ask the trie and the oracle; they must agree."""
    router = Router()
    for name, (entries, verb) in enumerate(routes):
        path = "/" + "/".join(
            entry % f"p{i}" if "%" in entry else entry
            for i, entry in enumerate(entries)
        )
        router.route(path, (verb,), name=str(name))(show)
    for method, segments in requests:
        path = "/" + "/".join(segments)
        route, params, others = router.match(method, path)
        got = (
            route.name if route is not None else None,
            list(params.values()),
            {other.name for other in others},
        )
        assert got == oracle(routes, method, segments), (
            f"{method} {path!r} on {[r.path for r in router.routes]}"
        )


def test_the_trie_agrees_with_trying_every_route():
    assert winner(router_of("/a/{x}"), "/a/1") == ("/a/{x}", {"x": "1"})
    compare_with_oracle()


# --- the cost, counted -------------------------------------------


def lines_run(router, path):
    """Count the lines that run inside `match`; every match must succeed."""
    router.match("GET", path)
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        route, _, _ = router.match("GET", path)
    finally:
        sys.settrace(before)
    assert route is not None, f"{path} has a route"
    return count


def test_the_number_of_routes_costs_nothing():
    counts = []
    for size in (10, 1000):
        router = router_of(
            *(f"/r{i}/{{x:int}}/end" for i in range(size)),
            *(f"/s{i}/end" for i in range(size)),
        )
        counts.append(
            (lines_run(router, "/r7/1/end"), lines_run(router, "/s7/end"))
        )
    assert counts[0] == counts[1], (
        f"10 routes take {counts[0]} lines, 1000 take {counts[1]}"
    )


def test_the_cost_grows_with_the_depth_and_no_faster():
    counts = []
    for depth in (10, 20, 30):
        path = "".join(f"/{{p{i}}}" for i in range(depth))
        router = router_of(path, "/{a:int}/{b:int}")
        counts.append(lines_run(router, "/x" * depth))
    first, second, third = counts
    assert third - second == second - first > 0, f"not linear: {counts}"
