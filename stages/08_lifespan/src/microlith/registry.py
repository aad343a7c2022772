"""Values that live as long as the app: pools, clients, settings.

They are made by factories, like any dependency, but once: in the order in
which they need each other, when the app starts, or ``lazy`` ones when
something first asks for them. They are closed in reverse when it stops.
Compiled routes hold the table of these values and look them up by key.

Must not know requests, routing or the application.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextvars import Context
from functools import partial
from typing import Any

from microlith.calls import COROUTINE, FUNCTION, Exits, close, enter
from microlith.dependencies import compile_plan, name_of
from microlith.exceptions import ConfigurationError
from microlith.kinds import is_scalar
from microlith.plans import Plan, Provider
from microlith.signatures import Parameter

__all__ = ["Registry"]


class Registry:
    """The app-lifetime values, by the type or name they are provided under."""

    def __init__(self) -> None:
        self.providers: dict[Hashable, Provider] = {}
        self.values: dict[Hashable, Any] = {}
        self.plans: dict[Hashable, Plan] = {}
        self._keepers: dict[Hashable, Keeper] = {}

    def add(
        self,
        key: Hashable,
        factory: Callable[..., Any],
        lifetime: str = "call",
        lazy: bool = False,
    ) -> None:
        """Register a factory; ``lifetime`` is ``"call"`` or ``"app"``."""
        check_provider(key, factory)
        if lifetime not in ("call", "app") or (lazy and lifetime == "call"):
            raise ConfigurationError(
                f'provide({key!r}, …): lifetime is "call" or "app", and only '
                f"an app's value can be lazy; not {lifetime!r}, lazy={lazy}."
            )
        if key in self.providers:
            raise ConfigurationError(f"{key!r} has two providers.")
        read: Any = None
        if lifetime == "app":
            read = partial(self.values.__getitem__, key)
        if lazy:
            read = partial(self.need, key)
        self.providers[key] = Provider(
            key, factory, lifetime, read, COROUTINE if lazy else FUNCTION
        )

    # --- compile time --------------------------------------------------------

    def freeze(self, overrides: Mapping[Any, Callable[..., Any]]) -> None:
        """Find out in which order the values are made.

        Raises ConfigurationError for a value that needs what lives shorter,
        and for a circle.
        """
        self.plans = {}
        errors: list[ConfigurationError] = []
        for provider in self.providers.values():
            if provider.lifetime == "app":
                try:
                    self._plan(provider, overrides, ())
                except ConfigurationError as error:
                    errors.append(error)
        if errors:
            raise ConfigurationError.together(errors)

    def _plan(
        self,
        provider: Provider,
        overrides: Mapping[Any, Callable[..., Any]],
        trail: tuple[Hashable, ...],
    ) -> None:
        """Plan one value, after all that it needs."""
        if provider.key in self.plans:
            return
        if provider.key in trail:
            names = " -> ".join(map(name_of, (*trail, provider.key)))
            raise ConfigurationError(
                f"{name_of(provider.key)} depends on itself: {names}."
            )
        factory = overrides.get(provider.key, provider.factory)
        plan = compile_plan(
            overrides.get(factory, factory),
            Outside(),
            self.providers,
            lifetime="app",
        )
        for node in plan.nodes:
            needed = self.providers[node.provides]
            self._plan(needed, overrides, (*trail, provider.key))
        self.plans[provider.key] = plan

    # --- start and stop ------------------------------------------------------

    @property
    def has_app_values(self) -> bool:
        """Whether a value here lives as long as the app."""
        return any(p.lifetime == "app" for p in self.providers.values())

    async def run(self, exits: Exits) -> AsyncIterator[None]:
        """Make the values of the start; later, close the lazy ones.

        What the values have opened goes to ``exits``.
        """
        for key in self._at_start():
            self.values[key] = await self._make(key, exits)
        yield
        errors: list[Exception] = []
        for key in reversed(self.plans):
            if key in self._keepers:
                errors += await self._keepers[key].stop()
        self.forget()
        if errors:
            raise ExceptionGroup("lazy values failed to close", errors)

    def _at_start(self) -> list[Hashable]:
        """Return what is made at the start, each after what it needs.

        A lazy value is among it when one that is not lazy needs it.
        """
        wanted: set[Hashable] = set()
        for key, plan in reversed(self.plans.items()):
            if key in wanted or self.providers[key].kind == FUNCTION:
                wanted |= {key, *(node.provides for node in plan.nodes)}
        return [key for key in self.plans if key in wanted]

    def forget(self) -> None:
        """Have no values."""
        self._keepers.clear()
        self.values.clear()

    async def _make(self, key: Hashable, exits: Exits) -> Any:
        """Make one value, from those that it needs."""
        plan = self.plans[key]
        values = []
        for needed in plan.needs:
            kind, read, _ = needed.step()
            values.append(await enter(kind, read, (), exits))
        kind, call, _ = plan.target.step()
        return await enter(kind, call, values, exits)

    async def need(self, key: Hashable) -> Any:
        """Return a lazy value; make it if nobody has asked for it before.

        However many ask at once, it is made once. A failure is raised to all
        of them, and who asks later starts a new attempt.
        """
        if key in self.values:
            return self.values[key]
        keeper = self._keepers.get(key)
        if keeper is None or keeper.has_failed():
            keeper = self._keepers[key] = Keeper(self._make, key)
        self.values[key] = value = await asyncio.shield(keeper.ready)
        return value


class Keeper:
    """The task in which a lazy value is made, kept and closed.

    It has a context of its own: the value outlives the request that asked
    for it first, whose context variables are none of its business.
    """

    def __init__(
        self, make: Callable[[Hashable, Exits], Any], key: Hashable
    ) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[Any] = loop.create_future()
        self._released = asyncio.Event()
        self._task = loop.create_task(self._keep(make, key), context=Context())

    def has_failed(self) -> bool:
        """Whether the value could not be made."""
        return self.ready.done() and self.ready.exception() is not None

    async def _keep(
        self, make: Callable[[Hashable, Exits], Any], key: Hashable
    ) -> list[Exception]:
        """Make the value, wait for the stop, close it; be the task."""
        exits = Exits()
        try:
            self.ready.set_result(await make(key, exits))
        except (Exception, asyncio.CancelledError) as error:
            self.ready.set_exception(error)
        else:
            await self._released.wait()
        return await close_all(exits)

    async def stop(self) -> list[Exception]:
        """Close the value; return what went wrong."""
        self._released.set()
        return await self._task


async def close_all(exits: Exits) -> list[Exception]:
    """Close what was opened, last first, each as if nothing had failed.

    Every exit runs. One that is cancelled has failed too: it has mostly
    awaited a task that it had cancelled itself.
    """
    errors: list[Exception] = []
    while exits:
        try:
            await close(*exits.pop(), None)
        except Exception as error:
            errors.append(error)
        except asyncio.CancelledError as cancelled:
            errors.append(RuntimeError("an exit was cancelled"))
            errors[-1].__cause__ = cancelled
    return errors


class Outside:
    """Where there is no request: nothing can be read from one."""

    def explicit(self, parameter: Parameter) -> Any:
        """Return None: markers are refused with the rest."""
        return None

    def implicit(self, parameter: Parameter) -> Any:
        """Refuse what only a request could give."""
        raise parameter.mistake(
            "is read from a request, and a value that lives as long as the "
            'app is made without one. Provide it with lifetime="app", or '
            "make the dependent live for a call."
        )


def check_provider(key: Any, factory: Any) -> None:
    """Raise ConfigurationError for what cannot be registered."""
    if not isinstance(key, str) and is_scalar(key):
        raise ConfigurationError(
            f"provide({key!r}, …): a scalar is read from the query. "
            "Provide a class of your own, or a name."
        )
    if not callable(factory):
        raise ConfigurationError(
            f"provide({key!r}, …) takes a function that makes the value, "
            f"not {factory!r}."
        )
