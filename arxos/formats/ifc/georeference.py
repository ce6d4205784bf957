"""Where on earth a model is, from whichever statement of its file is the most exact."""

import math
import re
from collections.abc import Mapping
from typing import Any

import ifcopenshell

from arxos.domain.buildings.model import GeoReference
from arxos.formats.ifc.instances import attribute, instances_of, many, number, one
from arxos.formats.ifc.units import Units, factor

_BOSTON = ((42, 21, 31), (-71, -3, -24))  # where Revit puts a project that nobody has placed
_NEAR_ONE = (0.9, 1.1)  # a projection's own scale is within a percent of 1; anything else is a matter of units


def georeference(file: ifcopenshell.file, units: Units) -> GeoReference | None:
    """The map conversion, else IFC2X3's property sets for it, else the site's latitude and longitude, else None."""
    return _map_conversion(file, units) or _property_sets(file, units) or _site_point(file, units)


def _map_conversion(file: ifcopenshell.file, units: Units) -> GeoReference | None:
    for conversion in instances_of(file, "IfcMapConversion"):
        stated = {name: attribute(conversion, name) for name in _CONVERSION}
        crs = one(conversion, "TargetCRS")
        map_unit = factor(one(crs, "MapUnit"))
        if place := _projected("IfcMapConversion", stated, attribute(crs, "Name"), map_unit, units):
            return place
    return None


_CONVERSION = ("Eastings", "Northings", "OrthogonalHeight", "XAxisAbscissa", "XAxisOrdinate", "Scale")


def _property_sets(file: ifcopenshell.file, units: Units) -> GeoReference | None:
    """The convention of buildingSMART's IFC2X3 geo-referencing guide: two property sets on the site."""
    sets = {str(attribute(s, "Name")).lower(): s for s in instances_of(file, "IfcPropertySet")}
    conversion = _values(sets.get("epset_mapconversion"))
    crs = _values(sets.get("epset_projectedcrs"))
    map_unit = _NAMED_UNITS.get(str(crs.get("MapUnit")).upper())
    return _projected("ePSet_MapConversion", conversion, crs.get("Name"), map_unit, units)


_NAMED_UNITS = {
    "METRE": 1.0,
    "METER": 1.0,
    "M": 1.0,
    "MILLIMETRE": 0.001,
    "FOOT": 0.3048,
    "US SURVEY FOOT": 1200 / 3937,
}


def _values(properties: Any) -> dict[str, Any]:
    return {
        str(attribute(i, "Name")): getattr(attribute(i, "NominalValue"), "wrappedValue", None)
        for i in many(properties, "HasProperties")
    }


def _projected(
    source: str, stated: Mapping[str, Any], crs_name: Any, map_unit: float | None, units: Units
) -> GeoReference | None:
    east, north = number(stated.get("Eastings")), number(stated.get("Northings"))
    if east is None or north is None or (east, north) == (0.0, 0.0):
        return None
    to_metres, scale = _map_units(number(stated.get("Scale")), map_unit, units.length)
    return GeoReference(
        source=source,
        epsg=_epsg(crs_name),
        eastings=east * to_metres,
        northings=north * to_metres,
        height=(number(stated.get("OrthogonalHeight")) or 0.0) * to_metres,
        rotation_deg=_rotation(number(stated.get("XAxisAbscissa")), number(stated.get("XAxisOrdinate"))),
        scale=scale,
    )


def _map_units(scale: float | None, map_unit: float | None, length: float) -> tuple[float, float]:
    """(map unit in metres, model metres to map metres).

    Without a MapUnit the map is in the project's unit, unless Scale says that it is not: a model in millimetres with
    Scale 0.001, or its inverse 1000 as some exporters write it, has its map in metres.
    """
    stated = scale if scale and scale > 0 else 1.0
    if map_unit is None:
        map_unit = length if _NEAR_ONE[0] < stated < _NEAR_ONE[1] else 1.0
    for candidate in (stated * map_unit / length, stated, stated * length, stated / length):
        if _NEAR_ONE[0] < candidate < _NEAR_ONE[1]:
            return map_unit, candidate
    return map_unit, 1.0


def _rotation(abscissa: float | None, ordinate: float | None) -> float:
    """Degrees anticlockwise from grid east to the model's x axis: (0.5, 0.866) is 60."""
    if not abscissa and not ordinate:
        return 0.0
    return math.degrees(math.atan2(ordinate or 0.0, abscissa or 0.0))


def _epsg(name: Any) -> int | None:
    found = re.fullmatch(r"\s*(?:urn:ogc:def:crs:)?EPSG:+(\d{4,6})\s*", str(name), re.IGNORECASE)
    return int(found[1]) if found else None


def _site_point(file: ifcopenshell.file, units: Units) -> GeoReference | None:
    for site in instances_of(file, "IfcSite"):
        latitude, longitude = attribute(site, "RefLatitude"), attribute(site, "RefLongitude")
        if _is_place(latitude, longitude):
            height = number(attribute(site, "RefElevation"))
            return GeoReference(
                source="IfcSite.RefLatitude",
                latitude=degrees(latitude),
                longitude=degrees(longitude),
                height=None if height is None else height * units.length,
            )
    return None


def _is_place(latitude: Any, longitude: Any) -> bool:
    if not _is_angle(latitude) or not _is_angle(longitude):
        return False
    unset = not any(latitude) and not any(longitude)
    in_range = abs(degrees(latitude)) <= 90 and abs(degrees(longitude)) <= 180
    return in_range and not unset and (latitude[:3], longitude[:3]) != _BOSTON


def _is_angle(value: Any) -> bool:
    return isinstance(value, tuple) and 3 <= len(value) <= 4 and all(isinstance(part, int) for part in value)


def degrees(parts: tuple[int, ...]) -> float:
    """Degrees, minutes, seconds and millionths of seconds, all of one sign: (-87, -38, -21, -839999) is -87.6394."""
    return float(sum(part / unit for part, unit in zip(parts, (1, 60, 3600, 3600e6), strict=False)))
