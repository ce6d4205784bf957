"""Adding up what ended within a while. The database counts values by the bins of a sketch: however many there are, few
rows come back.
"""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from arxos.domain.rollups.rows import BuildingRollup, JobRollup
from arxos.domain.rollups.sketch import BINS_PER_E, NOTHING_S, Sketch
from arxos.storage.database import Connection

BIN: LiteralString = "CASE WHEN {0} > %(nothing)s THEN ceil(ln({0}) * %(bins)s)::int::text ELSE 'zero' END"
# `kinds`: those that have finished jobs, found by leaps through the index, in which kinds come first.
JOBS: LiteralString = f"""
WITH RECURSIVE kinds AS (
    (SELECT kind FROM jobs WHERE state IN ('succeeded', 'cancelled') ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT j.kind FROM jobs j WHERE j.kind > kinds.kind AND j.state IN ('succeeded', 'cancelled')
        ORDER BY j.kind LIMIT 1) FROM kinds WHERE kinds.kind IS NOT NULL),
ended AS (
    SELECT j.kind, j.queue, j.state, j.started_at, j.available_at FROM kinds
    CROSS JOIN (VALUES ('succeeded'), ('cancelled')) AS over (state)
    JOIN jobs j ON j.kind = kinds.kind AND j.state = over.state AND j.state IN ('succeeded', 'cancelled')
    WHERE j.finished_at >= %(since)s AND j.finished_at < %(until)s
    UNION ALL
    SELECT kind, queue, state, started_at, available_at FROM jobs
    WHERE state = 'dead' AND finished_at >= %(since)s AND finished_at < %(until)s),
waited AS (
    SELECT kind, queue, state, extract(epoch FROM started_at - greatest(available_at, 'epoch'))::float AS s FROM ended),
binned AS (
    SELECT kind, queue, state, CASE WHEN s IS NOT NULL THEN {BIN.format("s")} END AS bin, count(*) AS n
    FROM waited GROUP BY 1, 2, 3, 4)
SELECT kind, queue, state, sum(n)::bigint,
    coalesce(jsonb_object_agg(bin, n) FILTER (WHERE bin IS NOT NULL), '{{}}') FROM binned GROUP BY 1, 2, 3
"""
ATTEMPTS: LiteralString = f"""
WITH ended AS (
    SELECT j.kind, j.queue, a.outcome, a.attempt, coalesce(a.cpu_s, 0) AS cpu_s,
        extract(epoch FROM a.finished_at - a.started_at)::float AS s
    FROM attempts a JOIN jobs j ON j.id = a.job_id WHERE a.finished_at >= %(since)s AND a.finished_at < %(until)s),
binned AS (
    SELECT kind, queue, outcome, {BIN.format("s")} AS bin, count(*) AS n, count(*) FILTER (WHERE attempt > 1) AS again,
        sum(cpu_s) AS cpu_s FROM ended GROUP BY 1, 2, 3, 4)
SELECT kind, queue, outcome, sum(n)::bigint, sum(again)::bigint, sum(cpu_s), jsonb_object_agg(bin, n)
FROM binned GROUP BY 1, 2, 3
"""
BUILDINGS: LiteralString = """
WITH few AS (SELECT id, indexed_model_id FROM buildings WHERE id > %(after)s ORDER BY id LIMIT %(limit)s),
each AS (
    SELECT coalesce(m.submitted_by, '') AS tenant, few.id, all_models.n AS models, all_models.bytes, v.valid, h.status,
        (SELECT count(*) FROM floors WHERE building_id = few.id) AS floors, s.n AS spaces, s.area,
        (SELECT count(*) FROM elements WHERE building_id = few.id) AS elements
    FROM few
    LEFT JOIN LATERAL (
        SELECT id, submitted_by FROM models WHERE building_id = few.id ORDER BY revision DESC LIMIT 1) m ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS n, (SELECT coalesce(sum(size_bytes), 0) FROM (
            SELECT DISTINCT sha256, size_bytes FROM models WHERE building_id = few.id) once) AS bytes
        FROM models WHERE building_id = few.id) all_models ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS n, coalesce(sum(area_m2), 0) AS area FROM spaces WHERE building_id = few.id) s ON true
    LEFT JOIN validation_reports v ON v.model_id = m.id
    LEFT JOIN health_reports h ON h.building_id = few.id)
SELECT tenant, count(*), sum(models)::bigint, sum(bytes)::bigint, sum(area)::float, sum(floors)::bigint,
    sum(spaces)::bigint, sum(elements)::bigint, count(valid), count(*) FILTER (WHERE valid),
    jsonb_build_object('healthy', count(*) FILTER (WHERE status = 'healthy'), 'degraded', count(*) FILTER (
        WHERE status = 'degraded'), 'unhealthy', count(*) FILTER (WHERE status = 'unhealthy')),
    (SELECT id FROM few ORDER BY id DESC LIMIT 1)
FROM each GROUP BY tenant
"""


def measured_jobs(connection: Connection, since: datetime, until: datetime) -> list[JobRollup]:
    """What ended in there, by kind, queue and outcome; each row's bucket begins at `since`."""
    found: dict[tuple[str, str, str], JobRollup] = {}
    values = {"since": since, "until": until, "nothing": NOTHING_S, "bins": BINS_PER_E}

    def row(*key: str) -> JobRollup:
        return found.setdefault(key, JobRollup(since, *key))  # type: ignore[arg-type]

    for kind, queue, state, jobs, bins in connection.execute(JOBS, values):
        one = row(kind, queue, state)
        one.jobs, one.waited = jobs, Sketch.of(bins)
    for kind, queue, outcome, attempts, again, cpu_s, bins in connection.execute(ATTEMPTS, values):
        one = row(kind, queue, outcome)
        one.attempts, one.retries, one.cpu_s, one.ran = attempts, again, cpu_s, Sketch.of(bins)
    return [found[key] for key in sorted(found)]


def measured_buildings(connection: Connection, after: UUID, limit: int) -> tuple[list[BuildingRollup], UUID | None]:
    """The next buildings by tenant, and the last of them."""
    rows = connection.execute(BUILDINGS, {"after": after, "limit": limit}).fetchall()
    return [BuildingRollup(*row[:-1]) for row in rows], (rows[0][-1] if rows else None)
