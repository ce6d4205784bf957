"""The rules of a building hold whatever is done to it."""

from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.building import NAME_LIMIT, Building
from arxos.domain.buildings.status import TRANSITIONS, BuildingStatus, status_named
from arxos.domain.errors import DuplicateFloorError, InvalidBuildingError, InvalidTransitionError
from arxos.domain.events import BuildingCreated, BuildingUpdated
from tests.building_builders import a_building, a_floor

STATUSES = st.sampled_from(BuildingStatus)


def test_a_new_building_is_a_draft_and_tells_of_its_creation() -> None:
    building = a_building()
    assert building.status is BuildingStatus.DRAFT
    assert building.take_events() == (BuildingCreated(building.id),)
    assert building.take_events() == ()


@pytest.mark.parametrize(
    "name", ["", " ", "\t", "\u3000", "a\0b", "a\nb", "a\u202eb", "x" * (NAME_LIMIT + 1), "\ud800"]
)
def test_a_name_that_cannot_stand_on_a_sign_is_refused(name: str) -> None:
    with pytest.raises(InvalidBuildingError, match=r"^name: "):
        Building.create(uuid4(), name, Address.parse("5 Elm Road, Leeds"))
    building = a_building("Before")
    with pytest.raises(InvalidBuildingError, match=r"^name: "):
        building.rename(name)
    assert building.name == "Before"


@pytest.mark.parametrize(
    "name", ["x", "x" * NAME_LIMIT, "Ångström-Haus", "東京駅", "विद्यालय", "می\u200cرود", "7", "O'Hare (T2) №5"]
)
def test_names_of_all_languages_are_taken(name: str) -> None:
    assert a_building(name).name == name


def test_several_changes_are_told_as_one_update() -> None:
    building = a_building()
    building.take_events()
    building.rename("Another")
    building.move_to(Address.parse("6 Elm Road, Leeds"))
    building.change_status(BuildingStatus.ACTIVE)
    assert building.take_events() == (BuildingUpdated(building.id),)


def test_what_changes_nothing_is_not_told() -> None:
    building = a_building("Same")
    building.take_events()
    building.rename("Same")
    building.move_to(building.address)
    building.change_status(building.status)
    assert building.take_events() == ()


@pytest.mark.parametrize("old", BuildingStatus)
@pytest.mark.parametrize("new", BuildingStatus)
def test_the_status_changes_along_the_table_only(old: BuildingStatus, new: BuildingStatus) -> None:
    building = a_building()
    building.status = old
    if new is old or new in TRANSITIONS[old]:
        building.change_status(new)
        assert building.status is new
        return
    with pytest.raises(InvalidTransitionError, match=f"from {old} to {new}; from {old} it may become"):
        building.change_status(new)
    assert building.status is old


@given(st.lists(STATUSES, max_size=20))
def test_no_sequence_of_wishes_leads_off_the_table(wishes: list[BuildingStatus]) -> None:
    building, path = a_building(), [BuildingStatus.DRAFT]
    for wish in wishes:
        try:
            building.change_status(wish)
        except InvalidTransitionError:
            continue
        path.append(building.status)
    assert all(new is old or new in TRANSITIONS[old] for old, new in pairwise(path))


def test_every_status_leads_somewhere_and_is_led_to() -> None:
    assert set(TRANSITIONS) == set(BuildingStatus)
    assert all(TRANSITIONS.values())
    assert frozenset[BuildingStatus]().union(*TRANSITIONS.values()) == set(BuildingStatus)


def test_what_is_archived_comes_back_only_through_a_review() -> None:
    assert TRANSITIONS[BuildingStatus.ARCHIVED] == {BuildingStatus.UNDER_REVIEW}


def test_an_unknown_status_is_refused_with_those_that_exist() -> None:
    with pytest.raises(
        InvalidBuildingError, match="status: must be one of draft, active, under_review, archived, got 'x'"
    ):
        status_named("x")


def test_a_floor_cannot_be_added_twice() -> None:
    building, floor = a_building(), a_floor(global_id="0abc")
    building.add_floor(floor)
    with pytest.raises(DuplicateFloorError, match="floor '0abc' is in the building already"):
        building.add_floor(a_floor("Other name", 9.0, global_id="0abc"))
    assert building.floors == (floor,)


def test_a_name_may_come_again_at_another_level_only() -> None:
    building = a_building()
    building.add_floor(a_floor("Floor", 0.0))
    building.add_floor(a_floor("Floor", 3.0))
    with pytest.raises(DuplicateFloorError, match=r"a floor 'Floor' at 3\.0 m"):
        building.add_floor(a_floor("Floor", 3.0))


def test_floors_without_a_name_are_told_apart_by_their_global_id() -> None:
    building = a_building()
    building.add_floor(a_floor(None, None))
    building.add_floor(a_floor(None, None))
    assert len(building.floors) == 2


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["A", "B", None]), st.sampled_from([0.0, 3.0])), max_size=15)
)
def test_no_two_floors_of_a_building_are_the_same(wishes: list[tuple[int, str | None, float]]) -> None:
    building = a_building()
    for number, name, elevation in wishes:
        try:
            building.add_floor(a_floor(name, elevation, global_id=str(number)))
        except DuplicateFloorError:
            continue
    ids = [floor.global_id for floor in building.floors]
    named = [(floor.name, floor.elevation_m) for floor in building.floors if floor.name is not None]
    assert len(set(ids)) == len(ids)
    assert len(set(named)) == len(named)
