"""Settling attempts, and taking jobs back from processes that died."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, LiteralString
from uuid import UUID

from arxos.domain.jobs.fingerprint import lost_fingerprint, poison_fingerprint
from arxos.domain.jobs.job import FINAL, JobState
from arxos.domain.jobs.outcome import Settlement
from arxos.storage import ledger_edges
from arxos.storage.database import Connection
from arxos.storage.job_rows import MAX_LOST
from arxos.storage.ledger_cancel import BY_WHOM

STOPPED: LiteralString = "o.state <> 'succeeded' AND cancel_requested_at IS NOT NULL"

VERSION: LiteralString = "(SELECT version FROM workers WHERE workers.id = worker)"

# Guarded by state and attempt (the fencing token): a late worker changes nothing and gets no row back.
# Who was asked to stop and did anything but succeed is cancelled.
SETTLE: LiteralString = f"""
WITH outcome AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::float[], %s::text[])
        AS o (id, attempt, outcome, state, retry_at, result, error_type, error_message, error_place, fingerprint,
            cpu_s, traceback)),
settled AS (
    UPDATE jobs SET result = o.result::jsonb,
        state = CASE WHEN {STOPPED} THEN 'cancelled' ELSE o.state END,
        error_type = CASE WHEN {STOPPED} THEN 'CancelledError' ELSE o.error_type END,
        error_message = CASE WHEN {STOPPED} THEN {BY_WHOM} ELSE o.error_message END,
        error_place = CASE WHEN {STOPPED} THEN NULL ELSE o.error_place END,
        error_fingerprint = CASE WHEN {STOPPED} THEN NULL ELSE o.fingerprint END,
        available_at = CASE WHEN o.state = 'queued' THEN clock_timestamp() ELSE coalesce(o.retry_at, available_at) END,
        published_at = CASE WHEN o.state IN ('queued', 'retryable') THEN NULL ELSE published_at END,
        finished_at = CASE WHEN o.state IN ('queued', 'retryable') AND cancel_requested_at IS NULL THEN NULL
            ELSE clock_timestamp() END,
        max_attempts = CASE WHEN o.outcome = 'interrupted' THEN max_attempts + 1 ELSE max_attempts END,
        progress = CASE WHEN o.state = 'succeeded' AND progress IS NOT NULL THEN 1 ELSE progress END
    FROM outcome o WHERE jobs.id = o.id AND jobs.attempt = o.attempt AND jobs.state = 'running'
    RETURNING jobs.id, jobs.attempt, worker, started_at, jobs.state, o.outcome, o.error_type, o.error_message,
        o.error_place, o.cpu_s, o.traceback),
history AS (
    INSERT INTO attempts (job_id, attempt, worker, started_at, outcome, error_type, error_message, error_place, cpu_s,
        traceback, version)
    SELECT id, attempt, worker, started_at, outcome, error_type, error_message, error_place, cpu_s, traceback,
        {VERSION} FROM settled)
SELECT id, state FROM settled
"""

# Whoever was lost with others in one message travels alone from now on: the next death names the guilty.
# Who was asked to stop is cancelled; that its process died meanwhile is history's, and speaks for no poison.
TAKE_BACK: LiteralString = f"""
WITH lost AS (SELECT id FROM jobs WHERE state = 'running' AND {{whose}} ORDER BY id FOR UPDATE SKIP LOCKED),
taken AS (
    UPDATE jobs SET batch = 1, published_at = NULL, available_at = clock_timestamp(),
        lost = CASE WHEN cancel_requested_at IS NOT NULL THEN lost ELSE lost + 1 END,
        state = CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled'
            WHEN lost + 1 >= {MAX_LOST} OR attempt >= max_attempts THEN 'dead' ELSE 'retryable' END,
        finished_at = CASE WHEN cancel_requested_at IS NOT NULL OR lost + 1 >= {MAX_LOST}
            OR attempt >= max_attempts THEN clock_timestamp() END,
        error_type = CASE WHEN cancel_requested_at IS NOT NULL THEN 'CancelledError'
            WHEN lost + 1 >= {MAX_LOST} THEN 'PoisonError' ELSE 'WorkerLostError' END,
        error_message = CASE WHEN cancel_requested_at IS NOT NULL THEN {BY_WHOM}
            WHEN lost + 1 >= {MAX_LOST}
            THEN 'poison: ' || (lost + 1) || ' attempts ended with the death of their worker; the last: '
            || %(reason)s ELSE %(reason)s END,
        error_place = NULL,
        error_fingerprint = CASE WHEN cancel_requested_at IS NOT NULL THEN NULL
            WHEN lost + 1 >= {MAX_LOST} THEN %(poison)s ELSE %(loss)s END
    FROM lost WHERE jobs.id = lost.id
    RETURNING jobs.id, attempt, worker, started_at, state),
history AS (
    INSERT INTO attempts (job_id, attempt, worker, started_at, outcome, error_type, error_message, version)
    SELECT id, attempt, worker, started_at, 'lost', 'WorkerLostError', %(reason)s, {VERSION}
    FROM taken RETURNING job_id)
