"""Parameters at random, against an oracle that reads them one at a time."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

from microlith import App, Cookie, Depends, Header, Path, Query
from microlith.testing import TestClient


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Level(Enum):
    LOW = 1
    HIGH = 2


SINGLE: tuple[Any, ...] = (
    int, float, bool, str, date, UUID, Literal["a", "red"], Literal[1, 2], Colour, Size,
    Level, int | None, date | None, Colour | None, Literal[1, 2] | None, int | str,
)  # fmt: skip
MANY: tuple[Any, ...] = (
    list[int], list[str], list[Colour], list[Literal[1, 2]], set[int], list[UUID],
    tuple[bool, ...], frozenset[Level], list[float] | None, list[int | None],
)  # fmt: skip
CONSTRAINTS: tuple[dict[str, Any], ...] = ({}, {}, {}, {"ge": 2}, {"lt": 0})

TEXTS = (
    "1", "2", "0", "-3", "1.5", "1e3", "nan", "inf", "true", "off", "abc", "red",
    "RED", "a", "2024-02-29", "2023-02-29", "null", "1_000", "٣", "é", " 5 ",
    "3b241101-e2bb-4255-8caf-4136c566a962", "99999999999999999999", "+1", "x&y=z",
)  # fmt: skip
PLAIN = tuple(t for t in TEXTS if t.isascii() and not set(t) & set(' ",;&='))
MARKERS: dict[str, Any] = {
    "path": Path, "query": Query, "header": Header, "cookie": Cookie,
}  # fmt: skip
REQUIRED = Parameter.empty


@dataclass(frozen=True)
class Asked:
    """One parameter, how it is written, and the strings that are sent for it."""

    place: str
    type: Any
    values: tuple[str, ...]
    default: Any = REQUIRED
    style: str = "marker"
    alias: str | None = None
    constraints: tuple[tuple[str, Any], ...] = ()
    below: bool = False
    """Whether a dependency asks for it, and not the handler."""

    @property
    def many(self) -> bool:
        return self.type in MANY


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    place = draw(st.sampled_from(["path", "query", "query", "header", "cookie"]))
    types = SINGLE if place in ("path", "cookie") else (*SINGLE, *MANY)
    kind = draw(st.sampled_from(types))
    if place == "query":
        texts, least, most = ("", *TEXTS), 0, 3
    elif place == "header":
        texts, least, most = tuple(t for t in TEXTS if t != "٣"), 0, 3
    else:
        texts, least, most = PLAIN, int(place == "path"), 1
    values = draw(st.lists(st.sampled_from(texts), min_size=least, max_size=most))
    default = draw(st.sampled_from([REQUIRED, REQUIRED, None, 7, "fallback"]))
    style = draw(st.sampled_from(["marker", "in place", "bare"]))
    if place not in ("path", "query"):
        style = "marker" if style == "bare" else style
    alias = draw(st.sampled_from([None, None, "one", "Two"]))
    if place == "path" or style == "bare":
        alias = None
    constraints = {}
    if kind is int and style != "bare":
        constraints = draw(st.sampled_from(CONSTRAINTS))
    return Asked(
        place,
        kind,
        tuple(values),
        REQUIRED if place == "path" else default,
        style,
        alias,
        tuple(constraints.items()),
        draw(st.booleans()),
    )


# --- the oracle --------------------------------------------------------------


def key_of(one: Asked, index: int) -> str:
    """The name under which a value is sent."""
    name = one.alias or f"p_{index}"
    if one.place != "header":
        return name
    return name.lower() if one.alias else name.replace("_", "-")


def sent_for(wanted: list[Asked], index: int) -> list[str]:
    """All that is sent under a parameter's name: aliases may be the same."""
    one = wanted[index]
    name = (one.place, key_of(one, index))
    found: list[str] = []
    for i, other in enumerate(wanted):
        if (other.place, key_of(other, i)) == name:
            found += other.values
    return found


NUMBERS = {"1": 1, "2": 2}


def as_number(kind: Any, text: str) -> Any:
    """Text, or the number that it means to a literal or enum of numbers."""
    inner = (Literal[1, 2], Size, Level, Literal[1, 2] | None)
    several = (list[Literal[1, 2]], frozenset[Level])
    return NUMBERS.get(text, text) if kind in inner or kind in several else text


