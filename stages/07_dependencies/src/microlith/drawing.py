"""A handler's dependencies, drawn as Mermaid text.

``print(draw(app, show))`` gives what a Markdown page or mermaid.live turns
into a picture. Rounded boxes are closed after the call; what stands at the
left is read from the request.

Must not know the application.
"""

from collections.abc import Callable
from typing import Any

from microlith.binding import ROOT
from microlith.calls import GENERATOR
from microlith.dependencies import name_of
from microlith.handlers import inspect_handler
from microlith.params import Computed, Part, Scalar

__all__ = ["draw"]


def draw(app: Any, handler: Callable[..., Any]) -> str:
    """Return the graph of a handler's dependencies as a Mermaid flowchart.

    Raises LookupError when the handler is at no route of this app.
    """
    found = [route for route in app.routes if route.handler is handler]
    if not found:
        raise LookupError(f"{name_of(handler)} is at no route of this app")
    plan = inspect_handler(found[0], app).plan
    names: dict[int, str] = {}
    lines = ["flowchart LR"]
    for leaf in plan.leaves:
        if id(leaf) not in names:
            names[id(leaf)] = f"in{len(names)}"
            lines.append(f'    {names[id(leaf)]}>"{label_of(leaf)}"]')
    for i, node in enumerate(plan.nodes, 1):
        names[id(node)] = f"d{i}"
        left, right = "([", "])"
        if node.kind < GENERATOR:
            left, right = "[", "]"
        title = node.where.partition(" (")[0]
        lines.append(f'    d{i}{left}"{title}"{right}')
    lines.append(f'    handler[["{name_of(handler)}"]]')
    for node in plan.nodes:
        for need in node.needs:
            lines.append(f"    {names[id(need)]} --> {names[id(node)]}")
    for need in plan.needs:
        lines.append(f"    {names[id(need)]} --> handler")
    return "\n".join(lines)


def label_of(leaf: Any) -> str:
    """Return what a leaf is called in the drawing."""
    if leaf is ROOT:
        return "request"
    if isinstance(leaf, Scalar):
        return f"{leaf.place} {leaf.key}"
    if isinstance(leaf, Part):
        return f"body {leaf.key}"
    return leaf.parameter.name if isinstance(leaf, Computed) else "value"
