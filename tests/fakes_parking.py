"""Which jobs a worker may run, and what becomes of those that are too new for it, in the fake ledger."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from arxos.domain.jobs.job import Capability, Job
from tests.fakes_tables import Row, Tables, is_due


def within(row: Row, able: Capability) -> bool:
    """Whether the worker may run it."""
    fits = row.job.kind == able.kind and row.asked.contract <= able.contract
    return fits and (able.queues is None or row.job.queue in able.queues)


def park(tables: Tables, now: Callable[[], datetime], ids: Sequence[UUID], able: Capability) -> list[UUID]:
    """See `Ledger.park`."""
    beyond = [
        row.job
        for row in tables.rows.values()
        if row.job.kind == able.kind and row.asked.contract > able.contract and is_due(row.job, now())
    ]
    parked = [job for job in beyond if job.id in ids]
    queues = {job.queue for job in parked if not _is_read_elsewhere(tables, job, now())}
    alike = [job for job in beyond if job.queue in queues and job.published_at is None and job not in parked]
    parked += [job for job in alike if not _is_read_elsewhere(tables, job, now())]
    for job in parked:
        due = now() + _wait(tables, job, now()) * 0.75
        tables.change(job.id, available_at=due, published_at=None, progress_note=able.lacking)
    return [job.id for job in parked]


def _wait(tables: Tables, job: Job, now: datetime) -> timedelta:
    if _is_read_elsewhere(tables, job, now):
        return timedelta(seconds=1)
    return min(max(now - job.created_at, timedelta(seconds=5)), timedelta(minutes=2))


def _is_read_elsewhere(tables: Tables, job: Job, now: datetime) -> bool:
    since, contract = now - timedelta(seconds=30), tables.rows[job.id].asked.contract
    return any(
        job.queue in beat.queues and beat.contracts.get(job.kind, 0) >= contract and at > since
        for beat, at in tables.heartbeats.values()
    )
