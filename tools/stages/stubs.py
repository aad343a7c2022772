"""What a reader of stage N starts from: stage N-1, and holes for stage N.

A file that stage N adds keeps its docstring, imports, `__all__`, constants,
declarations and public signatures; each public body becomes a hole. A file that
stage N rewrites is stage N-1's file, widened. The stubs import as a package; a
generated module `microlith._notbuilt` gives them the exception that no test can
take for an answer. Nothing here writes to disk: that is for `start`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from tools.stages import exports
from tools.stages.compose import composed_sources, tree_files
from tools.stages.holes import Maker, comments, is_public, is_trivial, simple
from tools.stages.imports import Imports
from tools.stages.model import Ladder
from tools.stages.pieces import (
    Function,
    Piece,
    Text,
    join,
    names_of,
    needed_names,
)
from tools.stages.stubs_rewrite import merge

__all__ = ["NOT_BUILT_FILE", "assemble", "holes", "stub_sources"]

NOT_BUILT_FILE = "microlith/_notbuilt.py"
"""The generated module; it is no part of any stage."""

NOT_BUILT_SOURCE = '''\
"""What the holes of this stage raise; generated, and no part of the library.

`NotBuilt` is pytest's own failure, so that no `except Exception` and no
`pytest.raises` takes a hole for an answer.
"""

try:
    from pytest import fail
except ImportError:
    Failure: type[BaseException] = BaseException
else:
    Failure = fail.Exception


class NotBuilt(Failure):  # type: ignore[misc, valid-type]
    """Say what is still to be built."""


class Unbuilt:
    """Stand for a value that is not built: whoever uses it is told so."""

    def __init__(self, what: str) -> None:
        self._what = what

    def _refuse(self, *args: object, **options: object) -> object:
        raise NotBuilt(self._what)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotBuilt(self._what)

    __call__ = __getitem__ = __iter__ = __len__ = __contains__ = _refuse
    __enter__ = __aenter__ = __await__ = __aiter__ = _refuse
    __bool__ = __eq__ = __lt__ = __or__ = __add__ = _refuse
    __hash__ = object.__hash__
'''

HOLE = re.compile(r'(?:NotBuilt|Unbuilt)\(\s*f?"stage \d\d: build ([\w.{}]+)"')
MISSING = re.compile(r"missing = \(([^)]*)\)")


def stub_sources(ladder: Ladder, n: int, hollow: bool = False) -> dict[str, bytes]:
    """Give path below `src` -> content of what a reader of stage `n` starts from.

    With `hollow`, bodies return None: whatever test passes then tests nothing.
    """
    old = composed_sources(ladder, n - 1) if n > 1 else {}
    new = tree_files(ladder.stage(n).src)
    called = _called(new, old)
    private: dict[str, set[str]] = {}
    while True:
        before = {module: set(names) for module, names in private.items()}
        stubs = dict(old)
        for path, source in new.items():
            if not path.endswith(".py"):
                stubs[path] = source
                continue
            fresh = {p: s for p, s in new.items() if p not in old}
            classes = _classes(source, fresh)
            maker = Maker(n, path, hollow, called[path], classes)
            wanted = private.get(exports.dotted(path[len("microlith/") :]), set())
            stub = _stub(maker, source, old.get(path), wanted, private)
            stubs[path] = stub.encode()
        if private == before:
            break
    stubs[NOT_BUILT_FILE] = NOT_BUILT_SOURCE.encode()
    stubs[exports.INIT] = exports.generate(ladder, stubs)
    return dict(sorted(stubs.items()))


def holes(sources: Mapping[str, bytes]) -> list[str]:
    """List the holes of a stub tree as `routing.py:Router.match`."""
    found = []
    for path, source in sources.items():
        shown = path.removeprefix("microlith/")
        if path.endswith(".py") and path != NOT_BUILT_FILE:
            found += [f"{shown}:{name}" for name in _holes(source.decode())]
    return list(dict.fromkeys(found))


def _holes(text: str) -> Iterator[str]:
    for hole in HOLE.finditer(text):
        owner, _, name = hole[1].rpartition(".")
        if name != "{name}":
            yield hole[1]
            continue
        # A generated `__getattr__` lists its attributes just above.
        listed = MISSING.findall(text, 0, hole.start())[-1]
        yield from (f"{owner}.{item}" for item in re.findall(r'"(\w+)"', listed))


def assemble(
    maker: Maker, doc: str, imports: Imports, pieces: list[Piece], text: str
) -> str:
    """Put a stub together; `text` is its pieces as one text."""
    for name in sorted(maker.imports):
        imports.add_name("microlith._notbuilt", name)
    block = imports.render()
    head = "\n\n".join(part for part in (doc, block) if part)
    if not pieces:
        return f"{head}\n" if head else ""
    wide = isinstance(pieces[0].node, ast.ClassDef | Function)
    gap = "\n" * (3 if wide and not pieces[0].banner else 2)
    return f"{head}{gap if head else ''}{text}\n"


def _stub(
    maker: Maker,
    source: bytes,
    old: bytes | None,
    wanted: set[str],
    private: dict[str, set[str]],
) -> str:
    """Stub one file; `private` collects what it needs of its neighbours."""
    new = Text(source)
    imports = Imports(new.tree.body)
    pieces = _declarations(maker, new, wanted)
    if old is not None:
        before = Text(old)
        pieces = merge(maker, before, new, pieces)
        imports = _both(imports, Imports(before.tree.body))
        own = Imports(before.tree.body).bound()
    else:
        own = set()
    body = join(pieces)
    needed = needed_names(body)
    for bound, (module, name) in imports.origins().items():
        if _is_hidden(module, name) and bound in needed:
            private.setdefault(module, set()).add(name)
    imports.keep(lambda m, n, b: not _is_hidden(m, n) or b in needed or b in own)
    return assemble(maker, new.doc(new.tree), imports, pieces, body)


def _both(new: Imports, old: Imports) -> Imports:
    """Add the imports of the stage before, unless the name is bound anew."""
    taken = new.bound()
    old.keep(lambda _module, _name, bound: bound not in taken)
    new.modules |= old.modules
    for module, names in old.names.items():
        new.names.setdefault(module, set()).update(names)
    return new


def _is_hidden(module: str, name: str) -> bool:
    return module.startswith("microlith.") and not is_public(name)


def _declarations(maker: Maker, text: Text, wanted: set[str]) -> list[Piece]:
    """Give what a reader may see of a file, in its order."""
    every = [p for p in text.pieces(text.tree) if not _is_import(p.node)]
    made = {piece: _declaration(maker, text, piece) for piece in every}
    kept = {
        piece
        for piece in every
        if all(is_public(n) or n in wanted for n in piece.names)
    }
    while more := {
        piece
        for piece in every
        if piece not in kept
        and set(piece.names) & {n for p in kept for n in needed_names(made[p])}
    }:
        kept |= more
    found = [piece.with_text(made[piece]) for piece in every if piece in kept]
    return [piece for piece in found if piece.text]


def _declaration(maker: Maker, text: Text, piece: Piece) -> str:
    node = piece.node
    if isinstance(node, Function):
        return comments(piece) + maker.function(text, node, node.name)
    if isinstance(node, ast.ClassDef):
        return comments(piece) + maker.class_(text, node, node.name)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return maker.assignment(piece, piece.names[0])
    return simple(piece, maker.path)


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _classes(
    source: bytes, fresh: Mapping[str, bytes]
) -> dict[str, tuple[Text, ast.ClassDef]]:
    """Give the classes that a file imports from the new files of its stage."""
    found = {}
    for bound, (module, name) in Imports(ast.parse(source).body).origins().items():
        text = Text(fresh.get(f"{module.replace('.', '/')}.py", b""))
        for node in text.tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                found[bound] = (text, node)
    return found


def _called(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> dict[str, set[str]]:
    """For each file, name what must not be called while it is imported."""
    trees = {path: ast.parse(s) for path, s in new.items() if path.endswith(".py")}
    known = {path: _top_names(ast.parse(old[path])) for path in trees if path in old}
    found: dict[str, set[str]] = {path: set() for path in trees}
    while True:
        size = sum(map(len, found.values()))
        for path, tree in trees.items():
            for bound, (module, name) in Imports(tree.body).origins().items():
                source = f"{module.replace('.', '/')}.py"
                package = f"{module.replace('.', '/')}/__init__.py"
                if name in found.get(source, found.get(package, ())):
                    found[path].add(bound)
            old_names = known.get(path, set())
            for stmt in tree.body:
                if _raises(stmt, found[path]):
                    found[path] |= set(names_of(stmt)) - old_names
        if size == sum(map(len, found.values())):
            return found


def _top_names(tree: ast.Module) -> set[str]:
    return {name for stmt in tree.body for name in names_of(stmt)}


def _raises(node: ast.stmt, called: set[str]) -> bool:
    """Tell whether calling what this defines would meet a hole."""
    if isinstance(node, Function):
        return not is_trivial(node)
    if not isinstance(node, ast.ClassDef):
        return False
    makers = {"__init__", "__new__", "__post_init__"}
    own = any(isinstance(m, Function) and m.name in makers for m in node.body)
    return own or any(getattr(base, "id", "") in called for base in node.bases)
