"""Buildings as rows."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.repository import BuildingPage, Listed, Stamp
from arxos.domain.buildings.spatial_index import Floor
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.storage.database import Connection
from arxos.storage.place_rows import read_floors
from arxos.storage.stored_json import as_object, fields_of, known

DRAFT = BuildingStatus.DRAFT  # stands for a status that this version does not know
COLUMNS = "id, name, address_line, address_parts, status, version, created_at, updated_at"

REMOVE = """
WITH gone AS (DELETE FROM buildings WHERE id = %(id)s RETURNING id, name, address_line, version)
INSERT INTO operator_actions (actor, action, source, details)
SELECT %(by)s, 'delete_building', %(source)s,
    jsonb_build_object('building_id', id, 'name', name, 'address', address_line, 'version', version) FROM gone
"""

STAMP = """
SELECT b.version, coalesce(m.revision, 0), CASE WHEN m.id = b.indexed_model_id THEN m.indexed_at END, r.reported_at
FROM buildings b
LEFT JOIN models m ON m.id = coalesce(b.indexed_model_id,
    (SELECT id FROM models WHERE building_id = b.id ORDER BY revision DESC LIMIT 1))
LEFT JOIN validation_reports r ON r.model_id = m.id
WHERE b.id = %s
"""


class BuildingRows:
    """See `BuildingRepository`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, building: Building) -> None:
        """A new building; it gets its version and timestamps."""
        row = self._connection.execute(
            "INSERT INTO buildings (id, name, address_line, address_parts, status) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING version, created_at, updated_at",
            (building.id, building.name, building.address.line, Jsonb(building.address.parts()), building.status),
        ).fetchone()
        assert row is not None
        building.version, building.created_at, building.updated_at = row
        self._add_floors(building)

    def get(self, building_id: UUID, *, to_change: bool = False) -> Building:
        """The building with its floors. Raises NotFoundError."""
        lock = " FOR NO KEY UPDATE" if to_change else ""
        find = f"SELECT {COLUMNS} FROM buildings WHERE id = %s{lock}"
        row = self._connection.execute(find, (building_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"no building '{building_id}'")
        if to_change and row[4] not in set(BuildingStatus):
            raise ConflictError(f"building '{building_id}': this version does not know its status {row[4]!r}")
        return _building(row, self.floors(building_id))

    def stamp(self, building_id: UUID) -> Stamp:
        """What answers about it are made from. Raises NotFoundError."""
        row = self._connection.execute(STAMP, (building_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"no building '{building_id}'")
        return Stamp(*row)

    def remove(self, building_id: UUID, *, by: str, source: str) -> None:
        """Delete it with all that refers to it, and record that; see `BuildingRepository`. Raises NotFoundError."""
        gone = self._connection.execute(REMOVE, {"id": building_id, "by": by, "source": source})
        if not gone.rowcount:
            raise NotFoundError(f"no building '{building_id}'")

    def save(self, building: Building) -> None:
        """Write what changed; see `BuildingRepository`. Raises ConflictError."""
        row = self._connection.execute(
            "UPDATE buildings SET name = %s, address_line = %s, address_parts = %s, status = %s,"
            " version = version + 1, updated_at = clock_timestamp()"
            " WHERE id = %s AND version = %s RETURNING version, updated_at",
            (building.name, building.address.line, Jsonb(building.address.parts()), building.status, building.id,
             building.version),
        ).fetchone()  # fmt: skip
        if row is None:
            raise ConflictError(f"building '{building.id}' was changed by somebody else since it was read")
        building.version, building.updated_at = row
        self._add_floors(building)

    def list(
        self,
        *,
        status: BuildingStatus | None = None,
        q: str | None = None,
        before: Listed | None = None,
        limit: int = 50,
    ) -> BuildingPage:
        """A page, newest first; see `BuildingRepository`."""
        at, last_id = before or (None, None)
        pattern = None if q is None else "%" + q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM buildings WHERE (%(status)s::text IS NULL OR status = %(status)s)"
            " AND (%(q)s::text IS NULL OR name ILIKE %(q)s OR address_line ILIKE %(q)s)"
            " AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s, %(id)s::uuid))"
            " ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
            {"status": status, "q": pattern, "at": at, "id": last_id, "limit": limit + 1},
        ).fetchall()
        items = tuple(_building(row) for row in rows[:limit])
        return BuildingPage(items, _listed(items[-1]) if len(rows) > limit else None)

    def floors(self, building_id: UUID) -> tuple[Floor, ...]:
        """Lowest first, those without a level last."""
        condition = "building_id = %(id)s ORDER BY coalesce(z_min, elevation_m) NULLS LAST, global_id, id"
        return read_floors(self._connection, condition, {"id": building_id})

    def _add_floors(self, building: Building) -> None:
        for floor in building.floors:
            self._connection.execute(
                "INSERT INTO floors (id, building_id, global_id, name, elevation_m, z_min, z_max)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
                (floor.id, building.id, floor.global_id, floor.name, floor.elevation_m, floor.z_min, floor.z_max),
            )


def _building(row: tuple[Any, ...], floors: tuple[Floor, ...] = ()) -> Building:
    building_id, name, line, parts, status, version, created_at, updated_at = row
    return Building(
        building_id,
        name,
        Address(line, **_parts(parts)),
        known(BuildingStatus, status, DRAFT),
        floors,
        version,
        created_at,
        updated_at,
    )


def _parts(stored: Any) -> dict[str, str]:
    return {name: part for name, part in fields_of(Address, as_object(stored)).items() if isinstance(part, str)}


def _listed(building: Building) -> Listed:
    assert building.created_at is not None
    return building.created_at, building.id
