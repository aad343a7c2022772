"""The oracle alone, then the oracle against the trie."""

from exercise import best
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith import Router


async def show(request):
    """Stand for any handler."""


def test_the_most_precise_wins_from_the_left():
    templates = ["/{a}/settings", "/users/{tab}", "/{rest:path}"]
    assert best(templates, "/users/settings") == "/users/{tab}"
    assert best(templates, "/groups/settings") == "/{a}/settings"
    assert best(templates, "/users") == "/{rest:path}"


def test_a_converter_decides_what_fits():
    templates = ["/x/{a:int}", "/x/{a:float}"]
    assert best(templates, "/x/1") == "/x/{a:int}"
    assert best(templates, "/x/1.5") == "/x/{a:float}"
    assert best(templates, "/x/1_5") is None


def test_an_empty_segment_fits_path_only():
    assert best(["/x/{a}"], "/x/") is None
    assert best(["/x/{a:path}"], "/x/") == "/x/{a:path}"
    assert best(["/x/{a:path}"], "/x") is None


ENTRIES = ["a", "1", "{p%d:int}", "{p%d:float}", "{p%d}"]
bodies = st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=3)
tails = st.sampled_from([[], [""], ["{p%d:path}"]])


def spell(parts):
    """Write the parts as a template; equal shapes give equal names."""
    named = [p % i if "%" in p else p for i, p in enumerate(parts)]
    return "/" + "/".join(named)


templates = st.tuples(bodies, tails).map(lambda t: spell(t[0] + t[1]))
segments = st.sampled_from(["a", "b", "1", "-1.5", ""])
paths = st.lists(segments, min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(templates, min_size=1, max_size=8, unique=True),
    st.lists(paths, min_size=1, max_size=8),
)
def compare_with_the_trie(written, asked):
    """Ask the oracle and the trie; they must agree."""
    router = Router()
    for template in written:
        router.get(template)(show)
    for parts in asked:
        path = "/" + "/".join(parts)
        route, _, _ = router.match("GET", path)
        found = route.path if route is not None else None
        assert best(written, path) == found, f"{path} on {written}"


def test_the_trie_agrees():
    assert best(["/a"], "/a") == "/a"
    compare_with_the_trie()
