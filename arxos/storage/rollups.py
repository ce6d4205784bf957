"""`Rollups` on PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.rollups.buckets import Grain
from arxos.domain.rollups.rows import BuildingRollup, JobRollup, Recoveries, Requests
from arxos.domain.rollups.sketch import ZERO, Sketch
from arxos.domain.rollups.slo import BAD_MINUTE
from arxos.storage.database import Connection
from arxos.storage.rollup_measuring import measured_buildings, measured_jobs
from arxos.storage.stored_json import counts_of

KEEP = """
INSERT INTO job_rollups AS old (grain, bucket, kind, queue, outcome, jobs, attempts, retries, cpu_s, waited, ran)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (grain, bucket, kind, queue, outcome) DO UPDATE SET jobs = excluded.jobs, attempts = excluded.attempts,
    retries = excluded.retries, cpu_s = excluded.cpu_s, waited = excluded.waited, ran = excluded.ran,
    rolled_at = clock_timestamp()
WHERE old.jobs + old.attempts <= excluded.jobs + excluded.attempts
"""
JOBS = """
SELECT bucket, kind, queue, outcome, jobs, attempts, retries, cpu_s, waited, ran FROM job_rollups
WHERE grain = %(grain)s AND bucket >= %(since)s AND bucket < %(until)s
    AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(queue)s::text IS NULL OR queue = %(queue)s)
