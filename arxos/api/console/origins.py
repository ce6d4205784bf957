"""Forms come from our own pages: what a browser says of where a request is from is held against where we are."""

from urllib.parse import urlsplit

from fastapi import Request

from arxos.api.problems import Refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({"same-origin", "none"})  # none: the person's own doing, such as a reload


def check_origin(request: Request) -> None:
    """Refuse what another page makes a browser send, also where nobody is signed in yet. Raises Refusal (403).

    A page elsewhere cannot choose these headers. Programs send none of them, and no browser carries their cookies.
    """
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), _origin(request)
    if (site is not None and site not in OWN_SITE) or (origin is not None and not _is_own(request, origin)):
        raise Refusal(403, "this form comes from elsewhere: load the page again")


def _origin(request: Request) -> str | None:
    """By `Origin`, or by `Referer` where a browser sends that alone."""
    if (origin := request.headers.get("origin")) is not None:
        return origin
    referer = urlsplit(request.headers.get("referer", ""))
    return f"{referer.scheme}://{referer.netloc}" if referer.netloc else None


def _is_own(request: Request, origin: str) -> bool:
    settings = request.app.state.runtime.settings
    if named := [one.strip().rstrip("/") for one in settings.console_origins.split(",") if one.strip()]:
        return origin in named
    schemes = ("https",) if settings.api_https else ("http", "https")  # a proxy may speak https for us
    return origin in {f"{scheme}://{request.headers.get('host')}" for scheme in schemes}
