"""What lies in each queue, whatever else the ledger holds: read from the indexes of what is unfinished."""

from typing import LiteralString

from psycopg.rows import dict_row

from arxos.domain.jobs.ledger import RECENT_S, QueueCounts
from arxos.storage.database import Connection
from arxos.storage.job_rows import state_of

MOST_RECENT = 10_000  # of one kind and state: more are not counted

# Each part fits the condition of one partial index.
LIVE: LiteralString = """
    SELECT queue, state, available_at FROM jobs
        WHERE state IN ('queued', 'retryable') AND published_at IS NULL AND held = ''
    UNION ALL SELECT queue, state, available_at FROM jobs
        WHERE state IN ('queued', 'retryable') AND published_at IS NULL AND held <> ''
    UNION ALL SELECT queue, state, available_at FROM jobs
        WHERE state IN ('queued', 'retryable') AND published_at IS NOT NULL
    UNION ALL SELECT queue, state, NULL FROM jobs WHERE state = 'running'
    UNION ALL SELECT queue, state, NULL FROM jobs WHERE state = 'blocked'
    UNION ALL SELECT queue, state, NULL FROM jobs WHERE state = 'dead'
"""
# The index of finished jobs is by kind and state first, so each kind is looked at by itself; the first part leaps from
# one to the next.
KINDS: LiteralString = """
    (SELECT min(kind) AS kind FROM jobs WHERE state IN ('succeeded', 'cancelled'))
    UNION ALL
    SELECT (SELECT min(kind) FROM jobs WHERE state IN ('succeeded', 'cancelled') AND kind > kinds.kind)
    FROM kinds WHERE kind IS NOT NULL
"""
RECENT: LiteralString = f"""
    SELECT queue, done.state, NULL::timestamptz AS available_at
    FROM kinds CROSS JOIN (VALUES ('succeeded'), ('cancelled')) AS done (state), LATERAL (
        SELECT queue FROM jobs WHERE state IN ('succeeded', 'cancelled') AND jobs.state = done.state
            AND jobs.kind = kinds.kind AND finished_at > statement_timestamp() - make_interval(secs => {RECENT_S})
        ORDER BY finished_at DESC LIMIT {MOST_RECENT}) ended
"""
QUEUES: LiteralString = f"""
WITH RECURSIVE kinds AS ({KINDS}), seen AS ({LIVE} UNION ALL {RECENT}),
by_state AS (
    SELECT queue, state, count(*) AS n,
        extract(epoch FROM max(clock_timestamp() - greatest(available_at, 'epoch')) FILTER (
            WHERE available_at <= clock_timestamp()))::float AS oldest
    FROM seen GROUP BY queue, state),
by_queue AS (
    SELECT queue, jsonb_object_agg(state, n) AS states, max(oldest) AS oldest FROM by_state GROUP BY queue)
SELECT queue, coalesce(states, '{{}}') AS states, oldest, paused_by, paused_at, reason
FROM by_queue FULL JOIN queue_pauses USING (queue) ORDER BY queue
"""


def queues(connection: Connection) -> list[QueueCounts]:
    """See `Ledger.queues`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(QUEUES).fetchall()
    return [
        QueueCounts(
            row["queue"],
            {state_of(state): n for state, n in row["states"].items()},
            row["oldest"],
            row["paused_by"],
            row["paused_at"],
            row["reason"],
        )
        for row in rows
    ]
