"""Notes: accounts, notes and live updates; a small application, whole.

    cd final/examples
    uvicorn notes:app

Read `application` first: it puts the parts together. `accounts`, `texts` and
`live` have the routes; `store`, `security`, `mail` and `page` have none.
"""

from notes.application import create_app
from notes.store import Settings

__all__ = ["Settings", "app", "create_app"]

app = create_app(Settings.from_environment())
"""Made at import, and nothing is opened: that is for the app's start."""
