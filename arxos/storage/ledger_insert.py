"""Inserting jobs: one statement for any number, then the edges of those that wait for others."""

import json
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from functools import cache
from uuid import UUID

from arxos.domain.errors import UnknownPredecessorError
from arxos.domain.jobs.job import FINAL, JobState, NewJob
from arxos.domain.jobs.retry import RetryPolicy
from arxos.domain.jobs.submission import Known, connected, each_once, refuse_circles, stands_for
from arxos.storage import ledger_edges
from arxos.storage.database import Connection

CHANNEL = "arxos_due"

INSERT = """
INSERT INTO jobs (id, kind, queue, state, priority, payload, policy, max_attempts, batch, available_at, deadline,
    idempotency_key, submitted_by, on_failure, trace, contract, request_id, webhook_id, building_id)
SELECT id, kind, queue, state, priority, payload::jsonb, policy::jsonb, max_attempts, batch,
    coalesce(run_at, clock_timestamp()), deadline, idempotency_key, submitted_by, on_failure, trace,
    contract, request_id, webhook_id,
    coalesce(building_id, (SELECT models.building_id FROM models WHERE models.id = model_id))
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::int[],
        %s::smallint[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::smallint[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[])
    AS new (id, kind, queue, state, priority, payload, policy, max_attempts, batch, run_at, deadline,
        idempotency_key, submitted_by, on_failure, trace, contract, request_id, webhook_id, building_id, model_id)
ON CONFLICT DO NOTHING
RETURNING id
"""
KNOWN = """
SELECT id, kind, queue, coalesce(original_payload, payload), idempotency_key FROM jobs
WHERE id = ANY(%s) OR idempotency_key = ANY(%s)
"""


def insert(connection: Connection, jobs: Sequence[NewJob]) -> list[UUID]:
    """Insert the jobs and wake the relay. Returns ids in order; a known idempotency key gives the job that exists."""
    if not jobs:
        return []
    once = each_once(jobs)
    columns = [list(column) for column in zip(*(_row(job) for job in once), strict=True)]
    inserted = {row[0] for row in connection.execute(INSERT, columns)}
    standing = _standing(connection, [job for job in once if job.id not in inserted])
    _connect(connection, [connected(job, standing) for job in once if job.after and job.id in inserted], inserted)
    notify(connection)
    return [standing.get(job.id, job.id) for job in jobs]


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of the idempotency keys that belong to a job."""
    rows = connection.execute("SELECT idempotency_key FROM jobs WHERE idempotency_key = ANY(%s)", [list(keys)])
    return {row[0] for row in rows}


def notify(connection: Connection) -> None:
    """Wake the relay when this transaction commits."""
    connection.execute(f"NOTIFY {CHANNEL}")


def _row(job: NewJob) -> tuple[object, ...]:
    state = JobState.BLOCKED if job.after else JobState.QUEUED
    return (
        job.id,
        job.kind,
        job.queue,
        state,
        job.priority,
        json.dumps(job.payload),
        _policy(job.policy),
        job.policy.max_attempts,
        job.batch,
        job.run_at,
        job.deadline,
        job.idempotency_key,
        job.submitted_by,
        ledger_edges.common_policy(job),
        job.trace,
        job.contract,
        job.request_id,
        job.webhook_id,
        job.payload.get("building_id"),
        job.payload.get("model_id"),
    )


@cache
def _policy(policy: RetryPolicy) -> str:
    """A policy as JSON: a kind's jobs all share one."""
    return json.dumps(asdict(policy))


def _standing(connection: Connection, repeated: Sequence[NewJob]) -> dict[UUID, UUID]:
    """For each of these the id of the job that exists in its place."""
    if not repeated:
        return {}
    ids, keys = [job.id for job in repeated], [job.idempotency_key for job in repeated if job.idempotency_key]
    by: dict[object, list[Known]] = defaultdict(list)
    for known in (Known(*row) for row in connection.execute(KNOWN, [ids, keys])):
        by[known.id].append(known)
        by[known.idempotency_key].append(known)
    return {job.id: stands_for(job, [*by[job.idempotency_key or job.id], *by[job.id]]) for job in repeated}


def _connect(connection: Connection, jobs: Sequence[NewJob], inserted: AbstractSet[UUID]) -> None:
    """Write the edges of blocked jobs and settle with predecessors that are final already."""
    if not jobs:
        return
    refuse_circles({job.id: job.predecessors.keys() for job in jobs})
    states = _lock_predecessors(connection, {before for job in jobs for before in job.predecessors} - inserted)
    for job in jobs:
        missing = next((before for before in job.predecessors if before not in inserted and before not in states), None)
        if missing:
            raise UnknownPredecessorError(f"no job {str(missing)!r} to wait for", job.id)
    ledger_edges.add(connection, jobs)
    ledger_edges.release(connection, {job_id: state for job_id, state in states.items() if state in FINAL})


def _lock_predecessors(connection: Connection, ids: AbstractSet[UUID]) -> dict[UUID, JobState]:
    """States of the predecessors, held until commit: none of them can settle unseen between here and the new edge."""
    rows = connection.execute("SELECT id, state FROM jobs WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(ids)])
    return {job_id: JobState(state) for job_id, state in rows}
