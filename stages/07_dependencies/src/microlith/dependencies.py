"""What a function needs besides its input, made by other functions.

A **dependency** is a function whose result another function asks for. It is
asked for in a signature (``Depends(f)``, or a type that was registered), so
the whole graph is known before the first call. `compile_plan` walks it once
and writes down the order; at request time a call is a walk along a list::

    handler ── get_user ── get_session ── get_pool
                    └───────── token: a leaf, read from the request

    1 get_pool   2 get_session(1)   3 get_user(2, token)   handler(3)

A dependency that yields is closed again, last first, when the call is over.
What a call *is* stays open here: a request, a socket, a message.

Knows nothing of HTTP.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import KW_ONLY, dataclass, field
from inspect import (
    isasyncgenfunction,
    iscoroutinefunction,
    isgeneratorfunction,
    isroutine,
    unwrap,
)
from types import NoneType
from typing import Any, Protocol, get_args, get_origin

from microlith.calls import (
    ASYNC_GENERATOR,
    COROUTINE,
    FUNCTION,
    GENERATOR,
    entering,
    positional,
)
from microlith.exceptions import ConfigurationError
from microlith.kinds import bare, is_scalar
from microlith.routes import place_of, unwrap_partial
from microlith.signatures import EMPTY, Parameter, read_parameters

__all__ = ["Depends"]


MANAGER = 4
"""The kind of what returns a context manager; made a generator in `steps`."""


@dataclass(frozen=True, slots=True)
class Depends:
    """Ask for the result of a function.

    In `Annotated`, in place of a default, or in a list of ``dependencies``.
    Without a function the annotated class itself is called; a string names
    what was registered under it. A result is made once in a call and shared;
    ``fresh`` makes another one. ``enter`` also enters a returned context
    manager, ``thread`` runs a plain function in a thread.
    """

    function: Callable[..., Any] | str | None = None
    _: KW_ONLY
    fresh: bool = False
    enter: bool = False
    thread: bool = False


class Leaves(Protocol):
    """Who knows where the parameters that are no dependencies come from."""

    def explicit(self, parameter: Parameter) -> Any:
        """Return the leaf that a parameter names itself, or None."""
        ...

    def implicit(self, parameter: Parameter) -> Any:
        """Return the leaf that a parameter's type stands for."""
        ...


@dataclass(slots=True, eq=False)
class Node:
    """One call in a graph; ``needs`` are the nodes and leaves it takes."""

    kind: int
    function: Callable[..., Any]
    where: str
    thread: bool = False
    needs: list[Any] = field(default_factory=list)
    names: tuple[str, ...] = ()


Step = tuple[int, Callable[..., Any], tuple[int, ...]]
"""Kind, function, and the positions of its arguments among the values."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls that come before a function, in order.

    ``nodes`` are those calls, ``leaves`` what has to be there before them,
    ``needs`` what the function itself takes.
    """

    nodes: tuple[Node, ...]
    leaves: tuple[Any, ...]
    needs: tuple[Any, ...]
    names: tuple[str, ...]

    def places(self, leaves: Mapping[int, int], first: int) -> dict[int, int]:
        """Return each leaf's and node's position, by identity.

        ``leaves`` has those of the leaves; the nodes follow from ``first``.
        """
        nodes = {id(node): first + i for i, node in enumerate(self.nodes)}
        return {**leaves, **nodes}

    def steps(self, places: Mapping[int, int], threads: Any) -> list[Step]:
        """Return what is called, with which of the values."""
        steps = []
        for node in self.nodes:
            kind, call = node.kind, positional(node.function, node.names)
            if node.thread:
                kind, call = COROUTINE, threads.wrap(call)
            elif node.kind == MANAGER:
                kind, call = ASYNC_GENERATOR, entering(call)
            takes = tuple(places[id(need)] for need in node.needs)
            steps.append((kind, call, takes))
        return steps


NO_PLAN = Plan((), (), (), ())
"""The plan for a function that takes nothing."""


# --- the graph: compile time -------------------------------------------------


