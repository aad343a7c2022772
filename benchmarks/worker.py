"""One framework in one process: does what lines of JSON on its stdin ask for.

    python -m benchmarks.worker benchmarks.apps.falcon

The subject is a module with factories of apps; see `benchmarks.apps`. If it has
``EXCHANGES`` of its own, these are meant instead of the scenarios. Each order is
``{"do": …, "scenario": …, "count": …}``, each answer ``{"ok": …}`` or
``{"error": …}``. While a worker waits for orders it costs nothing, so many can
wait while one is measured.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import logging
import os
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import uvloop

from benchmarks import counts, verify
from benchmarks.driver import (
    App,
    Lifespan,
    null_app,
    time_requests,
    time_websocket,
)
from benchmarks.scenarios import CLAIMS, SCENARIOS, Exchange

WARM_UP = 20


class Subject:
    """What is measured here: a module, its exchanges, its started apps."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.exchanges: Mapping[str, Exchange]
        self.exchanges = getattr(module, "EXCHANGES", SCENARIOS)
        self.claims = {c for c in CLAIMS if getattr(module, c, False)}
        self.apps: dict[str, tuple[App, Lifespan]] = {}

    async def app(self, name: str) -> App:
        """Return the app of this factory, started."""
        if name not in self.apps:
            app: App = getattr(self.module, name)()
            lifespan = Lifespan(app)
            await lifespan.start()
            self.apps[name] = app, lifespan
        return self.apps[name][0]

    async def stop(self) -> None:
        """Stop what was started."""
        for _, lifespan in self.apps.values():
            await lifespan.stop()


async def timed(app: App, exchange: Exchange, count: int) -> float:
    """Return microseconds for one request, or for one message and its echo."""
    time = time_websocket if exchange.websocket else time_requests
    await time(app, exchange, min(count, WARM_UP))
    gc.collect()
    return await time(app, exchange, count) / count * 1e6


async def obey(subject: Subject, order: Mapping[str, Any]) -> Any:
    """Do what one order says."""
    exchange = subject.exchanges[order["scenario"]]
    app = await subject.app(exchange.app)
    if order["do"] == "verify":
        await verify.check(app, exchange)
        return await verify.check_refusals(app, exchange, subject.claims)
    if order["do"] == "count":
        return await counts.count(app, exchange)
    if order["do"] == "frames":
        return await counts.frames(app, exchange)
    if order["do"] == "time":
        count = order["count"]
        spent = await timed(app, exchange, count)
        driver = await timed(null_app, exchange, count)
        return {"gross_us": spent, "driver_us": driver}
    raise ValueError(f"no order {order['do']!r}")


def main() -> int:
    """Answer orders until stdin ends."""
    # What a framework prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    subject = Subject(importlib.import_module(sys.argv[1]))
    for line in sys.stdin:
        try:
            found = {"ok": loop.run_until_complete(obey(subject, json.loads(line)))}
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(found) + "\n")
        answers.flush()
    loop.run_until_complete(subject.stop())
    return 0


if __name__ == "__main__":
    sys.exit(main())
