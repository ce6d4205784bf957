"""What a file claims of a space's size, in m² and m³."""

from collections.abc import Iterator
from typing import Any

from arxos.formats.ifc.instances import attribute, many, number, one
from arxos.formats.ifc.units import Units, factor


def space_claims(space: Any, units: Units) -> tuple[float | None, float | None]:
    """(gross floor area, gross volume), each None where the file is silent.

    The area is GrossFloorArea only: a net area, or Revit's Area (to the wall centres), measures something else than a
    footprint. The volume is GrossVolume, else Revit's Volume.
    """
    area = volume = revit = None
    for definition in _definitions(space):
        for quantity in many(definition, "Quantities"):
            match attribute(quantity, "Name"):
                case "GrossFloorArea":
                    area = area or _measured(quantity, "AreaValue", units.area)
                case "GrossVolume":
                    volume = volume or _measured(quantity, "VolumeValue", units.volume)
        if attribute(definition, "Name") == "PSet_Revit_Dimensions":
            revit = revit or _revit_volume(definition, units)
    return area, volume or revit


def _definitions(space: Any) -> Iterator[Any]:
    for relation in many(space, "IsDefinedBy"):
        yield from many(relation, "RelatingPropertyDefinition")


def _measured(quantity: Any, name: str, default: float) -> float | None:
    value = number(attribute(quantity, name))
    return None if value is None else value * (factor(one(quantity, "Unit")) or default)


def _revit_volume(properties: Any, units: Units) -> float | None:
    for item in many(properties, "HasProperties"):
        if attribute(item, "Name") == "Volume":
            value = number(attribute(item, "NominalValue"))
            return None if value is None else value * units.volume
    return None
