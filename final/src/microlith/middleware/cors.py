"""Cross-origin resource sharing: which other sites' scripts may read answers.

A browser asks first (the **preflight**, an OPTIONS request) and then looks at
the headers of the answer (Fetch Standard, "CORS protocol"). This
middleware writes those headers on every response that passes it, errors
included: without them a script sees no status at all, only a network error.

Must not know routing, the error map or the application.
"""

import re
from collections.abc import Sequence

from microlith.exceptions import ConfigurationError
from microlith.middleware.chain import CallNext
from microlith.requests import Request
from microlith.responses import Response

__all__ = ["CORSMiddleware"]

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""What ``allow_methods=["*"]`` stands for."""

_is_origin = re.compile(
    r"[a-z][a-z0-9+.\-]*://([a-z0-9._\-]+|\[[0-9a-f:.]+\])(:[0-9]+)?"
).fullmatch


class CORSMiddleware:
    """Let the scripts of other origins read this app's answers.

    ``allow_origins`` names them (``"https://shop.example"``, without a slash
    at the end), or is ``["*"]`` for all. ``allow_origin_regex`` must match the
    whole origin. ``allow_methods=["*"]`` and ``allow_headers=["*"]`` grant
    whatever is asked for. ``max_age`` is how long a browser may keep a
    preflight's answer, in seconds.

    Raises ConfigurationError for an origin that no browser sends, and for
    ``"*"`` together with ``allow_credentials``, which would open every user's
    account to every site.
    """

    def __init__(
        self,
        allow_origins: Sequence[str] = (),
        *,
        allow_origin_regex: str | None = None,
        allow_methods: Sequence[str] = ("GET", "HEAD", "POST"),
        allow_headers: Sequence[str] = (),
        allow_credentials: bool = False,
        expose_headers: Sequence[str] = (),
        max_age: int = 600,
    ) -> None:
        check_lists(
            allow_origins=allow_origins,
            allow_methods=allow_methods,
            allow_headers=allow_headers,
            expose_headers=expose_headers,
        )
        check_origins(allow_origins, allow_credentials)
        self.any_origin = "*" in allow_origins
        self.origins = frozenset(allow_origins)
        self.pattern = check_pattern(allow_origin_regex or r"(?!)")
        self.any_header = "*" in allow_headers
        methods = ALL_METHODS if "*" in allow_methods else allow_methods
        self.preflight = {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Max-Age": str(max_age),
        }
        if allow_headers and not self.any_header:
            self.preflight["Access-Control-Allow-Headers"] = ", ".join(
                allow_headers
            )
        self.simple: dict[str, str] = {}
        if allow_credentials:
            self.simple["Access-Control-Allow-Credentials"] = "true"
        self.exposed = ", ".join(expose_headers)

    async def __call__(
        self, request: Request, call_next: CallNext
    ) -> Response:
        """Answer a preflight, or add the headers to the answer."""
        headers = request.headers
        origin = headers.get("origin")
        asks = (
            request.method == "OPTIONS"
            and "access-control-request-method" in headers
        )
        allowed = origin is not None and self.allows(origin)
        if allowed and asks:
            response = Response(status_code=204, headers=self.preflight)
            if self.any_header:
                self._grant_headers(request, response)
        else:
            response = await call_next(request)
            if allowed and self.exposed:
                response.headers["Access-Control-Expose-Headers"] = (
                    self.exposed
                )
        if origin is not None and allowed:
            response.headers["Access-Control-Allow-Origin"] = (
                "*" if self.any_origin else origin
            )
            response.headers.update(self.simple)
        if not self.any_origin:
            # SPEC: Fetch, "CORS protocol and HTTP caches": always vary.
            response.headers.add_vary("Origin")
        return response

    def allows(self, origin: str) -> bool:
        """Whether scripts of this origin may read the answers."""
        return (
            self.any_origin
            or origin in self.origins
            or self.pattern.fullmatch(origin) is not None
        )

    def _grant_headers(self, request: Request, response: Response) -> None:
        """Grant the headers that a preflight asks for, by name."""
        asked = request.headers.get("access-control-request-headers")
        if asked:
            response.headers["Access-Control-Allow-Headers"] = asked
            response.headers.add_vary("Access-Control-Request-Headers")


def check_origins(origins: Sequence[str], credentials: bool) -> None:
    """Raise ConfigurationError for origins that would not do what they say."""
    if credentials and "*" in origins:
        raise ConfigurationError(
            "allow_credentials needs the origins by name: with '*' any site "
            "could act with its visitor's cookies."
        )
    for origin in origins:
        if origin not in ("*", "null") and _is_origin(origin) is None:
            raise ConfigurationError(
                f"{origin!r} is no origin: write scheme://host[:port], "
                "in lower case and without a slash at the end."
            )


def check_lists(**options: Sequence[str]) -> None:
    """Raise ConfigurationError for text where a list of texts belongs."""
    for name, value in options.items():
        if isinstance(value, str):
            raise ConfigurationError(f"{name} is a list: [{value!r}].")


def check_pattern(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; ConfigurationError for a wrong one."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ConfigurationError(
            f"allow_origin_regex is no regular expression: {error}."
        ) from None
