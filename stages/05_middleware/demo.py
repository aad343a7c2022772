"""Stage 05: what runs around the handlers.

Run it with ``uvicorn demo:app``, then ask for ``/hello/Ada``, ``/private`` and
``/nowhere`` with ``curl -i``, each also with ``-H 'Origin:
https://shop.example'``.
"""

from time import perf_counter

from microlith import App, Request, Response, TextResponse, Unauthorized
from microlith.middleware.chain import CallNext
from microlith.middleware.cors import CORSMiddleware
from microlith.middleware.hooks import HookMiddleware
from microlith.middleware.logging import AccessLogMiddleware

app = App()
app.wrap(AccessLogMiddleware)
app.add_middleware(CORSMiddleware(["https://shop.example"]))


@app.add_middleware
async def timing(request: Request, call_next: CallNext) -> Response:
    """Say how long the answer took."""
    start = perf_counter()
    response = await call_next(request)
    spent = (perf_counter() - start) * 1000
    response.headers["x-time"] = f"{spent:.1f} ms"
    return response


class RequireToken(HookMiddleware):
    """Let in who knows the word."""

    async def before_request(self, request: Request) -> None:
        """Refuse a request without the right token."""
        if request.headers.get("authorization") != "Bearer open-sesame":
            raise Unauthorized("Say the word")


@app.get("/hello/{name}")
async def hello(request: Request) -> Response:
    """Greet by name."""
    return TextResponse(f"Hello, {request.path_params['name']}!\n")


@app.get("/private", middleware=[RequireToken()])
async def private(request: Request) -> Response:
    """Answer to friends alone."""
    return TextResponse("Welcome in\n")
