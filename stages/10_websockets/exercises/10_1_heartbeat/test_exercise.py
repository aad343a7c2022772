from typing import Annotated

import pytest
from exercise import Listener, quiet_limit

from microlith import App, Depends, WebSocket, WebSocketDisconnect
from microlith.testing import TestClient


def serve(seconds, trace):
    """Return an app that echoes what its listener hears."""
    app = App()
    Heard = Annotated[Listener, Depends(quiet_limit(seconds))]

    @app.websocket("/")
    async def echo(socket: WebSocket, listener: Heard):
        await socket.accept()
        try:
            while True:
                await socket.send_text(await listener.next_text())
        except WebSocketDisconnect as error:
            trace.append(error.code)

    return app


def test_what_comes_in_time_is_heard():
    with TestClient(serve(10, [])).websocket("/") as ws:
        for text in ("one", "two"):
            ws.send_text(text)
            assert ws.receive_text() == text


def test_silence_is_4008():
    with TestClient(serve(0.01, [])).websocket("/") as ws:
        ws.send_text("one")
        assert ws.receive_text() == "one"
        with pytest.raises(WebSocketDisconnect) as caught:
            ws.receive_text()
    assert (caught.value.code, caught.value.reason) == (4008, "Too quiet")


def test_a_client_that_leaves_is_not_quiet():
    trace = []
    TestClient(serve(10, trace)).websocket("/").close(1001)
    assert trace == [1001]
