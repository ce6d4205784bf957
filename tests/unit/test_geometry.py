"""Footprints, volumes and outlines of shapes whose answers are known."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon

from arxos.domain.buildings.box import Box, box_of
from arxos.domain.buildings.geometry import (
    Faces,
    Points,
    bounding_box,
    floor_outline,
    footprint,
    only_polygons,
    united,
    volume,
)
from arxos.domain.errors import InvalidGeometryError
from tests.building_builders import cuboid, plan

LENGTHS = st.floats(0.01, 100.0).map(lambda x: round(x, 6))
PLACES = st.floats(-1e5, 1e5).map(lambda x: round(x, 3))
BOXES = st.tuples(PLACES, PLACES, PLACES, LENGTHS, LENGTHS, LENGTHS)


def mesh(b: tuple[float, ...]) -> tuple[Points, Faces]:
    return cuboid((b[0], b[1], b[2]), (b[0] + b[3], b[1] + b[4], b[2] + b[5]))


def joined(*meshes: tuple[Points, Faces]) -> tuple[Points, Faces]:
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    faces = [faces + start for (_, faces), start in zip(meshes, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in meshes]), np.concatenate(faces)


def test_the_unit_cube_covers_the_unit_square_and_holds_one() -> None:
    vertices, faces = cuboid((0, 0, 0), (1, 1, 1))
    assert footprint(vertices, faces).equals(plan(0, 0, 1, 1))
    assert volume(vertices, faces) == pytest.approx(1.0)
    assert bounding_box(vertices) == Box(0, 0, 0, 1, 1, 1)


@given(BOXES)
def test_a_boxs_footprint_has_the_area_of_its_base_and_its_volume_base_times_height(b: tuple[float, ...]) -> None:
    vertices, faces = mesh(b)
    assert footprint(vertices, faces).area == pytest.approx(b[3] * b[4], rel=1e-3, abs=1e-6 * (b[3] + b[4]))
    assert volume(vertices, faces) == pytest.approx(b[3] * b[4] * b[5], rel=1e-3)


@given(BOXES, PLACES, PLACES, PLACES)
def test_moving_a_mesh_moves_its_footprint_and_keeps_its_volume(
    b: tuple[float, ...], x: float, y: float, z: float
) -> None:
    vertices, faces = mesh(b)
    there = footprint(vertices + np.array([x, y, z]), faces)
    here = shapely.affinity.translate(footprint(vertices, faces), x, y)
    assert there.symmetric_difference(here).area == pytest.approx(0, abs=1e-5 * (b[3] + b[4]))
    assert volume(vertices + np.array([x, y, z]), faces) == pytest.approx(volume(vertices, faces), rel=1e-4)


@given(st.lists(BOXES, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_faces_does_not_matter(boxes: list[tuple[float, ...]], random: Any) -> None:
    vertices, faces = joined(*map(mesh, boxes))
    order = list(range(len(faces)))
    random.shuffle(order)
    difference = footprint(vertices, faces).symmetric_difference(footprint(vertices, faces[order]))
    assert difference.area == pytest.approx(0, abs=1e-4)


@given(st.lists(BOXES, min_size=1, max_size=4))
@settings(max_examples=40)
def test_a_footprint_is_valid_within_the_box_and_no_larger_than_its_parts(boxes: list[tuple[float, ...]]) -> None:
    meshes = [mesh(b) for b in boxes]
    vertices, faces = joined(*meshes)
    shape, around = footprint(vertices, faces), bounding_box(vertices)
    assert around is not None
    assert shape.is_valid
    assert shapely.box(around.x_min, around.y_min, around.x_max, around.y_max).buffer(1e-5).covers(shape)
    assert shape.area <= sum(footprint(*part).area for part in meshes) + 1e-4


@given(st.lists(BOXES, min_size=1, max_size=4))
@settings(max_examples=40)
def test_uniting_again_changes_nothing(boxes: list[tuple[float, ...]]) -> None:
    once = united(footprint(*mesh(b)) for b in boxes)
    assert united([once]).equals_exact(once, 1e-9)
    assert united([once, once]).area == pytest.approx(once.area)


def test_an_upright_sheet_has_no_footprint_but_a_box() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], dtype=float)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    assert footprint(vertices, faces).is_empty
    assert bounding_box(vertices) == Box(0, 0, 0, 1, 0, 1)


def test_a_thin_sheet_turned_in_plan_has_none_either() -> None:
    angle = 0.7
    along = np.array([math.cos(angle), math.sin(angle), 0.0]) * 7.0
    up = np.array([0.0, 0.0, 3.0])
    vertices = np.array([along * 0, along, along + up, up])
    assert footprint(vertices, np.array([[0, 1, 2], [0, 2, 3]])).is_empty


def test_no_triangles_have_no_footprint_no_box_and_no_volume() -> None:
    vertices, faces = np.empty((0, 3)), np.empty((0, 3), dtype=np.int64)
    assert footprint(vertices, faces).is_empty
    assert bounding_box(vertices) is None
    assert volume(vertices, faces) is None


def test_two_towers_have_a_footprint_of_two_parts() -> None:
    shape = footprint(*joined(cuboid((0, 0, 0), (1, 1, 9)), cuboid((5, 0, 0), (6, 1, 9))))
    assert len(shape.geoms) == 2
    assert shape.area == pytest.approx(2.0)


def test_a_courtyard_stays_open() -> None:
    wings = [
        cuboid((0, 0, 0), (9, 1, 3)),
        cuboid((0, 8, 0), (9, 9, 3)),
        cuboid((0, 0, 0), (1, 9, 3)),
        cuboid((8, 0, 0), (9, 9, 3)),
    ]
    shape = footprint(*joined(*wings))
    assert [len(part.interiors) for part in shape.geoms] == [1]
    assert shape.area == pytest.approx(81 - 49)


def test_a_cube_without_a_lid_has_no_volume() -> None:
    vertices, faces = cuboid((0, 0, 0), (1, 1, 1))
    assert volume(vertices, faces[:-1]) is None


def test_a_cube_with_one_face_turned_has_no_volume() -> None:
    vertices, faces = cuboid((0, 0, 0), (1, 1, 1))
    faces[3] = faces[3][::-1]
    assert volume(vertices, faces) is None


def test_a_cube_turned_inside_out_has_its_volume() -> None:
    vertices, faces = cuboid((0, 0, 0), (2, 1, 1))
    assert volume(vertices, faces[:, ::-1]) == pytest.approx(2.0)


def test_vertices_repeated_for_every_face_are_still_a_closed_mesh() -> None:
    vertices, faces = cuboid((0, 0, 0), (1, 2, 3))
    assert volume(vertices[faces].reshape(-1, 3), np.arange(36).reshape(-1, 3)) == pytest.approx(6.0)


def test_a_cavity_is_taken_off() -> None:
    inner_vertices, inner_faces = cuboid((1, 1, 1), (2, 2, 2))
    shell = joined(cuboid((0, 0, 0), (3, 3, 3)), (inner_vertices, inner_faces[:, ::-1]))
    assert volume(*shell) == pytest.approx(26.0)


def test_a_volume_far_from_the_origin_keeps_its_digits() -> None:
    vertices, faces = cuboid((729_013.3, 5_000_000.1, 0), (729_014.3, 5_000_001.1, 1))
    assert volume(vertices, faces) == pytest.approx(1.0, rel=1e-6)


def test_an_outline_closes_the_wall_between_two_rooms_and_not_the_yard() -> None:
    rooms = [plan(0, 0, 4, 4), plan(4.3, 0, 8, 4)]
    outline = floor_outline(rooms)
    assert outline is not None
    assert outline.area == pytest.approx(8 * 4)
    apart = floor_outline([plan(0, 0, 4, 4), plan(6, 0, 8, 4)])
    assert apart is not None
    assert len(apart.geoms) == 2


def test_an_outline_keeps_corners_sharp() -> None:
    outline = floor_outline([plan(0, 0, 10, 10)])
    assert outline is not None
    assert outline.equals(plan(0, 0, 10, 10))


def test_nothing_has_no_outline() -> None:
    assert floor_outline([]) is None


def test_lines_and_points_are_left_out_of_polygons() -> None:
    mixed = shapely.GeometryCollection(
        [shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1)]
    )
    assert only_polygons(mixed).equals(plan(0, 0, 1, 1))
    assert only_polygons(None) == MultiPolygon()


def test_boxes_meet_where_they_share_a_point() -> None:
    box = Box(0, 0, 0, 1, 1, 1)
    assert box.meets(Box(1, 1, 1, 2, 2, 2))
    assert not box.meets(Box(1.1, 0, 0, 2, 1, 1))
    assert box.meets(box_of((0.5, 0.5)))
    assert not box.meets(box_of((0.5, 0.5, 2)))


def test_the_numbers_of_a_query_make_a_box() -> None:
    assert box_of((1, 2, 3)) == Box(1, 2, 3, 1, 2, 3)
    assert box_of((1, 2, 3, 4)) == Box(1, 2, -math.inf, 3, 4, math.inf)
    assert box_of((1, 2, 3, 4, 5, 6)) == Box(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    "numbers", [(), (1,), (1, 2, 3, 4, 5), (1,) * 7, (3, 0, 1, 1), (math.nan, 0), (math.inf, 0, 0)]
)
def test_other_numbers_make_none(numbers: tuple[float, ...]) -> None:
    with pytest.raises(InvalidGeometryError):
        box_of(numbers)
