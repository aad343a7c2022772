"""Stage 04: every error is answered, and answered in one place."""

from microlith import App, HTTPException, Problem, Request, TextResponse
from microlith.exceptions import NotFound

STOCK = {"tea": 3, "milk": 0}


class SoldOut(Exception):
    """There is nothing left of a thing."""


app = App()


@app.get("/stock/{name}")
async def stock(request: Request) -> TextResponse:
    name = request.path_params["name"]
    if name not in STOCK:
        raise NotFound(f"We do not sell {name}")
    if not STOCK[name]:
        raise SoldOut(name)
    return TextResponse(f"{STOCK[name]} left\n")


@app.get("/secret")
async def secret(request: Request) -> TextResponse:
    raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})


@app.get("/boom")
async def boom(request: Request) -> TextResponse:
    return TextResponse(str(1 / 0))


@app.exception_handler(SoldOut)
async def sold_out(request: Request, exc: SoldOut) -> Problem:
    return Problem(409, f"{exc} is sold out", restock="Monday")
