"""Sweeps of health as rows."""

from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import kwargs_row

from arxos.domain.health.report import Sweep
from arxos.storage.database import Connection
from arxos.storage.stored_json import counts_of

COLUMNS: LiteralString = "job_id, started_at, finished_at, due, counts, place"
BEGIN: LiteralString = f"""
INSERT INTO sweep_reports (job_id) VALUES (%s) ON CONFLICT (job_id) DO UPDATE SET finished_at = NULL
RETURNING {COLUMNS}
"""
UNDER_WAY: LiteralString = """
SELECT job_id FROM sweep_reports
WHERE job_id <> %s AND finished_at IS NULL AND started_at > clock_timestamp() - make_interval(secs => %s)
ORDER BY started_at LIMIT 1
"""
GO_ON: LiteralString = f"""
UPDATE sweep_reports SET place = %s, due = due + %s WHERE job_id = %s AND place IS NOT DISTINCT FROM %s
RETURNING {COLUMNS}
"""
# A check that succeeded without a status found its building removed.
FINISH: LiteralString = f"""
WITH checks AS (
    SELECT CASE WHEN state = 'succeeded' THEN coalesce(result ->> 'status', 'removed') ELSE 'failed' END AS came_to
    FROM job_edges JOIN jobs ON jobs.id = after_id
    WHERE job_id = %(report)s AND kind = 'building.check_health'),
counted AS (
    SELECT came_to, count(*) AS n FROM checks GROUP BY came_to
    UNION ALL
    SELECT 'changed', count(*) FROM health_changes
    WHERE at >= (SELECT started_at FROM sweep_reports WHERE job_id = %(sweep)s))
UPDATE sweep_reports SET finished_at = clock_timestamp(),
    counts = (SELECT jsonb_object_agg(came_to, n) FROM counted)
WHERE job_id = %(sweep)s RETURNING {COLUMNS}
"""


def begin(connection: Connection, job_id: UUID) -> Sweep:
    """A new one, or the one of an earlier attempt."""
    return _sweeps(connection, BEGIN, [job_id])[0]


def under_way(connection: Connection, job_id: UUID, within_s: float) -> UUID | None:
    """Another one that has not ended."""
    row = connection.execute(UNDER_WAY, [job_id, within_s]).fetchone()
    return row[0] if row else None


def go_on(connection: Connection, sweep: Sweep, place: UUID, ordered: int) -> Sweep | None:
    """From where it stands, to here; None: it stands elsewhere."""
    return next(iter(_sweeps(connection, GO_ON, [place, ordered, sweep.job_id, sweep.place])), None)


def finish(connection: Connection, job_id: UUID, report_id: UUID) -> Sweep | None:
    """Counted by what the checks came to, whose edges lead to the report."""
    return next(iter(_sweeps(connection, FINISH, {"sweep": job_id, "report": report_id})), None)


def latest(connection: Connection, limit: int) -> tuple[Sweep, ...]:
    """The newest first."""
    return tuple(_sweeps(connection, f"SELECT {COLUMNS} FROM sweep_reports ORDER BY started_at DESC LIMIT %s", [limit]))


def _sweeps(connection: Connection, statement: LiteralString, values: Any) -> list[Sweep]:
    with connection.cursor(row_factory=kwargs_row(_sweep)) as cursor:
        return cursor.execute(statement, values).fetchall()


def _sweep(*, counts: Any, **row: Any) -> Sweep:
    return Sweep(counts=counts_of(counts), **row)
