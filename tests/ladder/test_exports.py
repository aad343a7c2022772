"""The generated top-level __init__: complete, sorted, stable, without clashes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.stages.compose import composed_sources
from tools.stages.exports import INIT, declared_names
from tools.stages.model import LadderError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Toy

REQUESTS = "stages/02_requests/src/microlith/requests.py"
LISTED = '__all__ = ["EMPTY", "Request"]'


def generated(toy: Toy, n: int) -> str:
    """Give the generated file of stage n."""
    return composed_sources(toy.load(), n)[INIT].decode()


def test_exports_what_is_born_so_far(toy_ladder: Toy) -> None:
    """A module joins with its stage; one that does not export stays out."""
    assert "Request" not in generated(toy_ladder, 1)
    assert "from microlith.requests import EMPTY, Request\n" in generated(toy_ladder, 2)
    text = generated(toy_ladder, 3)
    assert "from microlith.middleware.hooks import Tag\n" in text
    assert "Handler" not in text
    assert '__version__ = "0.1.0"\n' in text


NAMES = ["Zeta", "zeta", "A2", "A10", "CONSTANT", "HTTP_200", "HTTPError", "Http2"]
NAMES += ["URL", "Url", "beta", "Beta_thing", "X", "Y1", "a_b", "A_B", "aB"]
FITS = 88 - len("from microlith.requests import ")


@pytest.mark.parametrize(
    "names", [NAMES, ["N" + "n" * (FITS - 1)], ["N" + "n" * (FITS - 4), "Ab"]]
)
def test_formatter_and_linter_leave_it_alone(
    toy_ladder: Toy, tmp_path: Path, names: list[str]
) -> None:
    """Long imports, constants, digits and mixed case need no second pass."""
    toy_ladder.edit(REQUESTS, LISTED, f"__all__ = {names!r}")
    file = tmp_path / "microlith/__init__.py"
    file.parent.mkdir()
    file.write_text(generated(toy_ladder, 3))
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--no-cache", str(file)]
    rules = ["--select", "E,F,I,UP,B,SIM,RUF,C4"]
    checked = subprocess.run([*ruff, "check", *rules, *options], capture_output=True)
    assert checked.returncode == 0, checked.stdout.decode()
    formatted = subprocess.run(
        [*ruff, "format", "--diff", *options], capture_output=True
    )
    assert formatted.returncode == 0, formatted.stdout.decode()


def test_a_name_exported_twice_is_an_error(toy_ladder: Toy) -> None:
    """Both modules are named."""
    toy_ladder.edit(REQUESTS, LISTED, '__all__ = ["App", "Request"]')
    message = r"requests\.py and applications\.py both export App"
    with pytest.raises(LadderError, match=message):
        generated(toy_ladder, 2)


@pytest.mark.parametrize("name", ["types", "middleware"])
def test_a_name_of_a_module_is_an_error(toy_ladder: Toy, name: str) -> None:
    """`microlith.types` must stay the module."""
    toy_ladder.edit(REQUESTS, LISTED, f'__all__ = ["{name}"]')
    with pytest.raises(LadderError, match=f"exports {name}, which is also a module"):
        generated(toy_ladder, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "exactly one __all__"),
        ('__all__ = ["A"]\n__all__ += ["B"]', "exactly one __all__"),
        ("__all__ = list(NAMES)", "literal list of strings"),
        ('__all__ = ("A",)', "literal list of strings"),
        ("__all__ = [1]", "literal list of strings"),
        ('__all__ = ["_a"]', "private or there twice"),
        ('__all__ = ["A", "A"]', "private or there twice"),
        ("__all__ = [", r"x\.py:1: .*; correct it"),
    ],
)
def test_all_is_one_literal_list(text: str, message: str) -> None:
    """What cannot be read without running it is refused."""
    with pytest.raises(LadderError, match=message):
        declared_names(text.encode(), "x.py")
