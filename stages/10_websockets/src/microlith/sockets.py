"""Handlers of WebSockets, compiled like those of requests.

Path, query, header and cookie parameters and dependencies mean the same as in
`microlith.handlers`: it is the same closure. What differs is how it ends. An
error before the accept refuses the handshake with the response that the error
map makes; after it, the socket is closed, 1008 where the client is at fault
and 1011 where we are, without details.

Must not know the application.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from microlith.calls import leave, positional
from microlith.errors import ErrorMap
from microlith.exceptions import (
    ConfigurationError,
    Forbidden,
    NotFound,
    WebSocketDisconnect,
    WebSocketException,
)
from microlith.exits import abandon
from microlith.handlers import (
    compile_full,
    compile_plain,
    inspect_handler,
    streams,
)
from microlith.params import Part
from microlith.requests import HTTPConnection, head_fault
from microlith.routes import Route
from microlith.threads import needs_thread
from microlith.types import Message, Receive
from microlith.websockets import State, WebSocket

__all__ = ["OpenSockets", "compile_socket", "turn_away"]

STOP_TIMEOUT = 5.0
"""How many seconds sockets have to end when the app stops."""

SocketEndpoint = Callable[[WebSocket], Awaitable[None]]


# --- compile time ------------------------------------------------------------


def compile_socket(route: Route, app: Any) -> SocketEndpoint:
    """Return what serves a WebSocket route; it never raises Exception."""
    if needs_thread(route.handler) or streams(route.handler):
        raise ConfigurationError(
            f"{route.where}: the handler of a WebSocket is an `async def` "
            "that does not yield."
        )
    operation = inspect_handler(route, app, WebSocket)
    for leaf in operation.plan.leaves:
        if isinstance(leaf, Part):
            raise leaf.parameter.mistake(
                "would be the body, and a WebSocket has none. Mark it "
                "Query(…) or Depends(…), or receive it as a message."
            )
    silent: Any = NoAnswer()
    errors: Any = Outcome()
    operation = replace(operation, encoder=silent)
    call = positional(route.handler, operation.plan.names)
    compile_inner = compile_plain if operation.is_plain else compile_full
    endpoint: Any = compile_inner(operation, call, errors)
    return endpoint  # type: ignore[no-any-return]


class NoAnswer:
    """Stands for an `Encoder`: what a socket's handler returns is nothing."""

    def parts(self) -> tuple[Any, ...]:
        """Return what an endpoint keeps."""
        return self.ignore, NoAnswer, self.ignore, 0

    def ignore(self, result: object) -> None:
        """Make nothing of a result."""


class Outcome:
    """Stands for an `ErrorMap`: keeps an error until the exits have run."""

    async def respond(self, socket: WebSocket, exc: Exception) -> None:
        """Note what ended a socket, unless it is how sockets end."""
        gone = socket.state is State.CLOSED
        if not (gone and isinstance(exc, WebSocketDisconnect)):
            socket.error = exc
        elif socket.exits is not None:
            # Neither an error nor a reason to roll back.
            socket.exits.failure = None


async def turn_away(socket: WebSocket) -> None:
    """Serve a path that has no socket."""
    socket.error = NotFound()


async def end(socket: WebSocket, errors: ErrorMap, exc: Any) -> None:
    """Refuse or close a socket because of an exception."""
    if isinstance(exc, asyncio.CancelledError):
        await socket.close(1012, "The server is stopping")
        return
    if isinstance(exc, WebSocketException):
        try:
            await socket.close(exc.code, exc.reason)
            return
        except ValueError as error:
            exc = error
    response = await errors.respond(socket, exc)
    if socket.state is State.CONNECTING:
        await socket.deny(response)
    else:
        await socket.close(1008 if response.status_code < 500 else 1011)


# --- who may connect ---------------------------------------------------------


