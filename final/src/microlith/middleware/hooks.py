"""A middleware as two methods: what runs before the handler, and what after.

For a concern that does not need to hold anything open around the rest of the
chain. Only the hooks that a subclass overrides are called, so an empty one
costs nothing.

Must not know routing, the error map or the application.
"""

from microlith.exceptions import ConfigurationError
from microlith.middleware.chain import CallNext, Respond, not_a_response
from microlith.requests import Request
from microlith.responses import Response
from microlith.routes import is_plain, place_of

__all__ = ["HookMiddleware"]


class HookMiddleware:
    """A base for middlewares with a step before, after, or both."""

    async def before_request(self, request: Request) -> Response | None:
        """Run before the handler; return a response to answer at once.

        The handler and `after_request` of this middleware are then not called.
        """
        return None

    async def after_request(
        self, request: Request, response: Response
    ) -> Response | None:
        """Run with the response, an error's too; may return another."""
        return None

    def link(self, call_next: CallNext, respond: Respond) -> CallNext:
        """Return an endpoint: the overridden hooks around ``call_next``."""
        kind = type(self)
        overrides_before = (
            kind.before_request is not HookMiddleware.before_request
        )
        overrides_after = (
            kind.after_request is not HookMiddleware.after_request
        )
        before = self.before_request if overrides_before else None
        after = self.after_request if overrides_after else None
        if before is None and after is None:
            return call_next
        for hook in (before, after):
            if hook is not None and is_plain(hook):
                raise ConfigurationError(
                    f"The hook {place_of(hook)} is not `async def`."
                )

        async def link(request: Request) -> Response:
            try:
                answer = None if before is None else await before(request)
                if answer is None:
                    answer = await call_next(request)
                    if after is not None:
                        answer = await after(request, answer) or answer
                if isinstance(answer, Response):
                    return answer
                raise not_a_response(self, answer)
            except Exception as exc:
                return await respond(request, exc)

        return link
