"""Cookies: read from Cookie headers, written for Set-Cookie headers.

A cookie is set with attributes that browsers check and drop silently when they
contradict each other. So they are checked here, where the mistake is made.

Must not know requests or responses.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Literal

from microlith.datastructures import find_control, is_token

__all__ = ["SameSite", "format_cookie", "parse_cookies"]

SameSite = Literal["lax", "strict", "none"]
"""Whether a browser sends the cookie with requests from other sites."""

_unescape = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL).sub


def parse_cookies(headers: Iterable[str]) -> dict[str, str]:
    """Return the cookies in these Cookie headers.

    Where a name comes twice the first one holds: a browser sends the cookie
    with the longer path first (RFC 6265 §5.4). What is not ``name=value`` is
    passed over.
    """
    cookies: dict[str, str] = {}
    for header in headers:
        for pair in header.split(";"):
            name, equals, value = pair.partition("=")
            name, value = name.strip(), value.strip()
            if equals and name:
                cookies.setdefault(name, _unquote_cookie(value))
    return cookies


def _unquote_cookie(value: str) -> str:
    """Undo the quotes that `format_cookie` puts around odd values."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    # SECURITY: CVE-2024-7592: the library's own decoder can be quadratic.
    text = value[1:-1]
    return _unescape(lambda m: chr(int(m[1], 8)) if m[1] else m[2], text)


def format_cookie(
    name: str,
    value: str,
    *,
    max_age: int | None = None,
    expires: datetime | int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> str:
    """Return the value of a Set-Cookie header (RFC 6265 §4.1).

    ``max_age`` is in seconds; ``expires`` is an aware datetime, or seconds
    from now. Raises ValueError for what a browser would reject or misread: a
    name that is not a token, a control character or ``;`` in a part,
    ``SameSite=None`` or ``Partitioned`` without ``Secure``, a ``__Host-`` or
    ``__Secure-`` name without what it promises.
    """
    _check_cookie(name, value, path, domain)
    if samesite not in ("lax", "strict", "none", None):
        raise ValueError(
            f"samesite is 'lax', 'strict', 'none' or None: {samesite!r}"
        )
    if not secure and (samesite == "none" or partitioned):
        raise ValueError(
            f"Cookie {name!r}: samesite='none' and partitioned=True need "
            "secure=True"
        )
    _check_promises(name, path, domain, secure)
    parts = [f"{name}={SimpleCookie().value_encode(value)[1]}"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age:d}")
    if expires is not None:
        # PERF: 9 ms of every start, for what few cookies need.
        from email.utils import format_datetime

        parts.append(
            f"Expires={format_datetime(_moment(expires), usegmt=True)}"
        )
    if path is not None:
        parts.append(f"Path={path}")
    if domain is not None:
        parts.append(f"Domain={domain}")
    if secure:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if samesite is not None:
        parts.append(f"SameSite={samesite.capitalize()}")
    if partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def _moment(expires: datetime | int) -> datetime:
    """Return when a cookie expires, in UTC."""
    if isinstance(expires, int):
        return datetime.now(UTC) + timedelta(seconds=expires)
    if expires.tzinfo is None:
        raise ValueError("expires needs a time zone: datetime.now(UTC) + …")
    return expires.astimezone(UTC)


def _check_cookie(
    name: str, value: str, path: str | None, domain: str | None
) -> None:
    """Raise ValueError for a part that would break the header."""
    if is_token(name) is None:
        raise ValueError(f"{name!r} is not a cookie name (RFC 6265 §4.1.1)")
    if find_control(value) is not None:
        raise ValueError(
            f"The value of cookie {name!r} has a control character"
        )
    for part in (path or "", domain or ""):
        if ";" in part or find_control(part) is not None:
            raise ValueError(f"{part!r} cannot stand in cookie {name!r}")


def _check_promises(
    name: str, path: str | None, domain: str | None, secure: bool
) -> None:
    """Raise ValueError when a name promises what the cookie is not."""
    if name.startswith(("__Secure-", "__Host-")) and not secure:
        raise ValueError(
            f"Cookie {name!r} needs secure=True: its name promises it"
        )
    if name.startswith("__Host-") and (domain is not None or path != "/"):
        raise ValueError(f"Cookie {name!r} needs path='/' and no domain")
