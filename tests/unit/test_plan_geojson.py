"""Floor plans as GeoJSON."""

import json
from typing import Any

import shapely
from shapely.geometry import shape

from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.plan_geojson import plan_geojson
from tests.building_builders import an_element
from tests.plan_builders import a_finding, a_plan, remarked


def _features(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["features"]
    return found


def test_a_plan_has_a_feature_for_the_floor_each_space_and_each_element() -> None:
    kinds = [feature["properties"]["kind"] for feature in _features(plan_geojson(a_plan()))]

    assert kinds == ["floor", "space", *["element"] * 5]


def test_coordinates_say_what_they_are() -> None:
    place = GeoReference("IfcMapConversion", epsg=25832, eastings=565820.0, northings=5933140.0)

    said = json.loads(plan_geojson(a_plan(georeference=place, true_north_deg=17.2)))["coordinates"]

    assert (said["system"], said["unit"], said["true_north_deg"]) == ("building-local", "metre", 17.2)
    assert said["georeference"]["epsg"] == 25832


def test_shapes_survive() -> None:
    given = a_plan()

    feature = _features(plan_geojson(given))[1]

    assert shape(feature["geometry"]).equals(given.spaces[0].footprint)
    assert (feature["properties"]["name"], feature["properties"]["area_m2"]) == ("101", 24.0)


def test_what_has_no_shape_has_no_geometry() -> None:
    text = plan_geojson(a_plan(elements=(an_element((0, 0, 0), (1, 1, 1), footprint=None, box=None),)))

    feature = _features(text)[-1]
    assert feature["geometry"] is None
    assert feature["properties"]["z_min"] is None


def test_outer_rings_run_anticlockwise() -> None:
    for feature in _features(plan_geojson(a_plan())):
        for polygon in shapely.get_parts(shape(feature["geometry"])):
            assert polygon.exterior.is_ccw


def test_findings_are_with_what_they_are_about() -> None:
    given = a_plan()

    features = _features(plan_geojson(remarked(given, a_finding(given.elements[4].global_id))))

    assert [f["properties"]["name"] for f in features if f["properties"]["findings"]] == ["Desk"]
