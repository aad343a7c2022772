"""What an app answers by itself, when no route does.

No route has the path; a route has it, with other methods; or one has it with a
slash more or less at the end. Each answer is a handler like any other.

Must not know routing or the application.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from microlith.exceptions import MethodNotAllowed
from microlith.requests import Request
from microlith.responses import RedirectResponse, Response
from microlith.routes import WEBSOCKET, Route

__all__ = ["redirect_to_twin", "wrong_method"]


def wrong_method(
    others: tuple[Route, ...],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the answer for a path that exists with other methods only."""
    methods = {method for route in others for method in route.methods}
    methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    allow = sorted(methods - {WEBSOCKET})

    async def answer(request: Request) -> Response:
        # SPEC: RFC 9110 §9.3.7: OPTIONS asks which methods there are.
        if request.method == "OPTIONS":
            return Response(
                status_code=204, headers={"Allow": ", ".join(allow)}
            )
        raise MethodNotAllowed(allow)

    return answer


async def redirect_to_twin(request: Request) -> Response:
    """Send the client to the same path with its last slash toggled.

    The target is relative to the path itself, so it holds behind any proxy and
    cannot lead to another host.
    """
    path = request.path
    last = quote(path.removesuffix("/").rpartition("/")[2], safe="")
    query = request.scope["query_string"].decode("latin-1")
    target = f"../{last}" if path.endswith("/") else f"./{last}/"
    return RedirectResponse(target + ("?" + query if query else ""), 308)
