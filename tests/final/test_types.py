"""What a type checker says about the code that users write."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("mypy")

SOURCE = Path(__file__).resolve().parents[2] / "final" / "src"

GOOD = """
from collections.abc import Awaitable, Callable
from typing import Any, assert_type

from microlith import (
    URL, Address, App, Headers, HookMiddleware, HTTPException, JSONResponse, Key,
    MutableHeaders, NotFound, Problem, Request, Response, Router, Routes,
    TextResponse,
)
from microlith.middleware.chain import CallNext
from microlith.middleware.cors import CORSMiddleware
from microlith.middleware.logging import AccessLogMiddleware
from microlith.testing import TestClient, TestResponse

app = App(title="shop", max_body=1000)
router = Router("/items", middleware=[CORSMiddleware(["https://a.example"])])
COUNT = Key[int]("count")


@app.get("/")
async def home(request: Request) -> TextResponse:
    return TextResponse("hello")


@router.route("/{id:int}", methods=["GET", "POST"], name="item")
async def item(request: Request, extra: int = 1) -> JSONResponse:
    return JSONResponse(await request.json())


home_type: Callable[[Request], Awaitable[TextResponse]] = home


async def decorators_keep_the_handler(request: Request) -> None:
    assert_type(await home(request), TextResponse)
    assert_type(await item(request, extra=2), JSONResponse)


async def requests(request: Request) -> None:
    assert_type(request[COUNT], int)
    request[COUNT] = 2
    assert_type(COUNT in request, bool)
    assert_type(request.method, str)
    assert_type(request.path, str)
    assert_type(request.url, URL)
    assert_type(request.url.port, int | None)
    assert_type(request.client, Address | None)
    assert_type(request.headers, Headers)
    assert_type(request.headers.get("accept"), str | None)
    assert_type(request.headers.getlist("accept"), list[str])
    assert_type(request.query_params.getlist("a"), list[str])
    assert_type(request.query_params["a"], str)
    assert_type(request.cookies, dict[str, str])
    assert_type(await request.body(), bytes)
    assert_type(await request.text(), str)
    async for piece in request.stream():
        assert_type(piece, bytes)


@app.add_middleware
async def timing(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    assert_type(response, Response)
    assert_type(response.error, Exception | None)
    assert_type(response.headers, MutableHeaders)
    response.headers["x-time"] = "1"
    return response


class Hooks(HookMiddleware):
    async def before_request(self, request: Request) -> Response | None:
        return None


hooks = app.add_middleware(Hooks())
assert_type(hooks, Hooks)
cors = app.add_middleware(CORSMiddleware(["https://a.example"]))
assert_type(cors, CORSMiddleware)
app.wrap(AccessLogMiddleware)


@app.exception_handler(NotFound)
async def not_found(request: Request, exc: NotFound) -> Response:
    assert_type(exc.status_code, int)
    return Problem(404, exc.detail, colour="red")


@app.exception_handler(500)
def broken(request: Request, exc: Exception) -> Response:
    return TextResponse("sorry", 500)


assert_type(broken(Request.__new__(Request), ValueError()), Response)
app.include(router, prefix="/v1")
app.mount("/inner", App())
assert_type(app.url_for("item", id=1), str)
assert_type(app.routes, Routes)
error = HTTPException(409, "taken", errors=[{"loc": ["a"], "msg": "b", "type": "c"}])
assert_type(error.detail, str)

client = TestClient(app)
assert_type(client.get("/"), TestResponse)
assert_type(client.post("/", json={"a": 1}).headers["x-time"], str)
"""

WRONG = {
    'request[COUNT] = "two"': 'Cannot infer value of type parameter "T"',
    "request.nothing": 'has no attribute "nothing"',
    "Response(5)": 'incompatible type "int"',
    'Response().set_cookie("a", samesite="LAX")': "incompatible type",
    "RedirectResponse()": 'Missing positional argument "url"',
    "MethodNotAllowed(5)": "incompatible type",
    "App(fallback='home')": "incompatible type",
    "app.exception_handler('404')": "incompatible type",
    "request.path = '/'": "read-only",
    "TestClient(app).request('GET', '/', body=b'')": "Unexpected keyword argument",
}


def mypy(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Check a file as a user would, against the package's own types."""
    file = folder / "user_code.py"
    file.write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=",
         "--cache-dir", str(folder / "cache"), str(file)],
        env={"MYPYPATH": str(SOURCE), "PATH": "", "PYTHONUTF8": "1"},
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_code_that_users_write_has_the_types_they_expect(tmp_path: Path) -> None:
    found = mypy(tmp_path, GOOD)
    assert found.returncode == 0, found.stdout + found.stderr


def test_mistakes_are_found_before_they_run(tmp_path: Path) -> None:
    head = textwrap.dedent(
        """
        from microlith import *
        from microlith.testing import TestClient
        app = App()
        COUNT = Key[int]("count")
        async def f(request: Request) -> None:
        """
    )
    first = head.count("\n") + 1
    lines = "".join(f"    {line}\n" for line in WRONG)
    found = mypy(tmp_path, head + lines)
    by_line: dict[int, str] = {}
    for line in found.stdout.splitlines():
        if ": error:" in line:
            number = int(line.split(":")[1])
            by_line[number] = by_line.get(number, "") + line
    for number, (line, message) in enumerate(WRONG.items(), first):
        assert message in by_line.get(number, ""), f"{line}: {found.stdout}"


def test_the_package_says_that_it_is_typed() -> None:
    assert (SOURCE / "microlith" / "py.typed").is_file()
