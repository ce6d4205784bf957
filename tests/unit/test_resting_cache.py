"""A cache that is away is left alone for a while."""

import pytest

from arxos.domain.errors import UnavailableError
from arxos.storage.cache import RestingCache
from tests.fakes import FakeCache


class Counting(FakeCache):
    """Away until told otherwise; counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True
        self.asked = 0

    def get(self, key: str) -> bytes | None:
        self.asked += 1
        if self.away:
            raise UnavailableError(f"no answer for {key}")
        return super().get(key)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def ask(cache: RestingCache, times: int) -> int:
    """How many of them got an answer."""
    answered = 0
    for _ in range(times):
        try:
            cache.get("a")
        except UnavailableError:
            continue
        answered += 1
    return answered


def test_one_reader_waits_for_a_cache_that_is_away_and_the_others_go_on() -> None:
    counting = Counting()
    assert ask(RestingCache(counting, clock=Clock()), 5) == 0
    assert counting.asked == 1


def test_it_is_asked_again_by_one_after_the_rest_and_by_all_once_it_answers() -> None:
    counting, clock = Counting(), Clock()
    cache = RestingCache(counting, rest_s=5, clock=clock)
    ask(cache, 3)
    clock.now += 5.1
    assert (ask(cache, 3), counting.asked) == (0, 2)

    counting.away = False
    assert ask(cache, 3) == 0
    clock.now += 5.1
    assert (ask(cache, 3), counting.asked) == (3, 5)


def test_while_one_asks_again_nobody_else_waits() -> None:
    counting, clock = Counting(), Clock()
    cache = RestingCache(counting, rest_s=5, clock=clock)
    ask(cache, 1)
    clock.now += 5.1
    with cache._asked(), pytest.raises(UnavailableError, match="left alone"):
        cache.get("a")
    counting.away = False  # as the one who asked has found
    assert ask(cache, 2) == 2
