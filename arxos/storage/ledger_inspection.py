"""`LedgerInspection` on PostgreSQL."""

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from psycopg.rows import kwargs_row

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.inspection import LooseEdge, Stretch
from arxos.domain.jobs.job import FINAL, JobState
from arxos.domain.jobs.ledger_damage import Damage, JobFacts
from arxos.storage import ledger_edges
from arxos.storage.database import Connection
from arxos.storage.job_rows import state_of

ROWS = """
SELECT id, kind, queue, state, attempt, max_attempts, waiting_for, worker,
    (SELECT count(*) FROM job_edges WHERE job_id = jobs.id AND NOT released) AS open_edges,
    (SELECT coalesce(max(attempts.attempt), 0) FROM attempts WHERE job_id = jobs.id) AS last_recorded,
    finished_at IS NOT NULL AS has_end, cancel_requested_at IS NOT NULL AS cancel_asked,
    (SELECT extract(epoch FROM clock_timestamp() - heartbeat_at)::float FROM workers WHERE workers.id = worker)
        AS worker_silent_s,
    extract(epoch FROM clock_timestamp() - started_at)::float AS started_s,
    extract(epoch FROM clock_timestamp() - published_at)::float AS published_s,
    extract(epoch FROM clock_timestamp() - deadline)::float AS overdue_s
FROM (SELECT * FROM jobs WHERE id > %s ORDER BY id LIMIT %s) jobs ORDER BY id
"""
LOOSE_ATTEMPTS = """
WITH next AS (SELECT job_id FROM attempts WHERE job_id > %s ORDER BY job_id LIMIT %s)
SELECT count(*), (array_agg(job_id ORDER BY job_id DESC))[1],
    array_agg(DISTINCT job_id) FILTER (WHERE NOT EXISTS (SELECT FROM jobs WHERE id = job_id))
FROM next
"""
# All edges of a predecessor are looked at together: they go on behind it. It has 10,000 at most.
LOOSE_EDGES = """
WITH next AS (SELECT DISTINCT after_id FROM job_edges WHERE after_id > %s ORDER BY after_id LIMIT %s)
SELECT next.after_id, job_edges.job_id, before.state
FROM next JOIN job_edges USING (after_id) LEFT JOIN jobs before ON before.id = next.after_id
WHERE NOT released AND (before.id IS NULL OR before.state IN ('succeeded', 'dead', 'cancelled'))
ORDER BY 1, 2
"""
LAST_EDGES = """
SELECT count(*), (array_agg(after_id ORDER BY after_id DESC))[1]
FROM (SELECT DISTINCT after_id FROM job_edges WHERE after_id > %s ORDER BY after_id LIMIT %s) next
"""
SIZE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'jobs'::regclass"

TAKE_BACK: LiteralString = """
WITH taken AS (
    UPDATE jobs SET state = 'retryable', published_at = NULL, available_at = clock_timestamp(),
        max_attempts = max_attempts + 1
    WHERE id = %(id)s AND state = 'running' AND (worker IS NULL OR started_at IS NULL OR NOT EXISTS (
        SELECT FROM workers
        WHERE workers.id = jobs.worker AND heartbeat_at > clock_timestamp() - interval '1 minute'))
    RETURNING id, attempt, worker, started_at)
INSERT INTO attempts (job_id, attempt, worker, started_at, outcome, error_type, error_message)
SELECT id, attempt, worker, coalesce(started_at, clock_timestamp()), 'lost', 'WorkerLostError', 'taken back by a repair'
FROM taken ON CONFLICT DO NOTHING
"""
MEND: Mapping[Damage, LiteralString] = {
    Damage.FINAL_WITHOUT_END: """
        UPDATE jobs SET finished_at = coalesce(
            (SELECT max(attempts.finished_at) FROM attempts WHERE job_id = jobs.id), clock_timestamp())
        WHERE id = %(id)s AND state IN ('succeeded', 'dead', 'cancelled') AND finished_at IS NULL""",
    Damage.RUNNING_WITHOUT_WORKER: TAKE_BACK,
    Damage.LEASE_EXPIRED: TAKE_BACK,
    Damage.WAITING_MISCOUNTED: """
        UPDATE jobs SET waiting_for = open.n, state = CASE
            WHEN state = 'blocked' AND open.n = 0 THEN 'queued' WHEN state <> 'running' AND open.n > 0 THEN 'blocked'
            ELSE state END, published_at = NULL
        FROM (SELECT count(*) AS n FROM job_edges WHERE job_id = %(id)s AND NOT released) open
        WHERE id = %(id)s AND state IN ('blocked', 'queued', 'retryable')""",
    Damage.UNKNOWN_TO_BROKER: """
        UPDATE jobs SET published_at = NULL WHERE id = %(id)s AND state IN ('queued', 'retryable')
            AND published_at < clock_timestamp() - interval '1 minute'""",
    Damage.ORPHAN_ATTEMPTS: """
        DELETE FROM attempts WHERE job_id = %(id)s AND NOT EXISTS (SELECT FROM jobs WHERE id = %(id)s)""",
}


class PostgresInspection:
    """On one open connection, in the transaction of whoever holds that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, after: UUID, limit: int) -> list[JobFacts]:
        with self._connection.cursor(row_factory=kwargs_row(_facts)) as cursor:
            return cursor.execute(ROWS, [after, limit]).fetchall()

    def loose_attempts(self, after: UUID, limit: int) -> Stretch:
        row = self._connection.execute(LOOSE_ATTEMPTS, [after, limit]).fetchone()
        examined, last, jobs = row or (0, None, None)
        return Stretch(examined, last, jobs=tuple(jobs or ()))

    def loose_edges(self, after: UUID, limit: int) -> Stretch:
        examined, last = self._connection.execute(LAST_EDGES, [after, limit]).fetchone() or (0, None)
        found = self._connection.execute(LOOSE_EDGES, [after, limit]).fetchall() if last else []
        return Stretch(examined, last, edges=tuple(LooseEdge(*row) for row in found))

    def size(self) -> int:
        row = self._connection.execute(SIZE).fetchone()
        return int(row[0]) if row else 0

    def mend(self, job_id: UUID, damage: Damage) -> bool:
        if damage in {Damage.ORPHAN_EDGE, Damage.EDGE_OF_FINAL}:
            return self._release(job_id)
        if damage not in MEND:
            raise ConflictError(f"job '{job_id}': {damage} is nothing that can be mended without looking")
        changed = self._connection.execute(MEND[damage], {"id": job_id}).rowcount > 0
        if changed:
            self._connection.execute("NOTIFY arxos_due")
        return changed

    def _release(self, before: UUID) -> bool:
        """As the end of the predecessor would have; one that does not exist counts as cancelled."""
        row = self._connection.execute("SELECT state FROM jobs WHERE id = %s FOR SHARE", [before]).fetchone()
        state = state_of(row[0]) if row else JobState.CANCELLED
        if state in FINAL:
            ledger_edges.release(self._connection, {before: state})
        return state in FINAL


def _facts(**row: object) -> JobFacts:
    return JobFacts(**(row | {"state": state_of(str(row["state"]))}))  # type: ignore[arg-type]
