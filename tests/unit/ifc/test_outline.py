"""What is read of a model: structure, units, address, sizes, north."""

from typing import Any

import pytest

from arxos.formats.ifc.outline import outline
from arxos.formats.ifc.units import Units, factor, units_of
from tests.step_files import Draft


def in_units(draft: Draft, project: Any, *units: Any) -> None:
    project.UnitsInContext = draft.add("IfcUnitAssignment", Units=units)


def length_unit(draft: Draft, name: str) -> Any:
    if name in ("metre", "millimetre"):
        prefix = "MILLI" if name == "millimetre" else None
        return draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Prefix=prefix, Name="METRE")
    metres = draft.file.create_entity("IfcLengthMeasure", {"foot": 0.3048, "inch": 0.0254}[name])
    base = draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
    return draft.add(
        "IfcConversionBasedUnit",
        UnitType="LENGTHUNIT",
        Name=name,
        ConversionFactor=draft.add("IfcMeasureWithUnit", ValueComponent=metres, UnitComponent=base),
    )


@pytest.mark.parametrize(("name", "scale"), [("metre", 1), ("millimetre", 0.001), ("foot", 0.3048), ("inch", 0.0254)])
def test_elevations_come_in_metres_whatever_the_unit(name: str, scale: float) -> None:
    draft = Draft()
    project, _, _, storey = draft.tower()
    in_units(draft, project, length_unit(draft, name))
    storey.Elevation = 12.0

    read = outline(draft.file)

    assert read.unit_scale == pytest.approx(scale)
    assert read.floors[0].elevation_m == pytest.approx(12 * scale)


def test_a_silent_file_is_in_metres() -> None:
    draft = Draft()
    draft.tower()
    assert units_of(draft.file) == Units(1.0, 1.0, 1.0)


def test_area_and_volume_follow_the_length_unit_unless_declared() -> None:
    draft = Draft()
    project = draft.tower()[0]
    area = draft.add("IfcSIUnit", UnitType="AREAUNIT", Prefix="CENTI", Name="SQUARE_METRE")
    in_units(draft, project, length_unit(draft, "foot"), area)
    units = units_of(draft.file)
    assert units.area == pytest.approx(1e-4)
    assert units.volume == pytest.approx(0.3048**3)


def test_a_unit_defined_by_itself_is_no_unit() -> None:
    draft = Draft()
    unit = length_unit(draft, "foot")
    unit.ConversionFactor.UnitComponent = unit
    assert factor(unit) is None


def test_an_elevation_that_is_not_given_is_that_of_the_placement() -> None:
    draft = Draft()
    storey = draft.tower()[3]
    point = draft.add("IfcCartesianPoint", Coordinates=(0.0, 0.0, 3.5))
    axes = draft.add("IfcAxis2Placement3D", Location=point)
    storey.ObjectPlacement = draft.add("IfcLocalPlacement", RelativePlacement=axes)
    assert outline(draft.file).floors[0].elevation_m == 3.5


def test_an_elevation_given_nowhere_is_none() -> None:
    draft = Draft()
    draft.tower()
    assert outline(draft.file).floors[0].elevation_m is None


def test_elements_are_found_in_storeys_spaces_assemblies_openings_and_nowhere() -> None:
    draft = Draft()
    _, site, _, storey = draft.tower()
    space = draft.add("IfcSpace", Name="101")
    draft.aggregate(storey, space)
    wall, chair, stair, flight, door, tree, lost = (
        draft.add(entity, Name=entity)
        for entity in (
            "IfcWall", "IfcFurniture", "IfcStair", "IfcStairFlight", "IfcDoor", "IfcGeographicElement", "IfcSlab",
        )
    )  # fmt: skip
    opening = draft.add("IfcOpeningElement")
    draft.contain(storey, wall, stair)
    draft.contain(space, chair)
    draft.contain(site, tree)
    draft.aggregate(stair, flight)
    draft.add("IfcRelVoidsElement", RelatingBuildingElement=wall, RelatedOpeningElement=opening)
    draft.add("IfcRelFillsElement", RelatingOpeningElement=opening, RelatedBuildingElement=door)

    read = outline(draft.file)

    floor, room = storey.GlobalId, space.GlobalId
    found = {element.ifc_class: (element.floor_id, element.space_id) for element in read.elements}
    assert found == {
        "IfcWall": (floor, None),
        "IfcFurniture": (floor, room),
        "IfcStair": (floor, None),
        "IfcStairFlight": (floor, None),
        "IfcDoor": (floor, None),
        "IfcGeographicElement": (None, None),
        "IfcSlab": (None, None),
    }
    assert read.spaces[0].floor_id == floor
    assert lost.GlobalId in {element.global_id for element in read.elements}


