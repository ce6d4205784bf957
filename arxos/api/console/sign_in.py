"""Signing in with a token, and out."""

import time
from typing import Annotated

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from arxos.api.access import proven
from arxos.api.console.rendering import page
from arxos.api.console.routing import HOME, SIGN_IN, console_router, own_path
from arxos.api.console.visitors import Signed, cookie_of, source_of
from arxos.api.working import Served, in_thread
from arxos.app.tokens import WrongTokenError
from arxos.storage.console_sessions import ConsoleSessions, NewSession

LONGEST_S = 12 * 3600  # and no longer than the token itself

router = console_router()
Next = Annotated[str | None, Query(max_length=2000)]


@router.get("/sign-in")
async def form(request: Request, next: Next = None) -> Response:  # noqa: A002 - as it stands in the address
    """Where a token is asked for."""
    return page(request, None, "sign_in.html", wrong=None, next=own_path(next) or HOME)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    runtime: Served,
    token: Annotated[str, Form(max_length=20_000)],
    next: Annotated[str | None, Form(max_length=2000)] = None,  # noqa: A002
) -> Response:
    """A session for whoever has a token, no longer than that is valid."""
    where = own_path(next) or HOME
    try:
        claims = await proven(request, token.strip())
    except WrongTokenError as error:
        return page(request, None, "sign_in.html", 401, wrong=str(error), next=where)
    until = min(claims.expires_at, time.time() + LONGEST_S)
    new = NewSession(
        claims.subject,
        claims.role,
        source_of(request),
        until,
        claims.token_id,
        claims.key,
        claims.issued_at,
        claims.family,
    )
    cookie = cookie_of(request)
    sessions = ConsoleSessions(runtime.database)
    if before := request.cookies.get(cookie.name):  # who signs in again is signed in once
        await in_thread(request, sessions.close, before)
    value = await in_thread(request, sessions.open, new)
    answer = RedirectResponse(where, 303)
    answer.set_cookie(cookie.name, value, path=cookie.path, httponly=True, samesite="strict", secure=cookie.secure)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, runtime: Served, _: Signed) -> Response:
    """End the session."""
    cookie = cookie_of(request)
    await in_thread(request, ConsoleSessions(runtime.database).close, request.cookies[cookie.name])
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(cookie.name, path=cookie.path, httponly=True, samesite="strict", secure=cookie.secure)
    return answer
