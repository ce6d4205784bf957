"""The spatial index in any store: written, replaced, asked."""

import pytest

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.model_reader import GeometryState
from arxos.domain.buildings.repository import BuildingRepository, ElementQuery
from arxos.domain.errors import InvalidGeometryError, NotFoundError
from tests.building_builders import a_building, a_floor, a_model, a_space, an_element, an_index, plan
from tests.plan_builders import a_report

GROUND = a_floor("Ground", 0.0, z_min=0.0, z_max=3.0, outline=plan(0, 0, 10, 10))
UPPER = a_floor("Upper", 3.0, z_min=3.0, z_max=6.0)
HALL = a_space((0, 0, 0), (10, 5, 3), GROUND.id, global_id="hall", volume_m3=150.0, stated_area_m2=50.1)
ATTIC = a_space((0, 0, 3), (10, 5, 6), UPPER.id, global_id="attic")
WALL = an_element((0, 0, 0), (10, 0.2, 3), GROUND.id, global_id="wall", space_id=HALL.id)
STAIR = an_element((8, 8, 0), (9, 9, 4), GROUND.id, global_id="stair", ifc_class="IfcStair", crosses=(UPPER.id,))
LAMP = an_element((2, 2, 5), (2.1, 2.1, 5.5), UPPER.id, global_id="lamp", ifc_class="IfcLamp")
FENCE = an_element((20, 0, 0), (20, 5, 1), None, global_id="fence", footprint=None, state=GeometryState.EMPTY)
GHOST = an_element(
    (0, 0, 0), (1, 1, 1), None, global_id="ghost", footprint=None, box=None, state=GeometryState.FAILED, note="crashed"
)
INDEX = an_index((GROUND, UPPER), (HALL, ATTIC), (WALL, STAIR, LAMP, FENCE, GHOST), outline=plan(0, 0, 10, 10))


@pytest.fixture
def indexed(buildings: BuildingRepository) -> BuildingRepository:
    """The store with one indexed building, which `the_one` finds."""
    building = a_building()
    buildings.add(building)
    assert buildings.replace_index(buildings.add_model(a_model(building.id)).id, INDEX)
    other = a_building("Another building on the same spot")
    buildings.add(other)
    elsewhere = an_element((0, 0, 0), (10, 10, 10))
    assert buildings.replace_index(buildings.add_model(a_model(other.id)).id, an_index(elements=(elsewhere,)))
    return buildings


def ask(buildings: BuildingRepository, **query: object) -> list[str]:
    the_one = buildings.list(q="town hall").items[0].id
    return [e.global_id for e in buildings.elements(the_one, ElementQuery(**query))]  # type: ignore[arg-type]


