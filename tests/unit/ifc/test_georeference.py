"""Where on earth a model is, and what is no place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.buildings.model import GeoReference
from arxos.formats.ifc.georeference import degrees, georeference
from arxos.formats.ifc.units import units_of
from tests.step_files import Draft


def place(draft: Draft) -> GeoReference | None:
    return georeference(draft.file, units_of(draft.file))


def millimetres(draft: Draft) -> Any:
    unit = draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI", Name="METRE")
    draft.add("IfcProject", UnitsInContext=draft.add("IfcUnitAssignment", Units=[unit]))
    return unit


def conversion(draft: Draft, map_unit: Any = None, crs: str = "EPSG:32760", **values: Any) -> None:
    target = draft.add("IfcProjectedCRS", Name=crs, MapUnit=map_unit)
    given = {"Eastings": 500_000.0, "Northings": 5_000_000.0, "OrthogonalHeight": 10.0, **values}
    draft.add("IfcMapConversion", TargetCRS=target, **given)


def test_a_map_conversion_in_metres() -> None:
    draft = Draft()
    conversion(draft, XAxisAbscissa=0.5, XAxisOrdinate=0.8660254)
    found = place(draft)
    assert found is not None
    assert (found.source, found.epsg, found.eastings, found.height) == ("IfcMapConversion", 32760, 500_000.0, 10.0)
    assert found.rotation_deg == pytest.approx(60)
    assert found.scale == 1.0


def test_a_map_in_the_projects_millimetres() -> None:
    draft = Draft()
    unit = millimetres(draft)
    conversion(draft, unit, Eastings=729_013_348.8, Scale=1.0)
    found = place(draft)
    assert found is not None
    assert found.eastings == pytest.approx(729_013.3488)
    assert found.scale == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [0.001, 1000.0])
def test_a_scale_of_units_says_that_the_map_is_in_metres(scale: float) -> None:
    draft = Draft()
    millimetres(draft)
    conversion(draft, Eastings=458_657.3, Scale=scale)
    found = place(draft)
    assert found is not None
    assert found.eastings == pytest.approx(458_657.3)
    assert found.scale == pytest.approx(1.0)


def test_a_projections_own_scale_is_kept() -> None:
    draft = Draft()
    conversion(draft, Scale=0.9996)
    found = place(draft)
    assert found is not None
    assert found.scale == pytest.approx(0.9996)


@pytest.mark.parametrize(
    ("name", "epsg"),
    [("EPSG:7415", 7415), ("epsg: 28992", None), ("urn:ogc:def:crs:EPSG::28992", 28992), ("RD New", None)],
)
def test_only_a_plain_code_is_an_epsg_code(name: str, epsg: int | None) -> None:
    draft = Draft()
    conversion(draft, crs=name)
    found = place(draft)
    assert found is not None
    assert found.epsg == epsg


def property_set(draft: Draft, name: str, **values: tuple[str, Any]) -> None:
    properties = [
        draft.add("IfcPropertySingleValue", Name=key, NominalValue=draft.file.create_entity(measure, value))
        for key, (measure, value) in values.items()
    ]
    draft.add("IfcPropertySet", Name=name, HasProperties=properties)


def test_ifc2x3_says_it_in_property_sets() -> None:
    draft = Draft("IFC2X3")
    draft.add("IfcSite", RefLatitude=(41, 52, 27), RefLongitude=(-87, -38, -21))
    length = "IfcLengthMeasure"
    property_set(draft, "ePSet_MapConversion", Eastings=(length, 76670.0), Northings=(length, 77179.0))
    property_set(draft, "ePSet_ProjectedCRS", Name=("IfcLabel", "EPSG:9897"))
    found = place(draft)
    assert found is not None
    assert (found.source, found.epsg, found.eastings) == ("ePSet_MapConversion", 9897, 76670.0)


def test_latitude_and_longitude_of_the_site_are_the_last_resort() -> None:
    draft = Draft()
    draft.add("IfcSite", RefLatitude=(41, 52, 27, 840000), RefLongitude=(-87, -38, -21, -839999), RefElevation=7.0)
    found = place(draft)
    assert found is not None
    assert found.latitude == pytest.approx(41.8744)
    assert found.longitude == pytest.approx(-87.6394, abs=1e-6)
    assert (found.height, found.epsg) == (7.0, None)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((42, 21, 31, 181945), (-71, -3, -24, -263305)),
        ((95, 0, 0), (5, 0, 0)),
        ((52, 0, 0), None),
    ],
)
def test_unset_default_and_impossible_coordinates_are_no_place(latitude: Any, longitude: Any) -> None:
    draft = Draft()
    draft.add("IfcSite", RefLatitude=latitude, RefLongitude=longitude)
    assert place(draft) is None


def test_a_map_conversion_to_the_origin_is_no_place() -> None:
    draft = Draft()
    conversion(draft, Eastings=0.0, Northings=0.0)
    assert place(draft) is None


@given(st.floats(-180, 180))
def test_degrees_come_back_from_their_parts(angle: float) -> None:
    sign, millionths = (-1 if angle < 0 else 1), round(abs(angle) * 3_600_000_000)
    seconds, rest = divmod(millionths, 1_000_000)
    parts = (seconds // 3600, seconds // 60 % 60, seconds % 60, rest)
    signed = (sign * parts[0], sign * parts[1], sign * parts[2], sign * parts[3])
    assert degrees(signed) == pytest.approx(angle, abs=1e-9)
