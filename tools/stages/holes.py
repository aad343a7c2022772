"""Turn one declaration into a hole: its shape stays, what it does goes.

A hole keeps decorators, signature and docstring, and its body becomes
`raise NotBuilt("stage 03: build Router.match")`, or `return None` in the hollow
kind that the red gate uses. A generator stays one: it yields nothing and says
"not built" once it is iterated. This module must not know where a declaration
stands in its file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from textwrap import dedent

from tools.stages.model import LadderError
from tools.stages.pieces import (
    Function,
    Piece,
    Text,
    docstring_of,
    is_block,
    is_generator,
    join,
    needed_names,
    root_name,
)

__all__ = [
    "NOT_BUILT",
    "Maker",
    "comments",
    "indented",
    "is_public",
    "is_trivial",
    "lines",
    "simple",
    "slot_names",
    "slots_text",
]

WIDTH = 88

NOT_BUILT = "microlith._notbuilt"
"""The generated module that the holes import."""

UNASKED = {"__init_subclass__", "__set_name__", "__class_getitem__", "__del__"}
"""Methods that Python calls unasked, most while a class is made: never holes."""

FACTORIES = {"ContextVar", "NewType", "ParamSpec", "TypeVar", "TypeVarTuple"}
FACTORIES |= {"getLogger", "namedtuple", "NamedTuple", "TypedDict", "Enum"}


@dataclass
class Maker:
    """Make the holes of one file of one stage."""

    stage: int
    path: str
    hollow: bool = False
    stubbed: set[str] = field(default_factory=set)
    """Names of this file that are holes: using them at import would raise."""
    classes: dict[str, tuple[Text, ast.ClassDef]] = field(default_factory=dict)
    """What it imports from the new files of its stage: perhaps its new bases."""
    imports: set[str] = field(default_factory=set)
    """Names of `_notbuilt` that the stub must import."""

    def function(self, text: Text, node: Function, name: str) -> str:
        """Give a function as a hole; an empty one stays as it is."""
        dropped = self._dropped(node.decorator_list)
        if is_trivial(node) and not dropped:
            return text.whole(node)
        header, doc = text.header(node, dropped), text.doc(node)
        return lines(header, doc, indented(self._body(node, name), node.col_offset + 4))

    def class_(self, text: Text, node: ast.ClassDef, name: str) -> str:
        """Give a class with its declarations; its methods become holes."""
        header = text.header(node, self._dropped(node.decorator_list))
        members = self.members(text, node, name)
        doc, body = text.doc(node), join(members, wide=1)
        gap = "\n" if doc and members else ""
        if not doc and not members:
            body = " " * (node.col_offset + 4) + "pass"
        return lines(header, doc, gap + body)

    def members(self, text: Text, node: ast.ClassDef, name: str) -> list[Piece]:
        """Give what a reader may see of a class, in its order."""
        made = {
            piece: self._member(text, node, piece, name) for piece in text.pieces(node)
        }
        kept = {piece for piece, shown in made.items() if _shows(node, piece)}
        # A private default of a public signature must exist when the class is made.
        while more := {
            piece
            for piece in made
            if piece not in kept and set(piece.names) & _needed(kept, made)
        }:
            kept |= more
        found = [piece.with_text(made[piece]) for piece in made if piece in kept]
        return [piece for piece in found if piece.text]

    def assignment(self, piece: Piece, name: str) -> str:
        """Give an assignment, or a placeholder where its value is a solution."""
        node = piece.node
        value = getattr(node, "value", None)
        if value is None or not (self.calls_hole(value) or _is_work(node, piece.names)):
            return piece.text
        indent = " " * node.col_offset
        target = piece.names[0]
        if isinstance(node, ast.AnnAssign):
            target += f": {ast.unparse(node.annotation)}"
        return f"{indent}{target} = {self.placeholder(name)}"

    def placeholder(self, name: str) -> str:
        """Give the expression that stands for a value that is not built."""
        if self.hollow:
            return "None"
        self.imports.add("Unbuilt")
        return f'Unbuilt("{self.message(name)}")'

    def refusal(self, name: str, *, formatted: bool = False) -> str:
        """Give the statement that says that something is not built."""
        self.imports.add("NotBuilt")
        return f'raise NotBuilt({"f" * formatted}"{self.message(name)}")'

    def message(self, name: str) -> str:
        """Say what a reader still has to build."""
        return f"stage {self.stage:02d}: build {name}"

    def calls_hole(self, value: ast.expr) -> bool:
        """Tell whether evaluating this would call something not built."""
        calls = (node for node in ast.walk(value) if isinstance(node, ast.Call))
        return any(root_name(call.func) in self.stubbed for call in calls)

    def _body(self, node: Function, name: str) -> list[str]:
        generator = is_generator(node)
        if self.hollow:
            return ["return", "yield"] if generator else ["return None"]
        line = self.refusal(name)
        if node.col_offset + 4 + len(line) > WIDTH:
            line = line.replace('("', '(\n    "').replace('")', '"\n)')
        return [line, "yield"] if generator else [line]

    def _member(self, text: Text, node: ast.ClassDef, piece: Piece, name: str) -> str:
        member = piece.node
        full = f"{name}.{piece.names[0] if piece.names else ''}"
        if isinstance(member, Function):
            if _is_enum(node):
                return piece.text
            return comments(piece) + self.function(text, member, full)
        if isinstance(member, ast.ClassDef):
            return comments(piece) + self.class_(text, member, full)
        if "__slots__" in piece.names:
            return _slots(member, " " * member.col_offset)
        if isinstance(member, ast.Assign | ast.AnnAssign):
            return self.assignment(piece, full)
        return simple(piece, self.path)

    def _dropped(self, decorators: Iterable[ast.expr]) -> list[ast.expr]:
        return [d for d in decorators if root_name(d) in self.stubbed]


def is_public(name: str) -> bool:
    """Tell whether a name is public; `__x__` and `_x_` are."""
    return not name.startswith("_") or (len(name) > 2 and name.endswith("_"))


def is_trivial(node: Function) -> bool:
    """Tell whether a function has nothing to build: `...`, `pass`, a docstring."""
    body = node.body[1:] if docstring_of(node) else node.body
    return all(
        isinstance(stmt, ast.Pass)
        or (isinstance(stmt, ast.Expr) and _is_ellipsis(stmt.value))
        for stmt in body
    )


def indented(lines: Iterable[str], width: int) -> str:
    """Indent lines, those inside the given texts too."""
    whole = "\n".join(lines)
    return "\n".join(" " * width + line for line in whole.split("\n"))


def simple(piece: Piece, path: str) -> str:
    """Give a statement that is neither declaration nor assignment."""
    node = piece.node
    if isinstance(node, ast.If | ast.Try):
        for inner in ast.walk(node):
            if isinstance(inner, ast.stmt) and is_block(inner):
                raise LadderError(
                    f"{path}:{node.lineno}: a stub cannot hold a definition under "
                    "`if` or `try`; define it at the top level"
                )
        return piece.text
    return piece.text if isinstance(node, ast.Import | ast.ImportFrom) else ""


def slot_names(node: ast.stmt) -> list[str]:
    """Read the names of a literal `__slots__`."""
    try:
        value = ast.literal_eval(getattr(node, "value", ast.Tuple([])))
    except ValueError:
        return []
    return [value] if isinstance(value, str) else [str(name) for name in value]


def _slots(node: ast.stmt, indent: str) -> str:
    return slots_text([n for n in slot_names(node) if is_public(n)], indent)


def slots_text(names: list[str], indent: str) -> str:
    """Write `__slots__` as the formatter would."""
    quoted = [f'"{name}"' for name in names]
    inner = ", ".join(quoted) + ("," if len(names) == 1 else "")
    line = f"{indent}__slots__ = ({inner})"
    if len(line) <= WIDTH:
        return line
    listed = "".join(f"{indent}    {name},\n" for name in quoted)
    return f"{indent}__slots__ = (\n{listed}{indent})"


def _shows(node: ast.ClassDef, piece: Piece) -> bool:
    """Tell whether a member is for the reader's eyes."""
    if not piece.names:
        return True
    if isinstance(piece.node, ast.AnnAssign) and _has_fields(node):
        return True
    return all(is_public(n) and n not in UNASKED for n in piece.names)


