"""From triangles to plans: footprints, volumes, outlines. Pure; metres, m², m³, model axes; vectorised over triangles.

`vertices`: (n, 3) float64. `faces`: (m, 3) indices into them, anticlockwise seen from outside where a mesh is closed.
"""

from collections.abc import Iterable
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.box import Box

Points = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int64]

GRID_M: Final = 1e-6  # plan coordinates are rounded to this: a micrometre
GRID_DECIMALS: Final = 6
STEEPEST: Final = 1e-6  # |nz| of a face's unit normal below which it stands upright and has no area in plan
GAP_M: Final = 0.25  # half of the widest gap that an outline closes: a wall between two rooms
WELD_M: Final = 1e-6  # vertices closer than this are one


def footprint(vertices: Points, faces: Faces) -> MultiPolygon:
    """What the triangles cover seen from above; empty where they cover nothing. The unit cube gives the unit square.

    Upright faces go first: every mesh has them, and their zero-area shadows break unions. The corners are rounded
    before the union and its result after it: three times faster than a union on the grid, and it leaves no slivers.
    """
    shadows = np.round(vertices[:, :2], GRID_DECIMALS)[faces]
    shadows = shadows[~_upright(vertices, faces) & (_doubled_areas(shadows) > GRID_M**2)]
    union = shapely.union_all(shapely.polygons(shadows))
    return only_polygons(shapely.set_precision(union, GRID_M))


def united(parts: Iterable[BaseGeometry]) -> MultiPolygon:
    """The union of polygons on the micrometre grid, without the lines and points where they only touch; normalised."""
    union = shapely.union_all(np.asarray(list(parts), dtype=object), grid_size=GRID_M)
    return only_polygons(union)


def only_polygons(shape: BaseGeometry | None) -> MultiPolygon:
    """The parts that have an area, as one MultiPolygon in canonical order."""
    parts: Iterable[BaseGeometry] = () if shape is None else shapely.get_parts(shape)
    polygons = MultiPolygon([part for part in parts if isinstance(part, Polygon) and part.area > 0])
    return cast("MultiPolygon", polygons.normalize())


def bounding_box(vertices: Points) -> Box | None:
    """The axis-aligned box around the vertices, on the same grid as footprints; None for no vertices."""
    if not len(vertices):
        return None
    low, high = np.round([vertices.min(axis=0), vertices.max(axis=0)], GRID_DECIMALS) + 0.0  # −0 becomes 0
    return Box(*low.tolist(), *high.tolist())


def volume(vertices: Points, faces: Faces) -> float | None:
    """The volume a closed, consistently oriented mesh encloses; None for any other mesh. A unit cube gives 1.

    Sum over faces of a · (b × c) / 6 (divergence theorem), about the mesh's own centre: about a far origin the terms
    would cancel with a loss of digits. A mesh turned inside out as a whole still has its volume.
    """
    if not len(faces):
        return None
    vertices, faces = _welded(vertices, faces)
    if not _closed(faces):
        return None
    a, b, c = np.moveaxis((vertices - vertices.mean(axis=0))[faces], 1, 0)
    return abs(float(np.einsum("ij,ij->", a, np.cross(b, c)))) / 6


def floor_outline(parts: Iterable[MultiPolygon]) -> MultiPolygon | None:
    """A floor in plan: its slabs and spaces together (a stairwell has no slab); None for nothing.

    Gaps up to half a metre wide, the walls between spaces, are closed: buffer(+d), then buffer(-d), d = 0.25 m.
    """
    parts = list(parts)
    if not parts:
        return None
    grown = united(parts).buffer(GAP_M, join_style="mitre")
    closed = shapely.set_precision(grown.buffer(-GAP_M, join_style="mitre"), GRID_M)
    return only_polygons(closed)


def _upright(vertices: Points, faces: Faces) -> npt.NDArray[np.bool_]:
    """Per face: whether it stands upright or has no area at all."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    return np.asarray(np.abs(normal[:, 2]) <= STEEPEST * length)


def _doubled_areas(triangles: Points) -> Points:
    """Twice the area of each triangle in plan; `triangles`: (m, 3, 2)."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    (x, y), (u, v) = (b - a).T, (c - a).T
    return np.asarray(np.abs(x * v - y * u))


def _welded(vertices: Points, faces: Faces) -> tuple[Points, Faces]:
    """The same mesh with equal vertices made one, so that faces that share an edge share its indices."""
    cells = np.round((vertices - vertices[0]) / WELD_M)
    _, kept, renamed = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    faces = renamed.reshape(-1)[faces]
    a, b, c = faces.T
    return vertices[kept], faces[(a != b) & (b != c) & (c != a)]


def _closed(faces: Faces) -> bool:
    """Whether each edge is walked equally often both ways: no hole, and no face turned against its neighbours."""
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    edge = np.minimum(start, end) * (int(faces.max(initial=0)) + 1) + np.maximum(start, end)
    _, which = np.unique(edge, return_inverse=True)
    return not np.bincount(which.reshape(-1), weights=np.where(start < end, 1, -1)).any()
