"""From start to stop: what an app opens before it serves, and closes after.

In this order, and closed in reverse::

    lifespan=  what extensions entered  on_startup  values  mounted apps  late

All of it runs in one task, so a context manager is left in the task that
entered it. When a step fails, the ones before it are undone. When closing one
fails, the others are closed all the same, and every failure is reported.

Must not know requests or routing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import Context
from inspect import isawaitable
from typing import Any

from microlith.calls import ASYNC_GENERATOR, Exits, entering
from microlith.exceptions import ConfigurationError
from microlith.registry import Registry, close_all
from microlith.routes import Mount, Route
from microlith.types import Message, Receive, Scope, Send

__all__ = ["Lifespan"]

log = logging.getLogger("microlith.lifespan")

Hook = Callable[[], Any]


class Stopping(asyncio.Event):
    """An event that also calls ``listeners`` when it is set.

    For what has to act at once and should not need a task to wait in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listeners: set[Callable[[], None]] = set()

    def set(self) -> None:
        """Wake those who wait, and call those who listen."""
        super().set()
        for listener in tuple(self.listeners):
            listener()


class Lifespan:
    """The life of one app.

    ``stopping`` is set when the app is about to stop: a stream or a socket
    that could go on for ever should end then.
    """

    def __init__(self, app: Any, manager: Callable[..., Any] | None) -> None:
        self.app = app
        self.registry = Registry()
        self.stopping = Stopping()
        self.started = False
        self._manager = manager
        self._entered: list[Callable[[], Any]] = []
        self._late: list[Callable[[], Any]] = []
        self._startup: list[Hook] = []
        self._shutdown: list[Hook] = []
        self._exits = Exits()
        self._first: asyncio.Task[None] | None = None

    # --- declare -------------------------------------------------------------

    def enter(self, manager: Any, *, late: bool = False) -> None:
        """Enter a context manager at the start, and leave it at the stop.

        A function that returns one makes a fresh one for each start. What is
        ``late`` comes after everything else, and so is left before anything
        else: for work that needs the rest until it is done. Raises
        ConfigurationError once the app is frozen.
        """
        if self.app.frozen:
            raise ConfigurationError(
                f"enter({manager!r}) comes too late: the app is frozen since "
                "its start. Enter it before the first request."
            )
        # A manager made by @contextmanager can be called as well.
        made = hasattr(type(manager), "__exit__") or hasattr(
            type(manager), "__aexit__"
        )
        entered = self._late if late else self._entered
        entered.append((lambda: manager) if made else manager)

    def add_hook(self, hook: Hook, at_start: bool) -> None:
        """Call a function at the start, or at the stop."""
        (self._startup if at_start else self._shutdown).append(hook)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to start."""
        hooks = (*self._startup, *self._shutdown)
        entered = (*self._entered, *self._late)
        return not (
            hooks
            or entered
            or self._manager
            or self.registry.has_app_values
            or self._mounts()
        )

    def _mounts(self) -> list[Route]:
        """Return the mounts, each app once."""
        found: dict[int, Route] = {}
        for route in self.app.routes:
            if isinstance(route, Mount):
                found.setdefault(id(route.handler), route)
        return list(found.values())

    # --- start and stop ------------------------------------------------------

    async def start(self, state: dict[str, Any] | None = None) -> None:
        """Freeze the app, and open everything in order.

        ``state`` is the server's, and goes to mounted apps. Raises
        ConfigurationError for a mistake in the app, and what a step raises,
        after those before it are undone.
        """
        self.app.freeze()
        self.stopping = Stopping()
        # What a server without lifespans has left open is not ours to close:
        # its loop may be gone.
        self._exits = Exits()
        self.registry.forget()
        try:
            await self._open({} if state is None else state)
        except GeneratorExit:  # the loop is gone, and nothing can be awaited
            raise
        except BaseException:
            for error in await close_all(self._exits):
                log.error("Undoing the start failed", exc_info=error)
            raise
        self.started = True

    async def _open(self, state: dict[str, Any]) -> None:
        """Open everything in order."""
        if self._manager is not None:
            await self._push(entering(self._manager), self.app)
        for manager in self._entered:
            await self._push(entering(manager))
        for hook in self._shutdown:
            await self._push(run_at_stop, hook)
        for hook in self._startup:
            await call_hook(hook)
        await self._push(self.registry.run, self._exits)
        for mount in self._mounts():
            await self._push(run_mounted, mount, state)
        for manager in self._late:
            await self._push(entering(manager))

    async def _push(self, step: Callable[..., Any], *args: Any) -> None:
        """Run a step up to its ``yield``; the rest of it is for the stop."""
        opened = step(*args)
        await anext(opened)
        self._exits.append((ASYNC_GENERATOR, opened))

    async def stop(self) -> list[Exception]:
        """Close everything in reverse; return what went wrong, logged."""
        self.stopping.set()
        self.started = False
        self._first = None
        errors = await close_all(self._exits)
        for error in errors:
            log.error("Stopping failed", exc_info=error)
        return errors

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI's lifespan protocol with the server."""
        await receive()
        self._first = None
        try:
            await self.start(scope.get("state"))
        except Exception as error:
            if not isinstance(error, ConfigurationError):
                log.error("The start failed", exc_info=error)
            await send(
                {"type": "lifespan.startup.failed", "message": say(error)}
            )
            return
        try:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        except GeneratorExit:  # the loop is gone, and nothing can be awaited
            raise
        except BaseException:
            await self.stop()
            raise
        errors = await self.stop()
        if errors:
            message = "; ".join(map(say, errors))
            await send(
                {"type": "lifespan.shutdown.failed", "message": message}
            )
        else:
            await send({"type": "lifespan.shutdown.complete"})

    async def ready(self) -> bool:
        """Wait until the app has started; the first to wait starts it.

        For a server that does not speak the lifespan protocol: nothing is
        closed there. A start that failed fails for all that wait. Returns
        whether there is no need to ask again.
        """
        first = self._first
        if self.started and first is None:
            return True
        self.app.freeze()
        if first is None and self.is_empty:
            return True
        loop = asyncio.get_running_loop()
        if first is None or first.get_loop() is not loop:
            # In a task of its own: the first request may be cancelled, and
            # its context variables are none of the app's.
            self._first = first = loop.create_task(
                self.start(), context=Context()
            )
        await asyncio.shield(first)
        return False

    def check_overrides(self, stand_ins: Mapping[Any, Any]) -> None:
        """Refuse to replace what was made when the app started."""
        if not self.started:
            return
        for key, provider in self.registry.providers.items():
            if provider.lifetime == "app" and (
                key in stand_ins or provider.factory in stand_ins
            ):
                raise ConfigurationError(
                    f"override({key!r}, …) comes too late: its value was made "
                    "when the app started. Override it before the start."
                )


