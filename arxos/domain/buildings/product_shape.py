"""What the index keeps of a product's mesh."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from shapely import MultiPolygon
from shapely.errors import ShapelyError

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.geometry import bounding_box, footprint, volume
from arxos.domain.buildings.model_reader import GeometryState, Mesh

REACH_M: Final = 1e8  # no building and no map lies further out: the earth's girth is 4e7 m


@dataclass(frozen=True, slots=True)
class ProductShape:
    """One product in plan and in height. Without an area in plan it is EMPTY, though it may have a box."""

    state: GeometryState
    footprint: MultiPolygon | None = None
    box: Box | None = None
    volume_m3: float | None = None
    note: str | None = None


NO_SHAPE: Final = ProductShape(GeometryState.EMPTY)


def shape_of(mesh: Mesh, *, with_volume: bool) -> ProductShape:
    """The mesh measured. A mesh that cannot be used becomes a FAILED shape: the other products go on."""
    if mesh.state is not GeometryState.DONE:
        return ProductShape(mesh.state, note=mesh.note)
    if not np.isfinite(mesh.vertices).all() or (np.abs(mesh.vertices) > REACH_M).any():
        return ProductShape(GeometryState.FAILED, note="has coordinates that are not on earth")
    try:
        plan = footprint(mesh.vertices, mesh.faces)
    except ShapelyError as error:
        return ProductShape(GeometryState.FAILED, note=f"its footprint could not be united: {error}")
    enclosed = volume(mesh.vertices, mesh.faces) if with_volume else None
    state = GeometryState.EMPTY if plan.is_empty else GeometryState.DONE
    return ProductShape(state, None if plan.is_empty else plan, bounding_box(mesh.vertices), enclosed, mesh.note)
