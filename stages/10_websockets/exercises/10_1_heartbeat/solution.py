"""Exercise 10.1: close a socket that is too quiet."""

import asyncio
from collections.abc import Callable

from microlith import WebSocket, WebSocketException


class Listener:
    """Reads messages, and does not wait for ever."""

    def __init__(self, socket: WebSocket, seconds: float) -> None:
        self.socket = socket
        self.seconds = seconds

    async def next_text(self) -> str:
        """Return the next message, if it comes in time."""
        try:
            async with asyncio.timeout(self.seconds):
                return await self.socket.receive_text()
        except TimeoutError:
            raise WebSocketException(4008, "Too quiet") from None


def quiet_limit(seconds: float) -> Callable[[WebSocket], Listener]:
    """Return a dependency that gives a Listener."""

    def listener(socket: WebSocket) -> Listener:
        return Listener(socket, seconds)

    return listener
