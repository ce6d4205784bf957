"""What is done to one job: cancel, retry, redrive, discard."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from arxos.api.access import Canceller, Discarder, Redriver
from arxos.api.acting import Because, operator
from arxos.api.problems import Refusal, documented
from arxos.api.routes.jobs import JobId
from arxos.api.schemas.jobs import Accepted, Redrive
from arxos.api.working import Served, in_thread
from arxos.app.access import Caller
from arxos.app.bootstrap import Runtime
from arxos.domain.access import Permission
from arxos.domain.jobs.desk import Edit
from arxos.domain.jobs.submitter import is_own
from arxos.domain.ports import UnitOfWork
from arxos.tasks.authorization import authorized_edit

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

NOTHING = Because()
AS_IT_WAS = Redrive()


@router.post("/{job_id:uuid}/cancel", summary="Cancel a job", responses=documented(404, 409))
async def cancel(
    job_id: JobId, request: Request, runtime: Served, caller: Canceller, because: Because = NOTHING
) -> Accepted:
    """A waiting job never starts; a running one is told to stop, and is `running` until it has. What waits for it goes.

    Whoever may not cancel anybody's may cancel their own.
    """
    by = operator(request, caller, because.reason)

    def act(uow: UnitOfWork) -> None:
        _own(uow, job_id, caller)
        uow.jobs.cancel(job_id, by.name, by.reason or "no longer wanted")

    return await in_thread(request, _done, runtime, job_id, act)


@router.post("/{job_id:uuid}/retry", summary="Try a waiting job now", responses=documented(404, 409))
async def retry(
    job_id: JobId, request: Request, runtime: Served, caller: Canceller, because: Because = NOTHING
) -> Accepted:
    """One that waits for its time: a retry's, or the one that it was submitted for."""
    by = operator(request, caller, because.reason)

    def act(uow: UnitOfWork) -> None:
        _own(uow, job_id, caller)
        uow.desk.retry(job_id, by)

    return await in_thread(request, _done, runtime, job_id, act)


@router.post("/{job_id:uuid}/redrive", summary="Send a dead job round again", responses=documented(404, 409))
async def redrive(
    job_id: JobId, request: Request, runtime: Served, caller: Redriver, how: Redrive = AS_IT_WAS
) -> Accepted:
    """With a fresh budget of attempts, and with another payload if one is given."""
    by = operator(request, caller, how.reason)

    def act(uow: UnitOfWork) -> None:
        edit = None if how.payload is None else _edit(runtime, uow, job_id, how.payload, caller)
        uow.desk.redrive(job_id, by, edit=edit, drop_deadline=how.drop_deadline)

    return await in_thread(request, _done, runtime, job_id, act)


@router.post("/{job_id:uuid}/discard", summary="Close a dead job for good", responses=documented(404, 409))
async def discard(
    job_id: JobId, request: Request, runtime: Served, caller: Discarder, because: Because = NOTHING
) -> Accepted:
    """It becomes a cancelled job, and keeps its error."""
    by = operator(request, caller, because.reason)
    return await in_thread(request, _done, runtime, job_id, lambda uow: uow.desk.discard(job_id, by))


def _done(runtime: Runtime, job_id: UUID, act: Callable[[UnitOfWork], None]) -> Accepted:
    with runtime.ports.unit_of_work() as uow:
        act(uow)
        state = uow.jobs.get(job_id).state
        uow.commit()
    return Accepted(id=job_id, state=state)


def _own(uow: UnitOfWork, job_id: UUID, caller: Caller) -> None:
    """Raises Refusal (403) for another's job, unless the role may act on anybody's."""
    if caller.may(Permission.CANCEL):
        return
    if not is_own(uow.jobs.get(job_id), caller.subject):
        raise Refusal(403, f"{caller.role} may act on own jobs only; '{job_id}' is another's")


def _edit(runtime: Runtime, uow: UnitOfWork, job_id: UUID, payload: dict[str, Any], caller: Caller) -> Edit:
    return authorized_edit(runtime.kinds, uow.jobs.get(job_id).kind, payload, caller.submitter)
