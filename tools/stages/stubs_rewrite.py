"""Widen the file of stage N-1 to the declarations of stage N.

Old code keeps working: every old statement stays where it was. What both
versions have takes the new signature and docstring over the old body, if the old
body can live with them. What only the new version has becomes a hole, and public
attributes that only the new version sets say "not built" through a generated
`__getattr__`. This module must not know how a file is read or written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from textwrap import dedent

from tools.stages.holes import (
    Maker,
    comments,
    indented,
    lines,
    slot_names,
    slots_text,
)
from tools.stages.pieces import (
    Function,
    Piece,
    Text,
    join,
    names_of,
    needed_names,
    root_name,
)
from tools.stages.signatures import accepts, assigned, attributes

__all__ = ["merge"]

TOO_BROAD = {"__delattr__", "__getattribute__", "__hash__", "__setattr__"}
"""Methods that all old code calls unseen: as holes they would break it."""

ACCESSORS = ("setter", "deleter")
"""Decorators that make a second function of the same name."""


def merge(maker: Maker, old: Text, new: Text, declared: Sequence[Piece]) -> list[Piece]:
    """Give the pieces of the old file, widened by what the new one declares."""
    imports = (ast.Import, ast.ImportFrom)
    fresh = {_key(piece.node): piece for piece in declared}
    result = []
    for piece in old.pieces(old.tree):
        if isinstance(piece.node, imports):
            continue
        match = fresh.get(_key(piece.node)) or _private_match(new, piece)
        result.append(_widen(maker, old, new, piece, match))
    old_names = {n for stmt in old.tree.body for n in names_of(stmt)}
    place = 0
    for piece in declared:
        if set(piece.names) & old_names or not piece.names:
            at = _index(result, piece)
            place = place if at is None else at + 1
        else:
            result.insert(place, piece)
            place += 1
    return _ordered(result)


def _private_match(new: Text, piece: Piece) -> Piece | None:
    """Find a private class in the new file: its members may be public."""
    for other in new.pieces(new.tree):
        if isinstance(other.node, ast.ClassDef) and other.names == piece.names:
            return other
    return None


def _widen(
    maker: Maker, old: Text, new: Text, piece: Piece, match: Piece | None
) -> Piece:
    if match is None:
        return piece
    before, after = piece.node, match.node
    if "__all__" in piece.names:
        return match
    if isinstance(before, ast.ClassDef) and isinstance(after, ast.ClassDef):
        return piece.with_text(comments(piece) + _class(maker, old, new, before, after))
    if isinstance(before, Function) and isinstance(after, Function):
        text = _function(maker, old, new, before, after, before.name)
        return piece.with_text(comments(piece) + text)
    return piece


def _function(
    maker: Maker, old: Text, new: Text, before: Function, after: Function, name: str
) -> str:
    """Give the new signature over the old body, or a hole where that fails."""
    if type(before) is not type(after) or _dumps(before.decorator_list) != _dumps(
        after.decorator_list
    ):
        return old.whole(before)
    if not accepts(before.args, after.args):
        return maker.function(new, after, name)
    doc, body = new.doc(after), old.body(before)
    if not doc and not body:
        body = " " * (before.col_offset + 4) + "pass"
    return lines(new.header(after, ()), doc, body)


def _class(
    maker: Maker, old: Text, new: Text, before: ast.ClassDef, after: ast.ClassDef
) -> str:
    own = old.pieces(before)
    taken = {name for piece in own for name in piece.names} | assigned(before)
    taken |= {n for p in own if "__slots__" in p.names for n in slot_names(p.node)}
    matches = {_key(piece.node): (new, piece.node) for piece in new.pieces(after)}
    parents = [
        maker.classes[n] for n in map(root_name, after.bases) if n in maker.classes
    ]
    for file, node in parents:  # what has moved into a class that is new
        for piece in file.pieces(node):
            matches.setdefault(_key(piece.node), (file, piece.node))
    missing = sorted(attributes(after) - taken)
    members = []
    for piece in own:
        home, match = matches.get(_key(piece.node), (new, None))
        text = piece.text
        if isinstance(piece.node, Function) and isinstance(match, Function):
            name = f"{after.name}.{match.name}"
            made = _function(maker, old, home, piece.node, match, name)
            text = comments(piece) + made
        elif "__slots__" in piece.names and missing:
            names = sorted({*slot_names(piece.node), *missing})
            text = slots_text(names, " " * piece.node.col_offset)
        members.append(piece.with_text(text))
    added = _added(maker.members(new, after, after.name), own, taken)
    added = [p for p in (_constructor(new, before, p) for p in added) if p]
    values = [p for p in added if _comes_first(p)]
    at = next((i for i, p in enumerate(own) if isinstance(p.node, Function)), len(own))
    members[at:at] = values
    members += [p for p in added if not _comes_first(p)]
    if missing and "__getattr__" not in taken:
        members = [p for p in members if "__getattr__" not in p.names]
        members.append(_refusal(maker, after.name, missing, before.col_offset + 4))
    doc, body = new.doc(after) or old.doc(before), join(members, wide=1)
    header = (
        new.header(after, ())
        if _extends(before, after, [node for _, node in parents])
        else old.header(before, ())
    )
    return lines(header, doc, ("\n" if doc and body else "") + body)


def _comes_first(piece: Piece) -> bool:
    return not isinstance(piece.node, Function) or piece.node.name == "__init__"


def _extends(
    before: ast.ClassDef, after: ast.ClassDef, parents: Iterable[ast.ClassDef]
) -> bool:
    """Tell whether the new class only adds bases: what they give is a hole.

    A base may also be reached through a parent that is new.
    """
    same = _dumps(before.decorator_list) == _dumps(after.decorator_list)
    bases = {base for node in (after, *parents) for base in _dumps(node.bases)}
    return same and set(_dumps(before.bases)) <= bases


def _added(
    shown: Iterable[Piece], own: Iterable[Piece], taken: set[str]
) -> list[Piece]:
    """List the new members; a setter of an old property is one too."""
    known = {_key(piece.node) for piece in own}
    return [
        piece
        for piece in shown
        if piece.names
        and "__slots__" not in piece.names
        and _key(piece.node) not in known
        and (not set(piece.names) & taken or _accessor(piece.node) in ACCESSORS)
    ]


def _constructor(new: Text, before: ast.ClassDef, piece: Piece) -> Piece | None:
    """Let a first `__init__` take its parameters and do nothing yet.

    As a hole it would break every old call. A class with bases keeps the one
    that it inherits.
    """
    node = piece.node
    if not isinstance(node, Function) or node.name in TOO_BROAD:
        return None if piece.names[0] in TOO_BROAD else piece
    if node.name != "__init__":
        return piece
    if before.bases:
        return None
    bare = ast.arguments([], node.args.args[:1], None, [], [], None, [])
    if not accepts(bare, node.args):
        return piece
    body = " " * (node.col_offset + 4) + "pass"
    text = lines(new.header(node, ()), new.doc(node), body)
    return piece.with_text(comments(piece) + text)


def _refusal(maker: Maker, name: str, missing: list[str], width: int) -> Piece:
    """Write the `__getattr__` that names what is not built."""
    if maker.hollow:
        answer = "return None"
    else:
        answer = maker.refusal(f"{name}.{{name}}", formatted=True)
    listed = slots_text(missing, "").removeprefix("__slots__ = ")
    body = f'''
        def __getattr__(self, name: str) -> object:
            """Say which attributes this stage has to add."""
            missing = {listed}
            if name in missing:
                {answer}
            raise AttributeError(f"{{type(self).__name__}} has no attribute {{name}}")
    '''
    text = _refusal_text(body, listed)
    node = ast.parse(text).body[0]
    return Piece(node, indented(text.split("\n"), width), gap=1)


def _refusal_text(body: str, listed: str) -> str:
    if "\n" not in listed:
        return dedent(body).strip("\n").rstrip()
    first, _, rest = listed.partition("\n")
    shifted = f"{first}\n" + indented(rest.split("\n"), 12)
    return dedent(body.replace(listed, shifted)).strip("\n").rstrip()


def _key(node: ast.stmt) -> str:
    """Name a statement; a property and its setter differ."""
    return ",".join(names_of(node)) + _accessor(node)


def _accessor(node: ast.stmt) -> str:
    for decorator in getattr(node, "decorator_list", ()):
        last = decorator.attr if isinstance(decorator, ast.Attribute) else ""
        last = last or root_name(decorator)
        if last in (*ACCESSORS, "overload"):
            return f".{last}"
    return ""


def _index(pieces: Sequence[Piece], wanted: Piece) -> int | None:
    names = set(wanted.names)
    found = [i for i, piece in enumerate(pieces) if names & set(piece.names)]
    return found[-1] if found else None


def _ordered(pieces: list[Piece]) -> list[Piece]:
    """Move what a piece needs when it is imported in front of it."""
    done: list[Piece] = []
    homes = {name: piece for piece in pieces for name in piece.names}

    def visit(piece: Piece, above: tuple[Piece, ...]) -> None:
        if piece in done or piece in above:
            return
        if "__all__" not in piece.names:
            for name in sorted(needed_names(dedent(piece.text))):
                home = homes.get(name)
                if home is not None and home is not piece:
                    visit(home, (*above, piece))
        done.append(piece)

    for piece in pieces:
        visit(piece, ())
    return done


def _dumps(nodes: Iterable[ast.expr]) -> list[str]:
    return [ast.dump(node) for node in nodes]
