"""A floor plan as GeoJSON, for programs.

Coordinates are metres in the model's own axes, not longitude and latitude: a plan must not lose millimetres on the
way to a map and back. The foreign member `coordinates` says so, and holds the georeference where the model has one.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.plan import FloorPlan, role_of
from arxos.domain.buildings.spatial_index import Element, Space


def plan_geojson(plan: FloorPlan) -> str:
    """A FeatureCollection: the floor, its spaces, its elements. Rounded to millimetres, right-handed rings."""
    document = {
        "type": "FeatureCollection",
        "coordinates": {
            "system": "building-local",
            "unit": "metre",
            "georeference": asdict(plan.georeference) if plan.georeference else None,
            "true_north_deg": plan.true_north_deg,
        },
        "features": list(_features(plan)),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _features(plan: FloorPlan) -> Iterator[dict[str, Any]]:
    floor = plan.floor
    own = {"kind": "floor", "global_id": floor.global_id, "name": floor.name, "elevation_m": floor.elevation_m}
    yield _feature(str(floor.id), floor.outline, {**own, "findings": _findings(plan, floor.global_id)})
    for space in plan.spaces:
        yield _feature(str(space.id), space.footprint, {**_space(space), "findings": _findings(plan, space.global_id)})
    for element in plan.elements:
        properties = {**_element(element), "findings": _findings(plan, element.global_id)}
        yield _feature(str(element.id), element.footprint, properties)


def _space(space: Space) -> dict[str, Any]:
    return {
        "kind": "space",
        "global_id": space.global_id,
        "name": space.name,
        "long_name": space.long_name,
        "area_m2": None if space.area_m2 is None else round(space.area_m2, 3),
    }


def _element(element: Element) -> dict[str, Any]:
    return {
        "kind": "element",
        "global_id": element.global_id,
        "ifc_class": element.ifc_class,
        "role": role_of(element.ifc_class).value,
        "name": element.name,
        "z_min": None if element.box is None else round(element.box.z_min, 3),
        "z_max": None if element.box is None else round(element.box.z_max, 3),
    }


def _findings(plan: FloorPlan, global_id: str) -> list[dict[str, str]]:
    found = (finding for remark in plan.remarks for finding in remark.findings if finding.global_id == global_id)
    return [{"rule": f.rule, "severity": f.severity.value, "message": f.message} for f in found]


def _feature(name: str, shape: BaseGeometry | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": name, "geometry": geometry(shape), "properties": properties}


def geometry(shape: BaseGeometry | None) -> Any:
    """RFC 7946 geometry; null for what has no shape."""
    if shape is None or shape.is_empty:
        return None
    rounded = shapely.transform(shapely.orient_polygons(shape), lambda at: at.round(3))
    return json.loads(shapely.to_geojson(rounded))
