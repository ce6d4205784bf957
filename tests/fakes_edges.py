"""Who waits for whom in the fake ledger."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.job import FINAL, JobState, NewJob, OnFailure
from tests.fakes_tables import Tables

DONE = FINAL - {JobState.DEAD}


def connect(tables: Tables, job: NewJob) -> None:
    """Let a new job wait for those that it names."""
    for before in dict.fromkeys(job.after):
        if before not in tables.rows:
            raise NotFoundError(f"no job {str(before)!r} to wait for")
        tables.edges[before, job.id] = False
    tables.change(job.id, waiting_for=len(set(job.after)))


def release(tables: Tables, ids: Iterable[UUID], now: datetime) -> None:
    """Tell the successors of those of the jobs that are final; whoever is cancelled by that tells theirs."""
    final = {job_id for job_id in ids if tables.job(job_id).state in FINAL}
    while final:
        waiting = [edge for edge, released in tables.edges.items() if edge[0] in final and not released]
        cancelled = {job_id for before, job_id in waiting if _dies_with(tables, before, job_id)}
        for before, job_id in waiting:
            tables.edges[before, job_id] = True
            job = tables.change(job_id, waiting_for=tables.job(job_id).waiting_for - 1)
            if job_id in cancelled and job.state is JobState.BLOCKED:
                tables.close(job_id, f"a job that it waits for did not succeed: {before}", now)
            elif job.state is JobState.BLOCKED and job.waiting_for == 0:
                tables.change(job_id, state=JobState.QUEUED)
        final = cancelled


def is_named(tables: Tables, job_id: UUID) -> bool:
    """Whether a job that is not done waited or waits for this one."""
    return any(before == job_id and tables.job(later).state not in DONE for before, later in tables.edges)


def _dies_with(tables: Tables, before: UUID, job_id: UUID) -> bool:
    row = tables.rows[job_id]
    spared = row.asked.on_failure is OnFailure.RUN or row.job.state is not JobState.BLOCKED
    return tables.job(before).state is not JobState.SUCCEEDED and not spared
