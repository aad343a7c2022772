"""Exercise 05.1: an id for each request."""

from contextvars import ContextVar

from microlith import Request, Response
from microlith.middleware.chain import CallNext

REQUEST_ID: ContextVar[str] = ContextVar("REQUEST_ID", default="-")


async def request_id(request: Request, call_next: CallNext) -> Response:
    """Give the request an id, and its answer the same one."""
    # TODO: find or make the id, publish it, put it on the answer.
    return await call_next(request)
