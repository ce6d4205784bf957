"""Doors and windows in walls."""

import pytest
import shapely
from shapely import MultiPolygon, box
from shapely.affinity import rotate

from arxos.domain.buildings.plan_openings import Rooms, Walls, leaves, treads
from tests.building_builders import plan


def test_a_gap_reaches_from_face_to_face_of_the_wall() -> None:
    gap = Walls([plan(0, 0, 10, 0.4)]).gap(plan(2, 0.15, 3, 0.25))

    assert gap is not None
    assert gap.outline().equals_exact(box(2, 0, 3, 0.4), 1e-9) or gap.outline().equals(box(2, 0, 3, 0.4))


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 137])
def test_gaps_turn_with_their_wall(degrees: float) -> None:
    wall = MultiPolygon([rotate(box(0, 0, 10, 0.4), degrees, origin=(0, 0))])
    door = MultiPolygon([rotate(box(2, 0.15, 3, 0.25), degrees, origin=(0, 0))])

    gap = Walls([wall]).gap(door)

    assert gap is not None
    assert gap.width == pytest.approx(1.0)
    assert gap.depth == pytest.approx(0.4)


def test_a_cross_wall_beside_the_opening_does_not_deepen_the_gap() -> None:
    gap = Walls([plan(0, 0, 10, 0.4), plan(3, 0.4, 3.1, 5)]).gap(plan(2, 0.1, 3.05, 0.3))

    assert gap is not None
    assert gap.depth == pytest.approx(0.4)


def test_an_opening_to_full_height_finds_the_wall_at_its_jambs() -> None:
    gap = Walls([plan(0, 0, 2, 0.4), plan(3, 0, 5, 0.4)]).gap(plan(2, 0.15, 3, 0.25))

    assert gap is not None
    assert gap.depth == pytest.approx(0.4)


def test_a_door_in_no_wall_is_as_deep_as_itself() -> None:
    gap = Walls([]).gap(plan(0, 0, 1, 0.1))

    assert gap is not None
    assert gap.depth == pytest.approx(0.1)


def test_walls_are_cut_through() -> None:
    walls = Walls([plan(0, 0, 10, 0.4)])
    gap = walls.gap(plan(2, 0.15, 3, 0.25))

    assert gap is not None
    assert len(shapely.get_parts(walls.cut([gap]))) == 2


def test_a_door_opens_from_the_corridor_into_the_room() -> None:
    corridor, room, closet = plan(0, 0, 20, 2), plan(0, 2.2, 5, 9), plan(5.1, 2.2, 6, 9)
    walls = Walls([plan(0, 2, 20, 2.2)])
    gaps = [gap for gap in (walls.gap(plan(x, 2.05, x + 0.9, 2.15)) for x in (1, 5.1, 8)) if gap is not None]

    for shapes in ([corridor, room, closet], [closet, room, corridor]):
        [leaf] = leaves(gaps[0], walls, Rooms(shapes, gaps))
        assert leaf.tip[1] > 2.2


def test_a_leaf_is_as_long_as_its_door_is_wide() -> None:
    walls = Walls([plan(0, 0, 10, 0.2)])
    gap = walls.gap(plan(2, 0.05, 2.9, 0.15))

    assert gap is not None
    [leaf] = leaves(gap, walls, Rooms([], [gap]))
    assert shapely.Point(leaf.hinge).distance(shapely.Point(leaf.tip)) == pytest.approx(0.9)
    assert shapely.Point(leaf.hinge).distance(shapely.Point(leaf.closed)) == pytest.approx(0.9)


def test_stairs_have_a_tread_every_28_cm_across_the_flight() -> None:
    lines = treads(plan(0, 0, 1.2, 2.8))

    assert len(lines) == 9
    assert all(line.length == pytest.approx(1.2) for line in lines)


def test_a_single_step_has_no_treads() -> None:
    assert treads(plan(0, 0, 0.3, 0.5)) == []
