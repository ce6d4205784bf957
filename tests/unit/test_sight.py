"""When whoever watches the database may conclude that a silent worker is dead."""

from arxos.scheduler.sight import Sight


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def watched(clock: Clock, sight: Sight, seconds: int) -> Sight:
    for _ in range(seconds):
        sight.seen()
        clock.now += 1
    return sight


def test_nothing_is_known_at_first() -> None:
    assert Sight(5, Clock()).steady_s() == 0


def test_a_database_that_answers_all_the_time_is_steady() -> None:
    sight = watched(clock := Clock(), Sight(5, clock), 21)
    assert sight.steady_s() == 20


def test_an_outage_begins_the_count_anew() -> None:
    sight = watched(clock := Clock(), Sight(5, clock), 21)
    clock.now += 6
    assert sight.steady_s() == 0
    assert watched(clock, sight, 4).steady_s() == 3


def test_a_hiccup_does_not() -> None:
    sight = watched(clock := Clock(), Sight(5, clock), 21)
    clock.now += 3
    assert watched(clock, sight, 1).steady_s() == 24


def test_waiting_for_another_server_is_no_outage() -> None:
    sight = watched(clock := Clock(), Sight(5, clock), 21)
    with sight.elsewhere():
        clock.now += 60
    assert watched(clock, sight, 2).steady_s() == 82
