from exercise import REQUEST_ID, request_id

from microlith import App, TextResponse
from microlith.testing import TestClient


def client():
    app = App()
    app.add_middleware(request_id)

    @app.get("/")
    async def home(request):
        return TextResponse(REQUEST_ID.get())

    @app.get("/broken")
    async def broken(request):
        return 1 / 0

    return TestClient(app)


def test_the_clients_id_is_kept():
    answer = client().get("/", headers={"x-request-id": "abc-123"})
    assert answer.headers.get("x-request-id") == "abc-123"
    assert answer.text == "abc-123", "the handler reads it from REQUEST_ID"


def test_a_fresh_id_for_each_request():
    first, second = (client().get("/") for _ in range(2))
    assert first.text == first.headers.get("x-request-id") != "-"
    assert first.text != second.text


def test_an_id_that_cannot_be_trusted_is_replaced():
    for value in ("", "a b", "x" * 65, "é", "a\tb"):
        answer = client().get("/", headers={"x-request-id": value})
        assert answer.headers.get("x-request-id") not in (None, value)


def test_errors_carry_it_too():
    for path, status in (("/nowhere", 404), ("/broken", 500)):
        answer = client().get(path, headers={"x-request-id": "e-1"})
        assert answer.status_code == status
        assert answer.headers.get("x-request-id") == "e-1"