SELECT id, state FROM taken
"""
OF_DELIVERY: LiteralString = """
delivery = %(delivery)s AND started_at <= clock_timestamp() - make_interval(secs => %(ago_s)s)"""
# `started_at`: a worker that just woke up may claim before its next heartbeat; that claim is not an old one.
OF_SILENT_WORKERS: LiteralString = """
started_at < clock_timestamp() - make_interval(secs => %(lease_s)s) AND NOT EXISTS (
    SELECT FROM workers WHERE workers.id = jobs.worker
        AND heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s))"""

GIVE_BACK: LiteralString = f"""
WITH mine AS (SELECT id FROM jobs WHERE state = 'running' AND {{whose}} ORDER BY id FOR UPDATE SKIP LOCKED),
returned AS (
    UPDATE jobs SET published_at = NULL, available_at = clock_timestamp(),
        max_attempts = CASE WHEN cancel_requested_at IS NULL THEN max_attempts + 1 ELSE max_attempts END,
        error_type = CASE WHEN cancel_requested_at IS NOT NULL THEN 'CancelledError' END,
        error_message = CASE WHEN cancel_requested_at IS NOT NULL THEN {BY_WHOM} END,
        error_place = NULL, error_fingerprint = NULL,
        state = CASE WHEN cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END,
        finished_at = CASE WHEN cancel_requested_at IS NULL THEN NULL ELSE clock_timestamp() END
    FROM mine WHERE jobs.id = mine.id RETURNING jobs.id, attempt, worker, started_at, state),
history AS (
    INSERT INTO attempts (job_id, attempt, worker, started_at, outcome, error_type, error_message, version)
    SELECT id, attempt, worker, started_at, CASE WHEN state = 'cancelled' THEN 'cancelled' ELSE 'interrupted' END,
        CASE WHEN state = 'cancelled' AND %(reason)s::text IS NOT NULL THEN 'CancelledError' END,
        CASE WHEN state = 'cancelled' THEN %(reason)s::text END, {VERSION}
    FROM returned)
SELECT id, state FROM returned
"""
OF_WORKER: LiteralString = "worker = %(worker)s"
OF_REQUESTS: LiteralString = """
cancel_requested_at IS NOT NULL AND (id, attempt) IN (SELECT * FROM unnest(%(ids)s::uuid[], %(attempts)s::int[]))"""
OF_CLAIM: LiteralString = "worker = %(worker)s AND delivery = %(delivery)s"

RECORDED = """
SELECT job_id FROM attempts JOIN unnest(%s::uuid[], %s::int[], %s::text[]) AS o (id, attempt, outcome)
    ON job_id = o.id AND attempts.attempt = o.attempt AND attempts.outcome = o.outcome AND worker = %s
"""


def settle(connection: Connection, settlements: Sequence[Settlement]) -> set[UUID]:
    """Write outcomes and history, release successors; returns the jobs whose attempt was still current."""
    if not settlements:
        return set()
    columns = [list(column) for column in zip(*(_row(one) for one in settlements), strict=True)]
    rows = connection.execute(SETTLE, columns).fetchall()
    _release(connection, rows)
    return {job_id for job_id, _ in rows}


def take_back(connection: Connection, whose: LiteralString, reason: str, **which: Any) -> list[UUID]:
    """Make lost running jobs retryable, or dead where that was once too often; returns them."""
    of = {"reason": reason, "loss": lost_fingerprint(reason), "poison": poison_fingerprint(reason)}
    rows = connection.execute(TAKE_BACK.format(whose=whose), of | which).fetchall()
    _release(connection, rows)
    if rows:
        connection.execute("NOTIFY arxos_due")
    return [job_id for job_id, _ in rows]


def recorded(connection: Connection, worker: str, settlements: Sequence[Settlement]) -> set[UUID]:
    """The jobs whose attempt this worker ended with just this outcome."""
    columns = [list(column) for column in zip(*((o.job_id, o.attempt, o.outcome) for o in settlements), strict=True)]
    return {row[0] for row in connection.execute(RECORDED, [*columns, worker])} if settlements else set()


def give_back(connection: Connection, whose: LiteralString, reason: str | None = None, **which: Any) -> list[UUID]:
    """Make running jobs queued again, no attempt burned, or cancelled where that was asked for; returns them.

    `reason`: what history says of the attempt of a cancelled one.
    """
    rows = connection.execute(GIVE_BACK.format(whose=whose), {"reason": reason, **which}).fetchall()
    _release(connection, rows)
    if rows:
        connection.execute("NOTIFY arxos_due")
    return [job_id for job_id, _ in rows]


def _release(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    ledger_edges.release(connection, {job_id: JobState(state) for job_id, state in rows if state in FINAL})


def _row(one: Settlement) -> tuple[object, ...]:
    result = None if one.result is None else json.dumps(one.result)
    error = (one.error_type, one.error_message, one.error_place, one.error_fingerprint)
    return one.job_id, one.attempt, one.outcome, one.state, one.retry_at, result, *error, one.cpu_s, one.traceback
