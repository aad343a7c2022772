"""The public names of a module with signature and docstring, read from source.

Works on text through `ast` and never imports the library. It must not know pages
or HTML.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tools.book.errors import BookError
from tools.book.symbols import overrides

__all__ = ["Entry", "exports", "module_docstring", "public_entries"]

WIDTH = 79


@dataclass(frozen=True, slots=True)
class Entry:
    """One documented name; members carry the name of their class in front."""

    name: str
    kind: str
    signature: str
    doc: str

    @property
    def member(self) -> bool:
        """Whether the name belongs to a class."""
        return "." in self.name


def exports(text: str) -> list[str]:
    """Return the literal `__all__` of a module."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def module_docstring(text: str) -> str:
    """Return the docstring of a module, without indentation."""
    return ast.get_docstring(ast.parse(text)) or ""


def public_entries(text: str) -> list[Entry]:
    """Describe each name of `__all__`, classes with their public members."""
    entries: list[Entry] = []
    inherited = overrides(text)
    body = ast.parse(text).body
    known = {entry.name: entry for entry in _borrowed(body)}
    known |= {entry.name: entry for entry in _entries(body, "")}
    for name in exports(text):
        if name not in known:
            raise BookError(f"__all__ holds {name}, which the module does not define")
        entries.append(known[name])
        entries += [
            entry if entry.doc else replace(entry, doc=_inherited(inherited, other))
            for other, entry in known.items()
            if other.startswith(f"{name}.") and _public(other)
        ]
    return entries


def _inherited(inherited: Mapping[str, str], name: str) -> str:
    return f"Overrides `{inherited[name]}`." if name in inherited else ""


def _borrowed(body: list[ast.stmt]) -> Iterator[Entry]:
    """Describe names that the module takes from another one of the package."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module:
            home = node.module
            for alias in node.names:
                name = alias.asname or alias.name
                doc = f"The same as `{home}.{alias.name}`, for convenience."
                line = f"from {home} import {alias.name}"
                yield Entry(name, "borrowed", line, doc)


def _public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _entries(body: list[ast.stmt], prefix: str) -> Iterator[Entry]:
    for position, node in enumerate(body):
        follower = body[position + 1] if position + 1 < len(body) else None
        if isinstance(node, ast.ClassDef):
            yield _class(node, prefix)
            yield from _entries(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [ast.unparse(d) for d in node.decorator_list]
            if any(m.endswith((".setter", ".deleter", "overload")) for m in marks):
                continue
            yield _function(node, prefix, marks)
        else:
            yield from _constant(node, follower, prefix)


def _class(node: ast.ClassDef, prefix: str) -> Entry:
    name = prefix + node.name
    init = next(
        (
            item
            for item in node.body
            if isinstance(item, ast.FunctionDef) and item.name == "__init__"
        ),
        None,
    )
    parents = [*node.bases, *(keyword.value for keyword in node.keywords)]
    bases = ", ".join(ast.unparse(parent) for parent in parents)
    head = f"class {node.name}" + (f"({bases})" if bases else "")
    if init is not None:
        head += "\n\n" + _call(node.name, init, skip_first=True)
    return Entry(name, "class", head, inspect.cleandoc(ast.get_docstring(node) or ""))


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str, marks: list[str]
) -> Entry:
    doc = ast.get_docstring(node) or ""
    name = prefix + node.name
    if any(mark.endswith("property") for mark in marks):
        returns = f": {ast.unparse(node.returns)}" if node.returns else ""
        return Entry(name, "property", f"{node.name}{returns}", doc)
    start = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
    bound = bool(prefix) and "staticmethod" not in marks
    signature = start + _call(node.name, node, skip_first=bound)
    extra = [f"@{m}" for m in marks if m in ("classmethod", "staticmethod")]
    kind = "method" if prefix else "function"
    return Entry(name, kind, "\n".join([*extra, signature]), doc)


def _call(
    name: str, node: ast.FunctionDef | ast.AsyncFunctionDef, *, skip_first: bool
) -> str:
    arguments = _pieces(node.args)
    if skip_first:
        arguments = arguments[1:]
        if arguments[:1] == ["/"]:
            arguments = arguments[1:]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if name[:1].isupper():
        returns = ""
    short = f"{name}({', '.join(arguments)}){returns}"
    if len(short) <= WIDTH - 10:
        return short
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{name}(\n{lines}){returns}"


def _pieces(args: ast.arguments) -> list[str]:
    """Split the parameters of a function into texts."""
    positional = [*args.posonlyargs, *args.args]
    blanks: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    defaults = [*blanks, *args.defaults]
    pieces: list[str] = []
    for index, (argument, default) in enumerate(zip(positional, defaults, strict=True)):
        pieces.append(_piece(argument, default))
        if index + 1 == len(args.posonlyargs):
            pieces.append("/")
    if args.vararg:
        pieces.append(f"*{_piece(args.vararg, None)}")
    elif args.kwonlyargs:
        pieces.append("*")
    for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        pieces.append(_piece(argument, default))
    if args.kwarg:
        pieces.append(f"**{_piece(args.kwarg, None)}")
    return pieces


def _piece(argument: ast.arg, default: ast.expr | None) -> str:
    text = argument.arg
    if argument.annotation:
        text += f": {ast.unparse(argument.annotation)}"
    if default is not None:
        equals = " = " if argument.annotation else "="
        text += equals + ast.unparse(default)
    return text


def _constant(
    node: ast.stmt, follower: ast.stmt | None, prefix: str
) -> Iterator[Entry]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        name = node.target.id
    else:
        return
    doc = ""
    if isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant):
        doc = inspect.cleandoc(str(follower.value.value))
    kind = "attribute" if prefix else "constant"
    yield Entry(prefix + name, kind, ast.unparse(node), doc)