def test_an_index_comes_back_as_it_was_written(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id

    assert indexed.floors(the_one) == (GROUND, UPPER)
    assert indexed.get(the_one).floors == (GROUND, UPPER)
    assert set(indexed.spaces(the_one)) == {HALL, ATTIC}
    assert indexed.elements(the_one, ElementQuery()) == (FENCE, GHOST, LAMP, STAIR, WALL)


def test_the_index_tells_of_which_model_it_is_and_how_far_it_reaches(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    record = indexed.index(the_one)
    assert record is not None
    assert record.model == indexed.latest_model(the_one)
    assert record.model.schema == "IFC4"
    assert record.box == Box(0, 0, 0, 20, 9, 6)
    assert record.outline == INDEX.outline


def test_a_georeference_comes_back(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    place = GeoReference("IfcMapConversion", epsg=32760, eastings=1.0, northings=2.0, rotation_deg=30.0)
    buildings.replace_index(
        buildings.add_model(a_model(building.id)).id, an_index(georeference=place, true_north_deg=12.5)
    )
    record = buildings.index(building.id)
    assert record is not None
    assert (record.georeference, record.true_north_deg, record.box) == (place, 12.5, None)


def test_the_index_is_counted(indexed: BuildingRepository) -> None:
    counts = indexed.counts(indexed.list(q="town hall").items[0].id)
    assert (counts.floors, counts.spaces, counts.elements, counts.elements_with_geometry) == (2, 2, 5, 4)
    assert counts.by_class == {"IfcWall": 3, "IfcStair": 1, "IfcLamp": 1}
    assert counts.by_state == {"done": 5, "empty": 1, "failed": 1}


def test_a_building_without_an_index_answers_with_nothing(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    assert buildings.index(building.id) is None
    assert buildings.counts(building.id).elements == 0
    assert buildings.counts(building.id).by_class == {}
    assert buildings.floors(building.id) == ()
    assert buildings.spaces(building.id) == ()
    assert buildings.elements(building.id, ElementQuery(at=(0, 0))) == ()


def test_a_floor_has_what_it_contains_and_on_demand_what_reaches_into_it(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    assert indexed.elements_on_floor(the_one, UPPER.id) == (LAMP,)
    assert indexed.elements_on_floor(the_one, UPPER.id, crossing=True) == (LAMP, STAIR)
    assert indexed.spaces_on_floor(the_one, UPPER.id) == (ATTIC,)


def test_what_is_on_no_floor_can_be_asked_for(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    assert indexed.elements_on_floor(the_one, None) == (FENCE, GHOST)
    assert indexed.elements_on_floor(the_one, None, crossing=True) == (FENCE, GHOST)
    assert indexed.spaces_on_floor(the_one, None) == ()


def test_spaces_are_found_at_a_point(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    assert indexed.spaces_at(the_one, 5, 2.5) == (ATTIC, HALL)
    assert indexed.spaces_at(the_one, 5, 2.5, 1.0) == (HALL,)
    assert indexed.spaces_at(the_one, 5, 7.5) == ()


def test_elements_are_found_at_a_point(indexed: BuildingRepository) -> None:
    assert ask(indexed, at=(5, 0.1)) == ["wall"]
    assert ask(indexed, at=(5, 0.1, 2.0)) == ["wall"]
    assert ask(indexed, at=(5, 0.1, 3.5)) == []
    assert ask(indexed, at=(5, 0.3)) == []


def test_an_edge_belongs_to_its_element(indexed: BuildingRepository) -> None:
    assert ask(indexed, at=(10, 0.2, 3)) == ["wall"]


def test_elements_are_found_in_a_rectangle_and_in_a_box(indexed: BuildingRepository) -> None:
    assert ask(indexed, box=(0, 0, 5, 5)) == ["lamp", "wall"]
    assert ask(indexed, box=(0, 0, 0, 5, 5, 4)) == ["wall"]
    assert ask(indexed, box=(0, 0, 3.5, 9.5, 9.5, 4.5)) == ["stair"]
    assert ask(indexed, box=(100, 100, 200, 200)) == []


def test_what_has_no_area_in_plan_is_still_found_in_a_box(indexed: BuildingRepository) -> None:
    assert ask(indexed, box=(19, 1, 21, 2)) == ["fence"]
    assert ask(indexed, box=(20.1, 1, 21, 2)) == []


def test_elements_are_found_nearest_first(indexed: BuildingRepository) -> None:
    assert ask(indexed, near=(8.5, 8.5, 1)) == ["stair", "wall", "lamp", "fence"]
    assert ask(indexed, near=(20, 2, 0), limit=1) == ["fence"]
    assert ask(indexed, near=(2, 2, 5.2), limit=2) == ["lamp", "wall"]


def test_queries_narrow_each_other(indexed: BuildingRepository) -> None:
    assert ask(indexed, ifc_class="IfcStair") == ["stair"]
    assert ask(indexed, box=(0, 0, 30, 30), ifc_class="IfcWall") == ["fence", "wall"]
    assert ask(indexed, box=(0, 0, 30, 30), ifc_class="IfcWall", near=(20, 2, 0)) == ["fence", "wall"]
    assert ask(indexed, limit=2) == ["fence", "ghost"]


@pytest.mark.parametrize(
    "query", [{"at": (1,)}, {"box": (1, 2, 3)}, {"near": (1, 2)}, {"at": (float("nan"), 0)}, {"box": (5, 5, 0, 0)}]
)
def test_a_query_that_is_no_place_is_refused(query: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(InvalidGeometryError):
        ElementQuery(**query)  # type: ignore[arg-type]


def test_a_later_revision_replaces_all_of_the_earlier_index(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    later = indexed.add_model(a_model(the_one, "b" * 64))

    assert indexed.replace_index(later.id, an_index(elements=(LAMP,)))

    assert indexed.elements(the_one, ElementQuery()) == (LAMP,)
    assert (indexed.floors(the_one), indexed.spaces(the_one)) == ((), ())


def test_an_earlier_revision_that_finishes_late_replaces_nothing(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    earlier = indexed.latest_model(the_one)
    assert earlier is not None
    indexed.replace_index(indexed.add_model(a_model(the_one, "b" * 64)).id, an_index(elements=(LAMP,)))

    assert not indexed.replace_index(earlier.id, INDEX)

    assert indexed.elements(the_one, ElementQuery()) == (LAMP,)


def test_the_same_model_can_be_indexed_again(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id
    model = indexed.latest_model(the_one)
    assert model is not None
    assert indexed.replace_index(model.id, INDEX)
    assert indexed.counts(the_one).elements == 5


def test_elements_are_listed_on_from_any_of_them(indexed: BuildingRepository) -> None:
    assert ask(indexed, limit=2) == ["fence", "ghost"]
    assert ask(indexed, limit=2, after=(GHOST.global_id, GHOST.id)) == ["lamp", "stair"]
    assert ask(indexed, after=(WALL.global_id, WALL.id)) == []


def test_elements_of_one_floor_are_listed(indexed: BuildingRepository) -> None:
    assert ask(indexed, floor_id=GROUND.id) == ["stair", "wall"]
    assert ask(indexed, floor_id=GROUND.id, ifc_class="IfcWall") == ["wall"]


def test_spaces_are_listed_page_by_page_and_by_floor(indexed: BuildingRepository) -> None:
    the_one = indexed.list(q="town hall").items[0].id

    assert indexed.space_page(the_one, limit=1) == (ATTIC,)
    assert indexed.space_page(the_one, after=(ATTIC.global_id, ATTIC.id)) == (HALL,)
    assert indexed.space_page(the_one, floor_id=GROUND.id) == (HALL,)


def test_a_stamp_changes_with_whatever_answers_are_made_from(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    seen = [buildings.stamp(building.id)]
    assert (seen[0].version, seen[0].revision, seen[0].indexed_at, seen[0].validated_at) == (1, 0, None, None)

    building.rename("City hall")
    buildings.save(building)
    seen.append(buildings.stamp(building.id))
    model = buildings.add_model(a_model(building.id))
    seen.append(buildings.stamp(building.id))
    for _ in range(2):
        buildings.save_report(model.id, a_report())
        seen.append(buildings.stamp(building.id))
        buildings.replace_index(model.id, INDEX if len(seen) < 5 else an_index())
        seen.append(buildings.stamp(building.id))

    assert len(set(seen)) == len(seen) == 7
    assert buildings.stamp(building.id) == seen[-1]
    assert buildings.add_model(a_model(building.id, "b" * 64)).revision == 2
    assert buildings.stamp(building.id) == seen[-1]  # answers are of the indexed model until another one is
    with pytest.raises(NotFoundError):
        buildings.stamp(GROUND.id)
