"""What the fake ledger sees around a job: it knows no limits, and no contracts of workers."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from arxos.domain.jobs.job import WAITING, Job
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.snapshot import Crowd, Pool, Snapshot
from arxos.domain.jobs.turns import SECONDS_PER_PRIORITY
from tests.fakes_tables import Tables, is_due


def snapshot(tables: Tables, job: Job, now: datetime, lease_s: float, republish_s: float) -> Snapshot:
    waits = sorted(before for (before, mine), released in tables.edges.items() if mine == job.id and not released)
    silent = tables.heartbeats.get(job.worker or "")
    around: dict[str, Any] = {
        "worker_silent_s": (now - silent[1]).total_seconds() if silent else None,
        "waits_for": tuple((before, tables.job(before).state) for before in waits),
    }
    if job.state not in WAITING:
        return Snapshot(now, job, lease_s, republish_s, **around)
    since = now - timedelta(seconds=lease_s)
    consumers = sum(job.queue in beat.queues and at > since for beat, at in tables.heartbeats.values())
    running = sum(row.job.queue == job.queue for row in tables.running())
    pauses = [tables.pauses.get(place) for place in ((Scope.QUEUE, job.queue), (Scope.KIND, job.kind))]
    return Snapshot(
        now,
        job,
        lease_s,
        republish_s,
        pool=Pool(consumers, consumers, running),
        crowd=_crowd(tables, job, now),
        paused=next(filter(None, pauses), None),
        **around,
    )


def _crowd(tables: Tables, job: Job, now: datetime) -> Crowd:
    due = [row.job for row in tables.rows.values() if row.job.queue == job.queue and is_due(row.job, now)]
    flying = [row.job.submitted_by or "" for row in tables.running() if row.job.queue == job.queue]
    own = flying.count(job.submitted_by or "")
    paused = (Scope.QUEUE, job.queue) in tables.pauses
    others: set[str] = set() if paused else {one.submitted_by or "" for one in due} - {job.submitted_by or ""}
    return Crowd(sum(_turn(one) < _turn(job) for one in due), own, len(flying) - own, len(others))


def _turn(job: Job) -> tuple[datetime, UUID]:
    return job.available_at - timedelta(seconds=SECONDS_PER_PRIORITY * job.priority), job.id
