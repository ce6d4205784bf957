"""A file's units as factors to metres, square metres and cubic metres."""

from dataclasses import dataclass
from typing import Any

from arxos.formats.ifc.instances import attribute, instances_of, many, number, one, text

_PREFIXES: dict[str | None, int] = {
    "EXA": 18, "PETA": 15, "TERA": 12, "GIGA": 9, "MEGA": 6, "KILO": 3, "HECTO": 2, "DECA": 1,
    "DECI": -1, "CENTI": -2, "MILLI": -3, "MICRO": -6, "NANO": -9, "PICO": -12, "FEMTO": -15, "ATTO": -18,
}  # fmt: skip
_DIMENSION: dict[str | None, int] = {"SQUARE_METRE": 2, "CUBIC_METRE": 3}
_MAX_CONVERSIONS = 8  # a unit may be defined by a unit; a hostile file may close the circle


@dataclass(frozen=True, slots=True)
class Units:
    """Factors from the file's units: a length of 1 in a file in feet is 0.3048 m."""

    length: float
    area: float
    volume: float


def units_of(file: Any) -> Units:
    """The project's units. What is not declared follows from the length unit; a silent file is in metres."""
    declared = {attribute(unit, "UnitType"): unit for unit in _declared(file)}
    length = factor(declared.get("LENGTHUNIT")) or 1.0
    return Units(
        length=length,
        area=factor(declared.get("AREAUNIT")) or length**2,
        volume=factor(declared.get("VOLUMEUNIT")) or length**3,
    )


def factor(unit: Any, depth: int = 0) -> float | None:
    """One of this unit in the SI unit without prefix (CENTI SQUARE_METRE: 1e-4), None where that makes no sense."""
    if unit is None or depth > _MAX_CONVERSIONS:
        return None
    if unit.is_a("IfcSIUnit"):
        return float(10.0 ** (_PREFIXES.get(text(unit, "Prefix"), 0) * _DIMENSION.get(text(unit, "Name"), 1)))
    if unit.is_a("IfcConversionBasedUnit"):
        return _converted(one(unit, "ConversionFactor"), depth)
    return None


def _converted(measure: Any, depth: int) -> float | None:
    value = number(attribute(measure, "ValueComponent"))
    base = factor(one(measure, "UnitComponent"), depth + 1)
    return value * base if value and base else None


def _declared(file: Any) -> tuple[Any, ...]:
    for project in instances_of(file, "IfcProject"):
        if units := many(one(project, "UnitsInContext"), "Units"):
            return units
    return ()
