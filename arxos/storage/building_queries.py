"""Questions to the spatial index. Each is one statement: its answer is of one model even while that is replaced."""

from typing import Any, Final
from uuid import UUID

from arxos.domain.buildings.box import box_of
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.repository import ElementQuery, IndexCounts, IndexRecord, ModelRecord, Place
from arxos.domain.buildings.spatial_index import Element, Space
from arxos.storage.database import Connection
from arxos.storage.geometry_columns import boxes_from, shapes_from
from arxos.storage.model_rows import MODEL_COLUMNS
from arxos.storage.place_rows import read_elements, read_spaces

ON_FLOOR: Final = "building_id = %(id)s AND floor_id = %(floor)s"
ON_NO_FLOOR: Final = "building_id = %(id)s AND floor_id IS NULL"  # IS NOT DISTINCT FROM would serve both, but no index
REACHES_IN: Final = "building_id = %(id)s AND crosses <> '{}' AND crosses @> ARRAY[%(floor)s::uuid]"
PLAN: Final = "coalesce(footprint, ST_Envelope(ST_Force2D(box)))"  # what casts no shadow still stands somewhere
COVERS: Final = "ST_Covers(footprint, ST_MakePoint(%(at_x0)s, %(at_y0)s))"
MEETS: Final = f"ST_Intersects({PLAN}, ST_MakeEnvelope(%(box_x0)s, %(box_y0)s, %(box_x1)s, %(box_y1)s))"
DISTANCE: Final = (
    f"sqrt(power(ST_Distance({PLAN}, ST_MakePoint(%(near_x0)s, %(near_y0)s)), 2)"
    " + power(greatest(z_min - %(near_z0)s, %(near_z0)s - z_max, 0), 2))"
)
HIGHEST_M: Final = 1e9  # PostGIS knows no infinite coordinates
EXTENT: Final = """
    (SELECT ST_MakeLine(ST_MakePoint(ST_XMin(e), ST_YMin(e), ST_ZMin(e)),
                        ST_MakePoint(ST_XMax(e), ST_YMax(e), ST_ZMax(e)))
     FROM (SELECT ST_3DExtent(box) AS e FROM (SELECT box FROM elements WHERE building_id = b.id
           UNION ALL SELECT box FROM spaces WHERE building_id = b.id) boxes) extent)"""
COUNTS: Final = """
    SELECT (SELECT count(*) FROM floors WHERE building_id = %(id)s),
           (SELECT count(*) FROM spaces WHERE building_id = %(id)s),
           (SELECT count(*) FROM elements WHERE building_id = %(id)s),
           (SELECT count(box) FROM elements WHERE building_id = %(id)s),
           (SELECT jsonb_object_agg(ifc_class, n) FROM
               (SELECT ifc_class, count(*) AS n FROM elements WHERE building_id = %(id)s GROUP BY ifc_class) classes),
           (SELECT jsonb_object_agg(geometry_state, n) FROM
               (SELECT geometry_state, count(*) AS n FROM
                   (SELECT geometry_state FROM elements WHERE building_id = %(id)s
                    UNION ALL SELECT geometry_state FROM spaces WHERE building_id = %(id)s) products
                GROUP BY geometry_state) states)"""


