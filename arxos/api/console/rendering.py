"""Pages from templates: whatever a stranger wrote is escaped where it is shown."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from arxos.api.console import words
from arxos.api.console.files import address
from arxos.api.console.visitors import Visitor

TEMPLATES = Path(__file__).parent / "templates"
NOTICE = "arxos_notice"  # a cookie that holds what the last act came to, for one page
NOTICE_S = 60
NOTICE_LIMIT = 500  # characters
# Nothing but our own files: no style, script or picture from elsewhere, none written into the page.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Forms tell which page they are on, to us alone: a refused act leads back there.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
NAVIGATION = (  # path below /console, title; in the order of the menu
    ("overview", "Overview"),
    ("jobs", "Jobs"),
    ("dead", "Dead letters"),
    ("queues", "Queues"),
    ("workers", "Workers"),
    ("schedules", "Schedules"),
    ("buildings", "Buildings"),
    ("reports", "Reports"),
    ("quarantine", "Quarantine"),
    ("log", "Operator log"),
    ("sessions", "Sessions"),
)

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=words.shown,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals["file"] = address
_environment.filters |= {
    "span": words.span,
    "moment": words.moment,
    "size": words.size,
    "number": words.number,
    "pretty": words.pretty,
    "listed": words.listed,
}


def page(request: Request, visitor: Visitor | None, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page; what the last act came to stands on top of it."""
    notice = _read_notice(request)
    around = {
        "visitor": visitor,
        "navigation": NAVIGATION,
        "here": request.url.path,
        "address": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        "notice": notice,
    }
    body = _environment.get_template(template).render(around | facts)
    answer = HTMLResponse(body, status, headers=HEADERS)
    if notice is not None and "HX-Request" not in request.headers:
        answer.delete_cookie(NOTICE, path="/console")
    return answer


def done(where: str, what: str, *, wrong: bool = False) -> RedirectResponse:
    """Back to a page that says what the act came to."""
    answer = RedirectResponse(where, 303)
    told = base64.urlsafe_b64encode(json.dumps([what[:NOTICE_LIMIT], wrong]).encode()).decode()
    answer.set_cookie(NOTICE, told, max_age=NOTICE_S, path="/console", httponly=True, samesite="strict")
    return answer


def with_query(path: str, **query: Any) -> str:
    """The address with what is not None of the query."""
    left = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(left)}" if left else path


def _read_notice(request: Request) -> tuple[str, bool] | None:
    try:
        what, wrong = json.loads(base64.urlsafe_b64decode(request.cookies[NOTICE]))
        return str(what)[:NOTICE_LIMIT], bool(wrong)
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
