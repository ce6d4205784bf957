"""Connections of one process: idle ones make room, busy ones are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.api.addresses import networks
from arxos.api.serving.crowd import Bounds, Crowd, origin_of


def test_the_one_that_is_idle_for_longest_makes_room() -> None:
    crowd = Crowd[str](Bounds(most=100, most_from_one=2))
    assert crowd.enter("a", "192.0.2.1") == (True, None)
    assert crowd.enter("b", "192.0.2.1") == (True, None)
    crowd.wake("a")
    crowd.rest("a")
    assert crowd.enter("c", "192.0.2.1") == (True, "b")


def test_where_none_is_idle_the_new_one_is_refused() -> None:
    crowd = Crowd[str](Bounds(most=100, most_from_one=1))
    crowd.enter("a", "192.0.2.1")
    crowd.wake("a")
    assert crowd.enter("b", "192.0.2.1") == (False, None)
    assert crowd.enter("c", "192.0.2.2") == (True, None)


def test_all_together_have_a_limit_too() -> None:
    crowd = Crowd[str](Bounds(most=2, most_from_one=2))
    for number, name in enumerate("ab"):
        crowd.enter(name, f"192.0.2.{number}")
        crowd.wake(name)
    assert crowd.enter("c", "192.0.2.9") == (False, None)


def test_a_proxy_may_have_as_many_as_all_together() -> None:
    crowd = Crowd[int](Bounds(most=50, most_from_one=2, exempt=networks("192.0.2.1")))
    assert {crowd.enter(number, "192.0.2.1") for number in range(50)} == {(True, None)}


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@given(st.lists(st.tuples(st.sampled_from(["enter", "wake", "rest", "leave"]), st.integers(0, 9))))
def test_nothing_is_kept_of_connections_that_left(acts: list[tuple[str, int]]) -> None:
    crowd = Crowd[int](Bounds(most=5, most_from_one=3))
    present: set[int] = set()
    for act, one in acts:
        if act == "enter" and one not in present:
            crowd.enter(one, f"192.0.2.{one % 3}")
            present.add(one)
        elif act != "enter":
            getattr(crowd, act)(one)
            present -= {one} if act == "leave" else set()
        assert len(crowd) == len(present)
        assert set(crowd._idle) <= present
    for one in range(10):
        crowd.leave(one)
    assert [len(crowd._count), len(crowd._origins), len(crowd._idle), len(crowd._idle_from)] == [0] * 4
