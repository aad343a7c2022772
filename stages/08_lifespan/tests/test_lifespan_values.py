"""Values that live as long as the app: made once, fetched without a call."""

import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import pytest

import microlith
from microlith.applications import App
from microlith.dependencies import Depends
from microlith.exceptions import ConfigurationError
from microlith.testing import TestClient, http_scope, run

PLACES = (str(Path(microlith.__file__).parent), __file__)


class Settings:
    """What another value is made from."""

    def __init__(self, name="real"):
        self.name = name


class Pool:
    """What a handler asks for."""

    def __init__(self, settings):
        self.settings = settings


class Session:
    """What lives for one call."""


def make_pool(settings: Settings):
    return Pool(settings)


def make_settings():
    return Settings()


def test_a_value_is_made_once_and_is_the_same_for_all():
    app, made = App(), []

    def make():
        made.append(Settings())
        return made[-1]

    assert app.provide(Settings, make, lifetime="app") is make

    @app.get("/one")
    async def one(settings: Settings):
        return str(id(settings))

    @app.get("/two")
    async def two(settings: Settings):
        return str(id(settings))

    with TestClient(app) as client:
        assert len(made) == 1, "made at the start, before any request"
        texts = {client.get(p).text for p in ("/one", "/two", "/one")}
    assert texts == {str(id(made[0]))}


def test_values_are_made_in_the_order_in_which_they_need_each_other():
    app, log = App(), []

    async def pool(settings: Settings):
        log.append(f"pool of {settings.name}")
        yield Pool(settings)
        log.append("pool closed")

    def settings():
        log.append("settings")
        yield Settings()
        log.append("settings closed")

    # The one that needs comes first: the order of writing says nothing.
    app.provide(Pool, pool, lifetime="app")
    app.provide(Settings, settings, lifetime="app")
    with TestClient(app):
        assert log == ["settings", "pool of real"]
    assert log[2:] == ["pool closed", "settings closed"]


@pytest.mark.parametrize("kind", ["function", "coroutine", "manager"])
def test_factories_of_every_kind(kind):
    def function():
        return Settings(kind)

    async def coroutine():
        return Settings(kind)

    @asynccontextmanager
    async def manager():
        yield Settings(kind)

    app = App()
    app.provide(Settings, locals()[kind], lifetime="app")

    @app.get("/")
    async def home(settings: Settings):
        return settings.name

    with TestClient(app) as client:
        assert client.get("/").text == kind


def test_a_value_under_a_string():
    app = App()
    app.provide("settings", make_settings, lifetime="app")

    def pool(settings: Annotated[Settings, Depends("settings")]):
        return Pool(settings)

    app.provide(Pool, pool, lifetime="app")

    @app.get("/")
    async def home(pool: Pool):
        return pool.settings.name

    with TestClient(app) as client:
        assert client.get("/").text == "real"


def test_a_dependency_for_a_call_may_need_a_value():
    app = App()
    app.provide(Settings, make_settings, lifetime="app")

    def greeting(settings: Settings):
        return f"hello from {settings.name}"

    @app.get("/")
    async def home(text: Annotated[str, Depends(greeting)]):
        return text

    with TestClient(app) as client:
        assert client.get("/").text == "hello from real"


def test_a_value_for_a_call_stays_one_for_a_call():
    app, made = App(), []

    def make():
        made.append(Session())
        return made[-1]

    app.provide(Session, make)

    @app.get("/")
    async def home(session: Session):
        return "x"

    with TestClient(app) as client:
        assert made == []
        client.get("/")
        client.get("/")
    assert len(made) == 2


# --- no call at request time -------------------------------------------------


def count_calls(handler, layer=None, **provided):
    """Serve one request in a started app; return the names of the calls."""
    app, names = App(), []
    if layer is not None:
        app.wrap(layer)
    for lifetime, (key, factory) in provided.items():
        app.provide(key, factory, lifetime=lifetime)
    app.get("/")(handler)

    async def send(message):
        pass

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PLACES):
            names.append(code.co_name)

    async def serve():
        await app.lifespan.start()
        for _ in range(2):  # the first one may still ask whether it started
            names.clear()
            scope = http_scope()
            sys.setprofile(watch)
            try:
                await app(scope, None, send)
            finally:
                sys.setprofile(None)

    run(serve())
    return [name for name in names if name != "send"]


def test_a_value_costs_no_call_at_request_time():
    async def handler(settings: Settings):
        return "x"

    async def plain(request):
        return "x"

    with_value = count_calls(handler, app=(Settings, make_settings))
    without = count_calls(plain)
    assert "make_settings" not in with_value
    assert with_value.index("handler") == without.index("plain"), with_value
    assert len(with_value) == len(without), with_value


def test_an_app_with_layers_is_not_asked_at_each_request_if_it_started():
    async def plain(request):
        return "x"

    def layer(inner):
        return inner

    made = (Settings, make_settings)
    without = count_calls(plain, app=made)
    within = count_calls(plain, layer, app=made)
    assert len(within) <= len(without) + 2, within


