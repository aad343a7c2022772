"""The smallest app: one handler that answers every request.

uvicorn demo:app
"""

from microlith import App, Request, Response


async def hello(request: Request) -> Response:
    """Say hello and repeat what was asked."""
    return Response(f"Hello from Microlith: {request.method} {request.path}\n")


app = App(hello)
