"""Dead letters, many at once: by groups of errors, redriven, discarded, undone."""

import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from uuid6 import uuid7

from arxos.api.access import Discarder, Reader, Redriver
from arxos.api.acting import Because, operator
from arxos.api.problems import documented
from arxos.api.schemas.dead_letters import (
    BulkActList,
    BulkActView,
    BulkDone,
    BulkOrder,
    DeadFilter,
    GroupList,
    GroupView,
    UndoneView,
)
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.jobs.bulk import act_on_all, undo
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.operator import Operator
from arxos.storage.dead_preview import DeadPreview
from arxos.tasks.moments import Moment

router = APIRouter(prefix="/api/dead-letters", tags=["dead letters"])

NOTHING = Because()
LONGEST_PAUSE_S = 0.05  # between the steps of a discard: nobody waits for its answer for long
ActId = Annotated[UUID, Path(description="the act's id; `GET /api/dead-letters/acts` lists them")]


@router.get("/groups", summary="What jobs died of")
async def groups(
    request: Request,
    runtime: Served,
    _: Reader,
    *,
    kind: Annotated[str | None, Query(max_length=200, description="of this kind")] = None,
    queue: Annotated[str | None, Query(max_length=200, description="of this queue")] = None,
    since: Annotated[Moment | None, Query(description="that died then or later; with its zone")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many groups at most")] = 100,
) -> GroupList:
    """One item for errors that are alike but for numbers, ids and names; the largest first."""
    which = DeadFilter(kind=kind, queue=queue, since=since).which()

    def look() -> GroupList:
        with runtime.ports.unit_of_work() as uow:
            return GroupList(items=[GroupView.of(group) for group in uow.desk.groups(which, limit)])

    return await in_thread(request, look)


@router.post("/redrive", summary="Redrive many dead letters")
async def redrive(order: BulkOrder, request: Request, runtime: Served, caller: Redriver) -> BulkDone:
    """Send all that fit round again. Try it with `dry_run` first; what was done can be undone for a while."""
    return await in_thread(request, _act, runtime, Action.REDRIVE, order, operator(request, caller, order.reason))


@router.post("/discard", summary="Discard many dead letters")
async def discard(order: BulkOrder, request: Request, runtime: Served, caller: Discarder) -> BulkDone:
    """Close all that fit for good. A rate slows it a little: nothing of a discarded job becomes due."""
    return await in_thread(request, _act, runtime, Action.DISCARD, order, operator(request, caller, order.reason))


@router.get("/acts", summary="The latest acts on many dead letters")
async def acts(
    request: Request,
    runtime: Served,
    _: Reader,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many at most")] = 50,
) -> BulkActList:
    """Who did what, when, why and from where."""

    def look() -> BulkActList:
        with runtime.ports.unit_of_work() as uow:
            return BulkActList(items=[BulkActView.of(act) for act in uow.desk.acts(limit)])

    return await in_thread(request, look)


@router.post("/acts/{act_id}/undo", summary="Undo an act on many dead letters", responses=documented(404, 409))
async def undo_act(
    act_id: ActId, request: Request, runtime: Served, caller: Redriver, because: Because = NOTHING
) -> UndoneView:
    """What it was done to is dead again, as it was, except what has started since."""
    by = operator(request, caller, because.reason)
    undone = await in_thread(request, undo, runtime.ports.unit_of_work, act_id, by)
    return UndoneView(act_id=undone.act, undone=undone.undone, left=undone.left)


def _act(runtime: Runtime, action: Action, order: BulkOrder, by: Operator) -> BulkDone:
    which = order.filter.which()
    if order.dry_run:
        return BulkDone.previewed(DeadPreview(runtime.database).look(which))
    asked = Order(action, which, by, runtime.settings.undo_s, order.rate_per_second, order.drop_deadline)
    return BulkDone.of(act_on_all(runtime.ports.unit_of_work, asked, uuid7(), _pause))


def _pause(seconds: float) -> None:
    time.sleep(min(seconds, LONGEST_PAUSE_S))
