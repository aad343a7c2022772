"""Who is asking: passwords, tokens, and the dependency `current_user`.

A password is kept as its scrypt hash, a token as its SHA-256: whoever reads
the database can log in with neither. A token needs no slow hash, since nobody
can guess 256 random bits.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Annotated

from microlith import Depends, Header, HTTPConnection, Unauthorized
from notes.store import Store, Transaction

NOBODY = f"{2**14}:{bytes(16).hex()}:{bytes(32).hex()}"
"""Compared with when a name is unknown, so that both take the same time."""

IS_VALID = "SELECT 1 FROM tokens WHERE digest = ? AND expires > ?"


def hash_password(password: str, cost: int, salt: bytes | None = None) -> str:
    """Return what is kept of a password: cost, salt and hash."""
    salt = salt or secrets.token_bytes(16)
    key = hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=8, p=5, dklen=32
    )
    return f"{cost}:{salt.hex()}:{key.hex()}"


def is_password(password: str, kept: str) -> bool:
    """Whether this is the password of which a hash was kept."""
    cost, salt, _ = kept.split(":")
    found = hash_password(password, int(cost), bytes.fromhex(salt))
    return hmac.compare_digest(found, kept)


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True)
class User:
    """Who has sent a request, and with which token."""

    id: int
    name: str
    token: bytes


async def current_user(
    store: Store,
    connection: HTTPConnection,
    authorization: Annotated[str, Header()] = "",
) -> User:
    """Return whose token this is; raise 401 for none, or one that is over.

    The scripts of a page cannot give a WebSocket an Authorization header.
    They can offer subprotocols, and unlike a query those are in no log.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        offers: list[str] = connection.scope.get("subprotocols") or []
        found = [o for o in offers if o.startswith("bearer.")]
        token = found[0].removeprefix("bearer.") if found else ""
    # Not in the call's transaction: that begins when the body has come.
    async with store.begin() as work:
        rows = await work.run(
            "SELECT a.id, a.name, t.digest AS token "
            "FROM tokens t JOIN accounts a ON a.id = t.account "
            "WHERE t.digest = ? AND t.expires > ?",
            digest(token),
            int(time.time()),
        )
    if not rows:
        how = {"www-authenticate": "Bearer"}
        raise Unauthorized("Log in: POST /tokens", how)
    return User(**rows[0])


CurrentUser = Annotated[User, Depends(current_user)]


async def is_valid(work: Transaction, user: User) -> bool:
    """Whether the token of a user who has been here a while still counts."""
    return bool(await work.run(IS_VALID, user.token, int(time.time())))