class BuildingQueries:
    """See `BuildingRepository`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def index(self, building_id: UUID) -> IndexRecord | None:
        """Which model is indexed."""
        columns = ", ".join(f"m.{name}" for name in MODEL_COLUMNS.split(", "))
        row = self._connection.execute(
            f"SELECT {columns}, m.indexed_at, m.true_north_deg, m.georeference, m.outline, m.geo_outline, {EXTENT}"
            " FROM buildings b JOIN models m ON m.id = b.indexed_model_id WHERE b.id = %s",
            (building_id,),
        ).fetchone()
        if row is None:
            return None
        *model, indexed_at, north, georeference, outline, geo_outline, extent = row
        place = None if georeference is None else GeoReference(**georeference)
        plan, plan_on_earth = shapes_from([outline, geo_outline])
        box = boxes_from([extent])[0]
        return IndexRecord(ModelRecord(*model), indexed_at, north, place, plan, plan_on_earth, box)

    def counts(self, building_id: UUID) -> IndexCounts:
        """The index in numbers."""
        row = self._connection.execute(COUNTS, {"id": building_id}).fetchone()
        assert row is not None
        floors, spaces, elements, with_geometry, classes, states = row
        return IndexCounts(floors, spaces, elements, with_geometry, classes or {}, states or {})

    def spaces(self, building_id: UUID) -> tuple[Space, ...]:
        """All spaces."""
        return read_spaces(
            self._connection, "building_id = %(id)s ORDER BY floor_id, global_id, id", {"id": building_id}
        )

    def space_page(
        self, building_id: UUID, *, floor_id: UUID | None = None, after: Place | None = None, limit: int = 50
    ) -> tuple[Space, ...]:
        """Spaces by global id and id."""
        where, values = _listed(floor_id, after)
        return read_spaces(
            self._connection,
            f"building_id = %(id)s{where} ORDER BY global_id, id LIMIT %(limit)s",
            {"id": building_id, "limit": limit, **values},
        )

    def spaces_on_floor(self, building_id: UUID, floor_id: UUID | None) -> tuple[Space, ...]:
        """The spaces of one floor, or of none."""
        where = ON_NO_FLOOR if floor_id is None else ON_FLOOR
        return read_spaces(self._connection, f"{where} ORDER BY global_id, id", {"id": building_id, "floor": floor_id})

    def spaces_at(self, building_id: UUID, x: float, y: float, z: float | None = None) -> tuple[Space, ...]:
        """The spaces at a point."""
        return read_spaces(
            self._connection,
            "building_id = %(id)s AND ST_Covers(footprint, ST_MakePoint(%(x)s, %(y)s))"
            " AND (%(z)s::float8 IS NULL OR %(z)s BETWEEN z_min AND z_max) ORDER BY global_id, id",
            {"id": building_id, "x": x, "y": y, "z": z},
        )

    def elements_on_floor(
        self, building_id: UUID, floor_id: UUID | None, *, crossing: bool = False
    ) -> tuple[Element, ...]:
        """The elements of one floor, or of none."""
        where = ON_NO_FLOOR if floor_id is None else ON_FLOOR
        if crossing and floor_id is not None:
            where = f"({ON_FLOOR}) OR ({REACHES_IN})"
        return read_elements(
            self._connection, f"{where} ORDER BY global_id, id", {"id": building_id, "floor": floor_id}
        )

    def elements(self, building_id: UUID, query: ElementQuery) -> tuple[Element, ...]:
        """The elements that fit."""
        where, values = _conditions(query)
        listed, more = _listed(query.floor_id, query.after)
        order = f"{DISTANCE}, global_id, id" if query.near else "global_id, id"
        return read_elements(
            self._connection,
            f"building_id = %(id)s{where}{listed} ORDER BY {order} LIMIT %(limit)s",
            {"id": building_id, "limit": query.limit, **values, **more},
        )


def _conditions(query: ElementQuery) -> tuple[str, dict[str, Any]]:
    """What the query asks for in SQL, beginning with AND, and its values."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for name, numbers, exact in (("at", query.at, COVERS), ("box", query.box, MEETS), ("near", query.near, "")):
        if numbers is not None:
            values |= _corners(name, numbers)
            parts.append(f"{_reaches(name)} AND {exact}" if exact else "box IS NOT NULL")
    if query.ifc_class is not None:
        parts.append("ifc_class = %(ifc_class)s")
        values["ifc_class"] = query.ifc_class
    return "".join(f" AND {part}" for part in parts), values


def _listed(floor_id: UUID | None, after: Place | None) -> tuple[str, dict[str, Any]]:
    """Which part of a listing, in SQL that begins with AND, and its values."""
    parts, values = "", dict[str, Any]()
    if floor_id is not None:
        parts, values = parts + " AND floor_id = %(floor)s", {"floor": floor_id}
    if after is not None:
        parts, values = parts + " AND (global_id, id) > (%(after)s, %(after_id)s)", values | _after(after)
    return parts, values


def _after(place: Place) -> dict[str, Any]:
    return {"after": place[0], "after_id": place[1]}


def _corners(name: str, numbers: tuple[float, ...]) -> dict[str, float]:
    box = box_of(numbers)
    low = {"x0": box.x_min, "y0": box.y_min, "z0": max(box.z_min, -HIGHEST_M)}
    high = {"x1": box.x_max, "y1": box.y_max, "z1": min(box.z_max, HIGHEST_M)}
    return {f"{name}_{corner}": value for corner, value in (low | high).items()}


def _reaches(name: str) -> str:
    """Candidates by the index, whose boxes are of single precision (&&&), and their exact heights."""
    low, high = (f"ST_MakePoint(%({name}_x{i})s, %({name}_y{i})s, %({name}_z{i})s)" for i in (0, 1))
    return f"box &&& ST_MakeLine({low}, {high}) AND z_max >= %({name}_z0)s AND z_min <= %({name}_z1)s"
