"""PJS, IFC: the project, its units, its declarations, identifiers, the schema version."""

import math
import re
from collections.abc import Iterator
from typing import Any

from arxos.domain.buildings.rules.rule import IN_ORDER, Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault
from arxos.formats.ifc.instances import attribute, many, number, one, text
from arxos.formats.ifc.rules.normative import normative
from arxos.formats.ifc.units import factor

OFFICIAL = ("IFC2X3", "IFC4", "IFC4X3_ADD2")

# Of one unit in the SI unit (gram for masses); yard and pound agreement of 1959.
_FACTORS = {
    "LENGTHUNIT": {
        "inch": 0.0254, "foot": 0.3048, "us survey foot": 1200 / 3937, "yard": 0.9144, "mile": 1609.344,
    },
    "AREAUNIT": {
        "square inch": 0.0254**2, "square foot": 0.3048**2, "square yard": 0.9144**2, "acre": 4046.8564224,
        "square mile": 1609.344**2,
    },
    "VOLUMEUNIT": {
        "cubic inch": 0.0254**3, "cubic foot": 0.3048**3, "cubic yard": 0.9144**3, "litre": 0.001,
        "fluid ounce uk": 28.4130625e-6, "fluid ounce us": 29.5735295625e-6, "pint uk": 568.26125e-6,
        "pint us": 473.176473e-6, "gallon uk": 4546.09e-6, "gallon us": 3785.411784e-6,
    },
    "PLANEANGLEUNIT": {"degree": math.pi / 180},
    "MASSUNIT": {
        "ounce": 28.349523125, "pound": 453.59237, "ton uk": 1016046.9088, "ton us": 907184.74,
    },
    "FORCEUNIT": {"lbf": 4.4482216152605, "kip": 4448.2216152605},
    "PRESSUREUNIT": {"psi": 6894.757293168, "ksi": 6894757.293168},
    "TIMEUNIT": {"minute": 60.0, "hour": 3600.0, "day": 86400.0},
    "ENERGYUNIT": {"btu": 1055.056},
}  # fmt: skip
_SI_NAME = {
    "LENGTHUNIT": "METRE", "AREAUNIT": "SQUARE_METRE", "VOLUMEUNIT": "CUBIC_METRE", "PLANEANGLEUNIT": "RADIAN",
}  # fmt: skip
_TOLERANCE = 1e-6  # relative


@normative("IFC101", "Only official IFC versions allowed")
def official_version(model: IfcModel) -> Checks:
    """The schema identifier is that of IFC2x3 TC1, IFC4 ADD2 TC1 or IFC4.3 ADD2."""
    observed = model.header.schema
    wrong = Fault(f"{observed!r} is no official version", None, "FILE_SCHEMA", " or ".join(OFFICIAL), observed)
    yield None if observed in OFFICIAL else wrong


@normative("PJS001", "Correct conversion based units")
def conversion_units(model: IfcModel) -> Checks:
    """The project's conversion based units have a standard name, the right factor, and an SI unit as their base."""
    for unit in _conversion_units(model):
        yield from _unit_faults(unit) or IN_ORDER


def _conversion_units(model: IfcModel) -> Iterator[Any]:
    for project in model.of("IfcProject"):
        for unit in many(one(project, "UnitsInContext"), "Units"):
            if unit.is_a() == "IfcConversionBasedUnit":
                yield unit


def _unit_faults(unit: Any) -> list[Fault]:
    kind, name = text(unit, "UnitType") or "", text(unit, "Name") or ""
    base = one(one(unit, "ConversionFactor"), "UnitComponent")
    faults = [_name_fault(unit, kind, name), _base_fault(unit, kind, base), _factor_fault(unit, name, base)]
    return [found for found in faults if found]


def _name_fault(unit: Any, kind: str, name: str) -> Fault | None:
    if kind not in _SI_NAME or name.lower() in _FACTORS[kind]:
        return None
    return fault(unit, f"{name!r} is no standard {kind}", expected=", ".join(_FACTORS[kind]), observed=name)


def _base_fault(unit: Any, kind: str, base: Any) -> Fault | None:
    if base is None or not base.is_a("IfcSIUnit"):
        return fault(unit, "the conversion is not to an SI unit", expected="IfcSIUnit", observed=str(base)[:80])
    expected = _SI_NAME.get(kind)
    if expected and attribute(base, "Name") != expected:
        return fault(
            unit, "the conversion is to the wrong unit", expected=expected, observed=str(attribute(base, "Name"))
        )
    return None


def _factor_fault(unit: Any, name: str, base: Any) -> Fault | None:
    expected = next((units[name.lower()] for units in _FACTORS.values() if name.lower() in units), None)
    value, scale = number(attribute(one(unit, "ConversionFactor"), "ValueComponent")), factor(base)
    if expected is None or value is None or scale is None:
        return None
    if math.isclose(value * scale, expected, rel_tol=_TOLERANCE):
        return None
    return fault(
        unit, f"wrong conversion factor of {name!r}", expected=f"{expected / scale:.10g}", observed=f"{value:.10g}"
    )


_DECLARABLE = (
    "IfcActor", "IfcControl", "IfcGroup", "IfcProcess", "IfcProjectLibrary", "IfcPropertySetTemplate",
    "IfcResource", "IfcTypeObject",
)  # fmt: skip


@normative("PJS002", "Correct elements related to project")
def declarations(model: IfcModel) -> Checks:
    """A project declares types, templates, groups and the like; occurrences belong in the spatial structure."""
    for relation in model.of("IfcRelDeclares"):
        context = one(relation, "RelatingContext")
        if context is not None and context.is_a("IfcProject"):
            yield from map(_declared, many(relation, "RelatedDefinitions"))


def _declared(instance: Any) -> Fault | None:
    if any(map(instance.is_a, _DECLARABLE)):
        return None
    expected = ", ".join(_DECLARABLE)
    return fault(instance, "declared by the project", expected=expected, observed=instance.is_a())


_GLOBAL_ID = re.compile(r"[0-3][0-9A-Za-z_$]{21}")


@normative("PJS003", "Globally Unique Identifiers")
def global_ids(model: IfcModel) -> Checks:
    """A GlobalId has 22 characters of the official set and begins with 0, 1, 2 or 3."""
    for root in model.of("IfcRoot"):
        observed = attribute(root, "GlobalId")
        if isinstance(observed, str) and _GLOBAL_ID.fullmatch(observed):
            yield None
        else:
            yield fault(root, "malformed GlobalId", expected="0-3 and 21 of 0-9 A-Z a-z _ $", observed=str(observed))


@normative("PJS101", "Project presence", industry_practice=True)
def one_project(model: IfcModel) -> Checks:
    """There is exactly one project."""
    count = len(model.of("IfcProject"))
    yield None if count == 1 else Fault(f"{count} projects", None, "IfcProject", "1", str(count))
