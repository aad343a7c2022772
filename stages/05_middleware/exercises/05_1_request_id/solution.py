"""Exercise 05.1: an id for each request."""

import re
import uuid
from contextvars import ContextVar

from microlith import Request, Response
from microlith.middleware.chain import CallNext

REQUEST_ID: ContextVar[str] = ContextVar("REQUEST_ID", default="-")

is_id = re.compile(r"[A-Za-z0-9-]{1,64}").fullmatch


async def request_id(request: Request, call_next: CallNext) -> Response:
    """Give the request an id, and its answer the same one."""
    value = request.headers.get("x-request-id", "")
    if is_id(value) is None:
        value = uuid.uuid4().hex
    REQUEST_ID.set(value)
    response = await call_next(request)
    response.headers["x-request-id"] = value
    return response
