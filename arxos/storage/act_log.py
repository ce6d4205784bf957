"""What operators did: every act with who, when, why and from where. Acts on many jobs are one line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from arxos.storage.database import Database

# `key` puts acts of the same moment in an order. What a job was before an act on it is for undoing, not for reading.
ROWS: LiteralString = """
SELECT at, lpad(id::text, 20, '0') AS key, actor, action, job_id, act_id, NULL::int AS jobs,
    coalesce(reason, details->>'reason') AS reason, source, CASE WHEN jsonb_typeof(details) = 'object'
        THEN details - 'before' - 'reason' ELSE '{"unreadable": "is no object"}' END AS details
FROM operator_actions
"""
BULK: LiteralString = """
SELECT started_at AS at, id::text AS key, actor, action, NULL::uuid AS job_id, id AS act_id, done AS jobs, reason,
    source,
    jsonb_strip_nulls(jsonb_build_object('filter', CASE WHEN jsonb_typeof(filter) = 'object' THEN filter
        ELSE '{"unreadable": "is no object"}' END, 'rate', rate)) AS details
FROM bulk_acts
UNION ALL
SELECT undone_at, id::text || ' undone', undone_by, 'undo', NULL, id, undone, undo.reason, undo.source, '{}'
FROM bulk_acts LEFT JOIN LATERAL (
    SELECT reason, source FROM operator_actions acts
    WHERE act_id = bulk_acts.id AND action = 'undo' AND job_id IS NULL ORDER BY acts.id LIMIT 1) undo ON true
WHERE undone_at IS NOT NULL
"""
WHERE: LiteralString = """
WHERE (%(actor)s::text IS NULL OR actor = %(actor)s) AND (%(action)s::text IS NULL OR action = %(action)s)
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
    AND (%(at)s::timestamptz IS NULL OR at <= %(at)s AND (at, key) < (%(at)s, %(key)s))
"""
LAST: LiteralString = " ORDER BY at DESC, key DESC LIMIT %(limit)s"
SINGLE: LiteralString = f"SELECT * FROM ({ROWS} WHERE act_id IS NULL) single {WHERE} {LAST}"
LOG: LiteralString = f"""
SELECT * FROM (({SINGLE}) UNION ALL SELECT * FROM (SELECT * FROM ({BULK}) bulk {WHERE}) bulk_log) log {LAST}
"""
OF_JOB: LiteralString = (
    f"SELECT * FROM ({ROWS} WHERE job_id = %(job_id)s AND coalesce(act_id = %(act_id)s, true)) one {WHERE} {LAST}"
)
OF_ACT: LiteralString = f"SELECT * FROM ({ROWS} WHERE act_id = %(act_id)s AND job_id IS NOT NULL) one {WHERE} {LAST}"


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts; None: any. With `job_id` or `act_id` also what was done to a job as one of many."""

    actor: str | None = None
    action: str | None = None
    job_id: UUID | None = None
    act_id: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedAct:
    """One act. `act_id`: the act on many that it was, or was part of; `jobs`: if it was that, to how many."""

    at: datetime
    key: str
    actor: str
    action: str
    job_id: UUID | None
    act_id: UUID | None
    jobs: int | None
    reason: str | None
    source: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ActLog:
    """Reads the log."""

    database: Database

    def find(self, which: ActFilter, limit: int, before: tuple[datetime, str] | None = None) -> list[LoggedAct]:
        """The latest first, those before that moment and key. Raises UnavailableError."""
        at, key = before or (None, None)
        values = asdict(which) | {"at": at, "key": key, "limit": limit}
        statement = OF_JOB if which.job_id else OF_ACT if which.act_id else LOG
        with self.database.connection() as connection:
            return [LoggedAct(*row) for row in connection.execute(statement, values)]
