"""Many buildings at a glance: how far each is processed, and how well it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from arxos.storage.database import Database

# Of the newest model, whatever became of it. Each part is one look into an index for each building.
SIGHTS: LiteralString = """
SELECT b.id, m.revision, m.schema, m.received_at, b.indexed_model_id IS NOT NULL AND b.indexed_model_id = m.id,
    report.valid, found.counts, h.status, h.reasons, h.checked_at, going.n
FROM buildings b
LEFT JOIN LATERAL (SELECT * FROM models WHERE building_id = b.id ORDER BY revision DESC LIMIT 1) m ON true
LEFT JOIN validation_reports report ON report.model_id = m.id
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(severity, n) AS counts FROM (
        SELECT severity, count(*) AS n FROM findings WHERE model_id = m.id GROUP BY severity) by_severity) found ON true
LEFT JOIN health_reports h ON h.building_id = b.id
LEFT JOIN LATERAL (
    SELECT count(*) AS n FROM jobs WHERE building_id = b.id
        AND state IN ('blocked', 'queued', 'running', 'retryable')) going ON true
WHERE b.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class BuildingSight:
    """One building. `valid` None: not checked (yet); `health` None: nobody looked; `going`: its unfinished jobs."""

    id: UUID
    revision: int | None
    schema: str | None
    received_at: datetime | None
    indexed: bool
    valid: bool | None
    findings: Mapping[str, int] | None = None  # by severity; None: there are none
    health: str | None = None
    health_reasons: Sequence[object] | None = None
    health_checked_at: datetime | None = None
    going: int = 0


def sights(database: Database, ids: Sequence[UUID]) -> Mapping[UUID, BuildingSight]:
    """By id; those that are not there are left out. Raises UnavailableError."""
    with database.connection() as connection:
        rows = connection.execute(SIGHTS, [list(ids)]).fetchall()
    return {row[0]: BuildingSight(*row) for row in rows}
