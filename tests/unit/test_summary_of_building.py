"""A building in numbers, and the cache in front of it."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4
from xml.etree.ElementTree import fromstring

import pytest

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.model_reader import no_progress
from arxos.domain.buildings.repository import ModelRecord
from arxos.domain.buildings.warm_cache import PlanFormat, read_plan, read_summary, warm_cache
from arxos.domain.errors import InvalidError, NotFoundError, UnavailableError
from tests.building_builders import a_building, a_floor, a_model, a_space, an_element, an_index, plan
from tests.fakes import FakeCache, FakeDatabase, fake_ports
from tests.plan_builders import a_finding, a_report


class AwayCache(FakeCache):
    """A cache whose server is away."""

    def get(self, key: str) -> bytes | None:
        raise UnavailableError(f"no answer for {key}")

    def put_many(self, values: Any, *, ttl_s: int | None = None) -> None:
        raise UnavailableError(f"no answer for {len(values)} values within {ttl_s}")


class Town:
    """A building of two floors that has been validated and indexed."""

    def __init__(self, *, validated: bool = True) -> None:
        self.database = FakeDatabase()
        self.cache = FakeCache()
        self.ports = replace(fake_ports(self.database), cache=self.cache)
        self.building = a_building("Town hall")
        self.ground, self.first = a_floor("Ground", 0.0, outline=plan(0, 0, 10, 5)), a_floor("First", 3.0)
        self.office = a_space((0, 0, 0), (4, 5, 3), self.ground.id, long_name="Office")
        self.model = self._store(validated=validated)

    def _store(self, *, validated: bool) -> ModelRecord:
        spaces = (
            self.office,
            a_space((4, 0, 0), (10, 5, 3), self.ground.id, long_name="Hall"),
            a_space((0, 0, 3), (10, 5, 6), self.first.id, long_name="Attic"),
        )
        walls = tuple(an_element((0, y, 0), (10, y + 0.2, 3), self.ground.id) for y in (0, 4.8))
        with self.database.unit_of_work() as uow:
            uow.buildings.add(self.building)
            model = uow.buildings.add_model(a_model(self.building.id))
            uow.buildings.replace_index(model.id, an_index((self.ground, self.first), spaces, walls))
            if validated:
                report = a_report(a_finding(self.office.global_id), a_finding("?", "SPS001", Severity.ERROR))
                uow.buildings.save_report(model.id, report)
            uow.commit()
        return model

    def summary(self) -> Any:
        return json.loads(read_summary(self.ports, self.building.id))

    def rename(self, name: str) -> None:
        with self.database.unit_of_work() as uow:
            building = uow.buildings.get(self.building.id)
            building.rename(name)
            uow.buildings.save(building)
            uow.commit()

    def cached(self) -> list[str]:
        return sorted(self.cache._values)


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_summary_adds_up_the_areas_of_each_floor(town: Town) -> None:
    floors = {floor["name"]: floor for floor in town.summary()["floors"]}

    assert (floors["Ground"]["spaces"], floors["Ground"]["space_area_m2"]) == (2, 50.0)
    assert floors["Ground"]["outline_area_m2"] == 50.0
    assert (floors["First"]["spaces"], floors["First"]["outline_area_m2"]) == (1, None)
    assert town.summary()["space_area_m2"] == 100.0


def test_a_summary_counts_elements_and_findings(town: Town) -> None:
    summary = town.summary()

    assert (summary["spaces"], summary["elements"], summary["elements_with_geometry"]) == (3, 2, 2)
    assert summary["by_class"] == {"IfcWall": 2}
    assert summary["findings"]["by_severity"] == {"error": 1, "warning": 1, "info": 0}
    assert summary["findings"]["by_rule"] == {"ARX101": 1, "SPS001": 1}
    assert not summary["findings"]["valid"]


def test_a_summary_names_the_model_it_is_of(town: Town) -> None:
    model = town.summary()["model"]

    assert (model["id"], model["revision"], model["sha256"]) == (str(town.model.id), 1, "a" * 64)
    assert model["indexed_at"]


def test_a_building_without_a_model_has_an_empty_summary(town: Town) -> None:
    bare = a_building("Bare")
    with town.database.unit_of_work() as uow:
        uow.buildings.add(bare)
        uow.commit()

    summary = json.loads(read_summary(town.ports, bare.id))

    assert (summary["model"], summary["floors"], summary["elements"], summary["findings"]) == (None, [], 0, None)


def test_a_model_that_was_refused_has_a_summary_with_its_report(town: Town) -> None:
    bare = a_building("Bare")
    with town.database.unit_of_work() as uow:
        uow.buildings.add(bare)
        model = uow.buildings.add_model(a_model(bare.id))
        uow.buildings.save_report(model.id, a_report(a_finding("?", "SYNTAX", Severity.ERROR)))
        uow.commit()

    summary = json.loads(read_summary(town.ports, bare.id))

    assert summary["model"]["indexed_at"] is None
    assert summary["findings"]["by_rule"] == {"SYNTAX": 1}


def test_an_unknown_building_has_none(town: Town) -> None:
    with pytest.raises(NotFoundError):
        read_summary(town.ports, uuid4())


def test_warming_stores_the_summary_the_floors_and_two_plans_of_each(town: Town) -> None:
    warmed = warm_cache(town.ports, town.building.id, no_progress)

    assert (warmed.revision, warmed.floors, warmed.entries) == (1, 2, 6)
    assert len(town.cached()) == 6
    assert warmed.size_bytes == sum(map(len, town.cache._values.values()))


def test_keys_name_building_revision_and_floor(town: Town) -> None:
    warm_cache(town.ports, town.building.id, no_progress)

    prefix = f"building:{town.building.id}:r1."
    assert all(key.startswith(prefix) for key in town.cached())
    assert any(key.endswith(f"floor:{town.ground.id}:plan.svg") for key in town.cached())


def test_a_warm_answer_comes_from_the_cache(town: Town) -> None:
    warm_cache(town.ports, town.building.id, no_progress)
    [key] = [key for key in town.cached() if key.endswith("summary")]
    town.cache.put_many({key: b"cached"})

    assert read_summary(town.ports, town.building.id) == b"cached"


def test_a_lost_answer_is_computed_and_stored_again(town: Town) -> None:
    warm_cache(town.ports, town.building.id, no_progress)
    before = read_plan(town.ports, town.building.id, "Ground", PlanFormat.SVG)
    town.cache.lose()

    assert read_plan(town.ports, town.building.id, "Ground", PlanFormat.SVG) == before
    assert len(town.cached()) == 1


def test_a_cache_that_is_away_costs_no_answer(town: Town) -> None:
    away = replace(town.ports, cache=AwayCache())

    assert json.loads(read_summary(away, town.building.id))["name"] == "Town hall"
    assert read_plan(away, town.building.id, None, PlanFormat.GEOJSON)


def test_warming_a_cache_that_is_away_is_tried_again_later(town: Town) -> None:
    with pytest.raises(UnavailableError):
        warm_cache(replace(town.ports, cache=AwayCache()), town.building.id, no_progress)


def test_a_renamed_building_is_not_answered_from_before(town: Town) -> None:
    assert town.summary()["name"] == "Town hall"
    town.rename("City hall")

    assert town.summary()["name"] == "City hall"


def test_a_new_revision_is_not_answered_from_before(town: Town) -> None:
    town.summary()
    with town.database.unit_of_work() as uow:
        model = uow.buildings.add_model(a_model(town.building.id, "b" * 64))
        uow.buildings.replace_index(model.id, an_index((town.ground,)))
        uow.commit()

    assert town.summary()["model"]["revision"] == 2
    assert town.summary()["spaces"] == 0


def test_an_answer_from_before_validation_is_not_given_after_it() -> None:
    town = Town(validated=False)
    assert town.summary()["findings"] is None

    for findings in (1, 2):  # validated, and later once more with other rules
        with town.database.unit_of_work() as uow:
            report = a_report(*(a_finding(town.office.global_id) for _ in range(findings)))
            uow.buildings.save_report(town.model.id, report)
            uow.commit()
        assert town.summary()["findings"]["by_severity"]["warning"] == findings


def test_an_answer_from_before_a_model_was_indexed_is_not_given_after_it(town: Town) -> None:
    assert town.summary()["elements"] == 2
    with town.database.unit_of_work() as uow:
        uow.buildings.replace_index(town.model.id, an_index((town.ground,)))
        uow.commit()
    assert town.summary()["elements"] == 0


def test_an_answer_whose_building_changes_while_it_is_made_is_made_again(town: Town) -> None:
    changes = iter(["City hall", "Old city hall"])

    class Renamed(FakeCache):
        """Somebody changes the building right after the cache was asked."""

        def get(self, key: str) -> bytes | None:
            hit = super().get(key)
            if (name := next(changes, None)) is not None:
                town.rename(name)
            return hit

    ports = replace(town.ports, cache=Renamed())

    assert json.loads(read_summary(ports, town.building.id))["name"] == "Old city hall"


@pytest.mark.parametrize("given", ["Ground", " ground ", "GROUND"])
def test_a_floor_is_found_by_name_in_any_case(town: Town, given: str) -> None:
    assert b"Ground" in read_plan(town.ports, town.building.id, given, PlanFormat.SVG)


def test_a_floor_is_found_by_either_id(town: Town) -> None:
    for given in (str(town.first.id), town.first.global_id):
        assert b"First" in read_plan(town.ports, town.building.id, given, PlanFormat.SVG)


def test_without_a_floor_the_lowest_with_spaces_is_drawn(town: Town) -> None:
    assert b"Ground" in read_plan(town.ports, town.building.id, None, PlanFormat.SVG)


def test_an_unknown_floor_is_refused_with_those_there_are(town: Town) -> None:
    with pytest.raises(NotFoundError, match=r"no floor 'Roof' in building .*'Ground', 'First'"):
        read_plan(town.ports, town.building.id, "Roof", PlanFormat.SVG)


def test_a_name_of_two_floors_is_refused(town: Town) -> None:
    twin = a_floor("Ground", 9.0)
    with town.database.unit_of_work() as uow:
        model = uow.buildings.add_model(a_model(town.building.id, "b" * 64))
        uow.buildings.replace_index(model.id, an_index((town.ground, twin)))
        uow.commit()

    with pytest.raises(InvalidError, match="several have this name"):
        read_plan(town.ports, town.building.id, "Ground", PlanFormat.SVG)


def test_a_building_without_floors_has_no_plan(town: Town) -> None:
    bare = a_building()
    with town.database.unit_of_work() as uow:
        uow.buildings.add(bare)
        uow.commit()

    with pytest.raises(NotFoundError, match="has no floors"):
        read_plan(town.ports, bare.id, None, PlanFormat.SVG)


def test_the_plan_shows_the_findings_of_the_report(town: Town) -> None:
    text = read_plan(town.ports, town.building.id, "Ground", PlanFormat.SVG).decode()

    assert "ARX101" in text
    assert fromstring(text) is not None


def test_progress_is_told_floor_by_floor(town: Town) -> None:
    told: list[float] = []

    warm_cache(town.ports, town.building.id, lambda done, _note: told.append(done))

    assert told == [0.0, 0.5]
    assert isinstance(town.building.id, UUID)
