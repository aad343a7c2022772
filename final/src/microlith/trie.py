"""A trie of path templates, one level a segment.

It is grown while routes are filed, and never changes after that. The walk
through it is `Router.match`.

Must not know routers.
"""

from collections.abc import Callable, Iterator
from typing import Any

from microlith.paths import CONVERT, RANKS
from microlith.routes import Mount, Route

__all__ = ["Node"]


class Node:
    """One level of the trie: edges that leave it, routes that end here.

    ``typed`` holds (converter, node) pairs, least precise first. ``ends`` maps
    a method to its route, ``tail`` does so for ``{x:path}``, ``mount`` for a
    mount.
    """

    __slots__ = ("ends", "forks", "literal", "mount", "tail", "typed")

    def __init__(self) -> None:
        self.literal: dict[str, Node] = {}
        self.typed: list[tuple[str, Callable[[str], Any] | None, Node]] = []
        self.ends: dict[str, Route] = {}
        self.tail: dict[str, Route] = {}
        self.mount: dict[str, Route] = {}
        self.forks = False

    def child(self, entry: str) -> "Node":
        """Return the node behind one entry of a shape, made when missing."""
        if not entry.startswith("{"):
            return self.literal.setdefault(entry, Node())
        kind = entry[1:-1]
        for known, _, node in self.typed:
            if known == kind:
                return node
        node, self.forks = Node(), True
        self.typed.append((kind, CONVERT.get(kind), node))
        self.typed.sort(key=lambda edge: -RANKS[edge[0]])
        return node

    def leaf(self, route: Route, shape: tuple[str, ...]) -> dict[str, Route]:
        """Return the table of methods at the end of a shape."""
        if shape == ("",):
            shape = ()
        node, tail = self, bool(shape) and shape[-1] == "{path}"
        for entry in shape[:-1] if tail else shape:
            node = node.child(entry)
        node.forks = node.forks or tail or isinstance(route, Mount)
        if isinstance(route, Mount):
            return node.mount
        return node.tail if tail else node.ends

    def near(self, path: str = "/") -> Iterator[tuple[str, "Node"]]:
        """Yield this node, and each that literals alone lead to.

        Each comes with the path so far, up to its last slash.
        """
        yield path, self
        for segment, node in self.literal.items():
            yield from node.near(f"{path}{segment}/")
