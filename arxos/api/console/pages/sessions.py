"""Who is signed in, and who holds refresh tokens."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from arxos.api.callers import known_to
from arxos.api.console.rendering import done, page
from arxos.api.console.routing import SIGN_IN, console_router
from arxos.api.console.visitors import Looker, Signed
from arxos.api.problems import Refusal
from arxos.api.working import Served, in_thread
from arxos.domain.access import Permission
from arxos.storage.console_sessions import ConsoleSessions
from arxos.storage.refresh_tokens import RefreshTokens

SHOWN = 500  # of each: of more, by subject
HERE = "/console/sessions"

router = console_router("/sessions")
Reason = Annotated[str, Form(max_length=1000)]


@router.get("")
async def show(
    request: Request,
    runtime: Served,
    visitor: Looker,
    subject: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """One's own, or with the permission to administer everybody's; who was seen last comes first."""
    whose = visitor.caller.only or (subject or "").strip() or None
    sessions = await in_thread(request, ConsoleSessions(runtime.database).list, whose, SHOWN)
    families = await in_thread(request, RefreshTokens(runtime.database).families, whose, SHOWN)
    return page(
        request,
        visitor,
        "sessions.html",
        sessions=sorted(sessions, key=lambda one: one.seen_at, reverse=True),
        families=sorted(families, key=lambda one: one.refreshed_at, reverse=True),
        here_id=visitor.caller.claims.session_id,
        subject=subject or "",
        shown=SHOWN,
    )


@router.post("/{session_id}/end")
async def end(session_id: UUID, request: Request, runtime: Served, visitor: Signed, reason: Reason = "") -> Response:
    """End somebody's session."""
    by, whose = visitor.operator(reason), visitor.caller.only
    await in_thread(request, ConsoleSessions(runtime.database).end, session_id, by, whose)
    await known_to(request).revocations.look_again()
    return done(HERE, "The session is ended.")


@router.post("/families/{family_id}/end")
async def end_family(
    family_id: UUID, request: Request, runtime: Served, visitor: Signed, reason: Reason = ""
) -> Response:
    """End a family of refresh tokens, with the tokens that it was exchanged for."""
    by, whose = visitor.operator(reason), visitor.caller.only
    await in_thread(request, RefreshTokens(runtime.database).end, family_id, by, whose)
    await known_to(request).revocations.look_again()
    return done(HERE, "The family of refresh tokens is ended.")


@router.post("/end-all")
async def end_all(
    request: Request,
    runtime: Served,
    visitor: Signed,
    subject: Annotated[str, Form(min_length=1, max_length=200)],
    reason: Reason = "",
) -> Response:
    """End everything of a subject: sessions, families, and all tokens that were issued up to now."""
    who = subject.strip()
    if who != visitor.caller.subject and not visitor.caller.may(Permission.ADMINISTER):
        raise Refusal(403, f"{visitor.caller.role} may end what is {visitor.caller.subject}'s, and nobody else's")
    revocations = known_to(request).revocations
    skew_s = runtime.settings.jwt_skew_s
    ended = await in_thread(request, revocations.table.end_subject, who, visitor.operator(reason), skew_s)
    await revocations.look_again()
    if who == visitor.caller.subject:
        return RedirectResponse(SIGN_IN, 303)
    return done(HERE, f"{who}: {ended.sessions} sessions and {ended.families} families ended, and all tokens.")
