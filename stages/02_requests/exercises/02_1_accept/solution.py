"""What the client accepts, best first."""

from microlith.requests import Request


def accepted(request: Request) -> list[str]:
    """Return the accepted media types, the best one first."""
    listed = ", ".join(request.headers.getlist("accept"))
    if not listed:
        return ["*/*"]
    ranked = [_parse(item) for item in listed.split(",") if item.strip()]
    ranked.sort(key=lambda pair: pair[1], reverse=True)
    return [kind for kind, quality in ranked if quality > 0]


def _parse(item: str) -> tuple[str, float]:
    """Return one media type and its quality."""
    kind, *parameters = [part.strip().lower() for part in item.split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                return kind, float(value)
            except ValueError:
                break
    return kind, 1.0