def test_a_value_for_a_call_costs_one_call():
    settings = Settings()

    def make():
        return settings

    async def handler(settings: Settings):
        return "x"

    kept = count_calls(handler, app=(Settings, make))
    made = count_calls(handler, call=(Settings, make))
    assert kept.count("make") == 0
    assert made.count("make") == 1
    assert len(made) == len(kept) + 1, made


# --- mistakes, found at freeze -----------------------------------------------


def test_a_value_cannot_be_made_from_one_that_lives_shorter():
    app = App()
    app.provide(Settings, make_settings)  # for a call
    app.provide(Pool, make_pool, lifetime="app")
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    text = str(caught.value)
    assert "make_pool" in text
    assert "make_settings" in text
    assert "lives as long as the app" in text
    assert 'lifetime="app"' in text, "it says what to do"


def test_depends_on_a_function_is_for_a_call_too():
    app = App()

    def pool(settings: Annotated[Settings, Depends(make_settings)]):
        return Pool(settings)

    app.provide(Pool, pool, lifetime="app")
    with pytest.raises(ConfigurationError, match="one for a single call"):
        app.freeze()


@pytest.mark.parametrize("annotation", [int, microlith.Request, Session])
def test_a_value_cannot_be_read_from_a_request(annotation):
    app = App()

    def pool(what: annotation):
        return Pool(what)

    app.provide(Pool, pool, lifetime="app")
    with pytest.raises(ConfigurationError, match="'what' is read from a requ"):
        app.freeze()


def test_values_that_need_each_other():
    app = App()

    def settings(pool: Pool):
        return Settings()

    app.provide(Pool, make_pool, lifetime="app")
    app.provide(Settings, settings, lifetime="app")
    with pytest.raises(ConfigurationError, match="Pool -> Settings -> Pool"):
        app.freeze()


def test_mistakes_in_values_and_routes_come_together():
    app = App()
    app.provide(Pool, make_pool, lifetime="app")

    @app.get("/a/{x}/{x}")
    async def home(x: str):
        return x

    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    assert "make_pool" in str(caught.value)
    assert "/a/{x}/{x}" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        ((Settings, make_settings), {"lifetime": "session"}, "'session'"),
        ((Settings, make_settings), {"lazy": True}, "can be lazy"),
    ],
    ids=["lifetime", "lazy for a call"],
)
def test_what_cannot_be_provided(arguments, options, text):
    app = App()
    with pytest.raises(ConfigurationError) as caught:
        app.provide(*arguments, **options)
    assert text in str(caught.value)


# --- overrides ---------------------------------------------------------------


def fake():
    return Settings("fake")


def overridable():
    """Return an app whose only route says which settings it has got."""
    app = App()
    app.provide(Settings, make_settings, lifetime="app")
    app.provide(Pool, make_pool, lifetime="app")

    @app.get("/")
    async def home(pool: Pool, settings: Settings):
        return f"{pool.settings.name} {settings.name}"

    return app


@pytest.mark.parametrize("key", [Settings, make_settings])
def test_an_override_before_the_start_holds_for_the_values(key):
    app = overridable()
    with app.override({key: fake}), TestClient(app) as client:
        assert client.get("/").text == "fake fake"


def test_an_override_ends_with_its_block():
    app = overridable()
    with TestClient(app) as client:
        assert client.get("/").text == "real real"
    with app.override({Settings: fake}), TestClient(app) as client:
        assert client.get("/").text == "fake fake"
    with TestClient(app) as client:
        assert client.get("/").text == "real real"


@pytest.mark.parametrize("key", [Settings, make_settings])
def test_an_override_after_the_start_comes_too_late(key):
    app = overridable()
    with TestClient(app) as client:
        with (
            pytest.raises(ConfigurationError, match="comes too late"),
            app.override({key: fake}),
        ):
            pass
        assert client.get("/").text == "real real", "nothing has changed"


def test_an_override_of_a_mounted_apps_value_comes_too_late_as_well():
    app, child = App(), overridable()
    app.mount("/child", child)
    with (
        TestClient(app),
        pytest.raises(ConfigurationError, match="comes too late"),
        app.override({Settings: fake}),
    ):
        pass


def test_an_override_reaches_the_values_of_mounted_apps():
    app, child = App(), overridable()
    app.mount("/child", child)
    with app.override({Settings: fake}), TestClient(app) as client:
        assert client.get("/child/").text == "fake fake"


def test_what_is_made_for_a_call_can_be_overridden_after_the_start():
    app = App()
    app.provide(Settings, make_settings)
    app.provide(Pool, lambda: Pool(None), lifetime="app")

    @app.get("/")
    async def home(settings: Settings):
        return settings.name

    with TestClient(app) as client:
        with app.override({Settings: fake}):
            assert client.get("/").text == "fake"
        assert client.get("/").text == "real"


def test_a_value_can_be_overridden_again_after_the_stop():
    app = overridable()
    with TestClient(app):
        pass
    with app.override({make_settings: fake}), TestClient(app) as client:
        assert client.get("/").text == "fake fake"
