"""Holds connections open against a server, until its stdin ends.

    python -m benchmarks.holder PORT {websocket,events,slow} --count 1000

Prints a line of JSON when all are open: how many, how long it took. A slow client
reads 1 KiB a second from a stream that never ends, and prints at the end how much
it has read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import socket
import sys
from time import perf_counter
from typing import Any

from benchmarks.scenarios import MESSAGE
from benchmarks.sockets import connect

__all__ = ["main"]

ASK = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
BATCH = 50


async def open_socket(port: int) -> Any:
    """Open a WebSocket and see one echo."""
    client = await connect(port)
    client.send(MESSAGE)
    if await client.receive() != MESSAGE:
        raise ConnectionError("no echo")
    return client


async def open_events(port: int) -> Any:
    """Open an event stream and see its first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASK.format(path="/events", port=port).encode())
    head = await reader.readuntil(b"data: open\n\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(head[:100].decode("latin-1"))
    return reader, writer


async def hold(port: int, kind: str, count: int) -> None:
    """Open the connections, say so, and wait for the end of stdin."""
    opener = open_socket if kind == "websocket" else open_events
    start = perf_counter()
    held: list[Any] = []
    while len(held) < count:
        size = min(BATCH, count - len(held))
        held += await asyncio.gather(*(opener(port) for _ in range(size)))
    print(json.dumps({"open": len(held), "seconds": perf_counter() - start}))
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


async def read_slowly(port: int) -> None:
    """Read 1 KiB a second, with a small buffer, until stdin ends."""
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", port))
    slow.sendall(ASK.format(path="/flood", port=port).encode())
    read = len(slow.recv(1024))
    print(json.dumps({"open": 1, "seconds": 0.0}))
    sys.stdout.flush()
    over = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    while not over.done():
        read += len(slow.recv(1024))
        await asyncio.wait([over], timeout=1.0)
    print(json.dumps({"bytes": read}))


def main() -> int:
    """Hold what is asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.holder")
    parser.add_argument("port", type=int)
    parser.add_argument("kind", choices=("websocket", "events", "slow"))
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if given.kind == "slow":
        asyncio.run(read_slowly(given.port))
    else:
        asyncio.run(hold(given.port, given.kind, given.count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
