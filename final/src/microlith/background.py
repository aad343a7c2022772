"""Work that goes on after the response.

A handler that takes `BackgroundTasks` may add functions to it. They run once
the response has been sent, one after the other, in a task of their own: the
client does not wait, and the connection is free. A `Supervisor` for each app
keeps hold of these tasks, so that a stop waits for them.

Must not know routing or the application.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from inspect import isawaitable, isbuiltin
from typing import Any, ParamSpec
from weakref import WeakKeyDictionary

from microlith.datastructures import Key
from microlith.params import Computed, Reader, Source
from microlith.requests import HTTPConnection
from microlith.routes import place_of, unwrap_partial
from microlith.signatures import Parameter
from microlith.threads import Threads, needs_thread

__all__ = ["BackgroundTasks"]

P = ParamSpec("P")

log = logging.getLogger("microlith.background")

TASK_NAME = "microlith.background"
"""What the tasks are called where asyncio lists them."""


class Supervisor:
    """Holds the background tasks of one app.

    At most ``limit`` run at a time, the others wait. At the stop they have
    ``deadline`` seconds to end; what is left then is cancelled and logged.
    """

    def __init__(
        self, threads: Threads, limit: int = 100, deadline: float = 30.0
    ) -> None:
        self.threads = threads
        self.limit = limit
        self.deadline = deadline
        self._slots = asyncio.Semaphore(limit)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Supervisor":
        self._slots = asyncio.Semaphore(self.limit)
        self._tasks = set()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Wait for all tasks, up to the deadline."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=self.deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def start(self, tasks: "BackgroundTasks") -> None:
        """Run these tasks beside everything else."""
        task = asyncio.create_task(self._run(tasks), name=TASK_NAME)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, tasks: "BackgroundTasks") -> None:
        """Run the functions of one request, each whatever the others do."""
        try:
            async with self._slots:
                while tasks.calls:
                    function, call = tasks.calls[0]
                    try:
                        await self._call(function, call)
                    except Exception as error:
                        tasks.report("failed", function, error)
                    del tasks.calls[0]
        except asyncio.CancelledError:
            # Those behind it will not run either: nothing is lost unsaid.
            for function, _ in tasks.calls:
                tasks.report("was cancelled by the stop", function, None)
            raise

    async def _call(
        self, function: Callable[..., Any], call: Callable[[], Any]
    ) -> None:
        """Run one function: a plain one in a thread."""
        if needs_thread(function) or isbuiltin(unwrap_partial(function)):
            result = await self.threads.run(call)
        else:
            result = call()
        if isawaitable(result):
            await result


class BackgroundTasks:
    """Functions to run after the response to this request.

    Ask for it by annotation: ``tasks: BackgroundTasks``. Nothing is run for a
    request whose handler raised.
    """

    __source__: Source

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.calls: list[tuple[Callable[..., Any], Callable[[], Any]]] = []

    def add_task(
        self, function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Call a function, plain or async, when the response is sent."""
        self.calls.append((function, partial(function, *args, **kwargs)))

    def report(
        self,
        what: str,
        function: Callable[..., Any],
        error: BaseException | None,
    ) -> None:
        """Log what became of one of the functions."""
        scope = self.connection.scope
        log.error(
            "The background task %s %s; it was added in %s %r",
            place_of(function),
            what,
            scope.get("method", "WEBSOCKET"),
            scope["path"],
            exc_info=error,
        )


TASKS: Key[BackgroundTasks] = Key("background tasks")

SUPERVISORS: WeakKeyDictionary[Any, Supervisor] = WeakKeyDictionary()


def supervisor_of(app: Any) -> Supervisor:
    """Return the supervisor of an app; it lives as long as the app.

    It is entered late: the tasks need the app's values until they are done.
    One that a test's override is the first to ask for is not waited for.
    """
    if app not in SUPERVISORS:
        SUPERVISORS[app] = Supervisor(app.threads)
        if not app.frozen:
            app.lifespan.enter(SUPERVISORS[app], late=True)
    return SUPERVISORS[app]


class TasksSource(Source):
    """Makes the `BackgroundTasks` of a request, one for all who ask."""

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return what makes them, or finds those that there are."""
        supervisor = supervisor_of(context)

        def make(connection: HTTPConnection) -> BackgroundTasks:
            if TASKS in connection:
                return connection[TASKS]
            tasks = connection[TASKS] = BackgroundTasks(connection)
            connection.after = connection.after or []
            connection.after.append(partial(supervisor.start, tasks))
            return tasks

        return Computed(parameter, make)


BackgroundTasks.__source__ = TasksSource()
