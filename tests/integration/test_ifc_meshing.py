"""What IfcOpenShell makes of the shapes in a file, through the children that make them."""

from collections.abc import Sequence

import ifcopenshell
import pytest

from arxos.domain.buildings.geometry import bounding_box, footprint, volume
from arxos.domain.buildings.model_reader import GeometryState, Limits, Mesh, no_progress
from arxos.formats.ifc import meshing
from arxos.formats.ifc.isolation import Send
from arxos.formats.ifc.mesh_run import Tessellate
from arxos.formats.ifc.meshing import meshes
from arxos.formats.ifc.outline import outline
from tests.ifc_houses import House


def by_name(house: House) -> dict[str, Mesh]:
    made = {mesh.global_id: mesh for mesh in meshes(house.file, Limits(product_s=20.0), no_progress)}
    return {house.file.by_guid(global_id).Name: mesh for global_id, mesh in made.items()}


def test_a_block_is_where_it_was_placed_in_metres() -> None:
    house = House()
    house.block("IfcColumn", "column", (2, 3, 0.5), (0.4, 0.3, 2.5))
    mesh = by_name(house)["column"]
    box = bounding_box(mesh.vertices)
    assert mesh.state is GeometryState.DONE
    assert box is not None
    assert (box.x_min, box.y_min, box.z_min) == pytest.approx((2, 3, 0.5))
    assert (box.x_max, box.y_max, box.z_max) == pytest.approx((2.4, 3.3, 3.0))
    assert volume(mesh.vertices, mesh.faces) == pytest.approx(0.3)


def test_openings_are_cut_out_and_are_no_products() -> None:
    house = House()
    wall = house.block("IfcWall", "wall", (0, 0, 0), (4, 0.2, 3))
    house.cut(wall, (1, 0, 0), (1, 0.2, 3))
    made = by_name(house)
    assert made.keys() == {"wall"}
    assert len(footprint(made["wall"].vertices, made["wall"].faces).geoms) == 2


def test_spaces_come_along() -> None:
    house = House()
    house.block("IfcSpace", "room", (0, 0, 0), (5, 4, 3))
    mesh = by_name(house)["room"]
    assert volume(mesh.vertices, mesh.faces) == pytest.approx(60.0)


def test_a_product_without_a_surface_is_empty() -> None:
    house = House()
    house.made("IfcWall", "no shape")
    house.shaped("IfcWall", "symbol", "Curve2D", [house.line((0, 0), (1, 0))])
    house.shaped("IfcWall", "axis", "Curve3D", [house.line((0, 0, 0), (1, 0, 0))])
    house.block("IfcWall", "wall", (0, 0, 0), (4, 0.2, 3))
    states = {name: mesh.state.value for name, mesh in by_name(house).items()}
    assert states == {"no shape": "empty", "symbol": "empty", "axis": "empty", "wall": "done"}


def test_a_shape_that_cannot_be_made_fails_with_a_reason() -> None:
    house = House()
    house.block("IfcSlab", "flat", (0, 0, 0), (0, 0, 1))
    house.block("IfcSlab", "slab", (0, 0, 0), (5, 5, 0.2))
    made = by_name(house)
    assert made["flat"].state is GeometryState.FAILED
    assert made["flat"].note == "Failed to process shape"
    assert made["slab"].state is GeometryState.DONE


def test_a_shape_used_twice_is_in_both_places() -> None:
    house = House()
    solid = house.block("IfcColumn", "first", (0, 0, 0), (1, 1, 1)).Representation.Representations[0]
    origin = house.file.createIfcAxis2Placement3D(house.file.createIfcCartesianPoint((0.0, 0.0, 0.0)))
    source = house.file.createIfcRepresentationMap(origin, solid)
    target = house.file.createIfcCartesianTransformationOperator3D(
        None, None, house.file.createIfcCartesianPoint((0.0, 0.0, 0.0)), 1.0
    )
    house.shaped(
        "IfcColumn", "second", "MappedRepresentation", [house.file.createIfcMappedItem(source, target)], (7, 0, 0)
    )
    boxes = {name: bounding_box(mesh.vertices) for name, mesh in by_name(house).items()}
    assert {name: box.x_min for name, box in boxes.items() if box} == pytest.approx({"first": 0, "second": 7})


def test_a_product_that_the_quick_kernel_dies_on_is_made_by_the_thorough_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_: ifcopenshell.file) -> Tessellate:
        def tessellate(_steps: Sequence[int], _send: Send) -> None:
            raise MemoryError("of the quick kernel")

        return tessellate

    monkeypatch.setattr(meshing, "_all_at_once", dies)
    house = House()
    house.block("IfcColumn", "column", (0, 0, 0), (1, 1, 1))
    assert by_name(house)["column"].state is GeometryState.DONE


def test_a_raised_site_lifts_floors_and_shapes_alike() -> None:
    house = House(altitude=243.0)
    house.block("IfcColumn", "column", (0, 0, 243.0), (1, 1, 3))
    stated = outline(house.file)
    box = bounding_box(by_name(house)["column"].vertices)
    assert [(floor.elevation_m, floor.z_m) for floor in stated.floors] == [(0.0, 243.0)]
    assert box is not None
    assert box.z_min == pytest.approx(243.0)


def test_a_file_without_products_has_no_meshes() -> None:
    assert by_name(House()) == {}