def compile_plan(
    function: Callable[..., Any],
    leaves: Leaves,
    providers: Mapping[Hashable, Callable[..., Any]] | None = None,
    overrides: Mapping[Any, Callable[..., Any]] | None = None,
    before: Sequence[Depends] = (),
) -> Plan:
    """Return the plan for calling a function.

    ``providers`` maps a type (or name) to what makes it, ``overrides`` a
    function or type to what stands in for it, ``before`` are dependencies
    whose results nobody takes. Raises one ConfigurationError for all
    mistakes in the graph.
    """
    where = place_of(function)
    graph = Graph(leaves, providers or {}, overrides or {})
    for depends in before:
        asked = Parameter("dependencies", EMPTY, depends, True, where)
        graph.attempt(graph.follow, depends, asked)
    target = Node(FUNCTION, function, where)
    graph.fill(target)
    if graph.errors:
        raise ConfigurationError.together(graph.errors)
    return Plan(
        tuple(graph.nodes),
        tuple(graph.leaves),
        tuple(target.needs),
        target.names,
    )


class Graph:
    """A graph of dependencies while it is walked, depth first."""

    def __init__(
        self,
        known: Leaves,
        providers: Mapping[Hashable, Callable[..., Any]],
        overrides: Mapping[Any, Callable[..., Any]],
    ) -> None:
        self.known = known
        self.providers = providers
        self.overrides = overrides
        self.nodes: list[Node] = []
        self.leaves: list[Any] = []
        self.errors: list[ConfigurationError] = []
        self.shared: dict[Hashable, Node] = {}
        self.trail: list[Callable[..., Any]] = []

    def fill(self, node: Node) -> None:
        """Find what a node needs; note what cannot be found."""
        self.trail.append(node.function)
        try:
            parameters = read_parameters(node.function)
        except ConfigurationError as error:
            self.errors.append(self.explained(error))
            parameters = []
        for parameter in parameters:
            node.needs.append(self.attempt(self.find, parameter))
        node.names = tuple(p.name for p in parameters if p.keyword_only)
        self.trail.pop()

    def attempt(self, step: Callable[..., Any], *args: Any) -> Any:
        """Take one step; note a mistake and go on, to report all together."""
        try:
            return step(*args)
        except ConfigurationError as error:
            self.errors.append(self.explained(error))
            return None

    def explained(self, error: ConfigurationError) -> ConfigurationError:
        """Return an error that also says who needs the faulty function."""
        names = " -> ".join(map(name_of, self.trail[:-1]))
        if not names:
            return error
        return ConfigurationError(f"{error} (needed by {names})")

    def find(self, parameter: Parameter) -> Any:
        """Return the node or leaf that a parameter stands for."""
        depends = find_depends(parameter)
        if depends is not None:
            return self.follow(depends, parameter)
        leaf = self.known.explicit(parameter)
        if leaf is None:
            key = bare(parameter.annotation)
            if isinstance(key, Hashable) and key in self.providers:
                return self.node(self.provider(key), Depends())
            leaf = self.known.implicit(parameter)
        self.leaves.append(leaf)
        return leaf

    def follow(self, depends: Depends, parameter: Parameter) -> Node:
        """Return the node that a `Depends` stands for."""
        if not isinstance(depends, Depends):
            raise parameter.mistake(
                f"has {depends!r}, which is no Depends(…)."
            )
        function = depends.function
        if isinstance(function, str):
            if function not in self.providers:
                raise parameter.mistake(
                    f"has Depends({function!r}), and nothing is registered "
                    "under this name. Use app.provide(name, factory)."
                )
            return self.node(self.provider(function), depends)
        if function is None:
            function = bare(parameter.annotation)
        elif callable(function) and not depends.enter:
            check_result(parameter, function)
        if not callable(function) or function is EMPTY:
            raise parameter.mistake(
                f"has {depends!r}, which has nothing to call: Depends takes "
                "a function or a class, without calling it."
            )
        return self.node(self.stand_in(function), depends)

    def provider(self, key: Hashable) -> Callable[..., Any]:
        """Return what makes a registered type or name."""
        if key in self.overrides:
            return self.overrides[key]
        return self.stand_in(self.providers[key])

    def stand_in(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function's override, or the function."""
        if isinstance(function, Hashable):
            return self.overrides.get(function, function)
        return function

    def node(self, function: Callable[..., Any], depends: Depends) -> Node:
        """Return the node for a call, the same one for the same call."""
        if any(function == above for above in self.trail):
            names = " -> ".join(map(name_of, (*self.trail, function)))
            raise ConfigurationError(
                f"{place_of(function)} depends on itself: {names}."
            )
        who = function if isinstance(function, Hashable) else id(function)
        key = (who, depends.enter, depends.thread)
        if not depends.fresh and key in self.shared:
            return self.shared[key]
        kind = kind_of(function, depends)
        where = place_of(function)
        node = Node(kind, function, where, depends.thread)
        self.fill(node)
        self.nodes.append(node)
        if not depends.fresh:
            self.shared[key] = node
        return node


def check_provider(key: Any, factory: Any) -> None:
    """Raise ConfigurationError for what cannot be registered."""
    if not isinstance(key, str) and is_scalar(key):
        raise ConfigurationError(
            f"provide({key!r}, …): a scalar is read from the query. "
            "Provide a class of your own, or a name."
        )
    if not callable(factory):
        raise ConfigurationError(
            f"provide({key!r}, …) takes a function that makes the value, "
            f"not {factory!r}."
        )


def find_depends(parameter: Parameter) -> Depends | None:
    """Return the `Depends` of a parameter, or None."""
    found = [m for m in parameter.metadata if isinstance(m, Depends)]
    if isinstance(parameter.default, Depends):
        found.append(parameter.default)
    if Depends in (*parameter.metadata, parameter.default):
        raise parameter.mistake("is marked Depends: call it, Depends(…).")
    if len(found) > 1:
        raise parameter.mistake("has two Depends(…); keep one.")
    return found[0] if found else None


HELPERS: dict[Any, int] = {
    contextmanager(lambda: iter(())).__code__: MANAGER,
    asynccontextmanager(lambda: None).__code__: MANAGER,  # type: ignore
}
"""The code that a function decorated by these two consists of."""


def kind_of(function: Callable[..., Any], depends: Depends) -> int:
    """Return how a dependency is called.

    Raises ConfigurationError for options that do not fit.
    """
    inner = unwrap_partial(function)
    if not isroutine(inner) and not isinstance(inner, type):
        inner = unwrap(type(inner).__call__)
    kind = FUNCTION
    layer: Any = function
    while layer is not None:
        kind = HELPERS.get(getattr(layer, "__code__", None), kind)
        layer = getattr(layer, "__wrapped__", None)
    if kind == FUNCTION and isasyncgenfunction(inner):
        kind = ASYNC_GENERATOR
    elif kind == FUNCTION and isgeneratorfunction(inner):
        kind = GENERATOR
    elif kind == FUNCTION and depends.enter:
        kind = MANAGER
    elif kind == FUNCTION and iscoroutinefunction(inner):
        kind = COROUTINE
    if depends.thread and kind != FUNCTION:
        raise ConfigurationError(
            f"{place_of(function)}: thread=True is for a plain function."
        )
    return kind


def name_of(function: Any) -> str:
    """Return a function's name, for a trail."""
    return place_of(function).partition(" (")[0]


def check_result(parameter: Parameter, function: Any) -> None:
    """Refuse a dependency that declares another class than its parameter."""
    wanted = bare(parameter.annotation)
    made = function if isinstance(function, type) else declared(function)
    if not isinstance(wanted, type) or not isinstance(made, type):
        return
    numbers = wanted in (float, complex) and made in (int, float)
    free = wanted in (EMPTY, Any) or made is Any
    if free or numbers or related(wanted, made):
        return
    raise parameter.mistake(
        f"is of type {wanted.__name__}, and {place_of(function)} makes a "
        f"value of type {made.__name__}. Make the two agree."
    )


def related(first: type, second: type) -> bool:
    """Whether one value may be of both classes; True where none can say."""
    try:
        return issubclass(first, second) or issubclass(second, first)
    except TypeError:  # a protocol, or a TypedDict
        return True


def declared(function: Any) -> Any:
    """Return the class that a function says it returns or yields, or None."""
    annotation = getattr(unwrap_partial(function), "__annotations__", {}).get(
        "return"
    )
    if get_args(annotation) and get_origin(annotation) is not type:
        origin = getattr(get_origin(annotation), "__name__", "")
        if origin.endswith(("Iterator", "Generator", "Iterable")):
            annotation = get_args(annotation)[0]
        else:
            annotation = get_origin(annotation)
    return annotation if annotation is not NoneType else None
