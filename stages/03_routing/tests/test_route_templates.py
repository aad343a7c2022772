"""Path templates: which are refused, what they take, how they are filled."""

import re
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microlith.exceptions import ConfigurationError
from microlith.paths import Template
from microlith.routing import Router


async def show(request):
    """Stand for any handler; it is never called here."""


def value_of(kind, segment):
    """Match one segment against one converter; return the list of values."""
    router = Router()
    router.get(f"/v/{{x:{kind}}}")(show)
    route, params, others = router.match("GET", f"/v/{segment}")
    assert others == (), "a GET route cannot be refused for its method"
    return list(params.values()) if route is not None else []


@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("items", "must start with '/'"),
        ("/a/{x}.json", "mixes text and a parameter"),
        ("/a/{x", "mixes text and a parameter"),
        ("/a/{x}{y}", "mixes text and a parameter"),
        ("/a/{}", "is not a parameter name"),
        ("/a/{1x}", "is not a parameter name"),
        ("/a/{x:date}", "there is no converter 'date'"),
        ("/a/{x}/b/{x}", "names 'x' twice"),
        ("/a/{rest:path}/b", "must be the last segment"),
    ],
)
def test_a_wrong_template_is_refused(path, fragment):
    with pytest.raises(ConfigurationError, match=re.escape(fragment)):
        Template(path)


def test_a_template_is_taken_apart():
    template = Template("/items/{item_id:int}/files/{rest:path}")
    assert template.names == ["item_id", "rest"]
    assert template.kinds == ["int", "path"]
    assert template.shape == ("items", "{int}", "files", "{path}")


def test_names_do_not_change_the_shape():
    assert (
        Template("/{a}/x").shape
        == Template("/{b:str}/x").shape
        == (
            "{str}",
            "x",
        )
    )


ID = "12345678-1234-5678-1234-567812345678"


@pytest.mark.parametrize(
    ("kind", "segment", "value"),
    [
        ("int", "42", 42),
        ("int", "-7", -7),
        ("int", "007", 7),
        ("float", "3", 3.0),
        ("float", "-2.50", -2.5),
        ("uuid", ID, UUID(ID)),
        ("uuid", "ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB", None),
        ("str", "a b", "a b"),
        ("path", "a/b//c", "a/b//c"),
        ("path", "", ""),
    ],
)
def test_a_converter_gives_a_value(kind, segment, value):
    value = UUID(segment) if value is None else value
    found = value_of(kind, segment)
    assert found == [value], f"{{x:{kind}}} must take {segment!r}"
    assert type(found[0]) is type(value)


@pytest.mark.parametrize(
    ("kind", "segment"),
    [
        ("int", "\uff11\uff12"),
        ("int", "1_0"),
        ("int", "+1"),
        ("int", "1.0"),
        ("int", "-"),
        ("int", " 1"),
        ("int", "9" * 5000),
        ("float", "nan"),
        ("float", "1e5"),
        ("float", "1."),
        ("float", ".5"),
        ("uuid", ID.replace("-", "")),
        ("uuid", "{" + ID + "}"),
        ("uuid", "1234567g" + ID[8:]),
        ("str", ""),
        ("str", "a/b"),
    ],
)
def test_a_converter_refuses(kind, segment):
    assert value_of("path", segment) == [segment], "`path` takes everything"
    assert value_of(kind, segment) == [], (
        f"{{x:{kind}}} must not take {segment[:20]!r}: ASCII digits and the "
        "written form only, and never an empty segment"
    )


def test_fill_escapes_the_values():
    template = Template("/my files/{name}/{rest:path}")
    path = template.fill({"name": "a b?ü%", "rest": "x/y z"})
    assert path == "/my%20files/a%20b%3F%C3%BC%25/x/y%20z"


@pytest.mark.parametrize(
    ("template", "params"),
    [
        ("/a/{x}", {}),
        ("/a/{x}", {"x": 1, "y": 2}),
        ("/a/{x:int}", {"x": "one"}),
        ("/a/{x}", {"x": ""}),
        ("/a/{x}", {"x": "b/c"}),
        ("/a/{x:uuid}", {"x": "12"}),
    ],
)
def test_fill_refuses_what_would_not_match_again(template, params):
    with pytest.raises(ValueError, match=r"takes|cannot stand in a path"):
        Template(template).fill(params)


@settings(deadline=None, max_examples=60)
@given(
    word=st.text(min_size=1).filter(
        lambda s: "/" not in s and s.isprintable()
    ),
    number=st.integers(-(10**12), 10**12),
)
def write_and_match(word, number):
    """Fill a template, match what was written, and compare the values."""
    router = Router()
    router.get("/u/{word}/{number:int}", name="both")(show)
    path = router.url_for("both", word=word, number=number)
    assert path.isascii()
    route, params, _ = router.match("GET", unquote(path))
    assert route is not None
    assert params == {"word": word, "number": number}


def test_what_url_for_writes_is_matched_again():
    router = Router()
    router.get("/u/{word}", name="one")(show)
    assert router.url_for("one", word="ü") == "/u/%C3%BC"
    write_and_match()
