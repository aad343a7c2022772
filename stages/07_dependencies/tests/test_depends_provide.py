"""Dependencies by type and by name, and stand-ins for them."""

from typing import Annotated, Generic, Protocol, TypeVar

import pytest

from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import ConfigurationError
from microlith.params import Header
from microlith.routing import Router
from microlith.testing import TestClient

T = TypeVar("T")


class Session:
    """Something that is opened for each request."""

    def __init__(self, name="real"):
        self.name = name


class Repository(Generic[T]):
    """Something that exists for several types."""

    def __init__(self, name):
        self.name = name


def real():
    return "real"


def app_with(*handlers):
    """Return an app with handlers at `/0`, `/1`, …"""
    app = App()
    for number, handler in enumerate(handlers):
        app.get(f"/{number}")(handler)
    return app


def ask(app, target="/0", **options):
    """Return the text of one answer."""
    return TestClient(app).get(target, **options).text


# --- provide -----------------------------------------------------------------


def test_provided_by_type():
    async def show(session: Session):
        return session.name

    app = app_with(show)
    app.provide(Session, lambda: Session("provided"))
    assert ask(app) == "provided"


def test_provided_by_name():
    async def show(user=Depends("user")):
        return user

    app = app_with(show)
    app.provide("user", lambda: "Ada")
    assert ask(app) == "Ada"


def test_provide_returns_the_factory():
    app = app_with()
    assert app.provide(Session, real) is real


def test_what_is_provided_may_yield_and_need():
    trace = []

    def session(name: str = "s"):
        yield Session(name)
        trace.append("closed")

    async def show(session: Session):
        return session.name

    app = app_with(show)
    app.provide(Session, session)
    assert ask(app, "/0?name=x") == "x"
    assert trace == ["closed"]


def test_a_provided_type_is_shared_within_a_call():
    def lower(session: Session):
        return session

    async def show(session: Session, lower=Depends(lower)):
        return "same" if session is lower else "different"

    app = app_with(show)
    app.provide(Session, lambda: Session())
    assert ask(app) == "same"


def test_types_match_exactly():
    class Special(Session):
        pass

    async def show(session: Session):
        return session.name

    app = app_with(show)
    app.provide(Session, lambda: Session("exactly"))
    app.provide(Special, lambda: Special("special"))
    assert ask(app) == "exactly"
    app = app_with(show)
    app.provide(Special, lambda: Special("special"))
    with pytest.raises(ConfigurationError, match=r"'session'.*app\.provide"):
        app.freeze()


def test_generic_types_stay_apart():
    async def show(a: Repository[int], b: Repository[str]):
        return f"{a.name} {b.name}"

    app = app_with(show)
    app.provide(Repository[int], lambda: Repository("numbers"))
    app.provide(Repository[str], lambda: Repository("texts"))
    assert ask(app) == "numbers texts"


def test_depends_beside_a_provided_type_wins():
    async def show(
        session: Annotated[Session, Depends(lambda: Session("own"))],
    ):
        return session.name

    app = app_with(show)
    app.provide(Session, lambda: Session("provided"))
    assert ask(app) == "own"


def test_routers_get_what_the_app_provides():
    router = Router("/shop")

    @router.get("/0")
    async def show(session: Session):
        return session.name

    app = App()
    app.include(router)
    app.provide(Session, lambda: Session("provided"))
    assert ask(app, "/shop/0") == "provided"


@pytest.mark.parametrize("key", [int, str, bool, float])
def test_a_scalar_is_not_provided(key):
    with pytest.raises(ConfigurationError, match="a scalar is read from"):
        App().provide(key, lambda: 1)


def test_what_cannot_be_provided():
    app = App()
    with pytest.raises(ConfigurationError, match="takes a function that make"):
        app.provide(Session, "no function")
    app.provide(Session, real)
    with pytest.raises(ConfigurationError, match="has two providers"):
        app.provide(Session, real)
    app.freeze()
    with pytest.raises(ConfigurationError, match="comes too late"):
        app.provide("late", real)


# --- typed -------------------------------------------------------------------


def test_the_declared_result_is_compared_with_the_annotation():
    def session() -> Session:
        return Session()

    async def show(text: Annotated[list, Depends(session)]):
        return text

    with pytest.raises(
        ConfigurationError,
        match=r"'text' is of type list, and session .* value of type Session",
    ):
        app_with(show).freeze()


