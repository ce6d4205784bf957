"""SPS: rules on the spatial structure."""

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.formats.ifc.rules import spatial
from tests.rule_cases import FAILED, NOT_APPLICABLE, PASSED, Case, Make, collector, judged, not_failed
from tests.step_files import Draft

CASES: list[Case] = []
case = collector(CASES)


@case("SPS002", PASSED)
@case("SPS008", PASSED)
def a_tower() -> Draft:
    draft = Draft()
    draft.tower()
    return draft


@case("SPS001", PASSED)
def a_coordination_view() -> Draft:
    draft = Draft("IFC2X3")
    draft.tower()
    return draft


@case("SPS001", FAILED)
def a_second_site() -> Draft:
    draft = a_coordination_view()
    draft.add("IfcSite")
    return draft


@case("SPS001", FAILED)
def a_building_of_the_project_beside_a_site() -> Draft:
    draft = Draft("IFC2X3")
    project, _, building = draft.add("IfcProject"), draft.add("IfcSite"), draft.add("IfcBuilding")
    draft.aggregate(project, building)
    return draft


@case("SPS001", PASSED)
def a_building_of_the_project_without_a_site() -> Draft:
    draft = Draft("IFC2X3")
    draft.aggregate(draft.add("IfcProject"), draft.add("IfcBuilding"))
    return draft


@case("SPS001", NOT_APPLICABLE)
def another_view() -> Draft:
    draft = Draft("IFC2X3", views="StructuralAnalysisView")
    draft.add("IfcSite"), draft.add("IfcSite")
    return draft


@case("SPS002", FAILED)
def a_storey_of_a_site() -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcSite"), draft.add("IfcBuildingStorey"))
    return draft


@case("SPS002", FAILED)
def a_lonely_building() -> Draft:
    draft = Draft()
    draft.add("IfcBuilding")
    return draft


@case("SPS002", FAILED)
def a_wall_as_part_of_a_project() -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcProject"), draft.add("IfcWall"))
    return draft


@case("SPS002", PASSED)
def an_alignment_of_a_project() -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.aggregate(draft.add("IfcProject"), draft.add("IfcAlignment"))
    return draft


@case("SPS003", PASSED)
@case("SPS005", PASSED)
@case("SPS007", PASSED)
def an_assembly() -> Draft:
    draft = Draft()
    storey, stair, flight = draft.tower()[3], draft.add("IfcStair"), draft.add("IfcStairFlight")
    draft.contain(storey, stair)
    draft.aggregate(stair, flight)
    return draft


@case("SPS003", FAILED)
@case("SPS005", FAILED)
@case("SPS007", FAILED)
def a_part_in_two_places() -> Draft:
    draft = an_assembly()
    draft.contain(draft.file.by_type("IfcBuildingStorey")[0], draft.file.by_type("IfcStairFlight")[0])
    return draft


@case("SPS005", FAILED)
@case("SPS007", FAILED)
def a_wall_nowhere() -> Draft:
    draft = Draft()
    draft.add("IfcWall")
    return draft


@case("SPS007", FAILED)
def a_grid_nowhere() -> Draft:
    draft = Draft()
    draft.add("IfcGrid")
    return draft


@case("SPS007", PASSED)
@case("SPS005", PASSED)
def an_opening() -> Draft:
    draft = Draft()
    wall, opening = draft.add("IfcWall"), draft.add("IfcOpeningElement")
    draft.contain(draft.tower()[3], wall)
    draft.add("IfcRelVoidsElement", RelatingBuildingElement=wall, RelatedOpeningElement=opening)
    return draft


@case("SPS007", FAILED)
def a_contained_alignment() -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.contain(draft.tower()[3], draft.add("IfcAlignment"))
    return draft


def with_shape(entity: str, schema: str = "IFC4") -> Draft:
    draft = Draft(schema)
    draft.add(entity, Representation=draft.add("IfcProductDefinitionShape"))
    return draft


CASES += [
    ("SPS008", FAILED, lambda: with_shape("IfcBuildingStorey")),
    ("SPS008", FAILED, lambda: with_shape("IfcSite")),
    ("SPS008", NOT_APPLICABLE, lambda: with_shape("IfcSite", "IFC2X3")),
    ("SPS008", FAILED, lambda: with_shape("IfcBridge", "IFC4X3_ADD2")),
]


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_has_a_model_that_fails_it() -> None:
    assert not_failed(CASES, spatial) == set()
