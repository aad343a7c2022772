"""The guide: every mistake that the library reports has its entry, and each runs."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from microlith.exceptions import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
SOURCE = ROOT / "final" / "src" / "microlith"
CALLS = ("ConfigurationError", "mistake")
RUN = re.compile(r"^@@run \[([\w-]+)\] expect=fail [^\n]*\n((?:    .*\n|\n)+)", re.M)


class Site(NamedTuple):
    """One call that makes a ConfigurationError."""

    file: str
    first: int
    last: int


def called(node: ast.AST) -> str:
    """Return the name that is called, or nothing."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def sites(text: str, file: str) -> Iterator[Site]:
    """Yield every such call in a module, apart from the body of `mistake`."""
    tree = ast.parse(text)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "mistake"
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if called(node) in CALLS and id(node) not in inside:
            assert isinstance(node, ast.Call)
            yield Site(file, node.lineno, node.end_lineno or node.lineno)


def all_sites() -> set[Site]:
    """Return every such call of the library."""
    found: set[Site] = set()
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        found |= set(sites(path.read_text("utf-8"), name))
    return found


def scripts() -> dict[str, str]:
    """Return the scripts of the page on errors, by their ids."""
    text = (GUIDE / "errors.md").read_text("utf-8")
    return {
        name: "".join(f"{line[4:]}\n" for line in block.splitlines())
        for name, block in RUN.findall(text)
    }


def provoke(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[ConfigurationError, set[tuple[str, int]]]:
    """Run a script; return its error and the lines where errors were made."""
    lines: set[tuple[str, int]] = set()
    before = ConfigurationError.__init__

    def init(self: ConfigurationError, *args: Any, **options: Any) -> None:
        frame = sys._getframe(1)
        while frame.f_code.co_name in ("mistake", "together") and frame.f_back:
            frame = frame.f_back
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(SOURCE):
            lines.add((str(path.relative_to(SOURCE)), frame.f_lineno))
        before(self, *args, **options)

    names: dict[str, Any] = {"__name__": "guide_script"}
    module = type(sys)("guide_script")
    module.__dict__.update(names)
    monkeypatch.setitem(sys.modules, "guide_script", module)
    with monkeypatch.context() as patch:
        patch.setattr(ConfigurationError, "__init__", init)
        code = compile(script, "script.py", "exec", dont_inherit=True)
        with pytest.raises(ConfigurationError) as caught:
            exec(code, module.__dict__)
    return caught.value, lines


def test_sites_are_found_by_name_and_by_method() -> None:
    text = """
def mistake(problem):
    return ConfigurationError(problem)

def check(parameter):
    if parameter:
        raise parameter.mistake(
            "one"
        )
    raise ConfigurationError("two")
"""
    assert set(sites(text, "x.py")) == {Site("x.py", 7, 9), Site("x.py", 10, 10)}


@pytest.mark.parametrize("name", scripts())
def test_each_entry_provokes_its_error(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, lines = provoke(scripts()[name], monkeypatch)
    assert lines, f"[{name}] made no error in the library"
    if name not in ("together", "circle-app"):
        assert len(error.errors) == 1, f"[{name}] shows several mistakes: {error}"


def test_every_error_of_the_library_has_an_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = all_sites()
    assert len(wanted) > 60
    reached: set[tuple[str, int]] = set()
    for script in scripts().values():
        reached |= provoke(script, monkeypatch)[1]
    missing = [
        f"{site.file}:{site.first}"
        for site in sorted(wanted)
        if not any(
            file == site.file and site.first <= line <= site.last
            for file, line in reached
        )
    ]
    assert not missing, (
        "docs/guide/errors.md has no entry that provokes the error made in "
        + ", ".join(missing)
    )
