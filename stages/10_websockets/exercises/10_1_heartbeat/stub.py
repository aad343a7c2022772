"""Exercise 10.1: close a socket that is too quiet."""

from collections.abc import Callable

from microlith import WebSocket


class Listener:
    """Reads messages, and does not wait for ever."""

    def __init__(self, socket: WebSocket, seconds: float) -> None:
        self.socket = socket
        self.seconds = seconds

    async def next_text(self) -> str:
        """Return the next message, if it comes in time."""
        # TODO: wait no longer than self.seconds.
        return await self.socket.receive_text()


def quiet_limit(seconds: float) -> Callable[[WebSocket], Listener]:
    """Return a dependency that gives a Listener."""

    def listener(socket: WebSocket) -> Listener:
        return Listener(socket, seconds)

    return listener
