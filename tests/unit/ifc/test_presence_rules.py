"""The rules that only note whether a part of the standard is used: each on a model with it and one without."""

from collections.abc import Callable
from typing import Any

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.domain.buildings.rules.rule import judge_by
from arxos.formats.ifc.validation import normative_rules
from tests.step_files import Draft

RULES = {rule.id: rule for rule in normative_rules() if rule.id.endswith("000")}


def represented(entity: str, **attributes: str) -> Draft:
    draft = Draft()
    representation = draft.add("IfcShapeRepresentation", **attributes)
    draft.add(entity, Representation=draft.add("IfcProductDefinitionShape", Representations=[representation]))
    return draft


def placed(kind: str, schema: str = "IFC4") -> Draft:
    draft = Draft(schema)
    draft.add("IfcWall", ObjectPlacement=draft.add(kind))
    return draft


def related(relation: str, side: str, other: str, name: str, **attributes: Any) -> Draft:
    draft = Draft()
    values = {side: [draft.add("IfcWall")], name: draft.add(other, **attributes)}
    draft.add(relation, **values)
    return draft


def associated(relation: str, other: str, name: str) -> Draft:
    return related(relation, "RelatedObjects", other, name)


def only(entity: str, schema: str = "IFC4", **attributes: Any) -> Draft:
    draft = Draft(schema)
    draft.add(entity, **attributes)
    return draft


def assembly() -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcStair"), draft.add("IfcStairFlight"))
    return draft


def styled() -> Draft:
    draft = Draft()
    draft.add("IfcStyledItem", Item=draft.add("IfcExtrudedAreaSolid"))
    return draft


def layered() -> Draft:
    draft = Draft()
    draft.add("IfcPresentationLayerAssignment", AssignedItems=[draft.add("IfcShapeRepresentation")])
    return draft


def ports() -> Draft:
    draft = Draft()
    one, other = draft.add("IfcDistributionPort"), draft.add("IfcDistributionPort")
    draft.add("IfcRelConnectsPorts", RelatingPort=one, RelatedPort=other)
    return draft


def owned() -> Draft:
    draft = Draft()
    draft.add("IfcWall", OwnerHistory=draft.add("IfcOwnerHistory"))
    return draft


PRESENT: dict[str, Callable[[], Draft]] = {
    "ANN000": lambda: represented("IfcAnnotation", RepresentationIdentifier="Annotation"),
    "ASM000": assembly,
    "AXG000": lambda: represented("IfcWall", RepresentationIdentifier="Axis"),
    "BBX000": lambda: represented("IfcWall", RepresentationType="BoundingBox"),
    "BLT000": lambda: only("IfcBeam"),
    "CLS000": lambda: associated(
        "IfcRelAssociatesClassification", "IfcClassificationReference", "RelatingClassification"
    ),
    "CTX000": styled,
    "DOC000": lambda: associated("IfcRelAssociatesDocument", "IfcDocumentReference", "RelatingDocument"),
    "GDP000": lambda: placed("IfcGridPlacement"),
    "GRF000": lambda: only("IfcProjectedCRS"),
    "GRP000": lambda: related("IfcRelAssignsToGroup", "RelatedObjects", "IfcGroup", "RelatingGroup"),
    "LAY000": layered,
    "LIP000": lambda: placed("IfcLinearPlacement", "IFC4X3_ADD2"),
    "LOP000": lambda: placed("IfcLocalPlacement"),
    "MAT000": lambda: associated("IfcRelAssociatesMaterial", "IfcMaterial", "RelatingMaterial"),
    "OJP000": lambda: placed("IfcLocalPlacement"),
    "PJS000": lambda: only("IfcProject"),
    "POR000": ports,
    "QTY000": lambda: related(
        "IfcRelDefinesByProperties", "RelatedObjects", "IfcElementQuantity", "RelatingPropertyDefinition"
    ),
    "SPA000": lambda: only("IfcSpatialZone"),
    "VER000": owned,
    "VRT000": lambda: only("IfcVirtualElement"),
}


def test_every_presence_rule_has_its_example() -> None:
    assert set(PRESENT) == set(RULES)


@pytest.mark.parametrize("rule", sorted(PRESENT))
def test_a_part_that_is_used_passes(rule: str) -> None:
    assert judge_by(RULES[rule], PRESENT[rule]().model()).outcome.verdict is Verdict.PASSED


@pytest.mark.parametrize("rule", sorted(PRESENT))
def test_a_part_that_is_not_used_does_not_apply(rule: str) -> None:
    assert judge_by(RULES[rule], Draft().model()).outcome.verdict is Verdict.NOT_APPLICABLE
