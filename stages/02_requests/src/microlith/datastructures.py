"""The small values that requests and responses are made of.

`Headers` and `MutableHeaders` are views of the raw list of byte pairs, so that
nothing is copied and order and repetition are kept. `MultiDict` is what a
query string (and later a form) becomes. `URL`, `Address` and `Key` are plain
values. Cookies and header fields are written by the two ``format`` functions,
the only place where text from a handler becomes bytes of a header, and so the
only place that has to refuse what would break one.

Must not know requests, responses or anything above them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

__all__ = [
    "URL",
    "Address",
    "Headers",
    "Key",
    "MultiDict",
    "MutableHeaders",
    "QueryParams",
]

T = TypeVar("T")

RawList = list[tuple[bytes, bytes]]

# SPEC: RFC 9110 §5.6.2 (token) and §5.5 (field-value: no control but the tab).
is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
find_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

# SPEC: RFC 3986 §3.2.2: a name, an IPv4 address, or an IPv6 one in brackets.
is_host = re.compile(
    rb"[A-Za-z0-9\-._~!$&'()*+,;=%]{1,255}(?::[0-9]{0,5})?"
    rb"|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{0,5})?"
).fullmatch

MAX_QUERY_FIELDS = 1000
"""How many fields a query string may have; more are refused."""


class Key(Generic[T]):
    """A typed name for a value that travels with a request.

    ``USER = Key[User]("user")``; then ``request[USER] = user`` in a middleware
    and ``request[USER]`` in a handler, which a type checker knows to be a
    `User`. Two keys are never the same, even with the same name.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


class Address(NamedTuple):
    """One end of a connection."""

    host: str
    port: int


class URL(NamedTuple):
    """The parts of a URL; ``str(url)`` joins them."""

    scheme: str
    netloc: str
    path: str
    query: str = ""

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.netloc}{self.path}{query}"

    @property
    def hostname(self) -> str:
        """The host without its port; an IPv6 address keeps its brackets."""
        return re.sub(r":[0-9]*\Z", "", self.netloc)

    @property
    def port(self) -> int | None:
        """The port, or None when the URL leaves it to the scheme."""
        port = self.netloc[len(self.hostname) + 1 :]
        return int(port) if port else None

    @property
    def is_secure(self) -> bool:
        """Whether the scheme is an encrypted one."""
        return self.scheme in ("https", "wss")


def parse_host(value: bytes) -> str:
    """Return a Host header as text.

    Raises ValueError for one that RFC 3986 §3.2.2 does not allow.
    """
    # SECURITY: GHSA-86qp-5c8j-p5mr: a Host with a slash moves the URL's path.
    host = value.decode("latin-1")
    if is_host(value) is None:
        raise ValueError(f"{host[:80]!r} is not a valid Host header")
    return host


# --- Headers -----------------------------------------------------------------


class Headers(Mapping[str, str]):
    """Header fields by name, whatever the case; a view of ASGI's raw list.

    ``headers["accept"]`` is the first value of that name; `getlist` returns
    all of them. Values are decoded as latin-1, which never fails.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.raw: RawList = raw if isinstance(raw, list) else list(raw)

    def __getitem__(self, name: str) -> str:
        key = NAMES.get(name) or _key(name)
        for candidate, value in self.raw:
            if candidate == key:
                return value.decode("latin-1")
        raise KeyError(name)

    def getlist(self, name: str) -> list[str]:
        """Return every value of this name, in order."""
        key = _key(name)
        return [v.decode("latin-1") for n, v in self.raw if n == key]

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every field as a pair of text, in order."""
        return [
            (n.decode("latin-1"), v.decode("latin-1")) for n, v in self.raw
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.multi_items()))

    def __len__(self) -> int:
        return len({name for name, _ in self.raw})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.multi_items()!r})"


class MutableHeaders(Headers):
    """The headers of a response, changed in place.

    Every name and value is checked as it comes in: see `format_header`.
    """

    __slots__ = ()

    def __setitem__(self, name: str, value: str) -> None:
        """Replace every field of this name by one."""
        try:
            key = NAMES[name]
        except KeyError:
            key = header_name(name)
        # PERF: `header_value` inline for the usual text: 0.1 us.
        if value.isascii() and value.isprintable():
            field = key, value.encode()
        else:
            field = key, header_value(name, value)
        for pair in self.raw:
            if pair[0] == key:
                self.raw[:] = [pair for pair in self.raw if pair[0] != key]
                break
        self.raw.append(field)

    def __delitem__(self, name: str) -> None:
        """Remove every field of this name; KeyError for none."""
        if name not in self:
            raise KeyError(name)
        key = _key(name)
        self.raw[:] = [pair for pair in self.raw if pair[0] != key]

    def append(self, name: str, value: str) -> None:
        """Add a field and keep those of the same name."""
        self.raw.append(format_header(name, value))

    def setdefault(self, name: str, value: str) -> str:
        """Set a field unless there is one; return the value that holds."""
        if name not in self:
            self[name] = value
        return self[name]

    def update(self, fields: Mapping[str, str]) -> None:
        """Replace several fields."""
        for name, value in fields.items():
            self[name] = value

    def add_vary(self, name: str) -> None:
        """Name a request header that the answer depends on."""
        listed = ", ".join(self.getlist("vary"))
        names = {item.strip().lower() for item in listed.split(",")}
        if not names & {name.lower(), "*"}:
            self["vary"] = f"{listed}, {name}" if listed else name


