"""What an app is given besides routes: providers, hooks, extensions.

The verbs here only record; what they mean is decided when the app is frozen.

Must not know requests or how an app serves.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from microlith.lifespan import Lifespan
from microlith.overrides import family, replaced
from microlith.plans import Provider
from microlith.routing import Router

__all__ = ["Declared", "Extension"]

P = TypeVar("P", bound=Callable[..., Any])
H = TypeVar("H", bound=Callable[[], Any])
E = TypeVar("E", bound="Extension")


class Extension(Protocol):
    """A feature that adds itself to an app."""

    def install(self, app: Any) -> None:
        """Register what the feature consists of."""
        ...


class Declared(Router):
    """A router with a life: the declaring half of an app."""

    lifespan: Lifespan
    providers: Mapping[Hashable, Provider]
    overrides: Mapping[Any, Callable[..., Any]] = {}

    def provide(
        self,
        key: type | str,
        factory: P,
        lifetime: str = "call",
        lazy: bool = False,
    ) -> P:
        """Inject what a factory makes wherever this type is annotated.

        A string is a name for ``Depends(name)``. Types match exactly. The
        value lives for a ``"call"``, or as long as the ``"app"``: then it is
        made at the start, or if ``lazy`` when it is first needed. Raises
        ConfigurationError for a scalar, which could stand for any input, and
        for a key that has a factory.
        """
        self._check_open(f"The provider of {key!r}")
        self.lifespan.registry.add(key, factory, lifetime, lazy)
        return factory

    def on_startup(self, hook: H) -> H:
        """Call a function, plain or async, when the app starts, in order.

        Returns it, to be used as a decorator.
        """
        self._check_open(f"The startup hook {hook!r}")
        self.lifespan.add_hook(hook, at_start=True)
        return hook

    def on_shutdown(self, hook: H) -> H:
        """Call a function, plain or async, when the app stops, in reverse.

        Returns it, to be used as a decorator.
        """
        self._check_open(f"The shutdown hook {hook!r}")
        self.lifespan.add_hook(hook, at_start=False)
        return hook

    def install(self, extension: E) -> E:
        """Let an extension add itself to this app; return it.

        Calls its ``install(app)``, which may register routes, providers and
        layers, and give ``app.lifespan.enter`` what has a start and an end.
        """
        self._check_open(f"The extension {extension!r}")
        extension.install(self)
        return extension

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the app is about to stop; streams and sockets end then."""
        return self.lifespan.stopping

    @contextmanager
    def override(
        self, stand_ins: Mapping[Any, Callable[..., Any]]
    ) -> Iterator[None]:
        """Replace dependencies while the ``with`` block runs: for tests.

        Maps a function, or a provided type or name, to what is called in its
        place. Holds for mounted apps too. Costs nothing at request time: the
        routes are compiled anew, and put back at the end.
        """
        for member in family(self):
            member.lifespan.check_overrides(stand_ins)
        with replaced(self, stand_ins):
            yield
