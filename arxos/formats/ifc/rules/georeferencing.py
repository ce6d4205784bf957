"""GRF: where the model is on earth."""

import math
from functools import cache
from typing import Any

from pyproj import CRS
from pyproj.database import get_codes
from pyproj.enums import PJType

from arxos.domain.buildings.rules.rule import Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault, given
from arxos.formats.ifc.instances import attribute, many, number, one
from arxos.formats.ifc.rules.normative import IFC4_ON, IFC4X3, normative
from arxos.formats.ifc.units import factor, units_of


@normative("GRF001", "Identical coordinate operations", schemas=IFC4X3)
def one_operation(model: IfcModel) -> Checks:
    """All geometric contexts have the same coordinate operation, or all have none."""
    contexts = model.exactly("IfcGeometricRepresentationContext")
    operations = [_operation(context) for context in contexts]
    for context, operation in zip(contexts, operations, strict=True):
        yield None if operation == operations[0] else fault(
            context, "another coordinate operation than the first context's",
            expected=_named(operations[0]), observed=_named(operation),
        )  # fmt: skip


def _operation(context: Any) -> tuple[Any, ...] | None:
    """Type and values, but the context itself; the reference system counts by identity."""
    for operation in many(context, "HasCoordinateOperation"):
        info = operation.get_info()
        return tuple((name, value) for name, value in info.items() if name not in ("id", "SourceCRS"))
    return None


def _named(operation: tuple[Any, ...] | None) -> str:
    return "none" if operation is None else ", ".join(f"{name} {value}" for name, value in operation)


@normative("GRF003", "CRS presence with spatial entities", schemas=IFC4_ON, industry_practice=True)
def reference_system(model: IfcModel) -> Checks:
    """A model with a building or another facility names a coordinate reference system."""
    for facility in model.of("IfcBuilding" if model.schema == "IFC4" else "IfcFacility"):
        named = model.of("IfcCoordinateReferenceSystem")
        yield None if named else fault(facility, "no coordinate reference system", expected="IfcProjectedCRS")


_GEODETIC = (PJType.GEODETIC_REFERENCE_FRAME, PJType.DYNAMIC_GEODETIC_REFERENCE_FRAME, PJType.DATUM_ENSEMBLE)
_VERTICAL = (PJType.VERTICAL_REFERENCE_FRAME, PJType.DYNAMIC_VERTICAL_REFERENCE_FRAME, PJType.DATUM_ENSEMBLE)
_NAMED_BY_CODE = {"Name": (), "GeodeticDatum": _GEODETIC, "VerticalDatum": _VERTICAL}  # besides reference systems


@normative("GRF004", "Valid EPSG prefix in coordinate reference system", schemas=IFC4_ON)
def epsg_codes(model: IfcModel) -> Checks:
    """What a reference system calls an EPSG code is one of that register's, and of the kind that belongs there."""
    for system in model.of("IfcCoordinateReferenceSystem"):
        for name, kinds in _NAMED_BY_CODE.items():
            value = attribute(system, name)
            if isinstance(value, str) and value.startswith("EPSG:"):
                known = value in _codes((PJType.CRS, *kinds))
                yield None if known else fault(system, f"{name} is no such EPSG code", observed=value)


@cache
def _codes(kinds: tuple[PJType, ...]) -> frozenset[str]:
    """`EPSG:28992` and the like: every code of these kinds, also those that the register has since retired."""
    return frozenset(f"EPSG:{code}" for kind in kinds for code in get_codes("EPSG", kind, allow_deprecated=True))


@normative("GRF005", "CRS unit type differences", schemas=IFC4_ON, industry_practice=True)
def map_scale(model: IfcModel) -> Checks:
    """A map conversion's Scale is the quotient of the project's and the map's length units."""
    for conversion in model.of("IfcMapConversion"):
        length = units_of(model.file).length
        map_unit = factor(one(one(conversion, "TargetCRS"), "MapUnit")) or length
        scale, expected = number(attribute(conversion, "Scale")) or 1.0, length / map_unit
        yield (
            None
            if math.isclose(scale, expected, rel_tol=1e-6)
            else fault(
                conversion, "Scale does not fit the units", expected=f"{expected:.10g}", observed=f"{scale:.10g}"
            )
        )


@normative("GRF006", "WKT specification for missing EPSG", schemas=IFC4X3)
def well_known_text(model: IfcModel) -> Checks:
    """A reference system that has no EPSG code is named WKT and has its well-known text, and the other way round."""
    for system in model.of("IfcCoordinateReferenceSystem"):
        name, described = str(attribute(system, "Name") or ""), bool(given(system, "WellKnownText"))
        if not name.startswith("EPSG:") or described:
            yield _wkt_fault(system, name, described=described)


def _wkt_fault(system: Any, name: str, *, described: bool) -> Fault | None:
    if name != "WKT":
        return fault(system, "neither an EPSG code nor named WKT", expected="WKT", observed=name)
    return None if described else fault(system, "named WKT, but has no well-known text", expected="IfcWellKnownText")


@normative("GRF007", "Valid vertical datum CRS type", schemas=IFC4_ON)
def vertical_datum(model: IfcModel) -> Checks:
    """The EPSG code that serves as a vertical datum is that of a vertical or a compound reference system."""
    for system in model.of("IfcProjectedCRS"):
        code = attribute(system, "VerticalDatum")
        if isinstance(code, str) and code in _codes((PJType.CRS,)):
            datum = CRS.from_user_input(code)
            expected = "a vertical or compound reference system"
            yield (
                None
                if datum.is_vertical or datum.is_compound
                else fault(
                    system, "wrong kind of vertical datum", expected=expected, observed=f"{code} ({datum.type_name})"
                )
            )


@normative("GRF008", "Rigid operation units", schemas=IFC4_ON)
def rigid_operation(model: IfcModel) -> Checks:
    """A rigid operation's coordinates are both lengths or both angles."""
    for operation in model.of("IfcRigidOperation"):
        kinds = [_measure(operation, name) for name in ("FirstCoordinate", "SecondCoordinate")]
        fits = kinds in (["IfcLengthMeasure"] * 2, ["IfcPlaneAngleMeasure"] * 2)
        expected = "IfcLengthMeasure or IfcPlaneAngleMeasure"
        yield None if fits else fault(operation, "wrong measures", expected=expected, observed=", ".join(kinds))


def _measure(operation: Any, name: str) -> str:
    value = attribute(operation, name)
    return str(value.is_a()) if hasattr(value, "is_a") else str(value)
