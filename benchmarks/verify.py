"""Verifies what a framework answers, in process: the right, and the refusals.

A benchmark of wrong answers measures nothing, so this runs before and after
each timing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from benchmarks.driver import TIMEOUT, App, Call, Conversation, scope_of
from benchmarks.scenarios import MESSAGE, Exchange, Refusal

__all__ = ["Answer", "WrongAnswer", "ask", "check", "check_refusals", "judge"]


class WrongAnswer(Exception):
    """The answer is not what the scenario demands."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, whole; ``pieces`` is how many parts of the body were not empty."""

    status: int
    headers: dict[str, str]
    body: bytes
    pieces: int


async def ask(app: App, exchange: Exchange, wrong: Refusal | None = None) -> Answer:
    """Ask an app; an exception of the app is a 500 that a server would send."""
    scope = scope_of(exchange, wrong)
    body = exchange.body if wrong is None or wrong.body is None else wrong.body
    call = Call(body)
    try:
        await asyncio.wait_for(app(scope, call.receive, call.send), TIMEOUT)
    except Exception:
        if not call.sent:
            raise
    start = call.sent[0]
    pieces = [message.get("body", b"") for message in call.sent[1:]]
    headers = {
        bytes(k).decode().lower(): bytes(v).decode() for k, v in start["headers"]
    }
    full = [bytes(piece) for piece in pieces if piece]
    return Answer(start["status"], headers, b"".join(full), len(full))


def judge(exchange: Exchange, answer: Answer, over_wire: bool = False) -> None:
    """Raise WrongAnswer unless this answers the exchange."""
    where = f"{exchange.name}: "
    if answer.status != exchange.status:
        start = answer.body[:200]
        raise WrongAnswer(f"{where}{answer.status}, not {exchange.status}: {start!r}")
    if exchange.media_type is not None:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind != exchange.media_type:
            raise WrongAnswer(f"{where}{kind!r}, not {exchange.media_type!r}")
    for name, value in exchange.sets.items():
        if answer.headers.get(name) != value:
            raise WrongAnswer(f"{where}the header {name} is missing")
    if not over_wire and answer.pieces < exchange.pieces:
        raise WrongAnswer(f"{where}{answer.pieces} pieces, not {exchange.pieces}")
    if exchange.expects is not None and content(exchange, answer) != exchange.expects:
        raise WrongAnswer(f"{where}another body: {answer.body[:200]!r}")


def content(exchange: Exchange, answer: Answer) -> Any:
    """Return the body as the exchange expects it: bytes, text, or JSON's value."""
    if isinstance(exchange.expects, bytes):
        return answer.body
    try:
        if isinstance(exchange.expects, str):
            return answer.body.decode()
        return json.loads(answer.body)
    except ValueError as error:
        raise WrongAnswer(f"{exchange.name}: {error}") from None


async def check(app: App, exchange: Exchange) -> None:
    """Raise WrongAnswer unless the app answers as the scenario demands, twice."""
    for _ in range(2):
        if not exchange.websocket:
            judge(exchange, await ask(app, exchange))
            continue
        talk = Conversation(2)
        run = asyncio.ensure_future(app(scope_of(exchange), talk.receive, talk.send))
        await asyncio.wait([run], timeout=TIMEOUT)
        if talk.echoes != 2 or talk.last.get("text") != MESSAGE:
            raise WrongAnswer(f"{exchange.name}: {talk.echoes} echoes, {talk.last!r}")


async def check_refusals(
    app: App, exchange: Exchange, claims: Collection[str]
) -> list[str]:
    """Raise WrongAnswer for wrong input that is not refused; return the reasons.

    ``claims`` are what the framework says that it checks besides; see `Refusal`.
    """
    refused = []
    for wrong in exchange.refuses:
        if wrong.claim is not None and wrong.claim not in claims:
            continue
        answer = await ask(app, exchange, wrong)
        if not 400 <= answer.status < 500:
            raise WrongAnswer(f"{exchange.name}: {wrong.why} gave {answer.status}")
        refused.append(f"{wrong.why}: {answer.status}")
    return refused
