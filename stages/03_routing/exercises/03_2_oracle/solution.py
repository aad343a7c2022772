"""Find the best template by trying all of them."""

from collections.abc import Sequence

from microlith.paths import CONVERT, RANKS, Template


def best(templates: Sequence[str], path: str) -> str | None:
    """Return the most precise of the templates that match the path."""
    segments = path[1:].split("/")
    fitting = [t for t in templates if fits(Template(t).shape, segments)]
    return min(fitting, key=ranks, default=None)


def ranks(template: str) -> list[int]:
    """Return a number for each segment; the least is the most precise."""
    shape = Template(template).shape
    return [RANKS[e[1:-1]] if e.startswith("{") else -1 for e in shape]


def fits(shape: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether a template of this shape matches these segments."""
    if shape[-1] == "{path}" and len(segments) >= len(shape):
        shape, segments = shape[:-1], segments[: len(shape) - 1]
    pairs = zip(shape, segments, strict=False)
    return len(shape) == len(segments) and all(fit(e, s) for e, s in pairs)


def fit(entry: str, segment: str) -> bool:
    """Whether one entry of a shape takes one segment."""
    if not entry.startswith("{"):
        return entry == segment
    convert = CONVERT.get(entry[1:-1])
    if convert is not None:
        return convert(segment) is not None
    return entry == "{str}" and segment != ""
