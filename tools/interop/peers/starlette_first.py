from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient


async def show(request):
    item_id = request.path_params["item_id"]
    tag = request.query_params.get("tag")
    return JSONResponse({"item_id": item_id, "tag": tag})


async def newest(request):
    return JSONResponse("newest")


app = Starlette(
    routes=[
        Mount(
            "/shop",
            routes=[
                Route("/items/{item_id}", show),
                Route("/items/newest", newest),
            ],
        )
    ]
)

client = TestClient(app)
print(client.get("/shop/items/3?tag=a&tag=b").json())
print(client.get("/shop/items/newest").json())
print(client.get("/shop/items/3/", follow_redirects=False).status_code)
