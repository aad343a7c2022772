"""Merge the imports of two versions of a module into one block.

The block is written as the import sorter of this repository would leave it:
future, standard library, other packages, `microlith`; in each group first
`import x`, then `from x import y`. This module knows statements, not modules.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable

__all__ = ["Imports"]

WIDTH = 88
PACKAGE = "microlith"

Name = tuple[str, str | None]


class Imports:
    """A set of imports: modules, and names from modules."""

    def __init__(self, statements: Iterable[ast.stmt] = ()) -> None:
        self.modules: set[Name] = set()
        self.names: dict[str, set[Name]] = {}
        for statement in statements:
            self.add(statement)

    def add(self, statement: ast.stmt) -> None:
        """Add one import statement."""
        if isinstance(statement, ast.Import):
            self.modules |= {(a.name, a.asname) for a in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            for alias in statement.names:
                self.add_name(module, alias.name, alias.asname)

    def add_name(self, module: str, name: str, alias: str | None = None) -> None:
        """Add `from module import name`."""
        self.names.setdefault(module, set()).add((name, alias))

    def bound(self) -> set[str]:
        """List the names that the imports bind."""
        found = {(alias or name).split(".")[0] for name, alias in self.modules}
        return found | {a or n for names in self.names.values() for n, a in names}

    def origins(self) -> dict[str, tuple[str, str]]:
        """Map each bound name to the module and the name it comes from."""
        return {
            alias or name: (module, name)
            for module, names in self.names.items()
            for name, alias in names
        }

    def keep(self, wanted: Callable[[str, str, str], bool]) -> None:
        """Keep `from module import name` where `wanted(module, name, bound)`."""
        for module, names in list(self.names.items()):
            self.names[module] = {
                (name, alias)
                for name, alias in names
                if wanted(module, name, alias or name)
            }
            if not self.names[module]:
                del self.names[module]

    def render(self) -> str:
        """Write the whole block, without a newline at its end."""
        groups: dict[int, list[str]] = {}
        for name, alias in sorted(self.modules, key=lambda m: _order(m[0])):
            groups.setdefault(_group(name), []).append(f"import {_as(name, alias)}")
        for module in sorted(self.names, key=_order):
            lines = groups.setdefault(_group(module), [])
            lines += _from(module, self.names[module])
        return "\n\n".join("\n".join(groups[key]) for key in sorted(groups))


def _from(module: str, names: set[Name]) -> list[str]:
    plain = sorted((name for name, alias in names if alias is None), key=_name_order)
    lines = []
    if plain:
        line = f"from {module} import {', '.join(plain)}"
        if len(line) > WIDTH:
            listed = "".join(f"    {name},\n" for name in plain)
            line = f"from {module} import (\n{listed})"
        lines.append(line)
    renamed = sorted((n, a) for n, a in names if a is not None)
    return lines + [f"from {module} import {_as(n, a)}" for n, a in renamed]


def _as(name: str, alias: str | None) -> str:
    return name if alias is None else f"{name} as {alias}"


def _group(module: str) -> int:
    top = module.split(".")[0]
    if module.startswith("."):
        return 4
    if top in ("__future__", PACKAGE):
        return 0 if top != PACKAGE else 3
    return 1 if top in sys.stdlib_module_names else 2


def _order(name: str) -> list[tuple[int, int | str]]:
    parts = re.findall(r"\d+|\D+", name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def _name_order(name: str) -> tuple[int, list[tuple[int, int | str]], str]:
    """Order constants, then classes, then the rest, as the sorter does."""
    constant = len(name) > 1 and name.isupper()
    kind = 0 if constant else 1 if name[:1].isupper() else 2
    return kind, _order(name), name
