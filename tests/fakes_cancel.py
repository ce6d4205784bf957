"""Cancelling in the fake ledger."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.job import FINAL, Job, JobState
from arxos.domain.jobs.ledger import Cancelled, CancelledPage, CancelRequest
from tests.fakes_edges import release
from tests.fakes_tables import Tables, due_by

Now = Callable[[], datetime]


def is_asked(job: Job) -> bool:
    """Whether a running job was asked to stop."""
    return job.state is JobState.RUNNING and job.cancel_requested_by is not None


def by_whom(job: Job) -> str:
    """What is said of a job that was asked to stop and did."""
    return f"cancelled by {job.cancel_requested_by}: {job.cancel_reason}"


def cancel(tables: Tables, now: Now, job: Job, by: str, reason: str) -> Cancelled:
    """See `Ledger.cancel`."""
    if job.state in FINAL:
        raise ConflictError(f"job {job.id} is {job.state}: it cannot be cancelled, it is final already")
    if is_asked(job):
        return Cancelled(job.id, job.state)
    tables.record(now(), by, "cancel", job.id, reason)
    return _ask(tables, now, [job], by, lambda _: reason)[0]


def cancel_all(
    tables: Tables, now: Now, jobs: Sequence[Job], by: str, reason: str, *, limit: int, before: UUID | None
) -> CancelledPage:
    """See `Ledger.cancel_all`; `jobs`: all that fit and can be cancelled."""
    newest = sorted((job for job in jobs if before is None or job.id < before), key=lambda job: job.id, reverse=True)
    chosen = newest[:limit]
    for job in reversed(chosen):
        tables.record(now(), by, "cancel", job.id, reason)
    done = _ask(tables, now, chosen, by, lambda _: reason)
    return CancelledPage(tuple(done), chosen[-1].id if len(chosen) == limit else None)


def expire(tables: Tables, now: Now) -> list[Cancelled]:
    """See `Ledger.expire`."""
    late = [row.job for row in tables.rows.values() if row.job.state not in FINAL and due_by(row.job, now())]
    return _ask(tables, now, [job for job in late if not is_asked(job)], "deadline", _too_late)


def cancel_requests(tables: Tables, worker: str) -> list[CancelRequest]:
    """See `Ledger.cancel_requests`."""
    mine = (row for row in tables.running() if row.job.worker == worker and is_asked(row.job))
    found = [CancelRequest(row.job.id, row.job.attempt, row.delivery or UUID(int=0)) for row in mine]
    return sorted(found, key=lambda one: one.job_id)


def _ask(tables: Tables, now: Now, jobs: Sequence[Job], by: str, why: Callable[[Job], str]) -> list[Cancelled]:
    """All of them first, then their successors: whoever is among both has its own reason."""
    for job in jobs:
        asked = tables.change(job.id, cancel_requested_by=by, cancel_reason=why(job))
        if job.state is not JobState.RUNNING:
            tables.close(job.id, by_whom(asked), now())
    release(tables, [job.id for job in jobs], now())
    return [Cancelled(job.id, tables.job(job.id).state) for job in jobs]


def _too_late(job: Job) -> str:
    assert job.deadline is not None
    told = job.deadline.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"its deadline of {told} passed while it {'ran' if job.state is JobState.RUNNING else 'waited'}"
