"""A small WebSocket client, enough of RFC 6455 to send text and await its echo.

    python -m benchmarks.sockets PORT --connections 8 --seconds 3

Prints ``{"rps": …, "p99_ms": …}``. A process of its own, so that it has a core of
its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from time import perf_counter
from typing import Any

import uvloop

from benchmarks.scenarios import MESSAGE

__all__ = ["Client", "connect", "percentile", "talk"]

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)


class Client:
    """One open WebSocket."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, text: str) -> None:
        """Send a short text, masked as a client has to."""
        data = text.encode()
        if len(data) > 125:
            raise ValueError("only short messages")
        mask = os.urandom(4)
        hidden = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.writer.write(bytes((0x81, 0x80 | len(data))) + mask + hidden)

    async def receive(self) -> str:
        """Return the next text; raise ConnectionError for anything else."""
        while True:
            first, size = await self.reader.readexactly(2)
            if size > 125:
                raise ConnectionError("a message longer than what was sent")
            data = await self.reader.readexactly(size)
            if first == 0x81:
                return data.decode()
            if first not in (0x89, 0x8A):  # a ping may be passed over here
                raise ConnectionError(f"a frame {first:#x}: {data!r}")

    def close(self) -> None:
        """Leave."""
        self.writer.close()


async def connect(port: int, path: str = "/websocket") -> Client:
    """Open a WebSocket; raise ConnectionError if it is refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE.format(path=path, port=port).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head[:100].decode("latin-1"))
    return Client(reader, writer)


async def chat(client: Client, end: float) -> list[float]:
    """Send and await echoes until it is late; return how long each took."""
    times = []
    now = perf_counter()
    while now < end:
        client.send(MESSAGE)
        if await client.receive() != MESSAGE:
            raise ConnectionError("this is not the echo")
        after = perf_counter()
        times.append(after - now)
        now = after
    return times


def percentile(values: list[float], part: float) -> float:
    """Return the value below which this part of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


async def talk(port: int, connections: int, seconds: float) -> dict[str, Any]:
    """Return echoes per second and the 99th percentile of their times."""
    clients = [await connect(port) for _ in range(connections)]
    start = perf_counter()
    chats = [chat(client, start + seconds) for client in clients]
    times = [t for found in await asyncio.gather(*chats) for t in found]
    spent = perf_counter() - start
    for client in clients:
        client.close()
    return {
        "rps": len(times) / spent,
        "p99_ms": percentile(times, 0.99) * 1000,
        "errors": 0,
    }


def main() -> int:
    """Talk to a server and print JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.sockets")
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    run = talk(given.port, given.connections, given.seconds)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
