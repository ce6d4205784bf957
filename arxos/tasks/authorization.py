"""Who may submit what: the one check that HTTP, batches, ingress, command line, console and schedules all pass.

A kind says which permission it needs (`JobKind.submit`); what its payload names, such as a building, needs another; and
so do other queues and priorities than the ordinary ones. What the system makes for itself is made by `new_job`, which
asks nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from arxos.domain.access import Permission
from arxos.domain.errors import ForbiddenError
from arxos.domain.jobs.desk import Edit
from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.submitter import SYSTEM, Submitter
from arxos.tasks.kind import JobKind
from arxos.tasks.queues import known_queue
from arxos.tasks.registry import find_kind
from arxos.tasks.request import JobRequest, edited, new_job

Kinds = Mapping[str, JobKind[Any]]

ORDINARY = 10  # priorities from minus to plus this are for everybody
# What a payload names, and what submitters need for it. Buildings have no owner so far: whoever may write buildings may
# write each of them, so that nothing has to be looked up. Once they have one, this is where it is asked for.
OBJECTS: Mapping[str, Permission] = {"building_id": Permission.WRITE, "model_id": Permission.WRITE}


def authorized(kinds: Kinds, request: JobRequest, by: Submitter, *, job_id: UUID | None = None) -> NewJob:
    """The requested job, in the submitter's name. Raises ForbiddenError naming the kind; otherwise as `new_job`."""
    kind = find_kind(kinds, request.kind)
    check_kind(kind, by)
    _check_place(kind, request, by)
    if request.submitted_by not in (None, by.name) and not by.may(Permission.CANCEL):
        raise ForbiddenError(f"{by.title} may not submit {kind.name} in another's name", "submitted_by")
    job = new_job(kinds, request, job_id=job_id)
    return replace(job, submitted_by=request.submitted_by or by.name, principal=by.principal)


def authorized_edit(kinds: Kinds, name: str, payload: Mapping[str, Any], by: Submitter) -> Edit:
    """Another payload for a job of this kind: for those who may submit such a job. Raises as `authorized`."""
    check_kind(find_kind(kinds, name), by)
    return edited(kinds, name, payload)


def authorized_repair(kinds: Kinds, name: str, payload: Mapping[str, Any], key: str, by: Submitter) -> NewJob:
    """The job that an audit's finding names. The key is the finding's: whoever orders it again gets the same job.

    Raises as `authorized`.
    """
    job = authorized(kinds, JobRequest(kind=name, payload=dict(payload), idempotency_key=key), by)
    return replace(job, principal=SYSTEM)


def may_submit(kind: JobKind[Any], by: Submitter) -> bool:
    """Whether jobs of this kind are theirs to submit."""
    needed = {permission for field, permission in OBJECTS.items() if field in kind.payload.model_fields}
    return kind.submit is not None and all(map(by.may, {kind.submit, *needed}))


def check_kind(kind: JobKind[Any], by: Submitter) -> None:
    """Raises ForbiddenError unless they may submit it."""
    if kind.submit is None:
        raise ForbiddenError(f"{kind.name} is submitted by the system only")
    if not may_submit(kind, by):
        raise ForbiddenError(f"{by.title} may not submit {kind.name}")


def _check_place(kind: JobKind[Any], request: JobRequest, by: Submitter) -> None:
    if by.may(Permission.PLACE):
        return
    if request.queue and known_queue(request.queue) != kind.queue:
        raise ForbiddenError(f"{by.title} may submit {kind.name} to its own queue only, {kind.queue}", "queue")
    if not -ORDINARY <= request.priority <= ORDINARY:
        words = f"{by.title} may submit {kind.name} with a priority from -{ORDINARY} to {ORDINARY} only"
        raise ForbiddenError(words, "priority")
