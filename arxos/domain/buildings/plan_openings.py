"""Walls as they are cut in plan, and the doors and windows in their gaps. Metres. Pure geometry.

A footprint is a shadow: the wall over a door and under a window covers its opening. So each door and window frees the
wall from face to face over its own width. The index does not know which way a door opens: its leaf is drawn into the
room, away from the corridor, and hung on the side where it opens against a wall.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

Vector = npt.NDArray[np.float64]
REACH_M = 0.6  # a wall's face is at most so far from the middle of its door
DOUBLE_M = 1.35  # wider doors have two leaves
WIDEST_LEAF_M = 1.6  # a leaf wider than this slides, folds or rolls: no swing is drawn


@dataclass(frozen=True, slots=True)
class Gap:
    """An opening through a wall: its middle, unit vectors along and across the wall, width and depth (metres)."""

    middle: Vector
    along: Vector
    across: Vector
    width: float
    depth: float

    def point(self, along: float, across: float) -> Vector:
        """A point by its distances from the middle."""
        moved: Vector = self.middle + along * self.along + across * self.across
        return moved

    def outline(self) -> Polygon:
        half, deep = self.width / 2, self.depth / 2
        return Polygon([self.point(x, y) for x, y in ((-half, -deep), (half, -deep), (half, deep), (-half, deep))])


@dataclass(frozen=True, slots=True)
class Leaf:
    """A door leaf: the hinge, the tip when open, and the point where the tip rests when closed."""

    hinge: Vector
    tip: Vector
    closed: Vector


class Walls:
    """The walls of a floor, indexed."""

    def __init__(self, shapes: Sequence[MultiPolygon]) -> None:
        self._shapes = list(shapes)
        self._tree = STRtree(self._shapes)

    def near(self, shape: BaseGeometry) -> BaseGeometry:
        """The walls that meet the shape, together."""
        return shapely.union_all([self._shapes[i] for i in self._tree.query(shape, predicate="intersects")])

    def gap(self, footprint: MultiPolygon) -> Gap | None:
        """The gap that a door or window of this footprint leaves; without a wall around it as deep as itself."""
        own = _oriented(footprint)
        if own is None:
            return None
        around = self.near(footprint)
        # In the opening itself first, where no cross wall disturbs; a wall open to its full height has only its jambs.
        for along in (0.0, -0.25, 0.25, -0.52, 0.52):
            faces = self._faces(around, own, along * own.width)
            if faces is not None:
                low, high = faces
                return Gap(own.point(0.0, (low + high) / 2), own.along, own.across, own.width, high - low)
        return own

    def _faces(self, walls: BaseGeometry, own: Gap, along: float) -> tuple[float, float] | None:
        """Where a line across the opening enters and leaves the wall nearest to its middle."""
        ray = shapely.LineString([own.point(along, -REACH_M), own.point(along, REACH_M)])
        crossed = [part for part in shapely.get_parts(walls.intersection(ray)) if part.length > 0.01]
        if not crossed:
            return None
        middle = shapely.Point(own.point(along, 0.0))
        nearest = min(crossed, key=lambda part: float(part.distance(middle)))
        offsets = (shapely.get_coordinates(nearest) - own.middle) @ own.across
        return float(offsets.min()), float(offsets.max())

    def cut(self, gaps: Sequence[Gap]) -> BaseGeometry:
        """All walls together, less the gaps."""
        # The hair of growth closes the slits that rounding leaves between a gap and the wall's face.
        holes = shapely.union_all([gap.outline().buffer(0.001, join_style="mitre") for gap in gaps])
        return shapely.union_all(self._shapes, grid_size=1e-4).difference(holes)


def _oriented(footprint: MultiPolygon) -> Gap | None:
    """The smallest rectangle around the footprint, its longer side along the wall."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(footprint))
    if len(corners) < 4:
        return None
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    if hypot(*first) < hypot(*second):
        first, second = second, first
    width, depth = hypot(*first), hypot(*second)
    if width < 1e-6 or depth < 1e-6:
        return None
    return Gap((corners[0] + corners[2]) / 2, first / width, second / depth, width, depth)


def leaves(gap: Gap, walls: Walls, rooms: "Rooms") -> list[Leaf]:
    """The door's leaves, open; none for a gate too wide to swing."""
    side = rooms.inner_side(gap)
    if gap.width > DOUBLE_M:
        if gap.width / 2 > WIDEST_LEAF_M:
            return []
        return [_leaf(gap, end, side, gap.width / 2) for end in (-1.0, 1.0)]
    choices = [_leaf(gap, end, side, gap.width) for end in (-1.0, 1.0)]
    around = walls.near(gap.outline().buffer(gap.width))
    return [min(choices, key=lambda leaf: round(float(around.distance(shapely.Point(leaf.tip))), 3))]


def _leaf(gap: Gap, end: float, side: float, length: float) -> Leaf:
    hinge = gap.point(end * gap.width / 2, side * gap.depth / 2)
    return Leaf(hinge, hinge + side * length * gap.across, hinge - end * length * gap.along)


class Rooms:
    """The spaces of a floor, indexed, and how many doors each has."""

    def __init__(self, shapes: Sequence[MultiPolygon], doors: Sequence[Gap]) -> None:
        self._shapes = list(shapes)
        self._tree = STRtree(self._shapes)
        sides = ((gap, side) for gap in doors for side in (1.0, -1.0))
        self._doors = Counter(self._room(gap, side) for gap, side in sides)

    def inner_side(self, gap: Gap) -> float:
        """To which side of the gap (+1 or -1 across it) its door opens: a corridor has more doors than a room.

        Of two rooms with equally many the smaller; the outside is no room.
        """
        return min((1.0, -1.0), key=lambda side: self._rank(self._room(gap, side)))

    def _rank(self, room: int | None) -> tuple[float, float]:
        return (inf, inf) if room is None else (self._doors[room], self._shapes[room].area)

    def _room(self, gap: Gap, side: float) -> int | None:
        """The smallest space just beyond the gap."""
        beyond = shapely.Point(gap.point(0.0, side * (gap.depth / 2 + 0.35)))
        hits: list[int] = self._tree.query(beyond, predicate="intersects").tolist()
        return min(hits, key=lambda i: (self._shapes[i].area, i), default=None)


def treads(footprint: MultiPolygon, depth_m: float = 0.28) -> list[BaseGeometry]:
    """Lines across a flight of stairs, a tread's depth apart, within its footprint; it runs along its longer side."""
    run = _oriented(footprint)
    if run is None or run.width < 2 * depth_m:
        return []
    steps = round(run.width / depth_m)
    half = run.depth / 2
    rows = ((i / steps - 0.5) * run.width for i in range(1, steps))
    lines = [shapely.LineString([run.point(at, -half), run.point(at, half)]) for at in rows]
    return [line for line in shapely.intersection(lines, footprint) if not line.is_empty]
