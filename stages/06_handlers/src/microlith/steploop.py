"""An event loop that is stepped by hand, without I/O.

It knows what is ready now, what is due later, and how many calls are away in a
thread of a pool. When none of these is left, whoever still waits would wait
for ever: that is `Stuck`, at once, where a real loop would hang.

Knows asyncio alone.
"""

import asyncio
import heapq
import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import Context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

__all__ = ["StepLoop", "Stuck", "new_loop"]

log = logging.getLogger("microlith.testing")

T = TypeVar("T")


class Stuck(AssertionError):
    """The app waits for something that can no longer happen."""


class StepLoop(asyncio.AbstractEventLoop):
    """An event loop without I/O: a queue of callbacks and a heap of timers."""

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[asyncio.TimerHandle] = []
        self._inbox: SimpleQueue[asyncio.Handle] = SimpleQueue()
        self._away = 0
        self._pool: Executor | None = None

    def time(self) -> float:
        return time.monotonic()

    def call_soon(  # type: ignore[override]
        self,
        callback: Callable[..., Any],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, timer)
        return timer

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., Any],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(
            self.time() + delay, callback, *args, context=context
        )

    def call_soon_threadsafe(  # type: ignore[override]
        self,
        callback: Callable[..., Any],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._inbox.put(handle)
        return handle

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        if sys.platform == "emscripten":  # has no threads
            future = self.create_future()
            try:
                future.set_result(func(*args))
            except Exception as error:
                future.set_exception(error)
            return future
        if executor is None:
            self._pool = executor = self._pool or ThreadPoolExecutor()
        self._away += 1
        future = asyncio.wrap_future(executor.submit(func, *args), loop=self)
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, future: asyncio.Future[Any]) -> None:
        """Count one call less that is away."""
        self._away -= 1

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Any = None,
    ) -> asyncio.Task[T]:
        label = None if name is None else str(name)
        return asyncio.Task(coro, loop=self, name=label, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        log.error(context["message"], exc_info=context.get("exception"))

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: `step` skips a cancelled timer when it is due."""

    def step(self) -> bool:
        """Run what is ready; return False when nothing is left to run."""
        self._drain(block=not self._ready)
        while self._timers and self._timers[0].when() <= self.time():
            self._ready.append(heapq.heappop(self._timers))
        if not self._ready and not self._timers:
            return False
        with running(self):
            for _ in range(len(self._ready)):
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        return True

    def _drain(self, block: bool) -> None:
        """Take in what threads have sent; wait for them or for a timer."""
        pause = None
        if self._timers:
            pause = max(0.0, self._timers[0].when() - self.time())
        if block and not self._away and pause:
            time.sleep(pause)
        wait = block and self._away > 0
        with suppress(Empty):
            while True:
                handle = self._inbox.get(wait, pause if wait else None)
                self._ready.append(handle)
                wait = False

    def run_until(self, done: Callable[[], bool], waiting_for: str) -> None:
        """Step until ``done()``; raise Stuck when it can never become true."""
        while not done():
            if not self.step():
                raise Stuck(
                    f"The app waits for ever; the test wanted {waiting_for}."
                )

    def run_task(
        self,
        task: asyncio.Task[Any],
        done: Callable[[], bool],
        waiting_for: str,
    ) -> None:
        """Step until ``done()``; a task that is stuck is cancelled first."""
        try:
            self.run_until(done, waiting_for)
        except Stuck:
            task.cancel()
            while self.step():
                pass
            raise


def new_loop() -> StepLoop:
    """Return a loop with nothing to do."""
    return StepLoop()  # type: ignore[abstract]


@contextmanager
def running(loop: StepLoop) -> Iterator[None]:
    """Make ``loop`` the running one, and give the outer one back after."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
