"""An echo: what the app saw of the request, and a cookie that counts.

Run it with ``uvicorn demo:app``, then try::

    curl -i 'http://127.0.0.1:8000/?tag=a&tag=b' -H 'X-Tag: c'
    curl -i http://127.0.0.1:8000/ -b 'visits=3' --data '{"a": 1}'
"""

from microlith.applications import App
from microlith.requests import Request
from microlith.responses import JSONResponse


async def echo(request: Request) -> JSONResponse:
    body = await request.body()
    visits = int(request.cookies.get("visits", "0")) + 1
    response = JSONResponse(
        {
            "method": request.method,
            "url": str(request.url),
            "tags": request.query_params.getlist("tag"),
            "agent": request.headers.get("user-agent"),
            "json": await request.json() if body else None,
            "visits": visits,
        }
    )
    response.set_cookie("visits", str(visits), httponly=True)
    return response


app = App(fallback=echo)
