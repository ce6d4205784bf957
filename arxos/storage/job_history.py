"""What is kept of jobs that left the ledger: a narrow row each, in one partition a month that is dropped whole."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg import sql
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
PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'job_history'::regclass ORDER BY 1
"""
PREFIX = "job_history_"
LOCK = "SELECT pg_advisory_xact_lock(hashtext('job_history'))"  # two who make or drop the same partition take turns


def make_room(connection: Connection, ends: Iterable[datetime]) -> None:
    """Have a partition for each month in which these jobs ended."""
    wanted = {_month(end.astimezone(UTC)) for end in ends}
    there = set(_partitions(connection))
    if wanted <= there:
        return
    connection.execute(LOCK)
    for month in sorted(wanted - set(_partitions(connection))):
        _make(connection, month)


def forget(connection: Connection, history_s: float) -> int:
    """Drop the partitions all of whose jobs ended longer ago than that; how many."""
    row = connection.execute("SELECT clock_timestamp() - make_interval(secs => %s)", [history_s]).fetchone()
    assert row is not None
    connection.execute(LOCK)
    old = [month for month in _partitions(connection) if _after(month) <= row[0]]
    for month in old:
        connection.execute(sql.SQL("DROP TABLE {}").format(_table(month)))
    connection.execute(
        "DELETE FROM job_history_rest WHERE finished_at < clock_timestamp() - make_interval(secs => %s)", [history_s]
    )
    return len(old)


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


def _make(connection: Connection, month: datetime) -> None:
    """Made beside the others and joined to them: what strayed into the rest meanwhile moves into it."""
    table, bounds = _table(month), {"since": month, "until": _after(month)}
    connection.execute(sql.SQL("CREATE TABLE {} (LIKE job_history INCLUDING DEFAULTS)").format(table))
    stray = sql.SQL(
        "WITH stray AS (DELETE FROM job_history_rest WHERE finished_at >= %(since)s AND finished_at < %(until)s"
        " RETURNING *) INSERT INTO {} SELECT * FROM stray"
    )
    connection.execute(stray.format(table), bounds)
    attach = sql.SQL("ALTER TABLE job_history ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")
    connection.execute(attach.format(table, sql.Literal(month), sql.Literal(_after(month))))


def _partitions(connection: Connection) -> list[datetime]:
    names = [row[0].removeprefix(PREFIX) for row in connection.execute(PARTITIONS)]
    return [datetime.strptime(name, "%Y_%m").replace(tzinfo=UTC) for name in names if name != "rest"]


def _table(month: datetime) -> sql.Identifier:
    return sql.Identifier(f"{PREFIX}{month:%Y_%m}")


def _month(at: datetime) -> datetime:
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def _after(month: datetime) -> datetime:
    return _month(month + timedelta(days=31))


def _past(**row: object) -> PastJob:
    return PastJob(**(row | {"state": state_of(str(row["state"]))}))  # type: ignore[arg-type]