def test_what_can_be_meant_is_not_refused():
    class HasName(Protocol):
        name: str

    class Special(Session):
        pass

    def special() -> Special:
        return Special("special")

    def number() -> int:
        return 2

    def undeclared():
        return Session("undeclared")

    async def show(
        a: Annotated[Session, Depends(special)],
        b: Annotated[HasName, Depends(special)],
        c: Annotated[float, Depends(number)],
        d: Annotated[Session, Depends(undeclared)],
    ):
        return f"{a.name} {b.name} {c} {d.name}"

    assert ask(app_with(show)) == "special special 2 undeclared"


# --- override ----------------------------------------------------------------


def test_a_stand_in_while_the_block_runs():
    async def show(value=Depends(real)):
        return value

    app = app_with(show)
    before = ask(app)
    with app.override({real: lambda: "fake"}):
        during = ask(app)
    assert [before, during, ask(app)] == ["real", "fake", "real"]


def test_a_stand_in_before_the_first_request():
    async def show(value=Depends(real)):
        return value

    app = app_with(show)
    with app.override({real: lambda: "fake"}):
        assert ask(app) == "fake", "the app is frozen in here"
    assert ask(app) == "real", "and yet nothing of the stand-in is left"


def test_a_stand_in_deep_down_and_for_each_route():
    def upper(value=Depends(real)):
        return value.upper()

    async def first(upper=Depends(upper)):
        return upper

    async def second(upper=Depends(upper), value=Depends(real)):
        return upper + value

    app = app_with(first, second)
    with app.override({real: lambda: "fake"}):
        assert [ask(app), ask(app, "/1")] == ["FAKE", "FAKEfake"]


def test_a_stand_in_has_needs_of_its_own():
    trace = []

    def fake(x_user: Annotated[str, Header()] = "nobody"):
        yield x_user
        trace.append("closed")

    async def show(value=Depends(real)):
        return value

    app = app_with(show)
    with app.override({real: fake}):
        assert ask(app, headers={"x-user": "Ada"}) == "Ada"
    assert trace == ["closed"]


def test_stand_ins_for_types_and_names():
    async def show(session: Session, user=Depends("user")):
        return f"{session.name} {user}"

    app = app_with(show)
    app.provide(Session, lambda: Session("real"))
    app.provide("user", lambda: "Ada")
    stand_ins = {Session: lambda: Session("fake"), "user": lambda: "Eve"}
    with app.override(stand_ins):
        assert ask(app) == "fake Eve"
    assert ask(app) == "real Ada"


def test_stand_ins_hold_for_mounted_apps():
    async def show(value=Depends(real)):
        return value

    inner, middle, outer = app_with(show), App(), App()
    middle.mount("/inner", inner)
    outer.mount("/middle", middle)
    with outer.override({real: lambda: "fake"}):
        assert ask(outer, "/middle/inner/0") == "fake"
    assert ask(outer, "/middle/inner/0") == "real"


def test_stand_ins_nest():
    def other():
        return "other"

    async def show(a=Depends(real), b=Depends(other)):
        return f"{a} {b}"

    app = app_with(show)
    with app.override({real: lambda: "fake"}):
        with app.override({other: lambda: "fake too"}):
            assert ask(app) == "fake fake too"
        assert ask(app) == "fake other"
    assert ask(app) == "real other"


def test_put_back_after_an_error():
    async def show(value=Depends(real)):
        return value

    app = app_with(show)
    app.freeze()
    during = []

    def fail():
        with app.override({real: lambda: "fake"}):
            during.append(ask(app))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert during == ["fake"]
    assert ask(app) == "real"


def test_a_stand_in_that_cannot_be_called_is_refused():
    def fake(session: Session):
        return session

    async def show(value=Depends(real)):
        return value

    app = app_with(show)
    app.freeze()
    override = app.override({real: fake})
    with pytest.raises(ConfigurationError, match=r"'session'"), override:
        raise AssertionError("the block must not run")
    assert ask(app) == "real"


def test_what_serves_a_route_is_put_back_itself():
    async def show(value=Depends(real)):
        return value

    app = app_with(show)
    app.freeze()
    before = app.routes[0].endpoint
    with app.override({real: lambda: "fake"}):
        assert app.routes[0].endpoint is not before
    assert app.routes[0].endpoint is before, "no trace, and no cost"
