"""Submitting jobs, or refusing them while too much is due already."""

from collections.abc import Sequence
from uuid import UUID

from arxos.domain.jobs.job import NewJob
from arxos.domain.ports import UnitOfWork


def submit(uow: UnitOfWork, jobs: Sequence[NewJob], backlog_limit: int) -> list[UUID]:
    """Insert jobs that somebody outside asks for; returns their ids in order.

    Raises OverloadedError where one of their queues has that many due already, unless all of the jobs exist by their
    idempotency keys; otherwise as `Ledger.insert`. Follow-ups of what was accepted are never refused: insert them.
    """
    for backlog in uow.jobs.backlogs(sorted({job.queue for job in jobs}), backlog_limit):
        if backlog.due >= backlog_limit and not _all_known(uow, jobs):
            raise backlog.refusal(backlog_limit)
    return uow.jobs.insert(jobs)


def _all_known(uow: UnitOfWork, jobs: Sequence[NewJob]) -> bool:
    keys = {(job.principal, job.idempotency_key) for job in jobs if job.idempotency_key is not None}
    return all(job.idempotency_key for job in jobs) and uow.jobs.known_keys(keys) == keys
