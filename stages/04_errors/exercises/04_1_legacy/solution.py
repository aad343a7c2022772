"""Answer every HTTPException as {"detail": …}."""

from microlith import App, HTTPException, JSONResponse, Request, Response


def install(app: App) -> None:
    """Make the app answer each HTTPException in the old form."""

    @app.exception_handler(HTTPException)
    async def answer(request: Request, exc: HTTPException) -> Response:
        return JSONResponse(
            {"detail": exc.detail}, exc.status_code, exc.headers
        )
