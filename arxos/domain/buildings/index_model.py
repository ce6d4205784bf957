"""The use case: turn an open model into a spatial index."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import shapely
from shapely import MultiPolygon

from arxos.domain.buildings.floor_levels import crossed, in_order, with_heights
from arxos.domain.buildings.geometry import floor_outline, only_polygons, united
from arxos.domain.buildings.model import BuildingModel, ModelElement, ModelFloor, ModelSpace
from arxos.domain.buildings.model_reader import Limits, OpenModel, Progress
from arxos.domain.buildings.product_shape import NO_SHAPE, ProductShape, shape_of
from arxos.domain.buildings.spatial_index import Element, Floor, ModelIndex, Space, place_id
from arxos.domain.errors import ModelRefusedError

# Each element is held against each floor, and each floor has a plan. The tallest towers have 163, large campuses some
# hundreds in one file.
MOST_FLOORS = 2_000


def index_model(model: OpenModel, building_id: UUID, limits: Limits, progress: Progress) -> ModelIndex:
    """The model's floors, spaces and elements with their shapes. Holds one mesh at a time, whatever the model's size.

    A product whose shape fails or takes too long is in the index without one. Where two products of a file have the
    same global id, each has a row of its own. Raises ModelRefusedError for more floors than any building has.
    """
    stated = model.outline()
    if len(stated.floors) > MOST_FLOORS:
        raise ModelRefusedError(f"{len(stated.floors):,} floors; at most {MOST_FLOORS:,} are indexed")
    shapes = _Shapes(stated.spaces)
    for mesh in model.meshes(limits, progress):
        shapes.add(mesh.global_id, shape_of(mesh, with_volume=shapes.wants_volume(mesh.global_id)))
    return _Assembly(stated, building_id, shapes).index()


class _Shapes:
    """The shapes that have come in, by global id; products of the same id take turns."""

    def __init__(self, spaces: Iterable[ModelSpace]) -> None:
        self._by_id: dict[str, deque[ProductShape]] = defaultdict(deque)
        self._spaces = frozenset(space.global_id for space in spaces)
        self.top: float | None = None  # of the highest shape

    def wants_volume(self, global_id: str) -> bool:
        return global_id in self._spaces

    def add(self, global_id: str, shape: ProductShape) -> None:
        self._by_id[global_id].append(shape)
        if shape.box is not None:
            self.top = shape.box.z_max if self.top is None else max(self.top, shape.box.z_max)

    def take(self, global_id: str) -> ProductShape:
        waiting = self._by_id[global_id]
        return waiting.popleft() if waiting else NO_SHAPE


class _Assembly:
    """What the file states and the shapes that were made, put together."""

    def __init__(self, stated: BuildingModel, building_id: UUID, shapes: _Shapes) -> None:
        self._stated = stated
        self._building_id = building_id
        self._shapes = shapes
        self._occurrences: Counter[str] = Counter()

    def index(self) -> ModelIndex:
        floors = with_heights(in_order([self._floor(floor) for floor in self._stated.floors]), self._shapes.top)
        floor_of = {floor.global_id: floor for floor in reversed(floors)}
        spaces = tuple(self._space(space, floor_of) for space in self._stated.spaces)
        space_of = {space.global_id: space.id for space in reversed(spaces)}
        elements = tuple(self._element(element, floor_of, floors, space_of) for element in self._stated.elements)
        outlined = _with_outlines(floors, spaces, elements)
        return ModelIndex(
            self._stated.schema, self._stated.true_north_deg, self._stated.georeference, outlined, spaces, elements,
            _building_outline(outlined, (*spaces, *elements)),
        )  # fmt: skip

    def _id(self, global_id: str) -> UUID:
        self._occurrences[global_id] += 1
        return place_id(self._building_id, global_id, self._occurrences[global_id] - 1)

    def _floor(self, floor: ModelFloor) -> Floor:
        return Floor(self._id(floor.global_id), floor.global_id, floor.name, floor.elevation_m, floor.z_m)

    def _space(self, space: ModelSpace, floor_of: Mapping[str, Floor]) -> Space:
        shape, floor = self._shapes.take(space.global_id), floor_of.get(space.floor_id or "")
        return Space(
            id=self._id(space.global_id),
            global_id=space.global_id,
            name=space.name,
            long_name=space.long_name,
            floor_id=None if floor is None else floor.id,
            state=shape.state,
            footprint=shape.footprint,
            box=shape.box,
            area_m2=None if shape.footprint is None else shape.footprint.area,
            volume_m3=shape.volume_m3,
            stated_area_m2=space.gross_area_m2,
            stated_volume_m3=space.volume_m3,
            note=shape.note,
        )

    def _element(
        self,
        element: ModelElement,
        floor_of: Mapping[str, Floor],
        floors: Sequence[Floor],
        space_of: Mapping[str, UUID],
    ) -> Element:
        shape, floor = self._shapes.take(element.global_id), floor_of.get(element.floor_id or "")
        reached = () if shape.box is None else crossed(shape.box, floor, floors)
        return Element(
            id=self._id(element.global_id),
            global_id=element.global_id,
            ifc_class=element.ifc_class,
            name=element.name,
            floor_id=None if floor is None else floor.id,
            space_id=space_of.get(element.space_id or ""),
            state=shape.state,
            footprint=shape.footprint,
            box=shape.box,
            crosses=tuple(other.id for other in reached),
            note=shape.note,
        )


def _with_outlines(floors: Sequence[Floor], spaces: Iterable[Space], elements: Iterable[Element]) -> tuple[Floor, ...]:
    slabs = (element for element in elements if element.ifc_class.startswith("IfcSlab"))
    parts: defaultdict[UUID, list[MultiPolygon]] = defaultdict(list)
    places: Iterable[Space | Element] = (*slabs, *spaces)
    for place in places:
        if place.floor_id is not None and place.footprint is not None:
            parts[place.floor_id].append(place.footprint)
    return tuple(replace(floor, outline=floor_outline(parts[floor.id])) for floor in floors)


def _building_outline(floors: Iterable[Floor], places: Iterable[Space | Element]) -> MultiPolygon | None:
    """All floors together; where none has an outline, the hull of whatever stands there."""
    outlines = [floor.outline for floor in floors if floor.outline is not None]
    if outlines:
        return united(outlines)
    shadows = [place.footprint for place in places if place.footprint is not None]
    return only_polygons(shapely.GeometryCollection(shadows).convex_hull) if shadows else None
