"""How high floors reach and what crosses them."""

import pytest

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.floor_levels import crossed, in_order, with_heights
from arxos.domain.buildings.spatial_index import Floor
from tests.building_builders import a_floor


def heights(*elevations: float | None, top: float | None = None) -> list[tuple[float | None, float | None]]:
    floors = with_heights(in_order([a_floor(elevation_m=e) for e in elevations]), top)
    return [(floor.z_min, floor.z_max) for floor in floors]


def test_floors_are_ordered_by_level_and_not_by_the_file() -> None:
    assert heights(0.0, 3.1, -1.25, 6.0, top=9.0) == [(-1.25, 0.0), (0.0, 3.1), (3.1, 6.0), (6.0, 9.0)]


def test_a_floor_without_a_level_comes_last_and_has_no_height() -> None:
    assert heights(None, 0.0, top=3.0) == [(0.0, 3.0), (None, None)]


def test_the_highest_floor_is_open_where_nothing_stands_on_it() -> None:
    assert heights(0.0, 3.0, top=2.5) == [(0.0, 3.0), (3.0, None)]
    assert heights(0.0) == [(0.0, None)]
    assert heights() == []


def test_floors_at_one_level_share_their_height() -> None:
    assert heights(0.0, 3.0, 3.0, top=7.0) == [(0.0, 3.0), (3.0, 7.0), (3.0, 7.0)]


def test_a_site_above_the_models_origin_lifts_its_floors() -> None:
    upper, ground = a_floor("upper", 3.0, z_min=246.0), a_floor("ground", 0.0, z_min=243.0)
    floors = with_heights(in_order([upper, ground]), top=249.0)
    assert [(f.name, f.elevation_m, f.z_min, f.z_max) for f in floors] == [
        ("ground", 0.0, 243.0, 246.0), ("upper", 3.0, 246.0, 249.0),
    ]  # fmt: skip


BASEMENT, GROUND, UPPER = with_heights(
    [a_floor("basement", -3.0), a_floor("ground", 0.0), a_floor("upper", 3.0)], top=None
)


@pytest.mark.parametrize(
    ("z_min", "z_max", "own", "reached"),
    [
        (0.0, 3.0, GROUND, []),
        (0.0, 3.4, GROUND, []),  # a parapet's worth
        (-0.3, 0.0, GROUND, []),  # the slab below its level
        (0.0, 4.0, GROUND, ["upper"]),
        (-3.0, 9.0, GROUND, ["basement", "upper"]),
        (-3.0, 9.0, None, ["basement", "ground", "upper"]),
        (9.0, 12.0, GROUND, ["upper"]),  # stated on one floor, standing on another
        (-9.0, -4.0, BASEMENT, []),
    ],
)
def test_a_product_crosses_the_floors_it_reaches_half_a_metre_into(
    z_min: float, z_max: float, own: Floor | None, reached: list[str]
) -> None:
    found = crossed(Box(0, 0, z_min, 1, 1, z_max), own, [BASEMENT, GROUND, UPPER])
    assert [floor.name for floor in found] == reached


def test_floors_at_the_same_level_do_not_cross_each_other() -> None:
    east, west = with_heights([a_floor("east", 0.0), a_floor("west", 0.0)], top=3.0)
    assert crossed(Box(0, 0, 0, 1, 1, 3), east, [east, west]) == ()


def test_a_floor_without_a_level_is_never_crossed() -> None:
    (somewhere,) = with_heights([a_floor("somewhere", None)], top=3.0)
    assert crossed(Box(0, 0, 0, 1, 1, 3), None, [somewhere]) == ()
