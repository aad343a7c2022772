from exercise import install

from microlith import App, HTTPException
from microlith.testing import TestClient


def client():
    app = App()
    install(app)

    @app.post("/pay")
    async def pay(request):
        raise HTTPException(402, "30 short")

    @app.post("/boom")
    async def boom(request):
        raise LookupError("secret")

    return TestClient(app)


def test_body_and_status():
    answer = client().post("/pay")
    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"detail": "30 short"}


def test_routing_errors_too():
    assert client().get("/nowhere").json() == {"detail": "Not Found"}


def test_headers_are_kept():
    assert client().get("/pay").headers["allow"] == "OPTIONS, POST"


def test_other_errors_stay_problems():
    answer = client().post("/boom")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
