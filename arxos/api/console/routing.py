"""What goes wrong on a page is told on a page."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from structlog.stdlib import get_logger

from arxos.api.console.origins import check_origin
from arxos.api.console.rendering import done, page
from arxos.api.console.visitors import SignInError
from arxos.api.identity import request_id
from arxos.api.problems import TITLES, Refusal, status_of
from arxos.domain.errors import ArxosError

log = get_logger(__name__)

HOME = "/console/overview"
SIGN_IN = "/console/sign-in"


class ConsoleRoute(APIRoute):
    """A route of the console. A refused act leads back to its page, which says why; a refused page is a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                check_origin(request)
                return await answer(request)
            except SignInError:
                return _to_sign_in(request)
            except (Refusal, ArxosError, RequestValidationError) as error:
                return _refused(request, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for a page
                return _broken(request, error)

        return guarded


def console_router(path: str = "") -> APIRouter:
    """A router for pages below ``/console``."""
    return APIRouter(prefix=f"/console{path}", route_class=ConsoleRoute, include_in_schema=False)


def own_path(where: str | None) -> str | None:
    """The address, if it is one of the console's: nobody is sent elsewhere."""
    if where is None or "\\" in where:
        return None
    parts = urlsplit(where)
    ours = not parts.scheme and not parts.netloc and where.startswith("/console")
    return where if ours else None


def _to_sign_in(request: Request) -> Response:
    if "HX-Request" in request.headers:  # a part of a page cannot show the form: the whole page goes there
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    wanted = f"{request.url.path}?{request.url.query}" if request.method == "GET" else HOME
    return RedirectResponse(f"{SIGN_IN}?next={quote(wanted.rstrip('?'))}", 303)


def _refused(request: Request, error: Exception) -> Response:
    status, words = _told(error)
    back = _page_of(request)
    if request.method == "POST" and back is not None and status != 403:
        return done(back, words, wrong=True)
    title = TITLES.get(status, ("error", "Error"))[1]
    visitor = getattr(request.state, "visitor", None)
    return page(request, visitor, "refused.html", status, title=title, words=words, code=status)


def _broken(request: Request, error: Exception) -> Response:
    log.error("request_broke", path=request.url.path, exc_info=error)
    words = f"Something broke here. Our logs tell of request {request_id()}."
    visitor = getattr(request.state, "visitor", None)
    return page(request, visitor, "refused.html", 500, title=TITLES[500][1], words=words, code=500)


def _told(error: Exception) -> tuple[int, str]:
    match error:
        case Refusal():
            return error.status, str(error)
        case RequestValidationError():
            return 422, "; ".join(_place(one) for one in error.errors()[:5])
        case ArxosError():
            return status_of(error), str(error)
    raise error


def _place(one: Any) -> str:
    return f"{one['loc'][-1]}: {one['msg'].lower()}"


def _page_of(request: Request) -> str | None:
    """The page that a form was on, by the browser's word: only ever a path of the console's."""
    parts = urlsplit(request.headers.get("referer", ""))
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
