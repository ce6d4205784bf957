"""PJS, IFC: rules on the project as a whole."""

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.formats.ifc.rules import deprecated, project
from tests.rule_cases import FAILED, PASSED, Case, Make, collector, judged, not_failed, of
from tests.step_files import Draft

CASES: list[Case] = []
case = collector(CASES)


def unit(factor: float, name: str, *, si: str = "METRE", kind: str = "LENGTHUNIT") -> Draft:
    draft = Draft()
    ratio = draft.add(
        "IfcMeasureWithUnit",
        ValueComponent=draft.file.create_entity("IfcReal", factor),
        UnitComponent=draft.add("IfcSIUnit", UnitType=kind, Name=si),
    )
    own = draft.add("IfcConversionBasedUnit", UnitType=kind, Name=name, ConversionFactor=ratio)
    draft.add("IfcProject", UnitsInContext=draft.add("IfcUnitAssignment", Units=[own]))
    return draft


CASES += [
    ("PJS001", PASSED, lambda: unit(0.3048, "foot")),
    ("PJS001", PASSED, lambda: unit(0.3048, "FOOT")),
    ("PJS001", PASSED, lambda: unit(0.0174532925199433, "degree", si="RADIAN", kind="PLANEANGLEUNIT")),
    ("PJS001", FAILED, lambda: unit(0.305, "foot")),
    ("PJS001", FAILED, lambda: unit(0.3048, "cubit")),
    ("PJS001", FAILED, lambda: unit(0.3048, "foot", si="SQUARE_METRE")),
]


@case("PJS002", PASSED)
def a_declared_type() -> Draft:
    draft = Draft()
    project, kind = draft.add("IfcProject"), draft.add("IfcWallType")
    draft.add("IfcRelDeclares", RelatingContext=project, RelatedDefinitions=[kind])
    return draft


@case("PJS002", FAILED)
def a_declared_wall() -> Draft:
    draft = Draft()
    project, wall = draft.add("IfcProject"), draft.add("IfcWall")
    draft.add("IfcRelDeclares", RelatingContext=project, RelatedDefinitions=[wall])
    return draft


@case("PJS003", PASSED)
@case("PJS101", PASSED)
def a_tower() -> Draft:
    draft = Draft()
    draft.tower()
    return draft


def named_by(global_id: str) -> Draft:
    draft = Draft()
    draft.add("IfcWall", GlobalId=global_id)
    return draft


CASES += [
    ("PJS003", FAILED, lambda: named_by("4" + "0" * 21)),
    ("PJS003", FAILED, lambda: named_by("0" * 21)),
    ("PJS003", FAILED, lambda: named_by("0" * 21 + "é")),
]


@case("PJS101", FAILED)
def two_projects() -> Draft:
    draft = Draft()
    draft.add("IfcProject"), draft.add("IfcProject")
    return draft


CASES += [
    ("IFC102", PASSED, lambda: of("IfcWall", PredefinedType="SHEAR")),
    ("IFC102", FAILED, lambda: of("IfcWallStandardCase")),
    ("IFC102", FAILED, lambda: of("IfcWall", PredefinedType="STANDARD")),
    ("IFC102", FAILED, lambda: of("IfcStairFlight", RiserHeight=0.2)),
    ("IFC102", FAILED, lambda: of("IfcBuildingStorey", "IFC4X3_ADD2", Elevation=0.0)),
    ("IFC102", FAILED, lambda: of("IfcFlowFitting", "IFC4X3_ADD2")),
    ("IFC102", PASSED, lambda: of("IfcPipeFitting", "IFC4X3_ADD2")),
    ("IFC102", FAILED, lambda: of("IfcPropertySet", "IFC2X3", Name="Pset_Draughting")),
]


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_has_a_model_that_fails_it() -> None:
    assert not_failed(CASES, deprecated, project) == {"IFC101"}  # which a draft cannot fail
