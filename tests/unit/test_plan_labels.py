"""Where labels go."""

from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.plan_labels import labels
from arxos.domain.buildings.spatial_index import Space
from tests.building_builders import a_space

NOTHING: BaseGeometry = Polygon()
L_SHAPE = MultiPolygon([Polygon([(0, 0), (10, 0), (10, 2), (2, 2), (2, 10), (0, 10)])])


def _room(x0: float, y0: float, x1: float, y1: float, title: str = "Office") -> Space:
    return a_space((x0, y0, 0), (x1, y1, 3), name="101", long_name=title)


def test_a_label_lies_within_its_space() -> None:
    room = _room(0, 0, 6, 4)

    label = labels([room], NOTHING, 0.4)[room.global_id]

    assert room.footprint is not None
    assert room.footprint.contains(label.box)


def test_the_label_of_an_l_shaped_space_lies_in_one_of_its_arms() -> None:
    room = a_space((0, 0, 0), (10, 10, 3), footprint=L_SHAPE, long_name="Hall")

    assert L_SHAPE.contains(labels([room], NOTHING, 0.4)[room.global_id].box)


def test_a_small_space_has_smaller_text() -> None:
    large, small = _room(0, 0, 9, 9), _room(20, 0, 21.6, 1.6)

    found = labels([large, small], NOTHING, 0.5)

    assert found[small.global_id].size < found[large.global_id].size


def test_a_space_too_small_for_words_has_no_label() -> None:
    assert labels([_room(0, 0, 0.2, 0.2)], NOTHING, 0.4) == {}


def test_a_space_without_any_name_has_no_label() -> None:
    assert labels([a_space((0, 0, 0), (6, 4, 3), name=None, long_name=" ")], NOTHING, 0.4) == {}


def test_labels_keep_off_furniture_where_there_is_room() -> None:
    desk = box(0, 0, 6, 2)
    room = _room(0, 0, 6, 5)

    assert not labels([room], desk, 0.4)[room.global_id].box.intersects(desk)


def test_labels_of_overlapping_spaces_do_not_overlap() -> None:
    zone, room = _room(0, 0, 12, 8, "Zone"), _room(2, 1, 9, 7, "Room")

    found = labels([zone, room], NOTHING, 0.4)

    assert not found[zone.global_id].box.intersects(found[room.global_id].box)


def test_a_long_name_is_broken_in_two() -> None:
    room = _room(0, 0, 4.4, 4, "Waste management")

    assert labels([room], NOTHING, 0.5)[room.global_id].lines[1:3] == ("Waste", "management")


@given(
    st.floats(0.5, 30), st.floats(0.5, 30), st.text(min_size=1, max_size=60), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)
)
def test_whatever_the_room_and_its_name_the_label_stays_inside(
    width: float, depth: float, title: str, x: float, y: float
) -> None:
    room = _room(x, y, x + width, y + depth, title)

    for label in labels([room], NOTHING, 0.4).values():
        assert room.footprint is not None
        assert room.footprint.buffer(1e-6).contains(label.box)
