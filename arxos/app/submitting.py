"""Submitting jobs of many callers at once: in one transaction, and one that is refused keeps no other out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from arxos.app.bootstrap import Runtime
from arxos.domain.access import Permission
from arxos.domain.errors import ArxosError, NotFoundError, UnknownWebhookError
from arxos.domain.jobs.job import Job, JobState, NewJob
from arxos.domain.jobs.submit import submit
from arxos.domain.jobs.submitter import Submitter, principal_of_user
from arxos.domain.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job that stands for a request; `is_new`: it was made by it."""

    id: UUID
    state: JobState
    is_new: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A job to submit; `named`: its id is the client's own, so it may be there already."""

    job: NewJob
    named: bool
    by: Submitter


def submit_each(runtime: Runtime, asked: Sequence[Asked]) -> list[Submitted | Exception]:
    """Each for itself, committed together; where something is refused, each is tried alone."""
    try:
        return list(_submitted(runtime, asked))
    except ArxosError as error:
        if len(asked) == 1:
            return [error]
    return [answer for one in asked for answer in submit_each(runtime, [one])]


def submit_all(runtime: Runtime, jobs: Sequence[NewJob], by: Submitter) -> list[UUID]:
    """All or nothing; their ids in order. Raises as `submit`."""
    with runtime.ports.unit_of_work() as uow:
        for job in {job.webhook_id: job for job in jobs}.values():
            check_webhook(uow, job, by)
        ids = submit(uow, jobs, runtime.settings.backlog_limit)
        uow.commit()
    return ids


def check_webhook(uow: UnitOfWork, job: NewJob, by: Submitter) -> None:
    """Raises UnknownWebhookError where the webhook that the job names is not there, or is another's."""
    if job.webhook_id is None:
        return
    try:
        owner = uow.webhooks.get(job.webhook_id).owner
        may_name = by.may(Permission.ADMINISTER) or by.principal == principal_of_user(owner)
    except NotFoundError:
        may_name = False
    if not may_name:
        raise UnknownWebhookError(f"no webhook '{job.webhook_id}'", job.id)


def _submitted(runtime: Runtime, asked: Sequence[Asked]) -> list[Submitted]:
    jobs = [one.job for one in asked]
    with runtime.ports.unit_of_work() as uow:
        named = [one.job.id for one in asked if one.named]
        there = uow.jobs.get_many(named) if named else {}
        for one in asked:
            check_webhook(uow, one.job, one.by)
        ids = submit(uow, jobs, runtime.settings.backlog_limit)
        # Of the others the state is plain from the request.
        unclear = [id_ for one, id_ in zip(asked, ids, strict=True) if one.named or one.job.after or id_ != one.job.id]
        found = uow.jobs.get_many(unclear) if unclear else {}
        uow.commit()
    return [_answer(job, job_id, found, known=job.id in there) for job, job_id in zip(jobs, ids, strict=True)]


def _answer(job: NewJob, job_id: UUID, found: Mapping[UUID, Job], *, known: bool) -> Submitted:
    state = found[job_id].state if job_id in found else JobState.QUEUED
    return Submitted(job_id, state, is_new=job_id == job.id and not known)


def read_each(runtime: Runtime, ids: Sequence[UUID]) -> list[Job | Exception]:
    """The jobs, or why there is none."""
    with runtime.ports.unit_of_work() as uow:
        found = uow.jobs.get_many(set(ids))
        return [found[job_id] if job_id in found else _why_not(uow, job_id) for job_id in ids]


def _why_not(uow: UnitOfWork, job_id: UUID) -> Exception:
    try:
        uow.jobs.get(job_id)
    except NotFoundError as error:
        return error
    return NotFoundError(f"no job '{job_id}'")
