"""The apps of `benchmarks.scaling`: many routes, many connections, one slow client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from benchmarks.apps.microlith import main, routes
from benchmarks.scenarios import Exchange
from microlith import App, ServerSentEvent

MANY = 10_000
PIECE = bytes(64 * 1024)


def few_routes() -> App:
    return routes(500)


def many_routes() -> App:
    return routes(MANY)


def open_ended() -> App:
    """The app of the scenarios, with streams that do not end."""
    app = main()

    @app.get("/events")
    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("open")
        while True:
            await asyncio.sleep(5)
            yield ServerSentEvent("still here")

    @app.get("/flood")
    async def flood() -> AsyncIterator[bytes]:
        while True:
            yield PIECE

    return app


EXCHANGES = {
    name: Exchange(name, name, path, app=app, expects={"id": 42})
    for name, path, app in (
        ("first_of_500", "/last_route/0/42", "few_routes"),
        ("last_of_500", "/last_route/499/42", "few_routes"),
        ("first_of_10000", "/last_route/0/42", "many_routes"),
        ("last_of_10000", f"/last_route/{MANY - 1}/42", "many_routes"),
    )
}