def _key(name: str) -> bytes:
    """Return a header's name as it stands in the raw list."""
    # SPEC: ASGI HTTP "Connection Scope": the server lower-cases every name.
    return name.lower().encode("latin-1", "replace")


def format_header(name: str, value: str) -> tuple[bytes, bytes]:
    """Return one header field as ASGI's pair of bytes.

    Raises ValueError for a name that is not a token, for a value with a
    control character, and for text outside latin-1.
    """
    key = NAMES.get(name) or header_name(name)
    return key, header_value(name, value)


NAMES: dict[str, bytes] = {}
"""The names that were used first, as they are sent; at most `MAX_NAMES`."""

MAX_NAMES = 256


def header_name(name: str) -> bytes:
    """Return the name of a header as it is sent; ValueError for no token."""
    if is_token(name) is None:
        raise ValueError(f"{name!r} is not a header name (RFC 9110 §5.6.2)")
    key = name.lower().encode("ascii")
    # PERF: an app sets the same few headers again and again: 0.2 us.
    if len(NAMES) < MAX_NAMES:
        NAMES[name] = key
    return key


def header_value(name: str, value: str) -> bytes:
    """Return the value of a header as it is sent."""
    # SECURITY: CVE-2016-9964: a CR or LF would start a second header.
    if find_control(value) is not None:
        raise ValueError(
            f"The value of header {name!r} has a control character: "
            f"{value[:80]!r}. Remove it, or encode the value."
        )
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(
            f"The value of header {name!r} is not latin-1: {value[:80]!r}. "
            "Encode it, for example with urllib.parse.quote."
        ) from None


# --- Query -------------------------------------------------------------------


class MultiDict(Mapping[str, T]):
    """Values by name, where a name may come more than once.

    ``fields["a"]`` is the first value of that name; `getlist` returns all, and
    ``lists`` has them by name.
    """

    __slots__ = ("_pairs", "lists")

    def __init__(self, pairs: Iterable[tuple[str, T]] = ()) -> None:
        self._pairs = list(pairs)
        self.lists: dict[str, list[T]] = {}
        for name, value in self._pairs:
            if name in self.lists:
                self.lists[name].append(value)
            else:
                self.lists[name] = [value]

    def __getitem__(self, name: str) -> T:
        return self.lists[name][0]

    def getlist(self, name: str) -> list[T]:
        """Return every value of this name, in order."""
        return list(self.lists.get(name, ()))

    def multi_items(self) -> list[tuple[str, T]]:
        """Return every pair, in order, repeated ones too."""
        return list(self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(self.lists)

    def __len__(self) -> int:
        return len(self.lists)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._pairs!r})"


class QueryParams(MultiDict[str]):
    """The fields of a query string: ``b"a=1&a=2&b="``.

    Blank values are kept. A bad escape stays as it is and bytes that are not
    UTF-8 become U+FFFD: a query can be odd, never unreadable. Raises
    ValueError for more than `MAX_QUERY_FIELDS` fields.
    """

    __slots__ = ()

    def __init__(self, query: bytes | str = b"") -> None:
        text = (
            query.decode("utf-8", "replace")
            if isinstance(query, bytes)
            else query
        )
        super().__init__(split_query(text))

    def __str__(self) -> str:
        return urlencode(self._pairs)


def split_query(text: str) -> list[tuple[str, str]]:
    """Return the fields of a query string, unescaped, in order."""
    if "%" in text or "+" in text:
        return parse_qsl(
            text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS
        )
    # PERF: nothing is escaped, so splitting is all there is to do: 1.8 us.
    fields = text.split("&")
    if len(fields) > MAX_QUERY_FIELDS:
        raise ValueError("Max number of fields exceeded")
    pairs = []
    for field in fields:
        if field:
            name, _, value = field.partition("=")
            pairs.append((name, value))
    return pairs
