"""The page: one file, read once, with a policy made of its own hashes."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from microlith import HTMLResponse, Router


def page_router() -> Router:
    """Return the router that serves the page from memory."""
    text = Path(__file__).with_name("page.html").read_text("utf-8")
    headers = {
        "content-security-policy": policy(text),
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    router = Router()

    @router.get("/")
    async def show_page() -> HTMLResponse:
        return HTMLResponse(text, 200, headers)

    return router


def policy(text: str) -> str:
    """Return the strictest policy under which the page still works.

    Its script and its style are allowed by their hashes; anything that a note
    might smuggle in has none (CSP 3, "hash-source").
    """
    hashes = []
    for tag in ("script", "style"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        hashes.append(f"{tag}-src 'sha256-{digest}'")
    return (
        f"default-src 'none'; {'; '.join(hashes)}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
