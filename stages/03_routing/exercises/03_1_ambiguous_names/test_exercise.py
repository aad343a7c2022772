"""What `ambiguous_names` must find, and what it must leave alone."""

from exercise import ambiguous_names

from microlith import App, Router


async def show(request):
    """Stand for any handler."""


async def create(request):
    """Stand for another one."""


def test_a_name_of_two_paths_is_found():
    app = App()
    app.get("/b")(show)
    app.get("/a")(show)
    app.post("/a")(create)
    assert ambiguous_names(app) == {"show": ["/a", "/b"]}


def test_one_path_with_two_methods_is_fine():
    app = App()
    app.get("/a")(show)
    app.put("/a")(show)
    assert ambiguous_names(app) == {}, "url_for can decide: there is one path"


def test_routers_count_with_their_prefixes():
    router = Router("/users")
    router.get("/me")(show)
    app = App()
    app.include(router, prefix="/v1")
    app.include(router, prefix="/v2")
    assert ambiguous_names(app) == {"show": ["/v1/users/me", "/v2/users/me"]}


def test_mounts_never_appear():
    app = App()
    app.mount("/a", show)
    app.mount("/b", show)
    assert ambiguous_names(app) == {}
