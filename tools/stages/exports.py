"""Generate the top-level `microlith/__init__.py` from the modules' `__all__`.

The file is the only generated one of the package: each exporting module of the
matrix gives all names of its literal `__all__`, read as a syntax tree, never by
import. The text is what the formatter and the import sorter would leave alone.
This module must not know which stage it works for: it takes the sources given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from tools.stages.model import Ladder, LadderError

__all__ = ["INIT", "declared_names", "generate"]

INIT = "microlith/__init__.py"
"""Where the generated file lies, below `src`."""

DOCSTRING = '''"""Microlith: a small ASGI framework for Python, built in stages.

This file is generated: it exports the names of the kernel's modules. The other
modules are imported by their own names, such as `microlith.testing`.
"""'''

WIDTH = 88


def generate(ladder: Ladder, sources: Mapping[str, bytes]) -> bytes:
    """Build the file for the modules that `sources` (path below src) holds."""
    origin: dict[str, str] = {}
    imports: list[str] = []
    for module in sorted(ladder.modules, key=lambda m: dotted(m.path)):
        source = sources.get(f"microlith/{module.path}")
        if not module.export or source is None:
            continue
        names = declared_names(source, module.path)
        for name in names:
            if name in origin:
                raise LadderError(
                    f"{module.path} and {origin[name]} both export {name}; "
                    "rename one or take it out of one __all__"
                )
            origin[name] = module.path
        imports.append(_import_line(dotted(module.path), names))
    _check_clash(origin, sources)
    return _text(ladder.version, imports, origin).encode()


def declared_names(source: bytes, shown: str) -> list[str]:
    """Read the one literal `__all__` of a module."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise LadderError(f"{shown}:{error.lineno}: {error.msg}; correct it") from None
    found = [value for node in tree.body if (value := _all_value(node)) is not None]
    if len(found) != 1:
        raise LadderError(f"{shown} needs exactly one __all__ = [...]; write it")
    try:
        names = ast.literal_eval(found[0])
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise LadderError(f"{shown}: __all__ must be a literal list of strings")
    for name in names:
        if name.startswith("_") or names.count(name) > 1:
            raise LadderError(
                f"{shown}: __all__ holds {name}, which is private or there twice; "
                "take it out"
            )
    return names


def dotted(path: str) -> str:
    """Turn `middleware/hooks.py` into `microlith.middleware.hooks`."""
    parts = PurePosixPath(path).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(("microlith", *parts))


def _all_value(node: ast.stmt) -> ast.expr | None:
    """Give what a statement does to `__all__`, if anything."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    named = any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets)
    return getattr(node, "value", None) if named else None


def _check_clash(origin: Mapping[str, str], sources: Mapping[str, bytes]) -> None:
    """Refuse an exported name that would hide a module of the same name."""
    inside = (path.split("/")[1:] for path in sources)
    tops = {parts[0].removesuffix(".py") for parts in inside if parts}
    for name in sorted(tops & set(origin)):
        raise LadderError(
            f"{origin[name]} exports {name}, which is also a module's name; rename it"
        )


def _text(version: str, imports: list[str], origin: Mapping[str, str]) -> str:
    names = sorted([*origin, "__version__"], key=_all_key)
    listed = "\n".join(f'    "{name}",' for name in names)
    parts = [DOCSTRING, "", *imports, "", f"__all__ = [\n{listed}\n]", ""]
    if not imports:
        parts[1:3] = []
    return "\n".join([*parts, f'__version__ = "{version}"', ""])


def _import_line(module: str, names: list[str]) -> str:
    ordered = sorted(names, key=_import_key)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {n}," for n in ordered), ")"])


def _all_key(name: str) -> tuple[int, list[tuple[int, int | str]]]:
    """Order as RUF022 does: constants, classes, the rest; digits by value."""
    return _kind(name), _natural(name)


def _import_key(name: str) -> tuple[int, list[tuple[int, int | str]], str]:
    """Order as isort's order-by-type does: within a kind, case is ignored."""
    return _kind(name), _natural(name.lower()), name


def _kind(name: str) -> int:
    if len(name) > 1 and name.isupper():
        return 0
    return 1 if name[:1].isupper() else 2


def _natural(name: str) -> list[tuple[int, int | str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]
