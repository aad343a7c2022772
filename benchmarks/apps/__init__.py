"""One module per framework, each written as its own documentation advises.

A module has three factories of ASGI apps, and says what it cannot do:

- ``main()`` serves every scenario but the next two;
- ``middlewares()`` has five middlewares, each of which sets one header;
- ``routes(count)`` has that many routes ``/last_route/N/{id}`` with an int;
- ``typed(count)``, where a framework reads signatures: routes with an int in the
  path, a query parameter, a model as body and a model as result;
- ``IMPORTS``: what is imported to use it; ``DISTRIBUTION``: what is installed;
- ``UNSUPPORTED``: scenario -> why it is missing; ``NOTES``: scenario -> remark;
- ``CHECKS_MEDIA_TYPE``: whether a body of another media type is refused.
"""

FRAMEWORKS = (
    "raw",
    "ideal",
    "microlith",
    "starlette",
    "fastapi",
    "litestar",
    "blacksheep",
    "falcon",
    "quart",
    "sanic",
    "micropie",
)
"""Every framework, in the order of the tables."""

BOUNDS = ("raw", "ideal")
"""Not frameworks: what hand-written code costs."""

PEERS = tuple(name for name in FRAMEWORKS if name not in (*BOUNDS, "microlith"))
"""What microlith is compared with."""