def expected(wanted: list[Asked]) -> tuple[dict[str, Any], set[tuple[Any, ...]]]:
    """The values by name, and the places of all faults."""
    values: dict[str, Any] = {}
    faults: set[tuple[Any, ...]] = set()
    for index, one in enumerate(wanted):
        key, texts = key_of(one, index), sent_for(wanted, index)
        if one.place == "cookie":
            texts = texts[:1]  # of one name the first cookie holds
        if not texts:
            if one.default is REQUIRED:
                faults.add((one.place, key, "missing"))
            values[f"p_{index}"] = one.default
            continue
        raw = [as_number(one.type, text) for text in texts]
        checked = TypeAdapter(Annotated[one.type, Field(**dict(one.constraints))])
        try:
            values[f"p_{index}"] = checked.validate_python(raw if one.many else raw[0])
        except ValidationError as error:
            for fault in error.errors():
                faults.add((one.place, key, *fault["loc"], fault["type"]))
    return values, faults


# --- the same in Microlith ---------------------------------------------------


def parameter_of(one: Asked, index: int) -> Parameter:
    """The parameter as a user might write it."""
    annotation, default = one.type, one.default
    options = dict(one.constraints)
    if one.place != "path":
        options["alias"] = one.alias
    if one.style == "marker":
        annotation = Annotated[one.type, MARKERS[one.place](**options)]
    elif one.style == "in place":
        inside = () if default is REQUIRED else (default,)
        default = MARKERS[one.place](*inside, **options)
    return Parameter(
        f"p_{index}", Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


def answered(wanted: list[Asked]) -> tuple[Any, dict[str, Any] | None]:
    """What Microlith answers, and the values that the handler got."""
    seen: list[dict[str, Any]] = []

    def below(**values: Any) -> Any:
        return values

    async def handler(**values: Any) -> Any:
        seen.append(values | values.pop("below"))

    mine, its = [], []
    for index, one in enumerate(wanted):
        (its if one.below else mine).append(parameter_of(one, index))
    depends = Parameter("below", Parameter.KEYWORD_ONLY, default=Depends(below))
    below.__signature__ = Signature(its)  # type: ignore[attr-defined]
    handler.__signature__ = Signature([*mine, depends])  # type: ignore[attr-defined]
    path, target, query = "/", "/", []
    headers, cookies = [], []
    for index, one in enumerate(wanted):
        key = key_of(one, index)
        if one.place == "path":
            path += f"{{{key}}}/"
            target += quote(one.values[0], safe="") + "/"
        for text in one.values:
            if one.place == "query":
                query.append(f"{quote(key)}={quote(text, safe='')}")
            elif one.place == "header":
                headers.append((key, text))
            elif one.place == "cookie":
                cookies.append(f"{key}={text}")
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    app = App()
    app.get(path)(handler)
    answer = TestClient(app).request(
        "GET", f"{target}?{'&'.join(query)}", headers=headers
    )
    return answer, seen[0] if seen else None


# --- properties --------------------------------------------------------------


def test_one_of_each_by_hand() -> None:
    wanted = [
        Asked("path", int, ("3",)),
        Asked("query", list[int], ("1", "2"), style="bare"),
        Asked("header", Colour, ("red",), below=True),
        Asked("cookie", int | None, (), default=None),
    ]
    answer, seen = answered(wanted)
    assert answer.status_code == 204, answer.text
    assert seen == {"p_0": 3, "p_1": [1, 2], "p_2": Colour.RED, "p_3": None}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(asked(), min_size=1, max_size=6))
@example([Asked("query", int, ("x",)), Asked("cookie", int, ())])
@example(
    [Asked("query", int, ("x",), alias="one"), Asked("query", str, (), alias="one")]
)
@example([Asked("header", int, (), below=True), Asked("path", Level, ("2",))])
def test_parameters_are_read_as_the_oracle_says(wanted: list[Asked]) -> None:
    values, faults = expected(wanted)
    answer, seen = answered(wanted)
    if not faults:
        assert answer.status_code == 204, answer.text
        # By repr: nan is not equal to itself, and True is equal to 1.
        assert {k: repr(v) for k, v in (seen or {}).items()} == {
            k: repr(v) for k, v in values.items()
        }
        return
    assert seen is None, "the handler ran although something is wrong"
    found = answer.json()["errors"]
    assert {(*fault["loc"], fault["type"]) for fault in found} == faults
    absent = all(fault[-1] == "missing" for fault in faults)
    assert answer.status_code == (400 if absent else 422)
    assert "input" not in {key for fault in found for key in fault}


@pytest.mark.parametrize("kind", [*SINGLE, *MANY], ids=str)
def test_every_type_of_the_oracle_is_read_from_the_query(kind: Any) -> None:
    for text in TEXTS:
        wanted = [Asked("query", kind, (text,), style="bare")]
        values, faults = expected(wanted)
        answer, seen = answered(wanted)
        assert (answer.status_code == 204) == (not faults), (text, answer.text)
        assert repr(seen) == repr(None if faults else values)
