"""What is left of a graph of dependencies once it has been walked.

A `Node` is one call, a `Plan` all calls before a function in their order, and
a `Provider` what makes the values of a registered type.

Knows nothing of HTTP.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from microlith.calls import (
    ASYNC_GENERATOR,
    COROUTINE,
    FUNCTION,
    entering,
    positional,
)

__all__ = ["Node", "Plan", "Provider"]

MANAGER = 4
"""The kind of what returns a context manager; made a generator in `steps`."""


@dataclass(slots=True, eq=False)
class Node:
    """One call in a graph; ``needs`` are the nodes and leaves it takes."""

    kind: int
    function: Callable[..., Any]
    where: str
    thread: bool = False
    provides: Hashable = None
    needs: list[Any] = field(default_factory=list)
    names: tuple[str, ...] = ()

    def step(
        self, places: Mapping[int, int] | None = None, threads: Any = None
    ) -> "Step":
        """Return how this call is made, with which of the values."""
        kind, call = self.kind, positional(self.function, self.names)
        if self.thread:
            kind, call = COROUTINE, threads.wrap(call)
        elif kind == MANAGER:
            kind, call = ASYNC_GENERATOR, entering(call)
        places = places or {}
        takes = tuple(places[id(need)] for need in self.needs if places)
        return kind, call, takes


Step = tuple[int, Callable[..., Any], tuple[int, ...]]
"""Kind, function, and the positions of its arguments among the values."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls that come before a function, in order.

    ``target`` is the function itself, ``nodes`` are those calls, ``leaves``
    what has to be there before them.
    """

    target: Node
    nodes: tuple[Node, ...]
    leaves: tuple[Any, ...]

    @property
    def needs(self) -> Sequence[Any]:
        """What the function itself takes: nodes and leaves."""
        return self.target.needs

    @property
    def names(self) -> tuple[str, ...]:
        """Which of it is passed by name."""
        return self.target.names

    def places(self, leaves: Mapping[int, int], first: int) -> dict[int, int]:
        """Return each leaf's and node's position, by identity.

        ``leaves`` has those of the leaves; the nodes follow from ``first``.
        """
        nodes = {id(node): first + i for i, node in enumerate(self.nodes)}
        return {**leaves, **nodes}

    def steps(self, places: Mapping[int, int], threads: Any) -> list[Step]:
        """Return what is called, with which of the values."""
        return [node.step(places, threads) for node in self.nodes]


NO_PLAN = Plan(Node(FUNCTION, tuple, "nothing"), (), ())
"""The plan for a function that takes nothing."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What makes the values of a registered type or name.

    A value that lives as long as the app is not made in a call but fetched
    with ``read``, a function or coroutine function by its ``kind``.
    """

    key: Hashable
    factory: Callable[..., Any]
    lifetime: str = "call"
    read: Callable[..., Any] | None = None
    kind: int = FUNCTION