def test_a_circle_of_parts_ends() -> None:
    draft = Draft()
    one, other = draft.add("IfcElementAssembly"), draft.add("IfcElementAssembly")
    draft.aggregate(one, other)
    draft.aggregate(other, one)
    assert {element.floor_id for element in outline(draft.file).elements} == {None}


def test_an_instance_without_a_global_id_goes_by_its_number() -> None:
    draft = Draft()
    wall = draft.add("IfcWall", GlobalId=None)
    assert outline(draft.file).elements[0].global_id == f"#{wall.id()}"


def test_sizes_are_those_of_base_quantities_and_never_the_net_area() -> None:
    draft = Draft()
    space = draft.add("IfcSpace")
    quantities = [
        draft.add("IfcQuantityArea", Name="NetFloorArea", AreaValue=9.0),
        draft.add("IfcQuantityArea", Name="GrossFloorArea", AreaValue=10.0),
        draft.add("IfcQuantityVolume", Name="GrossVolume", VolumeValue=25.0),
    ]
    quantity_set = draft.add("IfcElementQuantity", Name="Qto_SpaceBaseQuantities", Quantities=quantities)
    draft.add("IfcRelDefinesByProperties", RelatedObjects=[space], RelatingPropertyDefinition=quantity_set)
    read = outline(draft.file).spaces[0]
    assert (read.gross_area_m2, read.volume_m3) == (10.0, 25.0)


def test_the_volume_of_revit_counts_but_not_its_area() -> None:
    draft = Draft("IFC2X3")
    space = draft.add("IfcSpace")
    properties = [
        draft.add("IfcPropertySingleValue", Name=name, NominalValue=draft.file.create_entity(measure, value))
        for name, measure, value in (("Area", "IfcAreaMeasure", 12.0), ("Volume", "IfcVolumeMeasure", 30.0))
    ]
    property_set = draft.add("IfcPropertySet", Name="PSet_Revit_Dimensions", HasProperties=properties)
    draft.add("IfcRelDefinesByProperties", RelatedObjects=[space], RelatingPropertyDefinition=property_set)
    read = outline(draft.file).spaces[0]
    assert (read.gross_area_m2, read.volume_m3) == (None, 30.0)


def test_the_address_is_one_line_without_placeholders() -> None:
    draft = Draft()
    building = draft.tower()[2]
    building.BuildingAddress = draft.add(
        "IfcPostalAddress", AddressLines=["Enter address here", "Kerkstraat  5"], PostalCode="1012 AB",
        Town="Amsterdam", Region="", Country="NL",
    )  # fmt: skip
    assert outline(draft.file).address == "Kerkstraat 5, 1012 AB Amsterdam, NL"


def test_the_sites_address_serves_where_the_building_has_none() -> None:
    draft = Draft()
    site = draft.tower()[1]
    site.SiteAddress = draft.add("IfcPostalAddress", AddressLines=["Dam 1"], Town="Amsterdam")
    assert outline(draft.file).address == "Dam 1, Amsterdam"


@pytest.mark.parametrize(
    ("ratios", "degrees"), [((0.0, 1.0), 0), ((0.5, 0.8660254), 30), ((-1.0, 0.0), -90), ((0.0, 0.0), 0)]
)
def test_true_north_is_clockwise_from_the_y_axis(ratios: tuple[float, float], degrees: float) -> None:
    draft = Draft()
    north = draft.add("IfcDirection", DirectionRatios=ratios)
    draft.add("IfcGeometricRepresentationContext", TrueNorth=north)
    assert outline(draft.file).true_north_deg == pytest.approx(degrees, abs=1e-5)


def test_infrastructure_and_files_without_storeys_are_read() -> None:
    draft = Draft("IFC4X3_ADD2")
    bridge = draft.add("IfcBridge", Name="Old bridge")
    draft.contain(bridge, draft.add("IfcBeam"))
    read = outline(draft.file)
    assert (read.building_name, read.floors, len(read.elements)) == ("Old bridge", (), 1)


def test_an_empty_file_is_an_empty_model() -> None:
    read = outline(Draft().file)
    assert (read.floors, read.spaces, read.elements, read.georeference) == ((), (), (), None)
