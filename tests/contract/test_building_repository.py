"""Buildings in any store: added, changed, listed; shown on the fake and on PostgreSQL."""

from uuid import uuid4

import pytest

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.repository import BuildingRepository
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import ConflictError, NotFoundError
from tests.building_builders import a_building, a_floor, a_model, an_element, an_index
from tests.plan_builders import a_finding, a_report


def test_a_building_comes_back_as_it_was_added(buildings: BuildingRepository) -> None:
    building = a_building("Rathaus", "Große Straße 5, 10115 Köln")
    buildings.add(building)

    found = buildings.get(building.id)

    assert (found.id, found.name, found.address) == (building.id, "Rathaus", building.address)
    assert (found.status, found.version, found.floors) == (BuildingStatus.DRAFT, 1, ())
    assert found.created_at is not None
    assert found.created_at.utcoffset() is not None
    assert found.take_events() == ()


def test_the_parts_of_an_address_come_back(buildings: BuildingRepository) -> None:
    building = a_building()
    building.address = Address.parse({"street": "12 O'Connell St", "city": "Dublin", "country": "IE"})
    buildings.add(building)
    assert buildings.get(building.id).address == building.address


def test_an_unknown_building_is_named_in_the_refusal(buildings: BuildingRepository) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no building '{unknown}'"):
        buildings.get(unknown)


def test_what_is_saved_is_found(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)

    building.rename("City hall")
    building.change_status(BuildingStatus.ACTIVE)
    buildings.save(building)

    found = buildings.get(building.id)
    assert (found.name, found.status, found.version) == ("City hall", BuildingStatus.ACTIVE, 2)
    assert found.updated_at is not None
    assert found.created_at is not None
    assert found.updated_at > found.created_at


def test_what_is_not_saved_is_not_found(buildings: BuildingRepository) -> None:
    building = a_building("Before")
    buildings.add(building)
    buildings.get(building.id).rename("After")
    assert buildings.get(building.id).name == "Before"


def test_the_second_of_two_who_changed_the_same_version_is_refused(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    first, second = buildings.get(building.id), buildings.get(building.id)
    first.rename("First")
    second.rename("Second")

    buildings.save(first)

    with pytest.raises(ConflictError, match="changed by somebody else"):
        buildings.save(second)
    assert buildings.get(building.id).name == "First"


def test_a_floor_added_by_hand_is_kept(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    building.add_floor(a_floor("Upper", 3.0))
    building.add_floor(a_floor("Ground", 0.0))
    building.add_floor(a_floor("Somewhere", None))
    buildings.save(building)
    assert [floor.name for floor in buildings.get(building.id).floors] == ["Ground", "Upper", "Somewhere"]


def test_buildings_are_listed_newest_first_page_by_page(buildings: BuildingRepository) -> None:
    added = [a_building(f"House {number}") for number in range(5)]
    for building in added:
        buildings.add(building)

    names, before = [], None
    while True:
        page = buildings.list(before=before, limit=2)
        names += [building.name for building in page.items]
        if (before := page.last) is None:
            break

    assert names == ["House 4", "House 3", "House 2", "House 1", "House 0"]


def test_nothing_follows_a_full_last_page(buildings: BuildingRepository) -> None:
    for _ in range(2):
        buildings.add(a_building())
    assert buildings.list(limit=2).last is None


def test_buildings_are_found_by_status_and_by_a_part_of_name_or_address(buildings: BuildingRepository) -> None:
    school, depot = a_building("School", "5 Elm Road, Leeds"), a_building("Depot", "7 Oak Road, York")
    buildings.add(school)
    buildings.add(depot)
    depot.change_status(BuildingStatus.ARCHIVED)
    buildings.save(depot)

    assert [b.id for b in buildings.list(status=BuildingStatus.ARCHIVED).items] == [depot.id]
    assert [b.id for b in buildings.list(q="SCHOO").items] == [school.id]
    assert [b.id for b in buildings.list(q="oak road").items] == [depot.id]
    assert buildings.list(q="%").items == ()
    assert buildings.list(q="O_k").items == ()


def test_a_building_is_removed_with_all_that_is_stored_of_it(buildings: BuildingRepository) -> None:
    gone, other = a_building("Gone"), a_building("Other")
    models = []
    for building in (gone, other):
        buildings.add(building)
        model = buildings.add_model(a_model(building.id))
        buildings.save_report(model.id, a_report(a_finding("?")))
        floor = a_floor(global_id=f"floor of {building.name}")
        buildings.replace_index(model.id, an_index((floor,), (), (an_element((0, 0, 0), (1, 1, 1), floor.id),)))
        models.append(model.id)

    buildings.remove(gone.id, by="ada", source="test")

    with pytest.raises(NotFoundError):
        buildings.get(gone.id)
    with pytest.raises(NotFoundError):
        buildings.model(models[0])
    assert (buildings.floors(gone.id), buildings.report(models[0]), buildings.counts(gone.id).elements) == ((), None, 0)
    assert (buildings.get(other.id).name, buildings.counts(other.id).elements) == ("Other", 1)
    assert buildings.report(models[1]) is not None


def test_what_is_not_there_cannot_be_removed(buildings: BuildingRepository) -> None:
    with pytest.raises(NotFoundError, match="no building"):
        buildings.remove(uuid4(), by="ada", source="test")
