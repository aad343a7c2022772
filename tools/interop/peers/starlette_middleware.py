from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


async def boom(request):
    raise ValueError("on purpose")


async def first(request, call_next):
    print("first:", request.url.path)
    try:
        response = await call_next(request)
    except ValueError as error:
        print("first: call_next raised", error)
        return PlainTextResponse("sorry", 500)
    print("first:", response.status_code)
    return response


async def second(request, call_next):
    print("second:", request.url.path)
    return await call_next(request)


app = Starlette(routes=[Route("/", boom)])
app.add_middleware(BaseHTTPMiddleware, dispatch=first)
app.add_middleware(BaseHTTPMiddleware, dispatch=second)
TestClient(app).get("/")
