"""The import graph: each way to import upwards or in a circle is caught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import layers

if TYPE_CHECKING:
    from conftest import Toy

TYPES = "stages/01_hello/src/microlith/types.py"
HOOKS = "stages/03_chain/src/microlith/middleware/hooks.py"
CHAIN = "stages/03_chain/src/microlith/middleware/chain.py"


def test_the_toy_is_sound(toy_ladder: Toy) -> None:
    """Imports within a listed sub-package are allowed."""
    assert layers.check(toy_ladder.load()) == []


@pytest.mark.parametrize(
    "line",
    [
        "from microlith.applications import App",
        "from microlith import applications",
        "import microlith.applications",
        "import microlith.applications as app",
        "from . import applications",
        "from .applications import App",
        "def late():\n    from microlith.applications import App",
        "if TYPE_CHECKING:\n    from microlith.applications import App",
        'app = importlib.import_module("microlith.applications")',
    ],
)
def test_an_upward_import_is_caught(toy_ladder: Toy, line: str) -> None:
    """Whatever the spelling, and wherever it stands."""
    toy_ladder.append(TYPES, f"\n{line}\n")
    problems = layers.check(toy_ladder.load())
    wanted = "layer 0 imports applications.py of a higher layer 4"
    assert any(p.startswith("types.py:") and wanted in p for p in problems)


def test_a_relative_import_from_a_sub_package_is_resolved(toy_ladder: Toy) -> None:
    """Two dots lead to the package itself."""
    toy_ladder.append(HOOKS, "\nfrom ..applications import App\n")
    problems = layers.check(toy_ladder.load())
    assert any("layer 3 imports applications.py" in p for p in problems)


def test_a_name_computed_at_run_time_is_no_import(toy_ladder: Toy) -> None:
    """Only literal names can be judged."""
    toy_ladder.append(TYPES, "\nx = import_module(name); y = import_module()\n")
    assert layers.check(toy_ladder.load()) == []


def test_a_same_layer_import_is_caught(toy_ladder: Toy) -> None:
    """Two modules of one layer know nothing of each other."""
    toy_ladder.edit("stages/matrix.toml", "layer = 2", "layer = 4")
    [problem, *more] = layers.check(toy_ladder.load())
    assert "applications.py:3: layer 4 imports requests.py of the same layer" in problem
    assert all("applications.py" in line for line in more)


def test_the_sub_package_exception_is_data(toy_ladder: Toy) -> None:
    """Without it the imports inside the sub-package are errors."""
    toy_ladder.edit("stages/matrix.toml", '["middleware"]', "[]")
    problems = layers.check(toy_ladder.load())
    assert any("hooks.py:3: layer 3 imports middleware/chain.py" in p for p in problems)


def test_one_edge_can_be_excepted(toy_ladder: Toy) -> None:
    """An exception may name a single edge, and holds one way only."""
    edge = '["middleware", "applications.py -> requests.py"]'
    toy_ladder.edit("stages/matrix.toml", '["middleware"]', edge)
    toy_ladder.edit("stages/matrix.toml", "layer = 2", "layer = 4")
    assert layers.check(toy_ladder.load()) == []
    toy_ladder.append(
        "stages/02_requests/src/microlith/requests.py",
        "\ndef late():\n    import microlith.applications\n",
    )
    problems = layers.check(toy_ladder.load())
    assert any("requests.py:21: layer 4 imports applications" in p for p in problems)


def test_a_cycle_is_caught(toy_ladder: Toy) -> None:
    """An import inside a function closes a cycle too."""
    toy_ladder.append(CHAIN, "\ndef f():\n    import microlith.middleware.hooks\n")
    [problem] = layers.check(toy_ladder.load())
    assert problem == (
        "import cycle: middleware/chain.py -> middleware/hooks.py -> "
        "middleware/chain.py; break it"
    )


def test_a_cycle_behind_another_path_is_found() -> None:
    """A node that was left once is not taken for free of cycles."""
    edges = [("a", "b"), ("b", "c"), ("c", "b"), ("a", "d"), ("d", "c")]
    found = [layers.Import(importer, target, 1) for importer, target in edges]
    assert layers.cycles(found) == [["b", "c", "b"]]


def test_a_module_without_a_layer_is_caught(toy_ladder: Toy) -> None:
    """Every module has an entry in the matrix."""
    toy_ladder.write("stages/02_requests/src/microlith/extra.py", '"""New."""\n')
    assert layers.check(toy_ladder.load()) == [
        "extra.py is not in stages/matrix.toml; give it a layer"
    ]


def test_an_import_of_the_package_itself_is_caught(toy_ladder: Toy) -> None:
    """The top level imports everything, so nothing may import it."""
    toy_ladder.append(HOOKS, "\nfrom microlith import App\n")
    problems = layers.check(toy_ladder.load())
    assert any("imports from microlith itself" in p for p in problems)


def test_an_import_of_nothing_is_caught(toy_ladder: Toy) -> None:
    """A module of a later stage is not there yet."""
    toy_ladder.append(TYPES, "\nimport microlith.later.more\n")
    assert any(
        "no module microlith.later" in p for p in layers.check(toy_ladder.load())
    )


def test_code_in_a_sub_package_init_is_caught(toy_ladder: Toy) -> None:
    """It holds a docstring only."""
    path = "stages/03_chain/src/microlith/middleware/__init__.py"
    toy_ladder.append(path, "\nimport os\n")
    [problem] = layers.check(toy_ladder.load())
    assert "middleware/__init__.py holds code" in problem


def test_the_table_shows_layers_and_imports(toy_ladder: Toy) -> None:
    """The command `layers` prints who imports whom."""
    text = layers.table(toy_ladder.load(), 2)
    assert "layer 4\n  applications.py              imports requests.py" in text
    assert "chain" not in text
