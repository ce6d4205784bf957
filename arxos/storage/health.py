"""`Health` on PostgreSQL."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.health.parts import Component, ComponentReport
from arxos.domain.health.port import Recorded
from arxos.domain.health.report import (
    Ailment,
    BuildingFacts,
    HealthChange,
    HealthReport,
    HealthStatus,
    Reason,
    Sweep,
    worst,
)
from arxos.domain.moments import read_moment
from arxos.storage import health_sweeps
from arxos.storage.database import Connection
from arxos.storage.stored_json import as_object, as_objects, known
from arxos.storage.value_loaders import UnreadableJson

# Stamps are of before their commit: what was stamped shortly before a check may have been invisible to it.
DUE: LiteralString = """
SELECT b.id FROM buildings b LEFT JOIN health_reports h ON h.building_id = b.id
WHERE b.id > %(after)s AND b.status <> 'archived' AND (
    h.building_id IS NULL OR h.checked_at < clock_timestamp() - make_interval(secs => %(older)s)
    OR h.checked_at - interval '1 minute' < b.updated_at OR EXISTS (
        SELECT FROM models m LEFT JOIN validation_reports v ON v.model_id = m.id WHERE m.building_id = b.id
            AND greatest(m.received_at, m.indexed_at, v.reported_at) > h.checked_at - interval '1 minute'))
ORDER BY b.id LIMIT %(limit)s
"""
SHAPES: LiteralString = "(SELECT {0} FROM {1} WHERE building_id = b.id)"
BAD: LiteralString = "count(*) FILTER (WHERE geometry_state IN ('failed', 'timed_out'))"
FACTS: LiteralString = f"""
SELECT b.id AS building_id, clock_timestamp() AS read_at,
    greatest(b.updated_at, m.received_at, m.indexed_at, v.reported_at) AS last_activity,
    m.id AS model_id, m.revision, m.sha256, extract(epoch FROM clock_timestamp() - m.received_at)::float AS age_s,
    v.valid, CASE WHEN v.model_id IS NOT NULL THEN v.schema IS NOT NULL END AS readable, v.rules_version AS rules,
    (SELECT count(*) FROM findings WHERE model_id = v.model_id AND severity = 'error') AS errors,
    i.id AS indexed_id, i.revision AS indexed_revision,
    {SHAPES.format("count(*)", "elements")} + {SHAPES.format("count(*)", "spaces")} AS shapes,
    {SHAPES.format(BAD, "elements")} + {SHAPES.format(BAD, "spaces")} AS shapes_failed,
    coalesce(jobs.going, 0) AS going, coalesce(jobs.dead, 0) AS dead
FROM buildings b
LEFT JOIN LATERAL (SELECT * FROM models WHERE building_id = b.id ORDER BY revision DESC LIMIT 1) m ON true
LEFT JOIN validation_reports v ON v.model_id = m.id
LEFT JOIN models i ON i.id = b.indexed_model_id
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state IN ('blocked', 'queued', 'running', 'retryable')) AS going,
        count(*) FILTER (WHERE state = 'dead') AS dead
    FROM jobs WHERE building_id = b.id AND kind <> 'building.check_health') jobs ON true
WHERE b.id = %s
"""
RECORD = """
WITH was AS (SELECT status FROM health_reports WHERE building_id = %(id)s FOR UPDATE),
kept AS (
    INSERT INTO health_reports AS h (building_id, status, reasons, facts, checked_at, changed_at)
    SELECT id, %(status)s, %(reasons)s, %(facts)s, %(at)s, %(at)s FROM buildings WHERE id = %(id)s
    ON CONFLICT (building_id) DO UPDATE SET status = excluded.status, reasons = excluded.reasons,
        facts = excluded.facts, checked_at = excluded.checked_at,
        changed_at = CASE WHEN h.status = excluded.status THEN h.changed_at ELSE excluded.changed_at END
    WHERE h.checked_at <= excluded.checked_at RETURNING building_id),
changed AS (
    INSERT INTO health_changes (building_id, was, status, reasons, at)
    SELECT building_id, (SELECT status FROM was), %(status)s, %(reasons)s, %(at)s FROM kept
    WHERE (SELECT status FROM was) IS DISTINCT FROM %(status)s RETURNING 1)
SELECT (SELECT status FROM was), EXISTS (SELECT FROM changed)
"""
REPORT: LiteralString = """
SELECT building_id, status, reasons, facts ->> 'last_activity', checked_at, changed_at
FROM health_reports
"""
KEEP_PARTS = """
WITH found AS (
    SELECT * FROM unnest(%(names)s::text[], %(statuses)s::text[], %(details)s::text[], %(took)s::float[])
        AS one (name, status, detail, took)),
was AS (SELECT name, status FROM component_reports FOR UPDATE),
gone AS (DELETE FROM component_reports WHERE name <> ALL(%(names)s)),
kept AS (
    INSERT INTO component_reports AS c (name, status, detail, latency_ms) SELECT * FROM found
    ON CONFLICT (name) DO UPDATE SET status = excluded.status, detail = excluded.detail,
        latency_ms = excluded.latency_ms, checked_at = excluded.checked_at,
        changed_at = CASE WHEN c.status = excluded.status THEN c.changed_at ELSE excluded.checked_at END)
