"""Find the names that stand for more than one path."""

from microlith import App


def ambiguous_names(app: App) -> dict[str, list[str]]:
    """Return each name of more than one path, with its sorted paths."""
    # TODO: go over app.routes and collect the paths of each name.
    raise NotImplementedError
