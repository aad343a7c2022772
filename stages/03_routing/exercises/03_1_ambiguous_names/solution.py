"""Find the names that stand for more than one path."""

from microlith import App, Mount


def ambiguous_names(app: App) -> dict[str, list[str]]:
    """Return each name of more than one path, with its sorted paths."""
    paths: dict[str, set[str]] = {}
    for route in app.routes:
        if not isinstance(route, Mount):
            paths.setdefault(route.name, set()).add(route.path)
    return {n: sorted(found) for n, found in paths.items() if len(found) > 1}
