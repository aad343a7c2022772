"""Find the best template by trying all of them."""

from collections.abc import Sequence


def best(templates: Sequence[str], path: str) -> str | None:
    """Return the most precise of the templates that match the path."""
    # TODO: keep the templates that fit, and take the one of least rank.
    raise NotImplementedError
