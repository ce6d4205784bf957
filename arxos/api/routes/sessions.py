"""Who is signed in, and who holds refresh tokens: listed, and ended."""

from collections.abc import Callable
from typing import Annotated, TypeVar
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
from arxos.storage.console_sessions import ConsoleSessions, Session
from arxos.storage.refresh_tokens import Family, RefreshTokens

T = TypeVar("T", Session, Family)

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
    table = ConsoleSessions(runtime.database)
    found, following = await _page(request, response, caller, subject, cursor, limit, table.list)
    return SessionList(items=[SessionView.of(one) for one in found], next_cursor=following)


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
    table = RefreshTokens(runtime.database)
    found, following = await _page(request, response, caller, subject, cursor, limit, table.families)
    return FamilyList(items=[FamilyView.of(one) for one in found], next_cursor=following)


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


async def _page(
    request: Request,
    response: Response,
    caller: Caller,
    subject: str | None,
    cursor: str | None,
    limit: int,
    read: Callable[[str | None, int, UUID | None], list[T]],
) -> tuple[list[T], str | None]:
    """One's own, or everybody's for who administers, and where the next page begins. Another's do not exist."""
    (after,) = place_of(cursor, UUID) or (None,)
    if subject is not None and caller.only not in {None, subject}:
        return [], None
    found = await in_thread(request, read, subject or caller.only, limit + 1, after)
    following = cursor_at(found[limit - 1].id) if len(found) > limit else None
    link_next(request, response, following)
    return found[:limit], following
