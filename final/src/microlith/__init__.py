"""Microlith: a small ASGI framework for Python, built in stages.

This file is generated: it exports the names of the kernel's modules. The other
modules are imported by their own names, such as `microlith.testing`.
"""

from microlith.applications import App, Handler
from microlith.background import BackgroundTasks
from microlith.datastructures import (
    URL,
    Address,
    Headers,
    Key,
    MultiDict,
    MutableHeaders,
    QueryParams,
)
from microlith.dependencies import Depends, compile_plan
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
from microlith.handlers import Operation, compile_endpoint, inspect_handler
from microlith.middleware.hooks import HookMiddleware
from microlith.params import Body, Cookie, Header, Path, Query, Source
from microlith.requests import HTTPConnection, Request
from microlith.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
from microlith.routes import Mount, Route, Routes
from microlith.routing import Router
from microlith.streaming import EventStream, ServerSentEvent, StreamingResponse
from microlith.websockets import WebSocket

__all__ = [
    "URL",
    "Address",
    "App",
    "BackgroundTasks",
    "BadGateway",
    "BadRequest",
    "Body",
    "ClientDisconnect",
    "ConfigurationError",
    "Conflict",
    "ContentTooLarge",
    "Cookie",
    "Depends",
    "ErrorMap",
    "EventStream",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "HTMLResponse",
    "HTTPConnection",
    "HTTPException",
    "Handler",
    "Header",
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
    "Operation",
    "Path",
    "PreconditionFailed",
    "Problem",
    "Query",
    "QueryParams",
    "RangeNotSatisfiable",
    "RedirectResponse",
    "Request",
    "RequestTimeout",
    "Response",
    "Route",
    "Router",
    "Routes",
    "ServerSentEvent",
    "ServiceUnavailable",
    "Source",
    "StreamingResponse",
    "TextResponse",
    "TooManyRequests",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "__version__",
    "compile_endpoint",
    "compile_plan",
    "inspect_handler",
]

__version__ = "0.1.0"