ORDER BY bucket, kind, queue, outcome
"""
MARK = """
INSERT INTO rollup_marks (name, until) VALUES ('jobs', %s)
ON CONFLICT (name) DO UPDATE SET until = greatest(rollup_marks.until, excluded.until)
"""
BUILDING_COLUMNS = "tenant, buildings, models, storage_bytes, space_area_m2, counts, validated, valid, health"
KEEP_BUILDINGS = f"""
INSERT INTO building_rollups (bucket, {BUILDING_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# A minute without any row was one in which no process of the interface was there; the first of all is the beginning.
MINUTES = """
WITH minutes AS (
    SELECT minute, sum(requests) AS requests, sum(errors) AS errors FROM request_minutes
    WHERE minute >= %(since)s AND minute < %(until)s GROUP BY minute),
expected AS (
    SELECT greatest(0, floor(extract(epoch FROM date_trunc('minute', least(%(until)s, clock_timestamp()
        - interval '1 minute')) - date_trunc('minute', greatest(%(since)s, known.first))) / 60))::bigint AS n
    FROM (SELECT coalesce(min(minute), %(until)s) AS first FROM request_minutes) known)
SELECT coalesce(sum(requests), 0)::bigint, coalesce(sum(errors), 0)::bigint,
    greatest(coalesce((SELECT n FROM expected), 0), count(*)),
    greatest(coalesce((SELECT n FROM expected), 0) - count(*), 0)
        + count(*) FILTER (WHERE errors > requests * %(bad)s)
FROM minutes
"""
TOOK = """
SELECT key, sum(value::bigint)::bigint FROM request_minutes,
    jsonb_each_text(CASE WHEN jsonb_typeof(took) = 'object' THEN took ELSE '{}' END)
WHERE minute >= %s AND minute < %s AND value ~ '^[0-9]+$' GROUP BY key
"""
# The attempt after it: in history, or the one that runs. A job that is over without one did not run again.
RECOVERIES = """
SELECT extract(epoch FROM coalesce(again.at, clock_timestamp()) - a.finished_at)::float
FROM attempts a JOIN jobs j ON j.id = a.job_id
LEFT JOIN LATERAL (
    SELECT least((SELECT min(started_at) FROM attempts WHERE job_id = a.job_id AND attempt > a.attempt),
        CASE WHEN j.attempt > a.attempt THEN j.started_at END) AS at) again ON true
WHERE a.outcome = 'lost' AND a.finished_at >= %s AND a.finished_at < %s
    AND (again.at IS NOT NULL OR j.finished_at IS NULL)
"""


class PostgresRollups:
    """On one open connection, in the transaction of whoever holds that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def measure(self, since: datetime, until: datetime) -> list[JobRollup]:
        return measured_jobs(self._connection, since, until)

    def keep(self, grain: Grain, rows: Sequence[JobRollup]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(KEEP, [_values(grain, row) for row in rows])

    def jobs(
        self, grain: Grain, since: datetime, until: datetime, *, kind: str | None = None, queue: str | None = None
    ) -> list[JobRollup]:
        values = {"grain": grain, "since": since, "until": until, "kind": kind, "queue": queue}
        rows = self._connection.execute(JOBS, values)
        return [_rollup(*row) for row in rows]

    def rolled_until(self) -> datetime | None:
        row = self._connection.execute("SELECT until FROM rollup_marks WHERE name = 'jobs'").fetchone()
        return row[0] if row else None

    def now(self) -> datetime:
        row = self._connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        now: datetime = row[0]
        return now

    def mark(self, until: datetime) -> None:
        self._connection.execute(MARK, [until])

    def measure_buildings(self, after: UUID, limit: int) -> tuple[list[BuildingRollup], UUID | None]:
        return measured_buildings(self._connection, after, limit)

    def keep_buildings(self, day: date, rows: Sequence[BuildingRollup]) -> None:
        self._connection.execute("DELETE FROM building_rollups WHERE bucket = %s", [_midnight(day)])
        with self._connection.cursor() as cursor:
            cursor.executemany(KEEP_BUILDINGS, [_building_values(day, row) for row in rows])

    def buildings(self, since: date, until: date) -> list[tuple[date, BuildingRollup]]:
        query = f"""SELECT (bucket AT TIME ZONE 'UTC')::date, {BUILDING_COLUMNS} FROM building_rollups
            WHERE bucket >= %s AND bucket < %s ORDER BY bucket, tenant"""
        return [_building(*row) for row in self._connection.execute(query, [_midnight(since), _midnight(until)])]

    def requests(self, since: datetime, until: datetime) -> Requests:
        values = {"since": since, "until": until, "bad": BAD_MINUTE}
        row = self._connection.execute(MINUTES, values).fetchone()
        assert row is not None
        took = Sketch.of(dict(self._connection.execute(TOOK, [since, until]).fetchall()))
        requests, errors, minutes, bad = row
        return Requests(requests, errors, minutes, bad, took)

    def recoveries(self, since: datetime, until: datetime) -> Recoveries:
        rows = self._connection.execute(RECOVERIES, [since, until])
        return Recoveries(tuple(max(row[0], 0.0) for row in rows))

    def forget(self, *, minutes_s: float, buckets_s: float, hours_s: float) -> int:
        old = "clock_timestamp() - make_interval(secs => %s)"
        gone = self._connection.execute(f"DELETE FROM request_minutes WHERE minute < {old}", [minutes_s]).rowcount
        for grain, seconds in ((Grain.FIVE_MINUTES, buckets_s), (Grain.HOUR, hours_s)):
            statement = f"DELETE FROM job_rollups WHERE grain = %s AND bucket < {old}"
            gone += self._connection.execute(statement, [grain, seconds]).rowcount
        return gone


def _rollup(*row: Any) -> JobRollup:
    return JobRollup(*row[:-2], _sketch(row[-2]), _sketch(row[-1]))  # type: ignore[call-arg]  # of any length


def _sketch(stored: Any) -> Sketch:
    return Sketch.of({key: n for key, n in counts_of(stored).items() if key == ZERO or key.lstrip("-").isdecimal()})


def _values(grain: Grain, row: JobRollup) -> tuple[object, ...]:
    numbers = row.jobs, row.attempts, row.retries, row.cpu_s
    names = row.kind, row.queue, row.outcome
    return grain, row.bucket, *names, *numbers, Jsonb(row.waited.bins()), Jsonb(row.ran.bins())


def _building_values(day: date, row: BuildingRollup) -> tuple[object, ...]:
    counts = {"floors": row.floors, "spaces": row.spaces, "elements": row.elements}
    sizes = row.buildings, row.models, row.storage_bytes, row.space_area_m2
    return _midnight(day), row.tenant, *sizes, Jsonb(counts), row.validated, row.valid, Jsonb(row.health)


def _shapes(stored: Any) -> dict[str, int]:
    counts = counts_of(stored)
    return {name: counts.get(name, 0) for name in ("floors", "spaces", "elements")}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _building(
    day: date, tenant: str, buildings: int, models: int, size: int, area: float, counts: Any, *rest: Any
) -> tuple[date, BuildingRollup]:
    validated, valid, health = rest
    return day, BuildingRollup(
        tenant,
        buildings,
        models,
        size,
        area if isfinite(area) else 0.0,
        **_shapes(counts),
        validated=validated,
        valid=valid,
        health=counts_of(health),
    )
