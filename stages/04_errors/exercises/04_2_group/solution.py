"""Answer an ExceptionGroup by the exception in it that matters."""

from collections.abc import Iterator

from microlith import App, HTTPException, Request, Response


def install(app: App) -> None:
    """Make the app look into exception groups."""

    @app.exception_handler(ExceptionGroup)
    async def answer(
        request: Request, group: ExceptionGroup[Exception]
    ) -> Response:
        return await app.errors.respond(request, choose(group))


def choose(group: ExceptionGroup[Exception]) -> Exception:
    """Return the exception that decides the answer."""
    https: list[HTTPException] = []
    for exc in leaves(group):
        if not isinstance(exc, HTTPException):
            return exc
        https.append(exc)
    return max(https, key=lambda exc: exc.status_code)


def leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    """Yield the exceptions in a group, those of inner groups included."""
    for exc in group.exceptions:
        if isinstance(exc, ExceptionGroup):
            yield from leaves(exc)
        else:
            yield exc
