"""Small buildings to test with."""

from itertools import count, product
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon
from shapely import box as rectangle

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.box import Box
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.model_reader import GeometryState, Mesh
from arxos.domain.buildings.repository import NewModel
from arxos.domain.buildings.spatial_index import Element, Floor, ModelIndex, Space

_number = count(1)
Corner = tuple[float, float, float]


def a_building(name: str = "Town hall", address: str = "1 Market Square, Springfield") -> Building:
    return Building.create(uuid4(), name, Address.parse(address))


def a_model(building_id: UUID, sha256: str = "a" * 64) -> NewModel:
    return NewModel(building_id, sha256, 1234, "house.ifc", "ifc", "sam")


def a_floor(name: str | None = "Ground", elevation_m: float | None = 0.0, **more: object) -> Floor:
    return Floor(uuid4(), str(more.pop("global_id", f"floor-{next(_number):04}")), name, elevation_m, **more)  # type: ignore[arg-type]


def plan(x0: float, y0: float, x1: float, y1: float) -> MultiPolygon:
    return MultiPolygon([rectangle(x0, y0, x1, y1)])


def a_space(low: Corner, high: Corner, floor_id: UUID | None = None, **more: object) -> Space:
    values: dict[str, object] = {
        "id": uuid4(),
        "global_id": f"space-{next(_number):04}",
        "name": "101",
        "long_name": "Office",
        "floor_id": floor_id,
        "state": GeometryState.DONE,
        "footprint": plan(low[0], low[1], high[0], high[1]),
        "box": Box(*low, *high),
        "area_m2": (high[0] - low[0]) * (high[1] - low[1]),
    }
    return Space(**(values | more))  # type: ignore[arg-type]


def an_element(low: Corner, high: Corner, floor_id: UUID | None = None, **more: object) -> Element:
    values: dict[str, object] = {
        "id": uuid4(),
        "global_id": f"element-{next(_number):04}",
        "ifc_class": "IfcWall",
        "name": "Wall",
        "floor_id": floor_id,
        "space_id": None,
        "state": GeometryState.DONE,
        "footprint": plan(low[0], low[1], high[0], high[1]),
        "box": Box(*low, *high),
    }
    return Element(**(values | more))  # type: ignore[arg-type]


def an_index(
    floors: tuple[Floor, ...] = (), spaces: tuple[Space, ...] = (), elements: tuple[Element, ...] = (), **more: object
) -> ModelIndex:
    values: dict[str, object] = {"schema": "IFC4", "true_north_deg": 0.0, "georeference": None}
    return ModelIndex(floors=floors, spaces=spaces, elements=elements, **(values | more))  # type: ignore[arg-type]


def cuboid(low: Corner, high: Corner) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """A closed box of 12 triangles, anticlockwise seen from outside."""
    corners = np.array(list(product(*zip(low, high, strict=True))))
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]
    return corners.astype(np.float64), np.array(faces, dtype=np.int64)


def a_mesh(global_id: str, low: Corner, high: Corner) -> Mesh:
    return Mesh(global_id, GeometryState.DONE, *cuboid(low, high))


def no_mesh(global_id: str, state: GeometryState, note: str | None = None) -> Mesh:
    return Mesh(global_id, state, np.empty((0, 3)), np.empty((0, 3), dtype=np.int64), note)