async def call_hook(hook: Hook) -> None:
    """Call a function, plain or async, that takes nothing."""
    result = hook()
    if isawaitable(result):
        await result


async def run_at_stop(hook: Hook) -> AsyncIterator[None]:
    """Wait for the stop, and call a hook then."""
    yield
    await call_hook(hook)


async def run_mounted(
    mount: Route, state: dict[str, Any]
) -> AsyncIterator[None]:
    """Start and stop a mounted app: be its server.

    Raises RuntimeError when it says that it failed, or raises once it has
    started. An app that raises instead of starting does not know lifespans,
    and needs none.
    """
    # SPEC: ASGI lifespan, "Scope": an exception means "not supported".
    scope = {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": state,
    }
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message | None] = asyncio.Queue()
    answer: Message | None = None

    async def life() -> None:
        last: Message | None = None
        try:
            await mount.handler(scope, inbox.get, outbox.put)
        except Exception as error:
            if answer is None:
                log.debug("%s has no lifespan: %r", mount.where, error)
            else:
                last = {"type": "lifespan.shutdown.failed"}
                last["message"] = say(error)
        finally:
            outbox.put_nowait(last)

    task = asyncio.create_task(life())
    # Without the protocol there is no stop: the loop may end before the task.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    try:
        inbox.put_nowait({"type": "lifespan.startup"})
        answer = await outbox.get()
        check_answer(mount, answer)
        yield
        if answer is not None:
            inbox.put_nowait({"type": "lifespan.shutdown"})
            check_answer(mount, await outbox.get())
            await task
    finally:
        task.cancel()


def check_answer(mount: Route, message: Message | None) -> None:
    """Raise RuntimeError when a mounted app reports a failure."""
    if message is not None and message["type"].endswith(".failed"):
        what = message["type"].split(".")[1]
        raise RuntimeError(
            f"{mount.where}: the {what} of the app mounted at "
            f"{mount.path!r} failed: {message.get('message', '')}"
        )


def say(error: Exception) -> str:
    """Return an error as one text for the server's log."""
    if isinstance(error, ConfigurationError):
        return str(error)
    if isinstance(error, ExceptionGroup):
        return "; ".join(map(say, error.exceptions))
    return f"{type(error).__name__}: {error}"
