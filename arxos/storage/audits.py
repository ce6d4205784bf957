"""`Audits` on PostgreSQL."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from arxos.domain.audits.findings import Audit, AuditFinding, Noted, Place, Repair
from arxos.domain.errors import NotFoundError
from arxos.storage.database import Connection
from arxos.storage.geometry_columns import storable
from arxos.storage.stored_json import as_object

BEGIN = """
INSERT INTO audits (job_id, kind) VALUES (%s, %s) ON CONFLICT (job_id) DO UPDATE SET kind = excluded.kind
RETURNING place
"""
KEEP = """
WITH noted AS (
    INSERT INTO audit_findings (audit_id, class, subject, message, repair)
    SELECT %(job_id)s, sort, subject, message, repair::jsonb
    FROM unnest(%(sorts)s::text[], %(subjects)s::text[], %(messages)s::text[], %(repairs)s::text[])
        AS found (sort, subject, message, repair)
    ON CONFLICT (audit_id, class, subject) DO NOTHING RETURNING 1)
UPDATE audits SET examined = examined + %(examined)s, findings = findings + (SELECT count(*) FROM noted),
    place = coalesce(%(place)s, place)
WHERE job_id = %(job_id)s
"""
COLUMNS = "job_id, kind, started_at, finished_at, examined, findings"
FINISH = f"UPDATE audits SET finished_at = clock_timestamp(), place = NULL WHERE job_id = %s RETURNING {COLUMNS}"
FOUND = """
SELECT position, class, subject, message, repair, repair_job_id FROM audit_findings
WHERE audit_id = %(job_id)s AND position > %(after)s AND (%(sort)s::text IS NULL OR class = %(sort)s)
ORDER BY position LIMIT %(limit)s
"""


class PostgresAudits:
    """On one open connection, in the transaction of whoever holds that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, job_id: UUID, kind: str) -> Place | None:
        row = self._connection.execute(BEGIN, [job_id, kind]).fetchone()
        place: Place | None = row[0] if row else None
        return place

    def note(self, job_id: UUID, found: Sequence[AuditFinding], *, examined: int, place: Place | None = None) -> None:
        self._connection.execute(
            KEEP,
            {
                "job_id": job_id,
                "sorts": [one.sort for one in found],
                "subjects": [storable(one.subject) for one in found],
                "messages": [storable(one.message) for one in found],
                "repairs": [_repair(one.repair) for one in found],
                "examined": examined,
                "place": None if place is None else Jsonb(place),
            },
        )

    def finish(self, job_id: UUID) -> Audit:
        return self._audits(FINISH, [job_id])[0]

    def latest(self, kind: str | None = None, limit: int = 20) -> list[Audit]:
        which = "WHERE %(kind)s::text IS NULL OR kind = %(kind)s ORDER BY started_at DESC LIMIT %(limit)s"
        return self._audits(f"SELECT {COLUMNS} FROM audits {which}", {"kind": kind, "limit": limit})

    def get(self, job_id: UUID) -> Audit:
        found = self._audits(f"SELECT {COLUMNS} FROM audits WHERE job_id = %s", [job_id])
        if not found:
            raise NotFoundError(f"no audit '{job_id}'")
        return found[0]

    def findings(self, job_id: UUID, *, sort: str | None = None, after: int = 0, limit: int = 50) -> list[Noted]:
        values = {"job_id": job_id, "sort": sort, "after": after, "limit": limit}
        return [_noted(*row) for row in self._connection.execute(FOUND, values)]

    def sorts(self, job_id: UUID) -> Mapping[str, int]:
        query = "SELECT class, count(*) FROM audit_findings WHERE audit_id = %s GROUP BY class ORDER BY class"
        return dict(self._connection.execute(query, [job_id]).fetchall())

    def ordered(self, job_id: UUID, position: int, repair_job_id: UUID) -> None:
        self._connection.execute(
            "UPDATE audit_findings SET repair_job_id = %s WHERE audit_id = %s AND position = %s",
            [repair_job_id, job_id, position],
        )

    def forget(self, older_than_s: float) -> int:
        statement = "DELETE FROM audits WHERE started_at < clock_timestamp() - make_interval(secs => %s)"
        return self._connection.execute(statement, [older_than_s]).rowcount

    def _audits(self, statement: str, values: Any) -> list[Audit]:
        with self._connection.cursor(row_factory=class_row(Audit)) as cursor:
            return cursor.execute(statement.encode(), values).fetchall()


def _repair(repair: Repair | None) -> str | None:
    return None if repair is None else json.dumps(asdict(repair))


def _noted(position: int, sort: str, subject: str, message: str, repair: Any, job_id: UUID | None) -> Noted:
    stored = as_object(repair)
    mend = Repair(stored["kind"], as_object(stored.get("payload"))) if isinstance(stored.get("kind"), str) else None
    return Noted(position, AuditFinding(sort, subject, message, mend), job_id)
