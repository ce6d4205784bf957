"""Shapes as PostGIS reads and writes them: extended well-known binary in hexadecimal."""

from collections.abc import Sequence
from typing import Final, cast

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.box import Box

WGS84: Final = 4326


def hex_shapes(shapes: Sequence[BaseGeometry | None], *, srid: int = 0) -> list[str | None]:
    """For COPY and parameters; all in one call, which is what makes it fast."""
    array = np.asarray([*shapes, None], dtype=object)[:-1]  # the None keeps numpy from looking into the shapes
    if srid:
        array = shapely.set_srid(array, srid)
    return list(shapely.to_wkb(array, hex=True, include_srid=bool(srid), output_dimension=3))


def hex_boxes(boxes: Sequence[Box | None]) -> list[str | None]:
    """Each box as the diagonal from its lowest to its highest corner."""
    return hex_shapes([None if box is None else shapely.linestrings(_diagonal(box)) for box in boxes])


def _diagonal(box: Box) -> list[tuple[float, float, float]]:
    return [(box.x_min, box.y_min, box.z_min), (box.x_max, box.y_max, box.z_max)]


def shapes_from(column: Sequence[str | None]) -> list[MultiPolygon | None]:
    """What PostGIS gave for a column of polygons."""
    return cast("list[MultiPolygon | None]", list(shapely.from_wkb(np.asarray([*column, None], dtype=object)[:-1])))


def boxes_from(column: Sequence[str | None]) -> list[Box | None]:
    """What PostGIS gave for a column of diagonals."""
    diagonals = shapely.from_wkb(np.asarray([*column, None], dtype=object)[:-1])
    return [None if line is None else Box(*line.coords[0], *line.coords[1]) for line in diagonals]


def storable(text: str | None) -> str | None:
    """The text without what PostgreSQL cannot hold (NUL, lone surrogates): U+FFFD in their place."""
    if text is None:
        return None
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
