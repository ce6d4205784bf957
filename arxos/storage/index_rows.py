"""The spatial index as rows: written in bulk, replaced in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.buildings.spatial_index import Element, ModelIndex, Space
from arxos.domain.errors import NotFoundError
from arxos.storage.database import Connection
from arxos.storage.geometry_columns import WGS84, hex_boxes, hex_shapes, storable
from arxos.storage.georeference import on_earth


class IndexRows:
    """See `BuildingRepository`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace_index(self, model_id: UUID, index: ModelIndex) -> bool:
        """Swap the building's index for this one; False where a newer revision's is in place. Raises NotFoundError.

        Others go on reading the former rows until the transaction commits, and these from then on.
        """
        building_id, newer = self._locked(model_id)
        if newer:
            return False
        for table in ("elements", "spaces", "floors"):
            self._connection.execute(f"DELETE FROM {table} WHERE building_id = %s", (building_id,))
        self._copy_floors(building_id, model_id, index)
        self._copy_spaces(building_id, model_id, index.spaces)
        self._copy_elements(building_id, model_id, index.elements)
        self._describe(building_id, model_id, index)
        return True

    def _locked(self, model_id: UUID) -> tuple[UUID, bool]:
        """The model's building, locked until the end of the transaction, and whether a newer revision is indexed."""
        row = self._connection.execute(
            "SELECT b.id, coalesce((SELECT revision FROM models WHERE id = b.indexed_model_id) > m.revision, false)"
            " FROM models m JOIN buildings b ON b.id = m.building_id WHERE m.id = %s FOR UPDATE OF b",
            (model_id,),
        ).fetchone()
        if row is None:
            raise NotFoundError(f"no model '{model_id}'")
        return row[0], row[1]

    def _copy_floors(self, building_id: UUID, model_id: UUID, index: ModelIndex) -> None:
        outlines = hex_shapes([floor.outline for floor in index.floors])
        on_map = [on_earth(floor.outline, index.georeference, index.true_north_deg) for floor in index.floors]
        self._copy(
            "floors (id, building_id, model_id, global_id, name, elevation_m, z_min, z_max, outline, geo_outline)",
            (
                (f.id, building_id, model_id, storable(f.global_id), storable(f.name), f.elevation_m, f.z_min, f.z_max,
                 outline, geo_outline)
                for f, outline, geo_outline in zip(index.floors, outlines, hex_shapes(on_map, srid=WGS84), strict=True)
            ),
        )  # fmt: skip

    def _copy_spaces(self, building_id: UUID, model_id: UUID, spaces: Sequence[Space]) -> None:
        shapes, boxes = _shapes_of(spaces)
        self._copy(
            "spaces (id, building_id, model_id, floor_id, global_id, name, long_name, geometry_state, footprint, box,"
            " z_min, z_max, area_m2, volume_m3, stated_area_m2, stated_volume_m3, note)",
            (
                (s.id, building_id, model_id, s.floor_id, storable(s.global_id), storable(s.name),
                 storable(s.long_name), s.state.value, shape, box, *_heights(s), s.area_m2, s.volume_m3,
                 s.stated_area_m2, s.stated_volume_m3, storable(s.note))
                for s, shape, box in zip(spaces, shapes, boxes, strict=True)
            ),
        )  # fmt: skip

    def _copy_elements(self, building_id: UUID, model_id: UUID, elements: Sequence[Element]) -> None:
        shapes, boxes = _shapes_of(elements)
        self._copy(
            "elements (id, building_id, model_id, floor_id, crosses, space_id, global_id, ifc_class, name,"
            " geometry_state, footprint, box, z_min, z_max, note)",
            (
                (e.id, building_id, model_id, e.floor_id, list(e.crosses), e.space_id, storable(e.global_id),
                 e.ifc_class, storable(e.name), e.state.value, shape, box, *_heights(e), storable(e.note))
                for e, shape, box in zip(elements, shapes, boxes, strict=True)
            ),
        )  # fmt: skip

    def _copy(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _describe(self, building_id: UUID, model_id: UUID, index: ModelIndex) -> None:
        geo_outline = on_earth(index.outline, index.georeference, index.true_north_deg)
        self._connection.execute(
            "UPDATE models SET schema = %s, true_north_deg = %s, georeference = %s, outline = %s, geo_outline = %s,"
            " indexed_at = clock_timestamp() WHERE id = %s",
            (
                storable(index.schema),
                index.true_north_deg,
                Jsonb(asdict(index.georeference)) if index.georeference else None,
                hex_shapes([index.outline])[0],
                hex_shapes([geo_outline], srid=WGS84)[0],
                model_id,
            ),
        )
        self._connection.execute("UPDATE buildings SET indexed_model_id = %s WHERE id = %s", (model_id, building_id))


def _shapes_of(places: Sequence[Space | Element]) -> tuple[list[str | None], list[str | None]]:
    return hex_shapes([place.footprint for place in places]), hex_boxes([place.box for place in places])


def _heights(place: Space | Element) -> tuple[float | None, float | None]:
    return (None, None) if place.box is None else (place.box.z_min, place.box.z_max)
