"""From a model's own axes to longitude and latitude (WGS84)."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely import MultiPolygon

from arxos.domain.buildings.model import GeoReference

WGS84: Final = "EPSG:4326"
Points = npt.NDArray[np.float64]


def on_earth(plan: MultiPolygon | None, place: GeoReference | None, true_north_deg: float) -> MultiPolygon | None:
    """The plan in longitude and latitude, degrees; None where the place is not known or not on earth.

    A projected place is a map conversion: turned by `rotation_deg`, scaled, moved, and projected back. A mere point is
    taken for the model's origin, the plan laid flat on the earth around it and turned to true north.
    """
    if plan is None or place is None:
        return None
    try:
        to_earth = _from_map(place) if place.epsg is not None else _around_point(place, true_north_deg)
        shape = shapely.transform(plan, to_earth)
    except (CRSError, ProjError, OverflowError):
        return None
    return shape if shape.is_valid and np.isfinite(shapely.get_coordinates(shape)).all() else None


def _from_map(place: GeoReference) -> Callable[[Points], Points]:
    metre, project = _from_crs(f"EPSG:{place.epsg}")
    origin = np.array([place.eastings or 0.0, place.northings or 0.0])

    def to_earth(points: Points) -> Points:
        return project(metre * (origin + place.scale * _turned(points, place.rotation_deg)))

    return to_earth


def _around_point(place: GeoReference, true_north_deg: float) -> Callable[[Points], Points]:
    _, project = _from_crs(f"+proj=aeqd +lat_0={place.latitude} +lon_0={place.longitude} +units=m")
    return lambda points: project(_turned(points, place.rotation_deg + true_north_deg))


def _turned(points: Points, degrees: float) -> Points:
    """Turned anticlockwise about the origin: true north 30° clockwise of y means that y points 30° west of north."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned: Points = points @ np.array([[cos, sin], [-sin, cos]])
    return turned


@lru_cache(maxsize=32)
def _from_crs(definition: str) -> tuple[float, Callable[[Points], Points]]:
    """How many units of the system make a metre (feet: 3.28…), and the way from it to WGS84. Raises CRSError."""
    crs = CRS.from_user_input(definition)
    if not crs.is_projected:
        raise CRSError(f"{definition} is no projected system")
    transformer = Transformer.from_crs(crs, WGS84, always_xy=True)

    def project(points: Points) -> Points:
        longitudes, latitudes = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([longitudes, latitudes])

    return 1 / crs.axis_info[0].unit_conversion_factor, project
