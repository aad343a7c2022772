"""Exact counts: Python calls and bytecodes of one request.

Unlike microseconds they are the same on a busy machine, on a slow one and
tomorrow. A call is a `call` event of `sys.setprofile`: a frame that is entered,
or entered again after it was suspended. A bytecode is an `opcode` event of
`sys.settrace`. C functions, and so compiled extensions, are not seen.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks import driver
from benchmarks.driver import App, Call, Conversation, scope_of
from benchmarks.scenarios import Exchange

__all__ = ["count", "frames"]

REPEATS = 3
"""How often a request is counted, to see whether the count is always the same."""

MESSAGES = 8
"""How many messages lie between the two WebSockets that are compared."""


class Tally:
    """What was counted so far."""

    def __init__(self) -> None:
        self.calls = 0
        self.bytecodes = 0
        self.names: Counter[str] = Counter()


def profiler(tally: Tally, names: bool = False) -> Callable[..., None]:
    """Return a function for `sys.setprofile` that counts calls."""

    def profile(frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if event != "call" or code.co_filename in DRIVER:
            return
        tally.calls += 1
        if names:
            file = "/".join(code.co_filename.split("/")[-2:])
            tally.names[f"{file}:{code.co_qualname}"] += 1

    return profile


def tracer(tally: Tally) -> Callable[..., Any]:
    """Return a function for `sys.settrace` that counts bytecodes."""

    def local(frame: FrameType, event: str, arg: object) -> Any:
        if event == "opcode":
            tally.bytecodes += 1
        return local

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename in DRIVER:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return local

    return trace


DRIVER = {__file__, driver.__file__, str(Path(__file__).with_name("worker.py"))}
"""The files whose frames are left out: they stand for the server."""


async def tally_request(app: App, exchange: Exchange, names: bool = False) -> Tally:
    """Count one request: first its calls, then, in another one, its bytecodes."""
    tally = Tally()
    call, scope = Call(exchange.body), scope_of(exchange)
    sys.setprofile(profiler(tally, names))
    try:
        await app(scope, call.receive, call.send)
    finally:
        sys.setprofile(None)
    call, scope = Call(exchange.body), scope_of(exchange)
    sys.settrace(tracer(tally))
    try:
        await app(scope, call.receive, call.send)
    finally:
        sys.settrace(None)
    return tally


async def tally_conversation(
    app: App, exchange: Exchange, names: bool = False
) -> Tally:
    """Count one WebSocket with some messages."""
    return await tally_socket(app, exchange, MESSAGES, names)


async def tally_socket(
    app: App, exchange: Exchange, messages: int, names: bool = False
) -> Tally:
    """Count one WebSocket from the handshake to its end."""
    tally = Tally()
    for start, hook in (
        (sys.setprofile, profiler(tally, names)),
        (sys.settrace, tracer(tally)),
    ):
        talk, scope = Conversation(messages), scope_of(exchange)
        run = app(scope, talk.receive, talk.send)
        start(hook)
        try:
            await asyncio.ensure_future(run)
        finally:
            start(None)
    return tally


async def steady(once: Callable[[], Awaitable[tuple[int, int]]]) -> dict[str, Any]:
    """Count several times; give the smallest, and whether all are the same."""
    for _ in range(2):
        await once()
    found = [await once() for _ in range(REPEATS)]
    calls, bytecodes = min(found)
    return {"calls": calls, "bytecodes": bytecodes, "steady": len(set(found)) == 1}


async def count(app: App, exchange: Exchange) -> dict[str, Any]:
    """Return the calls and bytecodes of a request, or of a message and its echo."""

    async def one_request() -> tuple[int, int]:
        tally = await tally_request(app, exchange)
        return tally.calls, tally.bytecodes

    async def one_message() -> tuple[int, int]:
        short = await tally_socket(app, exchange, 2)
        long = await tally_socket(app, exchange, 2 + MESSAGES)
        return (
            round((long.calls - short.calls) / MESSAGES),
            round((long.bytecodes - short.bytecodes) / MESSAGES),
        )

    return await steady(one_message if exchange.websocket else one_request)


async def frames(app: App, exchange: Exchange) -> list[tuple[str, int]]:
    """Return which functions a request calls, and how often: where to look."""
    once = tally_conversation if exchange.websocket else tally_request
    for _ in range(2):
        await once(app, exchange)
    tally = await once(app, exchange, names=True)
    return tally.names.most_common()
