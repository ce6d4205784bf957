"""Pruning in memory, and what is kept of pruned jobs."""

from datetime import datetime, timedelta

from arxos.domain.jobs.job import Job
from arxos.domain.jobs.retention import PastJob, Retention
from tests.fakes_edges import DONE, is_named
from tests.fakes_tables import Tables, finished


def prune(tables: Tables, now: datetime, retention: Retention, limit: int) -> int:
    """Of each sort the oldest."""

    def is_old(job: Job) -> bool:
        return finished(job) < now - timedelta(seconds=retention.keep_s(job.kind, job.state))

    old = [row.job for row in tables.rows.values() if row.job.state in DONE and is_old(row.job)]
    old = sorted(
        (job for job in old if not is_named(tables, job.id)), key=lambda job: (job.kind, job.state, finished(job))
    )
    for job in old[:limit]:
        del tables.rows[job.id]
        tables.history[job.id] = _past(job)
    gone = {job.id for job in old[:limit]}
    tables.edges = {edge: free for edge, free in tables.edges.items() if gone.isdisjoint(edge)}
    return len(gone)


def forget_history(tables: Tables, now: datetime, history_s: float) -> int:
    """Whole months only."""
    since = now - timedelta(seconds=history_s)
    old = [past for past in tables.history.values() if _end_of_month(past.finished_at) <= since]
    for past in old:
        del tables.history[past.id]
    return len({_end_of_month(past.finished_at) for past in old})


def _end_of_month(at: datetime) -> datetime:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=31)).replace(day=1)


def _past(job: Job) -> PastJob:
    return PastJob(
        job.id,
        job.kind,
        job.queue,
        job.state,
        job.submitted_by,
        job.building_id,
        job.request_id,
        job.attempt,
        job.error_type,
        job.error_message,
        job.created_at,
        job.started_at,
        finished(job),
    )