SELECT name FROM found LEFT JOIN was USING (name) WHERE was.status IS DISTINCT FROM found.status ORDER BY name
"""


class PostgresHealth:
    """On one open connection, in the transaction of whoever holds that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, *, after: UUID, older_than_s: float, limit: int) -> tuple[UUID, ...]:
        values = {"after": after, "older": older_than_s, "limit": limit}
        return tuple(row[0] for row in self._connection.execute(DUE, values))

    def facts(self, building_id: UUID) -> BuildingFacts:
        with self._connection.cursor(row_factory=class_row(BuildingFacts)) as cursor:
            found = cursor.execute(FACTS, [building_id]).fetchone()
        if found is None:
            raise NotFoundError(f"no building '{building_id}'")
        return found

    def record(self, facts: BuildingFacts, reasons: Sequence[Reason]) -> Recorded:
        values = {
            "id": facts.building_id,
            "status": worst(reason.status for reason in reasons),
            "reasons": Jsonb([asdict(reason) for reason in reasons]),
            "facts": Jsonb({"last_activity": facts.last_activity.isoformat()}),
            "at": facts.read_at,
        }
        row = self._connection.execute(RECORD, values).fetchone()
        assert row is not None
        return Recorded(_status(row[0]) if row[0] else None, row[1])

    def report(self, building_id: UUID) -> HealthReport | None:
        row = self._connection.execute(f"{REPORT} WHERE building_id = %s", [building_id]).fetchone()
        return None if row is None else _report(*row)

    def changes(self, building_id: UUID, limit: int = 20) -> tuple[HealthChange, ...]:
        query = "SELECT at, was, status, reasons FROM health_changes WHERE building_id = %s ORDER BY id DESC LIMIT %s"
        rows = self._connection.execute(query, [building_id, limit])
        return tuple(HealthChange(at, was and _status(was), _status(to), _why(why)) for at, was, to, why in rows)

    def listed(
        self, status: HealthStatus | None = None, *, after: UUID | None = None, limit: int = 50
    ) -> tuple[HealthReport, ...]:
        which = """WHERE (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(after)s::uuid IS NULL OR building_id > %(after)s) ORDER BY building_id LIMIT %(limit)s"""
        values = {"status": status, "after": after, "limit": limit}
        return tuple(_report(*row) for row in self._connection.execute(f"{REPORT} {which}", values))

    def counts(self) -> Mapping[HealthStatus, int]:
        rows = self._connection.execute("SELECT status, count(*) FROM health_reports GROUP BY status")
        found = Counter[HealthStatus]()
        for status, count in rows:
            found[_status(status)] += count
        return {status: found[status] for status in HealthStatus}

    def begin_sweep(self, job_id: UUID) -> Sweep:
        return health_sweeps.begin(self._connection, job_id)

    def under_way(self, job_id: UUID, within_s: float) -> UUID | None:
        return health_sweeps.under_way(self._connection, job_id, within_s)

    def go_on(self, sweep: Sweep, place: UUID, ordered: int) -> Sweep:
        gone_on = health_sweeps.go_on(self._connection, sweep, place, ordered)
        if gone_on is None:
            raise ConflictError(f"another attempt goes on with the sweep '{sweep.job_id}'")
        return gone_on

    def finish_sweep(self, job_id: UUID, report_id: UUID) -> Sweep:
        finished = health_sweeps.finish(self._connection, job_id, report_id)
        if finished is None:
            raise NotFoundError(f"no sweep '{job_id}'")
        return finished

    def sweeps(self, limit: int = 20) -> tuple[Sweep, ...]:
        return health_sweeps.latest(self._connection, limit)

    def keep_parts(self, found: Mapping[str, Component]) -> tuple[str, ...]:
        values = {
            "names": list(found),
            "statuses": [one.status for one in found.values()],
            "details": [json.dumps(dict(one.detail), default=str) for one in found.values()],
            "took": [one.latency_ms for one in found.values()],
        }
        return tuple(row[0] for row in self._connection.execute(KEEP_PARTS, values))

    def parts(self) -> tuple[ComponentReport, ...]:
        columns = "name, status, latency_ms, detail, checked_at, changed_at"
        rows = self._connection.execute(f"SELECT {columns} FROM component_reports ORDER BY name")
        return tuple(_part(*row) for row in rows)

    def forget(self, older_than_s: float) -> int:
        old = "clock_timestamp() - make_interval(secs => %s)"
        return sum(
            self._connection.execute(f"DELETE FROM {table} WHERE {column} < {old}", [older_than_s]).rowcount
            for table, column in (("health_changes", "at"), ("sweep_reports", "started_at"))
        )


def _report(building_id: UUID, status: str, reasons: Any, active: Any, checked: Any, changed: Any) -> HealthReport:
    return HealthReport(building_id, _status(status), _why(reasons), _active(active, checked), checked, changed)


def _status(text: Any) -> HealthStatus:
    """The worst where this version does not know it: somebody is to look."""
    return known(HealthStatus, text, HealthStatus.UNHEALTHY)


def _active(text: str | None, otherwise: datetime) -> datetime:
    try:
        return read_moment(text or "")
    except ValueError:
        return otherwise


def _why(reasons: Any) -> tuple[Reason, ...]:
    return tuple(map(_reason, as_objects(reasons)))


def _reason(stored: Mapping[str, Any]) -> Reason:
    code = known(Ailment, stored.get("code"), Ailment.OTHER)
    return Reason(
        code,
        _status(stored.get("status")),
        str(stored.get("message", f"a reason that this version cannot read: {code}")),
    )


def _part(name: str, status: str, took: float, detail: str, *at: Any) -> ComponentReport:
    return ComponentReport(name, Component(_status(status), took, _detail(detail)), *at)


def _detail(text: str) -> dict[str, Any]:
    try:
        return as_object(json.loads(text))
    except ValueError:
        return UnreadableJson("is no JSON")