def check_head(socket: WebSocket) -> None:
    """Note what is wrong with a handshake: its Host, or its origin."""
    host = " ".join(socket.headers.getlist("host"))  # two are none
    socket.fault = head_fault(host.encode("latin-1"), None, 0)
    origins = socket.route and socket.route.options.get("origins")
    if socket.fault is None and not may_connect(socket, origins):
        origin = socket.headers["origin"][:80]
        socket.fault = Forbidden(
            f"The origin {origin!r} may not connect; allow it with origins="
        )


def may_connect(socket: HTTPConnection, origins: Sequence[str] | None) -> bool:
    """Whether a page may open this socket.

    A browser sends cookies with the handshake whatever page asks for it, and
    no CORS rule holds it back; so without ``origins`` only pages of the same
    host may. A client without an Origin header is no browser.
    """
    # SECURITY: cross-site WebSocket hijacking (RFC 6455 §10.2).
    found = socket.headers.getlist("origin")
    if not found or (origins is not None and "*" in origins):
        return True
    if len(found) > 1:
        return False
    origin = found[0].lower()
    if origins is not None and origin in map(str.lower, origins):
        return True
    scheme, _, host = origin.partition("://")
    asked = socket.headers.get("host", "").lower()
    host = strip_port(host, scheme)
    return host != "" and host == strip_port(asked, scheme)


def strip_port(host: str, scheme: str) -> str:
    """Return a host without the port that its scheme implies."""
    port = {"https": ":443", "wss": ":443"}.get(scheme, ":80")
    return host.removesuffix(port)


# --- serve: request time -----------------------------------------------------


class OpenSockets:
    """The sockets of an app that are open; they end when the app stops."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._running: set[asyncio.Task[Any]] = set()
        self._ending: set[asyncio.Task[Any]] = set()

    async def serve(self, socket: WebSocket, endpoint: SocketEndpoint) -> None:
        """Serve one socket, from its handshake to its close."""
        try:
            await socket.connect()
        except WebSocketDisconnect:
            return
        life = self.app.lifespan
        if life.started and life.stopping.is_set():
            await socket.close(1012, "The server is stopping")
            return
        check_head(socket)
        task: Any = asyncio.current_task()
        self._add(task)
        try:
            await self._handle(socket, endpoint)
            await self._finish(socket)
        except BaseException as error:
            await abandon(socket, error)
            raise
        finally:
            self._running.remove(task)
            self._ending.discard(task)

    async def _handle(
        self, socket: WebSocket, endpoint: SocketEndpoint
    ) -> None:
        """Await the handler; a stop of the app ends it with code 1012."""
        task: Any = asyncio.current_task()
        try:
            await endpoint(socket)
        except asyncio.CancelledError as stop:
            if task not in self._ending or task.uncancel() > 0:
                raise
            socket.error = stop
            await abandon(socket, stop)
        finally:
            self._ending.add(task)

    async def _finish(self, socket: WebSocket) -> None:
        """Close what the socket has opened, then the socket."""
        exits = socket.exits
        if exits:
            exits.failed = exits.failed or exits.failure is not None
            failure = await leave(exits)
            if failure is not None and not isinstance(failure, Exception):
                raise failure
            socket.error = failure
        if socket.error is not None:
            await end(socket, self.app.errors, socket.error)
            return
        await socket.close()
        for begin in socket.after or ():
            begin()

    def _add(self, task: asyncio.Task[Any]) -> None:
        """Hold a socket's task until it is done, or the app stops."""
        self._running.add(task)
        self.app.lifespan.stopping.listeners.add(self._stop)

    def _stop(self) -> None:
        """Cancel every handler, once."""
        for task in self._running - self._ending:
            self._ending.add(task)
            task.cancel()

    def drained(self, receive: Receive) -> Receive:
        """Return the server's ``receive``, for the life of the app.

        Sockets end before the word of the stop goes on, and with it before
        anything that they may use is closed.
        """

        async def receive_drained() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.app.stopping.set()
                if self._running:
                    await asyncio.wait(self._running, timeout=STOP_TIMEOUT)
            return message

        return receive_drained
