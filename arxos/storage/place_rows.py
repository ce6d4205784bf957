"""Floors, spaces and elements as rows: which columns to select, and what to make of them."""

from collections.abc import Mapping
from typing import Any, Final

from psycopg.rows import dict_row

from arxos.domain.buildings.model_reader import GeometryState
from arxos.domain.buildings.spatial_index import Element, Floor, Space
from arxos.storage.database import Connection
from arxos.storage.geometry_columns import boxes_from, shapes_from

FLOORS: Final = "SELECT id, global_id, name, elevation_m, z_min, z_max, outline, geo_outline FROM floors WHERE "
SPACES: Final = (
    "SELECT id, global_id, name, long_name, floor_id, geometry_state AS state, footprint, box,"
    " area_m2, volume_m3, stated_area_m2, stated_volume_m3, note FROM spaces WHERE "
)
ELEMENTS: Final = (
    "SELECT id, global_id, ifc_class, name, floor_id, space_id, geometry_state AS state, footprint, box, crosses, note"
    " FROM elements WHERE "
)
Rows = list[dict[str, Any]]


def read_floors(connection: Connection, condition: str, values: Mapping[str, Any]) -> tuple[Floor, ...]:
    """The floors that fit the condition (SQL of our own; `values` are its parameters)."""
    rows = _rows(connection, FLOORS + condition, values)
    _decode(rows, "outline", shapes_from)
    _decode(rows, "geo_outline", shapes_from)
    return tuple(Floor(**row) for row in rows)


def read_spaces(connection: Connection, condition: str, values: Mapping[str, Any]) -> tuple[Space, ...]:
    """The spaces that fit the condition."""
    rows = _rows(connection, SPACES + condition, values)
    _decode_product(rows)
    return tuple(Space(**row) for row in rows)


def read_elements(connection: Connection, condition: str, values: Mapping[str, Any]) -> tuple[Element, ...]:
    """The elements that fit the condition."""
    rows = _rows(connection, ELEMENTS + condition, values)
    _decode_product(rows)
    for row in rows:
        row["crosses"] = tuple(row["crosses"])
    return tuple(Element(**row) for row in rows)


def _rows(connection: Connection, statement: str, values: Mapping[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()


def _decode_product(rows: Rows) -> None:
    _decode(rows, "footprint", shapes_from)
    _decode(rows, "box", boxes_from)
    for row in rows:
        row["state"] = GeometryState(row["state"])


def _decode(rows: Rows, column: str, decode: Any) -> None:
    """Whole columns at a time: shapely reads a thousand shapes in one call almost as fast as one."""
    for row, shape in zip(rows, decode([row[column] for row in rows]), strict=True):
        row[column] = shape
