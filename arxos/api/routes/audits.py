"""What audits found, and having it mended."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from arxos.api.access import Reader, Redriver
from arxos.api.paging import Cursor, Limit, as_number, cursor_at, link_next, place_of
from arxos.api.problems import FieldError, Refusal, documented
from arxos.api.schemas.audits import (
    AuditFindingList,
    AuditFindingView,
    AuditList,
    AuditView,
    RepairOrder,
    RepairsOrdered,
)
from arxos.api.working import Served, in_thread
from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.order_repair import order_repair, order_repairs
from arxos.tasks.authorization import authorized_repair

router = APIRouter(prefix="/api/audits", tags=["operating"])

AuditId = Annotated[UUID, Path(description="the audit's id", examples=["0192f3c8-0000-7000-8000-000000000000"])]
Sort = Annotated[str | None, Query(max_length=100, description="of this sort only", examples=["index_stale"])]


@router.get("", summary="List audits")
async def list_(
    request: Request,
    runtime: Served,
    _: Reader,
    *,
    kind: Annotated[
        str | None, Query(max_length=200, description="of this kind only", examples=["audit.index"])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many audits at most", examples=[20])] = 20,
) -> AuditList:
    """The newest first."""

    def read() -> AuditList:
        with runtime.ports.unit_of_work() as uow:
            return AuditList(items=[AuditView.of(one) for one in uow.audits.latest(kind, limit)])

    return await in_thread(request, read)


@router.get("/{audit_id}", summary="Read an audit", responses=documented(404))
async def get(audit_id: AuditId, request: Request, runtime: Served, _: Reader) -> AuditView:
    """In numbers."""

    def read() -> AuditView:
        with runtime.ports.unit_of_work() as uow:
            return AuditView.of(uow.audits.get(audit_id))

    return await in_thread(request, read)


@router.get("/{audit_id}/findings", summary="What an audit found", responses=documented(404))
async def findings(
    audit_id: AuditId,
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    sort: Sort = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AuditFindingList:
    """Each with its subject, and with the job that would mend it."""
    [after] = place_of(cursor, as_number) or [0]

    def read() -> Any:
        with runtime.ports.unit_of_work() as uow:
            uow.audits.get(audit_id)
            return uow.audits.findings(audit_id, sort=sort, after=after, limit=limit + 1)

    found = await in_thread(request, read)
    following = cursor_at(found[limit - 1].position) if len(found) > limit else None
    link_next(request, response, following)
    return AuditFindingList(items=[AuditFindingView.of(one) for one in found[:limit]], next_cursor=following)


@router.post("/{audit_id}/repairs", status_code=202, summary="Have findings mended", responses=documented(404, 409))
async def repair(
    audit_id: AuditId, order: RepairOrder, request: Request, runtime: Served, caller: Redriver
) -> RepairsOrdered:
    """Each repair is a job that the caller may submit; ordered twice it is the same one. At most 1,000 at once."""
    if order.number is not None and order.sort is not None:
        errors = [FieldError(field="sort", message="not together with number")]
        raise Refusal(422, "sort: not together with number", errors=errors)

    def make(kind: str, payload: Mapping[str, Any], key: str) -> NewJob:
        return authorized_repair(runtime.kinds, kind, payload, key, caller.submitter)

    def mend() -> list[UUID]:
        with runtime.ports.unit_of_work() as uow:
            uow.audits.get(audit_id)
            number, sort = order.number, order.sort
            one = [] if number is None else [order_repair(uow, audit_id, number, make)]
            ordered = one or order_repairs(uow, audit_id, sort, make)
            uow.commit()
        return ordered

    return RepairsOrdered(jobs=await in_thread(request, mend))
