"""One HTTP request, as a handler sees it.

In this first form a request is the two things that the server gave us: the
scope, which says what is asked, and ``receive``, from which a body could be
read. It looks nothing up until it is asked to.

Must not know responses, routing or the application.
"""

from microlith.types import Receive, Scope

__all__ = ["Request"]


class Request:
    """One HTTP request: a thin view of its ASGI scope."""

    __slots__ = ("receive", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive

    @property
    def method(self) -> str:
        """The request method, in upper case: ``"GET"``."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The decoded path, without the query: ``"/items/42"``."""
        path: str = self.scope["path"]
        return path
