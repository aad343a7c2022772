from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient


@asynccontextmanager
async def lifespan(app):
    print("the inner app starts")
    yield {"pool": "a pool"}


async def home(request):
    if not hasattr(request.state, "pool"):
        return PlainTextResponse("no pool")
    return PlainTextResponse(request.state.pool)


inner = Starlette(routes=[Route("/", home)], lifespan=lifespan)
app = Starlette(routes=[Mount("/inner", inner)])

with TestClient(app) as client:
    print(client.get("/inner/").text)
