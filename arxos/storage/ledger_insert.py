"""Inserting jobs: one statement for any number, then the edges of those that wait for others."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from uuid import UUID

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.job import FINAL, JobState, NewJob
from arxos.domain.jobs.retry import RetryPolicy
from arxos.storage import ledger_edges
from arxos.storage.database import Connection

CHANNEL = "arxos_due"

INSERT = """
INSERT INTO jobs (id, kind, queue, state, priority, payload, policy, max_attempts, batch, available_at, deadline,
    idempotency_key, submitted_by, on_failure, trace, contract, building_id)
SELECT id, kind, queue, state, priority, payload::jsonb, policy::jsonb, max_attempts, batch,
    coalesce(run_at, clock_timestamp()), deadline, idempotency_key, submitted_by, on_failure, trace,
    contract, coalesce(building_id, (SELECT models.building_id FROM models WHERE models.id = model_id))
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::int[],
        %s::smallint[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::smallint[], %s::uuid[], %s::uuid[])
    AS new (id, kind, queue, state, priority, payload, policy, max_attempts, batch, run_at, deadline,
        idempotency_key, submitted_by, on_failure, trace, contract, building_id, model_id)
ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
RETURNING id
"""


def insert(connection: Connection, jobs: Sequence[NewJob]) -> list[UUID]:
    """Insert the jobs and wake the relay. Returns ids in order; a known idempotency key gives the job that exists."""
    if not jobs:
        return []
    columns = [list(column) for column in zip(*(_row(job) for job in jobs), strict=True)]
    inserted = {row[0] for row in connection.execute(INSERT, columns)}
    _connect(connection, [job for job in jobs if job.after and job.id in inserted])
    notify(connection)
    if len(inserted) == len(jobs):
        return [job.id for job in jobs]
    known = _known(connection, [job for job in jobs if job.id not in inserted])
    return [job.id if job.id in inserted else known[job.idempotency_key] for job in jobs]


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
        job.on_failure,
        job.trace,
        job.contract,
        job.payload.get("building_id"),
        job.payload.get("model_id"),
    )


@cache
def _policy(policy: RetryPolicy) -> str:
    """A policy as JSON: a kind's jobs all share one."""
    return json.dumps(asdict(policy))


def _known(connection: Connection, repeated: Iterable[NewJob]) -> dict[str | None, UUID]:
    wanted = {(job.idempotency_key, job.kind) for job in repeated}
    rows = connection.execute(
        "SELECT idempotency_key, id, kind FROM jobs WHERE idempotency_key = ANY(%s)", [[key for key, _ in wanted]]
    ).fetchall()
    known = {key: (job_id, kind) for key, job_id, kind in rows}
    for key, kind in wanted:
        if kind != known[key][1]:
            raise ConflictError(f"idempotency key {key!r} belongs to job {known[key][0]} of kind {known[key][1]}")
    return {key: job_id for key, (job_id, _) in known.items()}


def _connect(connection: Connection, jobs: Sequence[NewJob]) -> None:
    """Write the edges of blocked jobs and settle with predecessors that are final already."""
    if not jobs:
        return
    edges = [(before, job.id) for job in jobs for before in dict.fromkeys(job.after)]
    states = _lock_predecessors(connection, {before for before, _ in edges})
    missing = next((before for before, _ in edges if before not in states), None)
    if missing:
        raise NotFoundError(f"no job {str(missing)!r} to wait for")
    ledger_edges.add(connection, edges)
    ledger_edges.release(connection, {job_id: state for job_id, state in states.items() if state in FINAL})


def _lock_predecessors(connection: Connection, ids: set[UUID]) -> dict[UUID, JobState]:
    """States of the predecessors, held until commit: none of them can settle unseen between here and the new edge."""
    rows = connection.execute("SELECT id, state FROM jobs WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(ids)])
    return {job_id: JobState(state) for job_id, state in rows}
