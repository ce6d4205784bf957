"""Pieces of SVG: compact paths. Sheet coordinates are whole millimetres on the ground, y downwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Sheet:
    """From model metres to sheet millimetres: the model point that lies at the sheet's origin, its top left corner."""

    x: float
    y: float

    def points(self, coordinates: npt.NDArray[np.float64] | Sequence[Sequence[float]]) -> npt.NDArray[np.int64]:
        """(n, 2) model metres as (n, 2) sheet millimetres."""
        at = np.asarray(coordinates, dtype=np.float64) - (self.x, self.y)
        return np.rint(at * (1000.0, -1000.0)).astype(np.int64)

    def point(self, coordinates: npt.NDArray[np.float64] | Sequence[float]) -> tuple[int, int]:
        x, y = self.points([list(coordinates)])[0]
        return int(x), int(y)

    def path(self, shapes: Iterable[BaseGeometry]) -> str:
        """Path data of polygons (closed rings, holes too) and lines; other geometry has none."""
        return "".join(self._line(line) for shape in shapes for line in _lines(shape))

    def _line(self, coordinates: npt.NDArray[np.float64]) -> str:
        points = self.points(coordinates)
        closed = len(points) > 3 and bool((points[0] == points[-1]).all())
        steps = np.diff(points[:-1] if closed else points, axis=0)
        steps = steps[np.any(steps != 0, axis=1)]
        if len(steps) < (2 if closed else 1):
            return ""  # smaller than a millimetre
        moves = " ".join(f"{x} {y}" for x, y in steps)
        return f"M{points[0][0]} {points[0][1]}l{moves}{'z' if closed else ''}"


def _lines(shape: BaseGeometry) -> Iterable[npt.NDArray[np.float64]]:
    """The coordinates of every ring and line of any geometry; 5 mm of detail is enough on a plan."""
    for part in shapely.get_parts(shapely.simplify(shape, 0.005)):
        if part.geom_type == "Polygon":
            yield from (shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors))
        elif part.geom_type == "LineString":
            yield shapely.get_coordinates(part)
