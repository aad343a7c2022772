"""A small shop: run it with `uvicorn demo:app`, then try
`curl -i -X DELETE http://127.0.0.1:8000/items/1`.
"""

from microlith import App, Request, Response, Router, TextResponse

items = Router("/items")


@items.get("/new")
async def form(request: Request) -> Response:
    """Answer a path without parameters."""
    return TextResponse("a form for a new item")


@items.get("/{item_id:int}")
async def show(request: Request) -> Response:
    """Answer with the value of a parameter and a link."""
    number = request.path_params["item_id"]
    after = request.app.url_for("show", item_id=number + 1)
    return TextResponse(f"item {number}; the next one is at {after}")


@items.post("/{label}")
async def create(request: Request) -> Response:
    """Answer another method of the same paths."""
    return TextResponse(f"created {request.path_params['label']}", 201)


async def files(request: Request) -> Response:
    """Answer whatever is asked below the mount."""
    scope = request.scope
    return TextResponse(f"{scope['path']} below {scope['root_path']}")


app = App()
app.include(items)
app.mount("/files", App(files))
