"""The app behind `make serve`: the book, the notes example, headers and a log.

Owns what a request to the site is answered with. The table of pages is given: a
look-up in it cannot leave the site, whatever the path says. It must not know where
the pages come from, or which server runs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from microlith import App, Handler, MethodNotAllowed, Request, Response
from microlith.middleware.chain import CallNext
from microlith.middleware.logging import AccessLogMiddleware
from microlith.responses import RedirectResponse
from tools.serve.site import Page

__all__ = ["create_app", "notes_app", "security_headers", "site_handler"]

EXAMPLES = Path("final/examples")
FRESH = {"cache-control": "no-cache"}

SERVICE = '</api/>; rel="service"'
"""What tells the home page that the API is there (RFC 8288, RFC 5023 §8)."""


def create_app(pages: Mapping[str, Page], api: App) -> App:
    """Return the app that serves these pages, with the example below ``/api``.

    The mount brings the example's start and stop along.
    """
    app = App(site_handler(pages), title="The Microlith book")
    app.wrap(AccessLogMiddleware)
    app.add_middleware(security_headers)
    app.mount("/api", api)
    return app


def site_handler(pages: Mapping[str, Page]) -> Handler:
    """Return the handler that looks a path up in the table of pages."""

    async def serve_page(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD"])
        page = pages.get(request.path)
        if page is not None:
            headers = {**FRESH, "link": SERVICE}
            return Response(page.body, 200, headers, page.content_type)
        if f"{request.path}/" in pages:
            query = request.url.query
            target = f"{request.path}/" + (f"?{query}" if query else "")
            return RedirectResponse(target, 308, FRESH)
        lost = pages["/404.html"]
        return Response(lost.body, 404, FRESH, lost.content_type)

    return serve_page


async def security_headers(request: Request, call_next: CallNext) -> Response:
    """Tell browsers not to guess types and to keep paths to themselves."""
    response = await call_next(request)
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "same-origin"
    return response


def notes_app(root: Path, database: Path) -> App:
    """Import the notes example and return its app; its mail goes beside its notes."""
    examples = str((root / EXAMPLES).resolve())
    if not (Path(examples) / "notes").is_dir():
        raise FileNotFoundError(
            f"{EXAMPLES}/notes is missing; take it from the repository"
        )
    if examples not in sys.path:
        sys.path.append(examples)
    notes = import_module("notes")
    settings = notes.Settings(database, database.with_suffix(".mbox"))
    app: App = notes.create_app(settings)
    return app
