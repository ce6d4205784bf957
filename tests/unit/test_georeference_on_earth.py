"""From model axes to longitude and latitude, checked against places that are known."""

import math

import pytest
from shapely import MultiPolygon

from arxos.domain.buildings.model import GeoReference
from arxos.storage.georeference import on_earth
from tests.building_builders import plan

HOUSE = plan(0, 0, 20, 10)
METRES_PER_DEGREE = 111_320.0
UTM32 = GeoReference("IfcMapConversion", epsg=32632, eastings=500_000.0, northings=5_538_630.703)  # 9° E, 50° N


def size_m(shape: MultiPolygon | None) -> tuple[float, float]:
    """East to west and south to north."""
    assert shape is not None
    west, south, east, north = shape.bounds
    return (east - west) * METRES_PER_DEGREE * math.cos(math.radians(south)), (north - south) * METRES_PER_DEGREE


def corner(shape: MultiPolygon | None) -> tuple[float, float]:
    """The south-western one, which is the model's origin where nothing is turned."""
    assert shape is not None
    west, south, _, _ = shape.bounds
    return west, south


def test_a_projected_place_is_projected_back() -> None:
    shape = on_earth(HOUSE, UTM32, 0.0)
    assert corner(shape) == pytest.approx((9.0, 50.0), abs=1e-6)
    assert size_m(shape) == pytest.approx((20, 10), rel=5e-3)


def test_a_map_conversion_turns_and_scales() -> None:
    turned = GeoReference("x", epsg=32632, eastings=500_000.0, northings=5_538_630.703, rotation_deg=90.0, scale=2.0)
    assert size_m(on_earth(HOUSE, turned, 0.0)) == pytest.approx((20, 40), rel=5e-3)


def test_true_north_says_nothing_where_the_map_conversion_does() -> None:
    here, there = on_earth(HOUSE, UTM32, 0.0), on_earth(HOUSE, UTM32, 45.0)
    assert here is not None
    assert here == there


def test_metres_become_the_feet_of_a_system_in_feet() -> None:
    new_york = GeoReference("x", epsg=2263, eastings=300_000.0, northings=60_000.0)  # US survey feet
    shape = on_earth(HOUSE, new_york, 0.0)
    assert corner(shape) == pytest.approx((-74.0, 40.7), abs=0.2)
    assert size_m(shape) == pytest.approx((20, 10), rel=5e-3)


def test_a_point_is_taken_for_the_origin() -> None:
    shape = on_earth(HOUSE, GeoReference("IfcSite", latitude=41.8744, longitude=-87.6394), 0.0)
    assert corner(shape) == pytest.approx((-87.6394, 41.8744), abs=1e-6)
    assert size_m(shape) == pytest.approx((20, 10), rel=5e-3)


def test_a_plan_at_a_point_is_turned_to_true_north() -> None:
    """With true north 90° clockwise of y, along x, the long side of the house runs north."""
    shape = on_earth(HOUSE, GeoReference("IfcSite", latitude=0.0, longitude=0.0), 90.0)
    assert size_m(shape) == pytest.approx((10, 20), rel=1e-2)
    assert shape is not None
    assert shape.bounds[0] < -5e-5  # y, where it was, points west now


@pytest.mark.parametrize(
    "place",
    [
        None,
        GeoReference("x", epsg=999_999, eastings=0.0, northings=0.0),
        GeoReference("x", epsg=4326, eastings=0.0, northings=0.0),  # no projected system
        GeoReference("x", epsg=5773, eastings=0.0, northings=0.0),  # heights
        GeoReference("x", epsg=32632, eastings=1e30, northings=1e30),
    ],
)
def test_what_is_no_place_on_earth_has_no_outline_there(place: GeoReference | None) -> None:
    assert on_earth(HOUSE, place, 0.0) is None


def test_no_plan_has_no_outline_on_earth() -> None:
    assert on_earth(None, UTM32, 0.0) is None
