"""What operators did, and what was refused at the broker."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from arxos.api.access import Reader
from arxos.api.paging import Cursor, Limit, as_big_number, as_text, cursor_at, link_next, place_of
from arxos.api.schemas.records import ActList, ActView, QuarantinedView, QuarantineList
from arxos.api.working import Served, in_thread
from arxos.domain.moments import read_moment
from arxos.storage.act_log import ActFilter, ActLog
from arxos.storage.quarantine import QuarantineFilter, QuarantineTable
from arxos.tasks.moments import Moment

router = APIRouter(prefix="/api", tags=["operating"])

Since = Annotated[
    Moment | None, Query(description="at or after this moment, with its zone", examples=["2026-11-25T08:00:00Z"])
]


@router.get("/acts", summary="What operators did")
async def acts(
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    actor: Annotated[str | None, Query(max_length=200, description="by this one only", examples=["ada"])] = None,
    action: Annotated[str | None, Query(max_length=100, description="of this sort only", examples=["redrive"])] = None,
    job_id: Annotated[UUID | None, Query(description="to this job only, as one of many too")] = None,
    act_id: Annotated[UUID | None, Query(description="to each of the jobs of this act on many")] = None,
    since: Since = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ActList:
    """The latest first. An act on many jobs is one line, unless `job_id` or `act_id` asks for its parts."""
    before = place_of(cursor, read_moment, as_text)
    which = ActFilter(actor, action, job_id, act_id, since)
    found = await in_thread(request, ActLog(runtime.database).find, which, limit + 1, before)
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_at(last.at.isoformat(), last.key) if last else None
    link_next(request, response, following)
    return ActList(items=[ActView.of(one) for one in found[:limit]], next_cursor=following)


@router.get("/quarantine", summary="What was refused at the broker")
async def quarantine(
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    queue: Annotated[str | None, Query(max_length=200, description="that lay there", examples=["ingress"])] = None,
    reason: Annotated[
        str | None, Query(max_length=200, description="a part of the reason, in any case", examples=["not json"])
    ] = None,
    since: Since = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> QuarantineList:
    """Messages that arrived on a queue and were none that could become or start a job, the latest first."""
    [before] = place_of(cursor, as_big_number) or [None]
    which = QuarantineFilter(queue, reason, since)
    found = await in_thread(request, QuarantineTable(runtime.database).find, which, limit + 1, before)
    following = cursor_at(found[limit - 1].id) if len(found) > limit else None
    link_next(request, response, following)
    return QuarantineList(items=[QuarantinedView.of(one) for one in found[:limit]], next_cursor=following)
