"""The package seen from outside: its names, their docstrings, its imports."""

import ast
import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import microlith
from microlith import HTTPException, MicrolithError, exceptions

SOURCE = Path(microlith.__file__).parent
NAMES = sorted(
    info.name for info in pkgutil.walk_packages(microlith.__path__, "microlith.")
)
ALLOWED = {"pydantic", "pydantic_core", "typing_extensions"}


def modules() -> list[ModuleType]:
    return [importlib.import_module(name) for name in NAMES]


def test_there_are_modules_to_look_at() -> None:
    assert {"microlith.routing", "microlith.middleware.cors"} <= set(NAMES)


def test_all_is_sorted_and_complete() -> None:
    names = [n for n in microlith.__all__ if n != "__version__"]
    assert len(set(names)) == len(names)

    def rank(name: str) -> tuple[int, str]:
        """CONSTANTS, then Classes, then the rest, as the linter sorts them."""
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert names == sorted(names, key=rank)
    public = {
        name
        for name, value in vars(microlith).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(names)


def bound_in(file: Path) -> set[str]:
    """The names that a module makes: not imports, nor further names for them."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if not isinstance(node.value, ast.Name):
                found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_all_of_a_module_exists_and_is_its_own(name: str) -> None:
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        return
    assert module.__all__ == list(dict.fromkeys(module.__all__))
    own = bound_in(Path(str(module.__file__)))
    if name == "microlith.testing":
        own.add("Stuck")  # what its users have to catch, so it hands it on
    for public in module.__all__:
        assert hasattr(module, public), f"{name}.__all__ lists {public}"
        assert public in own, f"{name}.__all__ lists {public}, and imports it"


@pytest.mark.parametrize("name", [n for n in microlith.__all__ if n[0] != "_"])
def test_every_exported_name_is_of_one_module(name: str) -> None:
    value = getattr(microlith, name)
    owners = [m for m in modules() if name in getattr(m, "__all__", ())]
    assert len(owners) == 1
    assert getattr(owners[0], name) is value


def undocumented(tree: ast.Module, names: set[str]) -> list[str]:
    """Public classes, functions and methods below ``names`` without a text."""
    missing = []
    for node in tree.body:
        kind = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        if not isinstance(node, kind) or node.name not in names:
            continue
        if not ast.get_docstring(node):
            missing.append(node.name)
        if isinstance(node, ast.ClassDef) and "Loop" not in node.name:
            missing += [
                f"{node.name}.{item.name}"
                for item in node.body
                if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
                and not item.name.startswith("_")
                and not ast.get_docstring(item)
            ]
    return missing


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text())
    text = ast.get_docstring(tree)
    assert text, f"{name} has no docstring"
    if not hasattr(module, "__path__"):
        assert re.search(r"[Kk]now|May import|nothing in it|may be", text), (
            f"the docstring of {name} does not say what it must not know"
        )
    assert undocumented(tree, set(getattr(module, "__all__", ()))) == []


@pytest.mark.parametrize("name", NAMES)
def test_first_lines_are_short_sentences(name: str) -> None:
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        if not inspect.isroutine(value) and not inspect.isclass(value):
            continue
        first = (inspect.getdoc(value) or "").partition("\n")[0]
        assert len(first) <= 75, f"{public}: {first}"
        assert first.endswith((".", ":")), f"{public}: {first}"


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())
    assert project["project"]["version"] == microlith.__version__


# --- exceptions --------------------------------------------------------------


def make(kind: type[Exception]) -> Exception:
    needs: dict[Any, tuple[Any, ...]] = {
        exceptions.MethodNotAllowed: (["GET"],),
        exceptions.HTTPException: (418,),
        exceptions.WebSocketException: (1008,),
        exceptions.ConfigurationError: ("wrong",),
    }
    return kind(*needs.get(kind, ()))


KINDS = [getattr(exceptions, name) for name in exceptions.__all__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_exception_is_in_the_tree(kind: type[Exception]) -> None:
    assert issubclass(kind, MicrolithError)
    error = make(kind)
    assert isinstance(error, kind)
    if isinstance(error, HTTPException) and kind is not HTTPException:
        documented = re.match(r"(\d{3}): ", kind.__doc__ or "")
        assert documented, f"{kind.__name__} does not say its status"
        assert error.status_code == int(documented[1])
        row = rf"── {kind.__name__} +{error.status_code}\n"
        assert re.search(row, f"{exceptions.__doc__}\n"), "the tree is out of date"
        assert error.detail
        assert str(error) == f"{error.status_code} {error.detail}"
    else:
        assert kind.__name__ in (exceptions.__doc__ or "") or kind is MicrolithError


def test_no_two_exceptions_have_one_status() -> None:
    statuses = [
        make(k).status_code  # type: ignore[attr-defined]
        for k in KINDS
        if issubclass(k, HTTPException) and k is not HTTPException
    ]
    assert len(set(statuses)) == len(statuses)


@pytest.mark.parametrize("status", [399, 600, 0, -1, 200])
def test_an_exception_is_an_error(status: int) -> None:
    with pytest.raises(ValueError, match="not an error status"):
        HTTPException(status)


# --- imports -----------------------------------------------------------------


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, "
         f"{str(SOURCE.parent)!r})\n{code}"],
        capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ},
    )  # fmt: skip
    return set(json.loads(found.stdout))


def distributions(names: Iterable[str]) -> set[str]:
    """The installed distributions, pydantic and what it requires, by name."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = re.split(r"[^\w.-]", todo.pop(), maxsplit=1)[0].lower().replace("_", "-")
        if name not in found:
            found.add(name)
            todo += [r for r in requires(name) or () if "extra ==" not in r]
    return found


def test_the_package_needs_pydantic_alone() -> None:
    everything = "\n".join(f"import {name}" for name in NAMES)
    before = {name.partition(".")[0] for name in loaded_by("pass")}
    after = {name.partition(".")[0] for name in loaded_by(everything)}
    owners = packages_distributions()
    pydantic = distributions(["pydantic"])
    assert {"pydantic", "pydantic-core", "typing-extensions"} <= pydantic
    foreign = {
        name
        for name in after - before - set(sys.stdlib_module_names)
        if not {d.lower().replace("_", "-") for d in owners.get(name, ())} & pydantic
        # Of the interpreter itself, under a name of its platform's own.
        and not name.startswith("_sysconfigdata_")
    }
    assert foreign == {"microlith"}


def test_the_package_does_not_bring_its_test_driver() -> None:
    loaded = loaded_by("import microlith")
    assert {"microlith", "asyncio", "pydantic"} <= loaded
    drivers = {"testing", "steploop", "conversations", "scopes"}
    assert not loaded & {f"microlith.{name}" for name in drivers}
    assert not loaded & {"unittest", "pytest", "http.client"}


def imports(name: str) -> set[str]:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_only_declared_names_are_imported() -> None:
    tops = {i.partition(".")[0] for name in NAMES for i in imports(name)}
    assert tops - set(sys.stdlib_module_names) <= ALLOWED | {"microlith"}


def test_there_is_no_import_cycle() -> None:
    graph = {name: imports(name) & set(NAMES) for name in NAMES}
    done: set[str] = set()
    while len(done) < len(graph):
        free = {n for n, needs in graph.items() if n not in done and needs <= done}
        assert free, f"a cycle among {sorted(set(graph) - done)}"
        done |= free


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("routing", "requests"), ("routing", "responses"), ("routing", "applications"),
        ("requests", "responses"), ("responses", "requests"),
        ("datastructures", "requests"), ("errors", "routing"),
        ("errors", "applications"), ("middleware.logging", "requests"),
        ("middleware.cors", "errors"), ("middleware.chain", "errors"),
    ],
)  # fmt: skip
def test_what_a_module_must_not_know_it_does_not_reach(low: str, high: str) -> None:
    seen: set[str] = set()
    todo = [f"microlith.{low}"]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += imports(name) & set(NAMES)
    assert f"microlith.{high}" not in seen
