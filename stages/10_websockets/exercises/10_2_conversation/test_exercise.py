import asyncio

from exercise import Room

from microlith import WebSocket, WebSocketException
from microlith.testing import http_scope, run


def member(gate=None, sent=None, gone=False):
    """Return an open socket whose server notes, waits, or has lost it."""
    sent = [] if sent is None else sent

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        if message["type"] != "websocket.send":
            return
        if gone:
            raise OSError("connection lost")
        if gate is not None:
            await gate.wait()
        sent.append(message["text"])

    scope = {**http_scope(), "type": "websocket"}
    return WebSocket(scope, receive, send)


async def turns(number=20):
    for _ in range(number):
        await asyncio.sleep(0)


def test_lines_come_in_order():
    sent = []

    async def play():
        room, socket = Room(), member(sent=sent)
        await socket.accept()
        task = asyncio.create_task(room.join(socket))
        await turns()
        assert len(room) == 1
        for n in range(5):
            room.say(str(n))
        await turns()
        task.cancel()
        await asyncio.wait([task])
        assert len(room) == 0

    run(play())
    assert sent == ["0", "1", "2", "3", "4"]


def test_a_slow_member_is_closed_and_holds_nobody_up():
    fast_sent = []

    async def play():
        gate, room = asyncio.Event(), Room()
        slow, fast = member(gate), member(sent=fast_sent)
        await slow.accept()
        await fast.accept()
        first = asyncio.create_task(room.join(slow))
        second = asyncio.create_task(room.join(fast))
        await turns()
        for n in range(12):
            room.say(str(n))
            await turns()
        assert len(room) == 1, "the slow one is out: 1 is sent, 10 wait"
        gate.set()
        await asyncio.wait([first])
        second.cancel()
        await asyncio.wait([second])
        return first.exception()

    error = run(play())
    assert fast_sent == [str(n) for n in range(12)]
    assert isinstance(error, WebSocketException)
    assert (error.code, error.reason) == (4010, "Too slow")


def test_a_member_who_has_left_is_no_error():
    async def play():
        room, socket = Room(), member(gone=True)
        await socket.accept()
        task = asyncio.create_task(room.join(socket))
        await turns()
        assert len(room) == 1
        room.say("hello")
        await asyncio.wait([task])
        assert len(room) == 0
        return task.exception()

    assert run(play()) is None
