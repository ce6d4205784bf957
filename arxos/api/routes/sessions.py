"""Who is signed in, and who holds refresh tokens: listed, and ended."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from arxos.api.access import Reader
from arxos.api.acting import REASON_LIMIT, operator
from arxos.api.callers import known_to
from arxos.api.paging import Cursor, Limit, cursor_at, link_next, place_of
from arxos.api.problems import documented
from arxos.api.schemas.sessions import FamilyList, FamilyView, SessionList, SessionView
from arxos.api.working import Served, in_thread
from arxos.app.access import Caller
from arxos.storage.console_sessions import ConsoleSessions
from arxos.storage.refresh_tokens import RefreshTokens

router = APIRouter(prefix="/api", tags=["tokens"])

SessionId = Annotated[UUID, Path(description="the session's id")]
FamilyId = Annotated[UUID, Path(description="the family's id")]
Whose = Annotated[str | None, Query(max_length=200, description="of this one only", examples=["ada"])]
Why = Annotated[str | None, Query(max_length=REASON_LIMIT, description="recorded", examples=["a laptop was lost"])]


@router.get("/sessions", summary="Who is signed in at the console")
async def sessions(
    request: Request,
    response: Response,
    runtime: Served,
    caller: Reader,
    *,
    subject: Whose = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SessionList:
    """One's own sessions; with the permission to administer, everybody's."""
    if _sees_nothing(caller, subject):
        return SessionList(items=[], next_cursor=None)
    (after,) = place_of(cursor, UUID) or (None,)
    whose = subject or caller.only
    found = await in_thread(request, ConsoleSessions(runtime.database).list, whose, limit + 1, after)
    following = cursor_at(found[limit - 1].id) if len(found) > limit else None
    link_next(request, response, following)
    return SessionList(items=[SessionView.of(one) for one in found[:limit]], next_cursor=following)


@router.delete("/sessions/{session_id}", status_code=204, summary="End a session", responses=documented(404))
async def end_session(
    session_id: SessionId, request: Request, runtime: Served, caller: Reader, reason: Why = None
) -> None:
    """One's own; with the permission to administer, anybody's. Its next request leads to the sign-in."""
    by = operator(request, caller, reason)
    await in_thread(request, ConsoleSessions(runtime.database).end, session_id, by, caller.only)
    await known_to(request).revocations.look_again()


@router.get("/tokens/families", summary="Who holds refresh tokens")
async def families(
    request: Request,
    response: Response,
    runtime: Served,
    caller: Reader,
    *,
    subject: Whose = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> FamilyList:
    """One's own families of refresh tokens; with the permission to administer, everybody's."""
    if _sees_nothing(caller, subject):
        return FamilyList(items=[], next_cursor=None)
    (after,) = place_of(cursor, UUID) or (None,)
    whose = subject or caller.only
    found = await in_thread(request, RefreshTokens(runtime.database).families, whose, limit + 1, after)
    following = cursor_at(found[limit - 1].id) if len(found) > limit else None
    link_next(request, response, following)
    return FamilyList(items=[FamilyView.of(one) for one in found[:limit]], next_cursor=following)


@router.delete(
    "/tokens/families/{family_id}", status_code=204, summary="End a family of refresh tokens", responses=documented(404)
)
async def end_family(
    family_id: FamilyId, request: Request, runtime: Served, caller: Reader, reason: Why = None
) -> None:
    """One's own; with the permission to administer, anybody's. The tokens that it was exchanged for end with it."""
    by = operator(request, caller, reason)
    await in_thread(request, RefreshTokens(runtime.database).end, family_id, by, caller.only)
    await known_to(request).revocations.look_again()


def _sees_nothing(caller: Caller, subject: str | None) -> bool:
    """Whether somebody asks for what is another's, and not for them."""
    return subject is not None and caller.only not in {None, subject}
