"""The command line of the server: `python -m tools.serve`.

Owns arguments, the socket, the log and the exit code. The port is taken before the
book is built, so a port in use is told at once. It must not know pages or routes.
"""

from __future__ import annotations

import argparse
import logging
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = str(ROOT / "final" / "src")
if LIBRARY not in sys.path:
    sys.path.insert(0, LIBRARY)

from tools.book.errors import BookError  # noqa: E402
from tools.serve.app import create_app, notes_app  # noqa: E402
from tools.serve.site import fresh, load, refresh  # noqa: E402

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what is out of date, serve until interrupted, return the exit code."""
    options = _parser().parse_args(arguments)
    root = Path(options.root).resolve()
    try:
        taken = bind(options.host, options.port)
    except OSError as error:
        return _fail(
            f"{options.host}:{options.port} cannot be taken ({error.strerror}). "
            f"Stop what listens there, or choose another: make serve PORT=8001"
        )
    with taken:
        if not fresh(root):
            print("Building the book; this takes a moment.", flush=True)
        try:
            pages = load(refresh(root))
        except BookError as error:
            return _fail(f"{error}\nMend the page, or see what `make docs` says.")
        database = Path(options.db or root / "build" / "notes" / "notes.db")
        serve(create_app(pages, notes_app(root, database)), taken)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--db", help="the notes (build/notes/notes.db)")
    parser.add_argument("--root", default=str(ROOT), help="the root of the repository")
    return parser


def bind(host: str, port: int) -> socket.socket:
    """Take the port without listening yet; raise OSError when it is in use."""
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, address = found[0]
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError:
        taken.close()
        raise
    return taken


def serve(app: Any, taken: socket.socket) -> None:
    """Run the app under uvicorn on this socket until it is interrupted."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logging.getLogger("microlith").setLevel(logging.INFO)
    host, port = taken.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"The book: http://{shown}:{port}/ (Ctrl-C stops)", flush=True)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        lifespan="on",
        server_header=False,
        # uvicorn waits for open streams before it tells the app of the stop.
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    # Whether the interrupt comes out of `run` depends on when it has come in.
    with suppress(KeyboardInterrupt):
        server.run(sockets=[taken])
    if server.started:
        print("stopped")


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
