"""Keeps the marks on a plan apart. Metres."""

from collections.abc import Sequence
from math import cos, hypot, pi, sin

from shapely import Point, Polygon, STRtree

XY = tuple[float, float]
_ASIDE = tuple((ring * cos(turn * pi / 4), ring * sin(turn * pi / 4)) for ring in (1.0, 2.0) for turn in range(8))


class Crowd:
    """The marks that stand already, `spacing` apart, and the boxes (labels) that they keep clear of."""

    def __init__(self, spacing: float, boxes: Sequence[Polygon]) -> None:
        self._spacing = spacing
        self._boxes = STRtree(boxes)
        self._standing: list[tuple[int, XY]] = []

    def admit(self, number: int, at: XY) -> XY | None:
        """Where the mark goes: at its place or beside it; None where one of the same number stands there already."""
        if any(n == number and self._near(at, place) for n, place in self._standing):
            return None
        places = (at, *((at[0] + dx * self._spacing, at[1] + dy * self._spacing) for dx, dy in _ASIDE))
        free = next((place for place in places if self._is_free(place)), at)
        self._standing.append((number, free))
        return free

    def _is_free(self, at: XY) -> bool:
        if any(self._near(at, place) for _, place in self._standing):
            return False
        return len(self._boxes.query(Point(at).buffer(0.4 * self._spacing), predicate="intersects")) == 0

    def _near(self, a: XY, b: XY) -> bool:
        return hypot(a[0] - b[0], a[1] - b[1]) < 0.98 * self._spacing
