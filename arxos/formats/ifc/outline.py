"""The neutral model of an IFC file: structure and claims, in metres."""

import math
from typing import Any

import ifcopenshell
import ifcopenshell.util.placement

from arxos.domain.buildings.model import BuildingModel, ModelElement, ModelFloor, ModelSpace
from arxos.formats.ifc.georeference import georeference
from arxos.formats.ifc.instances import attribute, global_id, instances_of, number, one, text
from arxos.formats.ifc.postal_address import address_line
from arxos.formats.ifc.quantities import space_claims
from arxos.formats.ifc.structure import Structure
from arxos.formats.ifc.units import Units, units_of


def outline(file: ifcopenshell.file) -> BuildingModel:
    """What the file says about its building, in metres."""
    units, structure = units_of(file), Structure(file)
    return BuildingModel(
        schema=file.schema_identifier,
        project_name=_name(file, "IfcProject"),
        site_name=_name(file, "IfcSite"),
        building_name=_name(file, "IfcBuilding", "IfcFacility"),
        address=address_line(file),
        unit_scale=units.length,
        true_north_deg=_true_north(file),
        georeference=georeference(file, units),
        floors=tuple(_floor(storey, units) for storey in instances_of(file, "IfcBuildingStorey")),
        spaces=tuple(_space(space, structure, units) for space in instances_of(file, "IfcSpace")),
        elements=tuple(_element(element, structure) for element in elements_of(file)),
    )


def elements_of(file: ifcopenshell.file) -> list[Any]:
    """Walls, slabs, doors …: IfcElement, but not the openings cut out of them."""
    return [e for e in instances_of(file, "IfcElement") if not e.is_a("IfcOpeningElement")]


def _name(file: ifcopenshell.file, *entities: str) -> str | None:
    """The first name that any of these carries; the long name where the short one is empty."""
    for instance in (i for entity in entities for i in instances_of(file, entity)):
        if name := text(instance, "Name") or text(instance, "LongName"):
            return name
    return None


def _floor(storey: Any, units: Units) -> ModelFloor:
    name = text(storey, "Name") or text(storey, "LongName")
    return ModelFloor(global_id(storey), name, _elevation(storey, units), _level(storey, units))


def _elevation(storey: Any, units: Units) -> float | None:
    """Elevation, or the height of the placement, which IFC4 allows in its stead."""
    stated = number(attribute(storey, "Elevation"))
    return _level(storey, units) if stated is None else _rounded(stated * units.length)


def _level(storey: Any, units: Units) -> float | None:
    placement = one(storey, "ObjectPlacement")
    height = None if placement is None else _height_of(placement)
    return None if height is None else _rounded(height * units.length)


def _rounded(height: float) -> float:
    return round(height, 9) + 0.0  # placements are sums: -1.8e-15, and -0


def _height_of(placement: Any) -> float | None:
    try:
        return number(float(ifcopenshell.util.placement.get_local_placement(placement)[2][3]))
    except (AttributeError, RuntimeError, TypeError, ValueError, IndexError, RecursionError):
        return None  # a placement that breaks its schema


def _space(space: Any, structure: Structure, units: Units) -> ModelSpace:
    area, volume = space_claims(space, units)
    return ModelSpace(
        global_id(space), text(space, "Name"), text(space, "LongName"), _floor_id(space, structure), area, volume
    )


def _element(element: Any, structure: Structure) -> ModelElement:
    room = structure.nearest(element, "IfcSpace")
    return ModelElement(
        global_id(element),
        element.is_a(),
        text(element, "Name"),
        _floor_id(element, structure),
        None if room is None else global_id(room),
    )


def _floor_id(instance: Any, structure: Structure) -> str | None:
    storey = structure.nearest(instance, "IfcBuildingStorey")
    return None if storey is None else global_id(storey)


def _true_north(file: ifcopenshell.file) -> float:
    """Degrees clockwise from y to true north: the direction (0.5, 0.866) is 30."""
    for context in instances_of(file, "IfcGeometricRepresentationContext"):
        if context.is_a("IfcGeometricRepresentationSubContext"):
            continue  # its TrueNorth is derived from the parent
        x, y = direction(one(context, "TrueNorth"))
        if (x, y) != (0.0, 1.0):
            return math.degrees(math.atan2(x, y))
    return 0.0


def direction(instance: Any) -> tuple[float, float]:
    """The plan direction's ratios; north where there is none or it has no length."""
    stated = attribute(instance, "DirectionRatios")
    ratios = [number(ratio) or 0.0 for ratio in stated] if isinstance(stated, tuple) else []
    return (ratios[0], ratios[1]) if len(ratios) > 1 and any(ratios[:2]) else (0.0, 1.0)
