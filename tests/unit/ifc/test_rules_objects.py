"""OJT, OJP, BLT, GRP, SWE: rules on objects and profiles."""

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.formats.ifc.rules import objects, sweeps
from tests.rule_cases import FAILED, NOT_APPLICABLE, PASSED, Case, Make, collector, judged, not_failed
from tests.step_files import Draft

CASES: list[Case] = []
case = collector(CASES)


def typed(own: str | None, kind: str | None, **attributes: str) -> Draft:
    draft = Draft()
    wall = draft.add("IfcWall", PredefinedType=own, **attributes)
    if kind:
        wall_type = draft.add("IfcWallType", PredefinedType=kind, ElementType="Ours")
        draft.add("IfcRelDefinesByType", RelatedObjects=[wall], RelatingType=wall_type)
    return draft


CASES += [
    ("OJT001", PASSED, lambda: typed("USERDEFINED", None, ObjectType="Ours")),
    ("OJT001", FAILED, lambda: typed("USERDEFINED", None)),
    ("OJT001", PASSED, lambda: typed(None, "SHEAR")),
    ("OJT001", FAILED, lambda: typed("SHEAR", "SHEAR")),
    ("OJT001", NOT_APPLICABLE, lambda: typed("SHEAR", "NOTDEFINED")),
    ("OJT001", NOT_APPLICABLE, lambda: typed("SHEAR", None)),
]


@case("OJT001", FAILED)
def a_nameless_user_defined_type() -> Draft:
    draft = Draft()
    draft.add("IfcWallType", PredefinedType="USERDEFINED")
    return draft


def placed(*, relative: bool) -> Draft:
    draft = Draft("IFC2X3")
    above, below = draft.add("IfcLocalPlacement"), draft.add("IfcLocalPlacement")
    if relative:
        below.PlacementRelTo = above
    whole = draft.add("IfcStair", ObjectPlacement=above)
    draft.aggregate(whole, draft.add("IfcStairFlight", ObjectPlacement=below))
    return draft


CASES += [
    ("OJP001", PASSED, lambda: placed(relative=True)),
    ("OJP001", FAILED, lambda: placed(relative=False)),
]


def opened(entity: str, **attributes: str) -> Draft:
    draft = Draft()
    draft.add(entity, **attributes)
    return draft


def opened_by_type(entity: str, **attributes: str) -> Draft:
    draft = Draft()
    instance, kind = draft.add(entity, **attributes), draft.add(f"{entity}Type")
    draft.add("IfcRelDefinesByType", RelatedObjects=[instance], RelatingType=kind)
    return draft


OWN = "USERDEFINED"
CASES += [
    ("BLT001", PASSED, lambda: opened("IfcDoor", OperationType=OWN, UserDefinedOperationType="x")),
    ("BLT001", FAILED, lambda: opened("IfcDoor", OperationType="FOLDING_TO_LEFT", UserDefinedOperationType="x")),
    ("BLT001", FAILED, lambda: opened("IfcDoorType", OperationType="ROLLINGUP", UserDefinedOperationType="x")),
    ("BLT001", NOT_APPLICABLE, lambda: opened("IfcDoor", OperationType="ROLLINGUP")),
    ("BLT001", PASSED, lambda: opened_by_type("IfcDoor")),
    ("BLT001", FAILED, lambda: opened_by_type("IfcDoor", OperationType="ROLLINGUP")),
    ("BLT002", PASSED, lambda: opened("IfcWindow", PartitioningType=OWN, UserDefinedPartitioningType="x")),
    ("BLT002", FAILED, lambda: opened("IfcWindow", PartitioningType="SINGLE_PANEL", UserDefinedPartitioningType="x")),
    ("BLT002", PASSED, lambda: opened_by_type("IfcWindow")),
    ("BLT002", FAILED, lambda: opened_by_type("IfcWindow", PartitioningType="SINGLE_PANEL")),
]


def stair_of(part: str) -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcStair"), draft.add(part))
    return draft


CASES += [
    ("BLT003", PASSED, lambda: stair_of("IfcRailing")),
    ("BLT003", FAILED, lambda: stair_of("IfcWall")),
]


def groups(*members: tuple[int, int], count: int = 3) -> Draft:
    draft = Draft()
    made = [draft.add("IfcGroup") for _ in range(count)]
    for group, member in members:
        draft.add("IfcRelAssignsToGroup", RelatingGroup=made[group], RelatedObjects=[made[member]])
    return draft


CASES += [
    ("GRP001", PASSED, lambda: groups((0, 1), (1, 2), (0, 2))),
    ("GRP001", FAILED, lambda: groups((0, 0))),
    ("GRP001", FAILED, lambda: groups((0, 1), (1, 2), (2, 0))),
]


def derived_profile(x: tuple[float, float], y: tuple[float, float]) -> Draft:
    draft = Draft()
    axes = [draft.add("IfcDirection", DirectionRatios=ratios) for ratios in (x, y)]
    operator = draft.add("IfcCartesianTransformationOperator2D", Axis1=axes[0], Axis2=axes[1])
    draft.add("IfcDerivedProfileDef", Operator=operator)
    return draft


def mirrored_in_a_tapered_sweep() -> Draft:
    draft = Draft()
    draft.add("IfcExtrudedAreaSolidTapered", EndSweptArea=draft.add("IfcMirroredProfileDef"))
    return draft


CASES += [
    ("SWE002", PASSED, lambda: derived_profile((1.0, 0.0), (0.0, 1.0))),
    ("SWE002", FAILED, lambda: derived_profile((1.0, 0.0), (0.0, -1.0))),
    ("SWE002", FAILED, mirrored_in_a_tapered_sweep),
]


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_has_a_model_that_fails_it() -> None:
    assert not_failed(CASES, objects, sweeps) == set()
