"""What the client accepts, best first."""

from microlith.requests import Request


def accepted(request: Request) -> list[str]:
    """Return the accepted media types, the best one first."""
    # TODO: read every Accept header and sort what is in them.
    return ["*/*"]
