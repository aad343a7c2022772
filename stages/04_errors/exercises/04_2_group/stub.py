"""Answer an ExceptionGroup by the exception in it that matters."""

from microlith import App


def install(app: App) -> None:
    """Make the app look into exception groups."""
    # TODO: flatten the group, choose one exception, ask the map about it.
    raise NotImplementedError
