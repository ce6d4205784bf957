"""What a model states and the meshes of its products, put together as a spatial index."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import pytest

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.index_model import MOST_FLOORS, index_model
from arxos.domain.buildings.model import BuildingModel, ModelElement, ModelFloor, ModelSpace
from arxos.domain.buildings.model_reader import GeometryState, Limits, Mesh, Progress, no_progress
from arxos.domain.buildings.product_shape import shape_of
from arxos.domain.buildings.spatial_index import ModelIndex, place_id
from arxos.domain.errors import CancelledError, ModelRefusedError
from tests.building_builders import a_mesh, cuboid, no_mesh, plan

BUILDING = UUID(int=7)
GROUND, UPPER = ModelFloor("g", "Ground", 0.0), ModelFloor("u", "Upper", 3.0)


def wall(
    global_id: str, floor_id: str | None = "g", space_id: str | None = None, ifc_class: str = "IfcWall"
) -> ModelElement:
    return ModelElement(global_id, ifc_class, global_id.title(), floor_id, space_id)


def room(global_id: str, floor_id: str | None = "g") -> ModelSpace:
    return ModelSpace(global_id, "101", "Office", floor_id, gross_area_m2=20.5, volume_m3=61.5)


@dataclass
class StatedModel:
    """An open model made of what a test says."""

    floors: tuple[ModelFloor, ...] = (UPPER, GROUND)
    spaces: tuple[ModelSpace, ...] = ()
    elements: tuple[ModelElement, ...] = ()
    shapes: tuple[Mesh, ...] = field(default=())

    def outline(self) -> BuildingModel:
        return BuildingModel(
            "IFC4", None, None, None, None, 1.0, 30.0, None, self.floors, self.spaces, self.elements
        )  # fmt: skip

    def validate(self, *, express: bool, progress: Progress) -> ValidationReport:
        raise NotImplementedError

    def meshes(self, limits: Limits, progress: Progress) -> Iterator[Mesh]:  # noqa: ARG002 - the port's signature
        for number, mesh in enumerate(self.shapes):
            progress(number / len(self.shapes), "shapes")
            yield mesh


def index_of(**stated: object) -> ModelIndex:
    return index_model(StatedModel(**stated), BUILDING, Limits(), no_progress)  # type: ignore[arg-type]


def test_floors_come_in_order_with_their_heights() -> None:
    index = index_of(elements=(wall("w", "u"),), shapes=(a_mesh("w", (0, 0, 3), (1, 1, 5.5)),))
    assert [(f.name, f.z_min, f.z_max) for f in index.floors] == [("Ground", 0.0, 3.0), ("Upper", 3.0, 5.5)]
    assert (index.schema, index.true_north_deg) == ("IFC4", 30.0)


def test_an_element_has_its_shape_its_floor_and_its_space() -> None:
    index = index_of(
        spaces=(room("r"),), elements=(wall("w", "g", "r"),), shapes=(a_mesh("w", (0, 0, 0), (4, 0.2, 3)),)
    )
    (element,) = index.elements
    assert element.floor_id == index.floors[0].id
    assert element.space_id == index.spaces[0].id
    assert element.state is GeometryState.DONE
    assert element.box == Box(0, 0, 0, 4, 0.2, 3)
    assert element.footprint is not None
    assert element.footprint.equals(plan(0, 0, 4, 0.2))
    assert element.crosses == ()


def test_a_space_has_its_measures_beside_the_files_claims() -> None:
    (space,) = index_of(spaces=(room("r"),), shapes=(a_mesh("r", (0, 0, 0), (5, 4, 3)),)).spaces
    assert space.area_m2 == pytest.approx(20.0)
    assert space.volume_m3 == pytest.approx(60.0)
    assert (space.stated_area_m2, space.stated_volume_m3) == (20.5, 61.5)
    assert (space.name, space.long_name) == ("101", "Office")


def test_an_open_mesh_gives_a_space_no_volume() -> None:
    vertices, faces = cuboid((0, 0, 0), (5, 4, 3))
    leaking = Mesh("r", GeometryState.DONE, vertices, faces[1:])
    (space,) = index_of(spaces=(room("r"),), shapes=(leaking,)).spaces
    assert space.volume_m3 is None
    assert space.state is GeometryState.DONE


def test_a_stair_crosses_the_floor_above() -> None:
    index = index_of(elements=(wall("s", "g", ifc_class="IfcStair"),), shapes=(a_mesh("s", (0, 0, 0), (1, 1, 4)),))
    assert index.elements[0].crosses == (index.floors[1].id,)


def test_what_is_on_no_floor_or_an_unknown_one_is_kept() -> None:
    index = index_of(elements=(wall("a", None), wall("b", "no such floor", "no such space")))
    assert [(e.floor_id, e.space_id) for e in index.elements] == [(None, None), (None, None)]


def test_a_product_without_a_mesh_is_empty() -> None:
    (element,) = index_of(elements=(wall("w"),)).elements
    assert (element.state, element.box, element.footprint) == (GeometryState.EMPTY, None, None)


@pytest.mark.parametrize("state", [GeometryState.FAILED, GeometryState.TIMED_OUT])
def test_a_product_that_failed_says_why_and_the_rest_go_on(state: GeometryState) -> None:
    index = index_of(
        elements=(wall("bad"), wall("good")),
        shapes=(no_mesh("bad", state, "because"), a_mesh("good", (0, 0, 0), (1, 1, 1))),
    )
    assert [(e.state, e.note) for e in index.elements] == [(state, "because"), (GeometryState.DONE, None)]


def test_coordinates_that_are_not_on_earth_fail_their_product_only() -> None:
    for wrong in (np.nan, np.inf, 1e12):
        vertices, faces = cuboid((0, 0, 0), (1, 1, 1))
        vertices[0, 0] = wrong
        shape = shape_of(Mesh("w", GeometryState.DONE, vertices, faces), with_volume=True)
        assert (shape.state, shape.note) == (GeometryState.FAILED, "has coordinates that are not on earth")


def test_an_upright_sheet_is_empty_in_plan_but_has_its_place() -> None:
    sheet = Mesh("w", GeometryState.DONE, np.array([[0, 0, 0], [4, 0, 0], [4, 0, 3.0]]), np.array([[0, 1, 2]]))
    (element,) = index_of(elements=(wall("w"),), shapes=(sheet,)).elements
    assert (element.state, element.footprint) == (GeometryState.EMPTY, None)
    assert element.box == Box(0, 0, 0, 4, 0, 3)


def test_a_floor_is_outlined_by_its_slabs_and_spaces_only() -> None:
    index = index_of(
        spaces=(room("r"),),
        elements=(wall("s", ifc_class="IfcSlab"), wall("w"), wall("s2", "u", ifc_class="IfcSlabStandardCase")),
        shapes=(
            a_mesh("s", (0, 0, -0.3), (8, 4, 0)), a_mesh("r", (8.2, 0, 0), (10, 4, 3)),
            a_mesh("w", (50, 50, 0), (51, 51, 3)), a_mesh("s2", (0, 0, 3), (20, 4, 3.2)),
        ),
    )  # fmt: skip
    ground, upper = index.floors
    assert ground.outline is not None
    assert ground.outline.equals(plan(0, 0, 10, 4))
    assert upper.outline is not None
    assert index.outline is not None
    assert index.outline.equals(plan(0, 0, 20, 4))


def test_a_model_without_slabs_and_spaces_is_outlined_by_the_hull_of_what_stands_there() -> None:
    index = index_of(
        elements=(wall("a"), wall("b")), shapes=(a_mesh("a", (0, 0, 0), (1, 1, 1)), a_mesh("b", (9, 0, 0), (10, 1, 1)))
    )
    assert index.floors[0].outline is None
    assert index.outline is not None
    assert index.outline.equals(plan(0, 0, 10, 1))


def test_a_model_of_nothing_has_an_index_of_nothing() -> None:
    index = index_of(floors=())
    assert (index.floors, index.spaces, index.elements, index.outline) == ((), (), (), None)


def test_two_products_of_one_global_id_have_a_row_and_a_shape_each() -> None:
    index = index_of(
        elements=(wall("w"), wall("w")), shapes=(a_mesh("w", (0, 0, 0), (1, 1, 1)), a_mesh("w", (5, 0, 0), (6, 1, 1)))
    )
    assert len({e.id for e in index.elements}) == 2
    assert [e.box.x_min for e in index.elements if e.box] == [0, 5]


def test_ids_stay_the_same_from_revision_to_revision() -> None:
    once, again = index_of(elements=(wall("w"),)), index_of(elements=(wall("v"), wall("w")))
    assert once.elements[0].id == again.elements[1].id == place_id(BUILDING, "w")
    assert [floor.id for floor in once.floors] == [floor.id for floor in again.floors]
    assert place_id(UUID(int=8), "w") != place_id(BUILDING, "w")


def test_progress_may_stop_the_work() -> None:
    def cancelled(_done: float, _note: str) -> None:
        raise CancelledError("somebody cancelled the job")

    model = StatedModel(elements=(wall("w"),), shapes=(a_mesh("w", (0, 0, 0), (1, 1, 1)),))
    with pytest.raises(CancelledError):
        index_model(model, BUILDING, Limits(), cancelled)


def test_more_floors_than_any_building_has_are_refused() -> None:
    floors = tuple(ModelFloor(str(number), None, float(number)) for number in range(MOST_FLOORS + 1))
    assert len(index_of(floors=floors[:-1]).floors) == MOST_FLOORS
    with pytest.raises(ModelRefusedError, match="2,001 floors; at most 2,000 are indexed"):
        index_of(floors=floors)
