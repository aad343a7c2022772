"""The application: its parts put together, and the limits that all share."""

import logging
import sqlite3

from microlith import App, Problem, Request, Response
from microlith.middleware.cors import CORSMiddleware
from notes import accounts, live, texts
from notes.mail import Mailer
from notes.page import page_router
from notes.store import Settings, Store, open_store

log = logging.getLogger("notes")

MAX_BODY = 8192
"""The largest body in bytes; the longest note fits, even as JSON escapes."""


def create_app(settings: Settings) -> App:
    """Return the app; nothing is opened before it starts."""
    origins = list(settings.origins)
    app = App(
        title="Notes",
        lifespan=live.stopping_at_signal,
        max_body=MAX_BODY,
        timeout=10.0,
        origins=origins or None,
    )
    app.provide(Settings, lambda: settings, lifetime="app")
    app.provide(Store, open_store, lifetime="app")
    app.provide(Mailer, Mailer, lifetime="app")
    for router in (page_router(), accounts.router, texts.router, live.router):
        app.include(router)
    if origins:
        # Tokens go in a header that a page sets itself, never in a cookie:
        # so without credentials, and nothing here for a foreign form to abuse.
        methods, headers = ["GET", "POST", "DELETE"], ["authorization"]
        headers += ["content-type", "last-event-id"]
        app.add_middleware(
            CORSMiddleware(
                origins, allow_methods=methods, allow_headers=headers
            )
        )

    @app.on_startup
    def make_folders() -> None:
        # Hooks come before the values: the store finds its folder.
        for path in (settings.database, settings.mailbox):
            path.parent.mkdir(parents=True, exist_ok=True)

    @app.exception_handler(sqlite3.OperationalError)
    def busy(request: Request, error: sqlite3.OperationalError) -> Response:
        log.error("%s %s: %s", request.method, request.path, error)
        headers = {"retry-after": "2"}
        return Problem(503, "The database is busy", headers=headers)

    return app
