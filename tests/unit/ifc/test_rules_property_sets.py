"""PSE, QTY: rules on property and quantity sets."""

from typing import Any

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.formats.ifc.rules import property_sets
from tests.rule_cases import FAILED, NOT_APPLICABLE, PASSED, Case, Make, judged, not_failed
from tests.step_files import Draft

CASES: list[Case] = []


def property_set(
    name: str, bearer: str, properties: dict[str, tuple[str, Any]], schema: str = "IFC4", **more: Any
) -> Draft:
    draft = Draft(schema)
    items = [
        draft.add("IfcPropertySingleValue", Name=key, NominalValue=draft.file.create_entity(measure, value))
        for key, (measure, value) in properties.items()
    ]
    own = draft.add("IfcPropertySet", Name=name, HasProperties=items)
    draft.add("IfcRelDefinesByProperties", RelatedObjects=[draft.add(bearer, **more)], RelatingPropertyDefinition=own)
    return draft


REFERENCE = {"Reference": ("IfcIdentifier", "W1")}
ACTUATOR, POWER = "Pset_ActuatorTypeElectricActuator", {"ActuatorInputPower": ("IfcPowerMeasure", 1.0)}
CASES += [
    ("PSE001", PASSED, lambda: property_set("Pset_WallCommon", "IfcWall", REFERENCE)),
    ("PSE001", PASSED, lambda: property_set(ACTUATOR, "IfcActuator", POWER, PredefinedType="ELECTRICACTUATOR")),
    ("PSE001", FAILED, lambda: property_set(ACTUATOR, "IfcActuator", POWER, PredefinedType="PNEUMATICACTUATOR")),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcSlab", REFERENCE)),
    ("PSE001", FAILED, lambda: property_set("Pset_OurOwn", "IfcWall", REFERENCE)),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcWall", {"Colour": ("IfcLabel", "red")})),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcWall", {"Reference": ("IfcLabel", "W1")})),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcWall", {"Status": ("IfcLabel", "NEW")})),
    ("PSE001", NOT_APPLICABLE, lambda: property_set("Ours", "IfcWall", REFERENCE)),
    ("PSE002", PASSED, lambda: property_set("Ours", "IfcWall", REFERENCE)),
    ("PSE002", FAILED, lambda: property_set("pset_Ours", "IfcWall", REFERENCE)),
    ("PSE002", NOT_APPLICABLE, lambda: property_set("Pset_WallCommon", "IfcWall", REFERENCE)),
]


def quantity_set(bearer: str, entity: str, name: str, method: str | None = "BaseQuantities") -> Draft:
    draft = Draft()
    own = draft.add(
        "IfcElementQuantity", Name="Qto_WallBaseQuantities", MethodOfMeasurement=method,
        Quantities=[draft.add(entity, Name=name)],
    )  # fmt: skip
    draft.add("IfcRelDefinesByProperties", RelatedObjects=[draft.add(bearer)], RelatingPropertyDefinition=own)
    return draft


CASES += [
    ("QTY001", PASSED, lambda: quantity_set("IfcWall", "IfcQuantityLength", "Length")),
    ("QTY001", FAILED, lambda: quantity_set("IfcSlab", "IfcQuantityLength", "Length")),
    ("QTY001", FAILED, lambda: quantity_set("IfcWall", "IfcQuantityArea", "Length")),
    ("QTY001", FAILED, lambda: quantity_set("IfcWall", "IfcQuantityLength", "Longness")),
    ("QTY001", FAILED, lambda: quantity_set("IfcWall", "IfcQuantityLength", "Length", method=None)),
]


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_has_a_model_that_fails_it() -> None:
    assert not_failed(CASES, property_sets) == set()
