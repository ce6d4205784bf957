"""SWE: swept solids and their profiles."""

from itertools import product
from typing import Any

from arxos.domain.buildings.rules.rule import Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault
from arxos.formats.ifc.instances import attribute, number, one
from arxos.formats.ifc.rules.normative import IFC4_ON, normative

_TAPERED = ("IfcExtrudedAreaSolidTapered", "IfcRevolvedAreaSolidTapered")


@normative("SWE002", "Mirroring within IfcDerivedProfileDef shall not be used", schemas=IFC4_ON)
def no_mirroring(model: IfcModel) -> Checks:
    """A derived profile is not mirrored: there is a subtype for that; and a tapered sweep mirrors nothing at all."""
    for profile in model.exactly("IfcDerivedProfileDef"):
        yield _mirrored(profile)
    for entity, name in product(_TAPERED, ("SweptArea", "EndSweptArea")):
        for solid in model.of(entity):
            profile = one(solid, name)
            if profile is not None and profile.is_a("IfcMirroredProfileDef"):
                yield fault(profile, "mirrored within a tapered sweep", expected="IfcDerivedProfileDef")


def _mirrored(profile: Any) -> Fault | None:
    """By the standard's IfcBaseAxis: mirrored where both axes are given and the second is clockwise of the first."""
    operator = one(profile, "Operator")
    x, y = (_direction(one(operator, axis)) for axis in ("Axis1", "Axis2"))
    clockwise = x is not None and y is not None and x[0] * y[1] - x[1] * y[0] < 0
    return fault(profile, "mirrored", expected="IfcMirroredProfileDef", observed=f"{x}, {y}") if clockwise else None


def _direction(instance: Any | None) -> tuple[float, float] | None:
    ratios = attribute(instance, "DirectionRatios")
    if not isinstance(ratios, tuple) or len(ratios) < 2:
        return None
    return number(ratios[0]) or 0.0, number(ratios[1]) or 0.0
