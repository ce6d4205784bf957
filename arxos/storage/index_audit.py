"""What audits ask of buildings: all of them, part by part."""

from typing import Final
from uuid import UUID

from psycopg.rows import kwargs_row

from arxos.domain.buildings.audit_index import IndexFacts
from arxos.domain.buildings.repository import ModelRecord
from arxos.storage.database import Connection
from arxos.storage.model_rows import MODEL_COLUMNS

EXTENT: Final = "ARRAY[ST_XMin({0}), ST_YMin({0}), ST_XMax({0}), ST_YMax({0})]"
INVALID: Final = "(SELECT count(*) FROM {0} WHERE building_id = b.id AND NOT ST_IsValid({1}))"
FOREIGN: Final = "(SELECT count(*) FROM {0} WHERE building_id = b.id AND model_id <> b.indexed_model_id)"
DANGLING: Final = """
(SELECT count(*) FROM {0} WHERE building_id = b.id AND floor_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM floors WHERE floors.id = {0}.floor_id AND floors.building_id = b.id))"""
COUNT: Final = "(SELECT count(*) FROM {0} WHERE building_id = b.id)"
FACTS: Final = f"""
SELECT b.id AS building_id, m.id AS indexed_id, m.revision AS indexed_revision, m.sha256, m.filename,
    latest.id AS latest_id, latest.revision AS latest_revision,
    extract(epoch FROM clock_timestamp() - latest.received_at)::float AS latest_age_s,
    {COUNT.format("floors")} AS floors, {COUNT.format("spaces")} AS spaces, {COUNT.format("elements")} AS elements,
    {FOREIGN.format("floors")} + {FOREIGN.format("spaces")} + {FOREIGN.format("elements")} AS foreign,
    {DANGLING.format("spaces")} + {DANGLING.format("elements")} AS dangling,
    {INVALID.format("floors", "outline")} + {INVALID.format("spaces", "footprint")}
        + {INVALID.format("elements", "footprint")} AS invalid,
    {EXTENT.format("m.outline")} AS outline,
    (SELECT {EXTENT.format("ST_Extent(floors.outline)")} FROM floors WHERE building_id = b.id) AS floors_outline
FROM (SELECT id, indexed_model_id FROM buildings WHERE id > %s ORDER BY id LIMIT %s) b
LEFT JOIN models m ON m.id = b.indexed_model_id
LEFT JOIN LATERAL (
    SELECT id, revision, received_at FROM models WHERE building_id = b.id ORDER BY revision DESC LIMIT 1) latest ON true
ORDER BY b.id
"""


class BuildingAudits:
    """See `BuildingRepository`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ids(self, *, after: UUID, limit: int) -> tuple[UUID, ...]:
        """The next buildings, in order of their ids."""
        query = "SELECT id FROM buildings WHERE id > %s ORDER BY id LIMIT %s"
        return tuple(row[0] for row in self._connection.execute(query, [after, limit]))

    def all_models(self, *, after: UUID, limit: int) -> tuple[ModelRecord, ...]:
        """The next models of all buildings, in order of their ids."""
        query = f"SELECT {MODEL_COLUMNS} FROM models WHERE id > %s ORDER BY id LIMIT %s"
        return tuple(ModelRecord(*row) for row in self._connection.execute(query, [after, limit]))

    def index_facts(self, *, after: UUID, limit: int) -> tuple[IndexFacts, ...]:
        """The next buildings' indexes, in order of the buildings' ids."""
        with self._connection.cursor(row_factory=kwargs_row(_facts)) as cursor:
            return tuple(cursor.execute(FACTS.encode(), [after, limit]))


def _facts(**row: object) -> IndexFacts:
    for name in ("outline", "floors_outline"):
        extent = row[name]
        assert isinstance(extent, list)
        row[name] = None if extent[0] is None else tuple(extent)
    return IndexFacts(**row)  # type: ignore[arg-type]
