"""What is kept of jobs that left the ledger: a narrow row each, in one partition a month that is dropped whole."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import kwargs_row

from arxos.domain.jobs.retention import PastJob
from arxos.storage.database import Connection
from arxos.storage.job_rows import state_of

MESSAGE_LIMIT = 500  # characters that are kept of an error
COLUMNS: LiteralString = """
id, kind, queue, state, submitted_by, building_id, request_id, attempts, error_type, error_message, created_at,
started_at, finished_at"""
KEEP: LiteralString = f"""
INSERT INTO job_history ({COLUMNS})
SELECT id, kind, queue, state, submitted_by, building_id, request_id, attempt, error_type,
    left(error_message, {MESSAGE_LIMIT}), created_at, started_at, finished_at FROM pruned"""
PREFIX = "job_history_"
PARTITIONS = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'job_history'::regclass
"""
# Functions of the schema's owner: this process may change no schema.
MAKE = "SELECT arxos_make_history_month(%s)"
DROP = "SELECT arxos_drop_history(%s)"


def make_room(connection: Connection, ends: Iterable[datetime]) -> None:
    """Have a partition for each month in which these jobs ended."""
    wanted = {f"{PREFIX}{end.astimezone(UTC):%Y_%m}" for end in ends}
    for month in sorted(wanted - {row[0] for row in connection.execute(PARTITIONS)}):
        connection.execute(MAKE, [datetime.strptime(month.removeprefix(PREFIX), "%Y_%m").date()])  # noqa: DTZ007 - a day


def forget(connection: Connection, history_s: float) -> int:
    """Drop the partitions all of whose jobs ended longer ago than that; how many."""
    row = connection.execute(DROP, [history_s]).fetchone()
    return int(row[0]) if row else 0


def find(connection: Connection, job_id: UUID) -> PastJob | None:
    """What is known of this job."""
    with connection.cursor(row_factory=kwargs_row(_past)) as cursor:
        return cursor.execute(f"SELECT {COLUMNS} FROM job_history WHERE id = %s LIMIT 1", [job_id]).fetchone()


def latest(connection: Connection, kind: str | None, limit: int, before: UUID | None) -> list[PastJob]:
    """The newest first, those older than `before`."""
    query = f"""
    SELECT {COLUMNS} FROM job_history
    WHERE (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s"""
    with connection.cursor(row_factory=kwargs_row(_past)) as cursor:
        return cursor.execute(query, {"kind": kind, "before": before, "limit": limit}).fetchall()


def _past(**row: object) -> PastJob:
    return PastJob(**(row | {"state": state_of(str(row["state"]))}))  # type: ignore[arg-type]
