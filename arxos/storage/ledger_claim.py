"""Claiming: who may run which of the jobs that a message names; and what becomes of one that cannot be claimed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from arxos.domain.jobs.fingerprint import fingerprint
from arxos.domain.jobs.job import FINAL, Capability, ClaimedJob, JobState
from arxos.domain.jobs.outcome import readable
from arxos.storage import ledger_edges
from arxos.storage.database import Connection
from arxos.storage.job_rows import RETURNED, claimed
from arxos.storage.limits import ON_JOB

# What limits are on has a place in them only by having been published.
CLAIM = f"""
WITH due AS (
    SELECT id FROM jobs
    WHERE id = ANY(%(ids)s) AND state IN ('queued', 'retryable') AND available_at <= clock_timestamp()
        AND (deadline IS NULL OR deadline > clock_timestamp())
        AND queue NOT IN (SELECT queue FROM queue_pauses) AND kind NOT IN (SELECT kind FROM kind_pauses)
        AND (published_at IS NOT NULL OR NOT EXISTS (SELECT FROM limits WHERE {ON_JOB}))
        AND (%(kind)s::text IS NULL OR kind = %(kind)s AND contract <= %(contract)s)
        AND (%(queues)s::text[] IS NULL OR queue = ANY(%(queues)s))
    ORDER BY id FOR UPDATE SKIP LOCKED)
UPDATE jobs SET state = 'running', attempt = attempt + 1, worker = %(worker)s, delivery = %(delivery)s,
    started_at = clock_timestamp(), progress = NULL, progress_note = NULL
FROM due WHERE jobs.id = due.id
RETURNING {RETURNED}
"""

# Reads as little as it can of a row that may be damaged anywhere; the highest attempt that the column holds stays.
FAIL = """
WITH due AS (
    SELECT id, least(attempt::bigint + 1, 2147483647)::int AS next FROM jobs
    WHERE id = %(id)s AND state IN ('queued', 'retryable') AND available_at <= clock_timestamp() FOR UPDATE),
failed AS (
    UPDATE jobs SET attempt = next, worker = %(worker)s, started_at = clock_timestamp(), published_at = NULL,
        state = CASE WHEN next >= max_attempts THEN 'dead' ELSE 'retryable' END,
        finished_at = CASE WHEN next >= max_attempts THEN clock_timestamp() END,
        available_at = clock_timestamp() + least(power(2, least(next, 10)), 600) * interval '1 s',
        error_type = 'ClaimFailedError', error_message = %(message)s, error_place = NULL,
        error_fingerprint = %(fingerprint)s, progress = NULL, progress_note = NULL
    FROM due WHERE jobs.id = due.id RETURNING jobs.id, jobs.attempt, jobs.state),
history AS (
    INSERT INTO attempts (job_id, attempt, worker, started_at, outcome, error_type, error_message)
    SELECT id, attempt, %(worker)s, clock_timestamp(), 'failed', 'ClaimFailedError', %(message)s FROM failed
    ON CONFLICT DO NOTHING)
SELECT state FROM failed
"""


def claim(
    connection: Connection, ids: Sequence[UUID], worker: str, delivery: UUID, able: Capability | None
) -> list[ClaimedJob]:
    """See `Ledger.claim`."""
    within: dict[str, Any] = asdict(able) if able else {"kind": None, "contract": None, "queues": None}
    within["queues"] = within["queues"] and list(within["queues"])
    rows = connection.execute(CLAIM, {"ids": list(ids), "worker": worker, "delivery": delivery, **within})
    order = {job_id: place for place, job_id in enumerate(ids)}
    return sorted(map(claimed, rows), key=lambda job: order[job.id])


def fail(connection: Connection, job_id: UUID, worker: str, error: BaseException) -> JobState | None:
    """See `Ledger.fail_claim`."""
    message = f"it could not be claimed: {type(error).__name__}: {readable(error)}"
    values = {"id": job_id, "worker": worker, "message": message}
    values["fingerprint"] = fingerprint("ClaimFailedError", None, message)
    row = connection.execute(FAIL, values).fetchone()
    if row is None:
        return None
    state = JobState(row[0])
    ledger_edges.release(connection, {job_id: state} if state in FINAL else {})
    return state
