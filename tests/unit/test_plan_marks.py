"""Marks on a plan keep apart."""

from math import hypot

from shapely import Point, box

from arxos.domain.buildings.plan_marks import Crowd


def test_a_mark_stands_at_its_place() -> None:
    assert Crowd(1.0, []).admit(1, (3.0, 4.0)) == (3.0, 4.0)


def test_a_second_rule_at_one_place_stands_beside_the_first() -> None:
    crowd = Crowd(1.0, [])
    first, second = crowd.admit(1, (0.0, 0.0)), crowd.admit(2, (0.0, 0.0))

    assert first is not None
    assert second is not None
    assert hypot(second[0] - first[0], second[1] - first[1]) >= 0.98


def test_the_same_rule_at_one_place_is_marked_once() -> None:
    crowd = Crowd(1.0, [])
    crowd.admit(1, (0.0, 0.0))

    assert crowd.admit(1, (0.1, 0.1)) is None


def test_marks_keep_off_labels() -> None:
    label = box(-1, -0.3, 1, 0.3)

    place = Crowd(1.0, [label]).admit(1, (0.0, 0.0))

    assert place is not None
    assert not label.intersects(Point(place))


def test_a_mark_without_room_stands_at_its_place_all_the_same() -> None:
    assert Crowd(1.0, [box(-9, -9, 9, 9)]).admit(1, (0.0, 0.0)) == (0.0, 0.0)
