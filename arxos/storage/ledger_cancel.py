"""Cancelling: a waiting job at once; a running one is asked to stop, and its worker tells its body."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.job import FINAL, JobState
from arxos.domain.jobs.ledger import Cancelled, CancelledPage, CancelRequest, JobFilter
from arxos.storage import ledger_edges, ledger_read
from arxos.storage.database import Connection

# What the ledger says of a job that was asked to stop and did, whatever its body raised.
BY_WHOM: LiteralString = "'cancelled by ' || cancel_requested_by || coalesce(': ' || cancel_reason, '')"

# In order of their ids, as whoever releases successors locks them: who waits is behind what it waits for.
CANCEL = """
WITH chosen AS (
    SELECT id, state <> 'running' AS waits, state <> 'running' OR cancel_requested_at IS NULL AS anew
    FROM jobs WHERE id = ANY(%(ids)s) AND state IN ('blocked', 'queued', 'retryable', 'running')
    ORDER BY id FOR UPDATE)
UPDATE jobs SET
    cancel_requested_at = CASE WHEN anew THEN clock_timestamp() ELSE cancel_requested_at END,
    cancel_requested_by = CASE WHEN anew THEN %(by)s ELSE cancel_requested_by END,
    cancel_reason = CASE WHEN anew THEN %(reason)s ELSE cancel_reason END,
    state = CASE WHEN waits THEN 'cancelled' ELSE state END,
    finished_at = CASE WHEN waits THEN clock_timestamp() END,
    error_type = CASE WHEN waits THEN 'CancelledError' ELSE error_type END,
    error_message = CASE WHEN waits THEN 'cancelled by ' || %(by)s || ': ' || %(reason)s ELSE error_message END,
    error_place = CASE WHEN waits THEN NULL ELSE error_place END,
    error_fingerprint = CASE WHEN waits THEN NULL ELSE error_fingerprint END
FROM chosen WHERE jobs.id = chosen.id
RETURNING jobs.id, jobs.state, anew
"""
ACT = """
INSERT INTO operator_actions (actor, action, job_id, reason)
SELECT %s, 'cancel', job_id, %s FROM unnest(%s::uuid[]) AS job_id ORDER BY job_id
"""
# Those that were asked already are left to their workers.
CANCELLABLE: LiteralString = """
({which}) AND (state IN ('blocked', 'queued', 'retryable') OR state = 'running' AND cancel_requested_at IS NULL)"""
CHOOSE: LiteralString = "SELECT id FROM jobs WHERE {cancellable} ORDER BY id DESC LIMIT %(limit)s"
COUNT: LiteralString = "SELECT state, count(*) FROM jobs WHERE {cancellable} GROUP BY state"

DEADLINE: LiteralString = """
'its deadline of ' || to_char(deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' passed while it '"""
# So many at once as a short statement can do; those that somebody holds come next time.
EXPIRE: LiteralString = f"""
WITH late AS (
    SELECT id, {DEADLINE} || 'waited' AS reason FROM jobs
    WHERE deadline < clock_timestamp() AND state IN ('blocked', 'queued', 'retryable')
    ORDER BY deadline LIMIT 1000 FOR UPDATE SKIP LOCKED)
UPDATE jobs SET state = 'cancelled', finished_at = clock_timestamp(), cancel_requested_at = clock_timestamp(),
    cancel_requested_by = 'deadline', cancel_reason = reason, error_type = 'CancelledError',
    error_message = 'cancelled by deadline: ' || reason, error_place = NULL, error_fingerprint = NULL
FROM late WHERE jobs.id = late.id RETURNING jobs.id, jobs.state
"""
ASK_LATE: LiteralString = f"""
WITH late AS (
    SELECT id, {DEADLINE} || 'ran' AS reason FROM jobs
    WHERE deadline < clock_timestamp() AND state = 'running' AND cancel_requested_at IS NULL
    ORDER BY deadline LIMIT 1000 FOR UPDATE SKIP LOCKED)
UPDATE jobs SET cancel_requested_at = clock_timestamp(), cancel_requested_by = 'deadline', cancel_reason = reason
FROM late WHERE jobs.id = late.id RETURNING jobs.id, jobs.state
"""
REQUESTS = """
SELECT id, attempt, delivery FROM jobs
WHERE worker = %s AND state = 'running' AND cancel_requested_at IS NOT NULL ORDER BY id
"""


def cancel(connection: Connection, job_id: UUID, by: str, reason: str) -> Cancelled:
    """See `Ledger.cancel`."""
    if cancelled := _cancel(connection, [job_id], by, reason):
        return cancelled[0]
    row = connection.execute("SELECT state FROM jobs WHERE id = %s", [job_id]).fetchone()
    if row is None:
        raise NotFoundError(f"no job {str(job_id)!r}")
    raise ConflictError(f"job {job_id} is {row[0]}: it cannot be cancelled, it is final already")


def cancel_all(
    connection: Connection, which: JobFilter, by: str, reason: str, limit: int, before: UUID | None
) -> CancelledPage:
    """See `Ledger.cancel_all`."""
    condition, values = ledger_read.condition(which, before=before)
    query = CHOOSE.format(cancellable=CANCELLABLE.format(which=condition))
    ids = [row[0] for row in connection.execute(query, {**values, "limit": limit})]
    cancelled = _cancel(connection, ids, by, reason) if ids else []
    return CancelledPage(tuple(cancelled), ids[-1] if len(ids) == limit else None)


def cancellable(connection: Connection, which: JobFilter) -> Mapping[JobState, int]:
    """See `Ledger.cancellable`."""
    condition, values = ledger_read.condition(which)
    query = COUNT.format(cancellable=CANCELLABLE.format(which=condition))
    return {JobState(state): count for state, count in connection.execute(query, values)}


def expire(connection: Connection) -> list[Cancelled]:
    """See `Ledger.expire`."""
    rows = connection.execute(EXPIRE).fetchall()
    _release(connection, rows)
    return [Cancelled(job_id, JobState(state)) for job_id, state in rows + connection.execute(ASK_LATE).fetchall()]


def requests(connection: Connection, worker: str) -> list[CancelRequest]:
    """See `Ledger.cancel_requests`."""
    return [CancelRequest(*row) for row in connection.execute(REQUESTS, [worker])]


def _cancel(connection: Connection, ids: Sequence[UUID], by: str, reason: str) -> list[Cancelled]:
    """Cancel what is not final, and record it; nothing is recorded twice of a job that was asked before."""
    rows = connection.execute(CANCEL, {"ids": list(ids), "by": by, "reason": reason}).fetchall()
    connection.execute(ACT, [by, reason, [job_id for job_id, _, anew in rows if anew]])
    _release(connection, [row[:2] for row in rows])
    return [Cancelled(job_id, JobState(state)) for job_id, state, _ in rows]


def _release(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    ledger_edges.release(connection, {job_id: JobState(state) for job_id, state in rows if state in FINAL})