def _needed(kept: set[Piece], made: dict[Piece, str]) -> set[str]:
    texts = (dedent(made[piece]) for piece in kept)
    return {name for text in texts for name in needed_names(text)}


def _has_fields(node: ast.ClassDef) -> bool:
    """Tell whether annotations in this class are its constructor."""
    marks = {_last(mark) for mark in [*node.decorator_list, *node.bases]}
    return not marks.isdisjoint({"dataclass", "NamedTuple", "TypedDict"})


def _is_enum(node: ast.ClassDef) -> bool:
    return any(_last(base).endswith(("Enum", "Flag")) for base in node.bases)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else root_name(node)


def _is_work(node: ast.stmt, names: tuple[str, ...]) -> bool:
    """Tell whether a value is work to do, not a constant, an alias or a field."""
    value = getattr(node, "value", None)
    if value is None or node.col_offset:
        return isinstance(value, ast.Lambda)
    if any(isinstance(part, ast.Lambda) for part in ast.walk(value)):
        return True
    if isinstance(node, ast.AnnAssign) or not names[0][:1].islower():
        return False
    return not (isinstance(value, ast.Call) and _last(value) in FACTORIES)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def comments(piece: Piece) -> str:
    """Give the comments that stand on a piece."""
    kept = []
    for line in piece.text.split("\n"):
        if not line.strip().startswith("#"):
            break
        kept.append(line + "\n")
    return "".join(kept)


def lines(*parts: str) -> str:
    """Put the parts that are not empty below each other."""
    return "\n".join(part for part in parts if part)
