"""Exercise 10.2: a room in which nobody waits for the slowest."""

import asyncio
from contextlib import suppress

from microlith import WebSocket, WebSocketDisconnect, WebSocketException

WAITING = 10


class Member:
    """Lines that one member has not got yet."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self.too_slow = False


class Room:
    """Members, each with a queue."""

    def __init__(self) -> None:
        self.members: set[Member] = set()

    def __len__(self) -> int:
        return len(self.members)

    def say(self, text: str) -> None:
        """Put a line into every queue; wait for nobody."""
        for member in list(self.members):
            try:
                member.lines.put_nowait(text)
            except asyncio.QueueFull:
                member.too_slow = True
                self.members.discard(member)

    async def join(self, socket: WebSocket) -> None:
        """Send a member what is said, until the member leaves."""
        member = Member()
        self.members.add(member)
        try:
            with suppress(WebSocketDisconnect):
                while not member.too_slow:
                    await socket.send_text(await member.lines.get())
        finally:
            self.members.discard(member)
        if member.too_slow:
            raise WebSocketException(4010, "Too slow")
