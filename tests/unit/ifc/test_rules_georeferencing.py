"""GRF: rules on georeferencing."""

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.formats.ifc.rules import georeferencing
from tests.rule_cases import FAILED, NOT_APPLICABLE, PASSED, Case, Make, judged, not_failed
from tests.step_files import Draft

CASES: list[Case] = []


def operations(*eastings: float | None) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    system = draft.add("IfcProjectedCRS", Name="EPSG:28992")
    for east in eastings:
        context = draft.add("IfcGeometricRepresentationContext", ContextType="Model")
        if east is not None:
            values = {"Eastings": east, "Northings": 1.0, "OrthogonalHeight": 0.0}
            draft.add("IfcMapConversion", SourceCRS=context, TargetCRS=system, **values)
    return draft


CASES += [
    ("GRF001", PASSED, lambda: operations(1.0, 1.0)),
    ("GRF001", PASSED, lambda: operations(1.0)),
    ("GRF001", PASSED, lambda: operations(None, None)),
    ("GRF001", FAILED, lambda: operations(1.0, 2.0)),
    ("GRF001", FAILED, lambda: operations(1.0, None)),
]


def facility(entity: str, *, system: bool) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.add(entity)
    if system:
        draft.add("IfcProjectedCRS", Name="EPSG:28992")
    return draft


def scaled(scale: float | None) -> Draft:
    draft = Draft()
    metre = draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
    millimetre = draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI", Name="METRE")
    draft.add("IfcProject", UnitsInContext=draft.add("IfcUnitAssignment", Units=[millimetre]))
    draft.add("IfcMapConversion", TargetCRS=draft.add("IfcProjectedCRS", MapUnit=metre), Scale=scale)
    return draft


def reference_system(name: str, *, described: bool) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    system = draft.add("IfcProjectedCRS", Name=name)
    if described:
        draft.add("IfcWellKnownText", WellKnownText="PROJCRS[…]", CoordinateReferenceSystem=system)
    return draft


def rigid(first: str, second: str) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    measures = [draft.file.create_entity(measure, 1.0) for measure in (first, second)]
    draft.add("IfcRigidOperation", FirstCoordinate=measures[0], SecondCoordinate=measures[1])
    return draft


def register(name: str, value: str) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.add("IfcProjectedCRS", **{name: value})
    return draft


CASES += [
    ("GRF004", PASSED, lambda: register("Name", "EPSG:28992")),
    ("GRF004", PASSED, lambda: register("GeodeticDatum", "EPSG:6326")),
    ("GRF004", FAILED, lambda: register("Name", "EPSG:1")),
    ("GRF004", NOT_APPLICABLE, lambda: register("Name", "RD New")),
    ("GRF007", PASSED, lambda: register("VerticalDatum", "EPSG:5709")),
    ("GRF007", FAILED, lambda: register("VerticalDatum", "EPSG:28992")),
    ("GRF007", NOT_APPLICABLE, lambda: register("VerticalDatum", "NAP")),
]


LENGTH, ANGLE = "IfcLengthMeasure", "IfcPlaneAngleMeasure"
CASES += [
    ("GRF003", PASSED, lambda: facility("IfcBuilding", system=True)),
    ("GRF003", FAILED, lambda: facility("IfcBuilding", system=False)),
    ("GRF003", FAILED, lambda: facility("IfcBridge", system=False)),
    ("GRF005", PASSED, lambda: scaled(0.001)),
    ("GRF005", FAILED, lambda: scaled(None)),
    ("GRF005", FAILED, lambda: scaled(1000.0)),
    ("GRF006", NOT_APPLICABLE, lambda: reference_system("EPSG:28992", described=False)),
    ("GRF006", PASSED, lambda: reference_system("WKT", described=True)),
    ("GRF006", FAILED, lambda: reference_system("WKT", described=False)),
    ("GRF006", FAILED, lambda: reference_system("Amersfoort", described=True)),
    ("GRF008", PASSED, lambda: rigid(LENGTH, LENGTH)),
    ("GRF008", PASSED, lambda: rigid(ANGLE, ANGLE)),
    ("GRF008", FAILED, lambda: rigid(LENGTH, ANGLE)),
]


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_has_a_model_that_fails_it() -> None:
    assert not_failed(CASES, georeferencing) == set()
