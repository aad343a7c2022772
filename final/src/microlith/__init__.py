"""Microlith: a small ASGI framework for Python, built in stages.

This file is generated: it exports the names of the kernel's modules. The other
modules are imported by their own names, such as `microlith.testing`.
"""

from microlith.applications import App, Handler
from microlith.datastructures import (
    URL,
    Address,
    Headers,
    Key,
    MultiDict,
    MutableHeaders,
    QueryParams,
)
from microlith.errors import ErrorMap, Problem
from microlith.exceptions import (
    BadGateway,
    BadRequest,
    ClientDisconnect,
    ConfigurationError,
    Conflict,
    ContentTooLarge,
    Forbidden,
    GatewayTimeout,
    Gone,
    HTTPException,
    MethodNotAllowed,
    MicrolithError,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    RequestTimeout,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnprocessableContent,
    UnsupportedMediaType,
    WebSocketDisconnect,
    WebSocketException,
)
from microlith.middleware.hooks import HookMiddleware
from microlith.requests import Request
from microlith.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
from microlith.routes import Mount, Route, Routes
from microlith.routing import Router

__all__ = [
    "URL",
    "Address",
    "App",
    "BadGateway",
    "BadRequest",
    "ClientDisconnect",
    "ConfigurationError",
    "Conflict",
    "ContentTooLarge",
    "ErrorMap",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "HTMLResponse",
    "HTTPException",
    "Handler",
    "Headers",
    "HookMiddleware",
    "JSONResponse",
    "Key",
    "MethodNotAllowed",
    "MicrolithError",
    "Mount",
    "MultiDict",
    "MutableHeaders",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "Problem",
    "QueryParams",
    "RangeNotSatisfiable",
    "RedirectResponse",
    "Request",
    "RequestTimeout",
    "Response",
    "Route",
    "Router",
    "Routes",
    "ServiceUnavailable",
    "TextResponse",
    "TooManyRequests",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "WebSocketDisconnect",
    "WebSocketException",
    "__version__",
]

__version__ = "0.1.0"
