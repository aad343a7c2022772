"""What a signature accepts, and which attributes a class gives its instances.

Read from syntax alone. This module must not know stages or stubs.
"""

from __future__ import annotations

import ast

from tools.stages.holes import is_public, slot_names
from tools.stages.pieces import Function, names_of

__all__ = ["accepts", "assigned", "attributes"]


def attributes(node: ast.ClassDef) -> set[str]:
    """Name the public attributes that instances get, but no class members."""
    found = {n for m in node.body if "__slots__" in names_of(m) for n in slot_names(m)}
    members = set()
    for member in node.body:
        if isinstance(member, Function) and member.name == "__init__":
            found |= _assigned_in(member)
        if isinstance(member, ast.AnnAssign) and member.value is None:
            found |= set(names_of(member))
        else:
            members |= set(names_of(member))
    return {name for name in found - members if is_public(name)}


def assigned(node: ast.ClassDef) -> set[str]:
    found: set[str] = set()
    for member in node.body:
        if isinstance(member, Function):
            found |= _assigned_in(member)
    return found


def _assigned_in(function: Function) -> set[str]:
    """Name the attributes that a method sets on its first parameter."""
    first = next(iter([*function.args.posonlyargs, *function.args.args]), None)
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and first is not None
        and isinstance(node.value, ast.Name)
        and node.value.id == first.arg
    }


def accepts(before: ast.arguments, after: ast.arguments) -> bool:
    """Tell whether calls of the old signature and the old body still work."""
    old, new = _positional(before), _positional(after)
    if list(old) != list(new)[: len(old)]:
        return False
    old_keys, new_keys = _keywords(before), _keywords(after)
    if not set(old_keys) <= {*new, *new_keys}:
        return False
    for kind in ("vararg", "kwarg"):
        had, has = getattr(before, kind), getattr(after, kind)
        if had is not None and (has is None or had.arg != has.arg):
            return False
    known, now = {**old, **old_keys}, {**new, **new_keys}
    return all(optional or known.get(name) is False for name, optional in now.items())


def _positional(arguments: ast.arguments) -> dict[str, bool]:
    """Map each positional parameter to whether it has a default."""
    found = [*arguments.posonlyargs, *arguments.args]
    first = len(found) - len(arguments.defaults)
    return {parameter.arg: i >= first for i, parameter in enumerate(found)}


def _keywords(arguments: ast.arguments) -> dict[str, bool]:
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {parameter.arg: default is not None for parameter, default in pairs}
