"""Private names in stage tests: every way to reach one is caught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import privates

if TYPE_CHECKING:
    from conftest import Toy


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from microlith.routing import _Node", "_Node"),
        ("from microlith.routing import _Node as Node", "_Node"),
        ("from microlith._routing import Node", "_routing"),
        ("import microlith._routing", "_routing"),
        ("app._router", "_router"),
        ("app._router.add()", "_router"),
        ("app._count = 3", "_count"),
        ("del app._count", "_count"),
        ("App(_count=3)", "_count"),
        ("getattr(app, '_router')", "_router"),
        ("monkeypatch.setattr(app, '_router', 1)", "_router"),
        ("monkeypatch.setattr('microlith.routing._walk', 1)", "_walk"),
        ("mock.patch('microlith.routing._walk')", "_walk"),
        ("mock.patch.object(app, '_router')", "_router"),
        ("operator.attrgetter('router._root')", "_root"),
        ("name = 'microlith._secret'", "_secret"),
        ("def f(self):\n    return self._hidden", "_hidden"),
        ("app.__hidden", "__hidden"),
        ("match app:\n    case App(_router=r): pass", "_router"),
    ],
)
def test_a_private_name_is_caught(source: str, name: str) -> None:
    """The message names file, line and name, and says what to do."""
    line = 2 if "\n" in source else 1
    problem = f"test_x.py:{line}: uses the private name {name}; "
    problem += "test through public names"
    assert privates.check_source(source.encode(), "test_x.py") == [problem]


@pytest.mark.parametrize(
    "source",
    [
        "app.__call__; app.__class__.__name__",
        "from __future__ import annotations",
        "def _helper(): ...\n_helper()",
        "class Spy:\n    def _note(self): ...\n\nSpy()._note()",
        "class Spy:\n    def __init__(self):\n        self._seen = 1\n\nSpy()._seen",
        "for _ in range(3): ...",
        "f(lambda _x: _x)",
        "point._asdict(); point._replace(x=1)",
        "sys._getframe()",
        "text = 'snake_case and _emphasis_'",
    ],
)
def test_a_public_or_local_name_is_not(source: str) -> None:
    """Dunders, own names and the documented names of the library are free."""
    assert privates.check_source(source.encode(), "test_x.py") == []


@pytest.mark.parametrize(
    "path",
    [
        "stages/02_requests/tests/test_request.py",
        "stages/02_requests/tests/helpers.py",
        "stages/02_requests/demo.py",
        "stages/01_hello/exercises/01_a_shout/test_exercise.py",
        "stages/01_hello/exercises/01_a_shout/solution.py",
        "docs/guide/demo.py",
    ],
)
def test_every_file_that_readers_run_is_checked(toy_ladder: Toy, path: str) -> None:
    """Tests, helpers, exercises, demos, Python files of the docs."""
    assert privates.check(toy_ladder.load()) == []
    toy_ladder.write(path, "x = app._router\n")
    [problem] = privates.check(toy_ladder.load())
    assert problem.startswith(f"{path}:1: uses the private name _router")


def test_the_library_itself_may_use_its_private_names(toy_ladder: Toy) -> None:
    """The rule is for what stands outside."""
    path = "stages/02_requests/src/microlith/requests.py"
    toy_ladder.append(path, "\nx = Request()._other\n")
    assert privates.check(toy_ladder.load()) == []
