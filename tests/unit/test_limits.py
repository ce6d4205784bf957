"""Limits are never exceeded, whatever is counted when."""

from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.errors import InvalidError
from arxos.domain.jobs.limits import Allowance, Bucket, Limit, Room, Scope, check_allowance, groups_of, refilled

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def limit(allowed: Allowance, bucket: Bucket | None = None, name: str = "probe.noop") -> Limit:
    return Limit(Scope.KIND, name, allowed, bucket or Bucket(allowed.bucket_size, 0, NOON))


def room(*limits: Limit, paused: tuple[str, ...] = (), now: datetime = NOON, **in_flight: int) -> Room:
    flying = {name.replace("_", ":", 1).replace("__", "/"): n for name, n in in_flight.items()}
    return Room({one.group: one for one in limits}, flying, {}, frozenset(paused), now)


def test_as_many_run_as_are_allowed() -> None:
    left = Room({"kind:a": limit(Allowance(running=3), name="a")}, {"kind:a": 1}, {}, frozenset(), NOON)
    assert [left.take(["kind:a"]) for _ in range(3)] == [None, None, "kind:a"]


def test_each_key_has_places_of_its_own() -> None:
    left = room(limit(Allowance(per="building"), name="a"))
    assert left.take(["kind:a", "kind:a/tower"]) is None
    assert left.take(["kind:a", "kind:a/tower"]) == "kind:a/tower"
    assert left.take(["kind:a", "kind:a/annex"]) is None


def test_where_one_group_is_full_no_place_is_taken_in_another() -> None:
    left = room(limit(Allowance(running=2), name="a"), limit(Allowance(running=1), name="b"))
    left.take(["kind:b"])
    assert left.take(["kind:a", "kind:b"]) == "kind:b"
    assert left.left("kind:a") == 2


def test_nothing_starts_of_what_is_paused() -> None:
    left = room(limit(Allowance(per="building"), name="a"), paused=("kind:a", "kind:b"))
    assert [left.left(group) for group in ("kind:a", "kind:a/tower", "kind:b", "kind:c")] == [0, 0, 0, inf]


def test_a_limit_that_is_gone_holds_nobody() -> None:
    assert room().left("kind:a") == inf
    assert room(limit(Allowance(running=1), name="a")).left("kind:a/tower") == inf


def test_more_may_run_already_than_a_new_limit_allows() -> None:
    left = Room({"kind:a": limit(Allowance(running=1), name="a")}, {"kind:a": 5}, {}, frozenset(), NOON)
    assert left.take(["kind:a"]) == "kind:a"


def test_a_rate_fills_up_with_time_and_no_further_than_its_burst() -> None:
    allowed = Allowance(rate=2, burst=5)
    empty = Bucket(0.0, 0, NOON)
    assert refilled(allowed, empty, NOON + seconds(1), 0) == 2
    assert refilled(allowed, empty, NOON + seconds(60), 0) == 5
    assert refilled(allowed, Bucket(3.0, 0, NOON), NOON - seconds(60), 0) == 3  # a clock put back takes nothing


def test_what_nobody_has_claimed_fills_the_bucket() -> None:
    allowed = Allowance(rate=5)
    assert refilled(allowed, Bucket(2.0, 1, NOON), NOON + seconds(10), 0) == 4
    assert refilled(allowed, Bucket(0.0, 5, NOON), NOON + seconds(10), 5) == 0


looks = st.lists(st.tuples(st.floats(0.01, 3), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=60)


@given(st.floats(0.1, 20), st.integers(1, 10), looks)
def test_however_late_jobs_are_claimed_a_rate_is_never_exceeded(
    rate: float, burst: int, history: list[tuple[float, int, int]]
) -> None:
    allowed = Allowance(rate=rate, burst=burst)
    bucket, now, waiting, starts = Bucket(burst, 0, NOON), NOON, 0, []
    for pause, claims, wanted in history:
        now += seconds(pause)
        claimed = min(claims, waiting)  # just before this look, which is the worst moment
        waiting -= claimed
        starts += [now] * claimed
        left = Room({"kind:a": limit(allowed, bucket, "a")}, {}, {"kind:a": waiting}, frozenset(), now)
        granted = sum(left.take(["kind:a"]) is None for _ in range(wanted))
        bucket = left.spent(left.limits["kind:a"], granted)
        waiting += granted
    for first, since in enumerate(starts):
        for last in range(first, len(starts)):
            allowed_then = burst + rate * (starts[last] - since).total_seconds()
            assert last - first + 1 <= allowed_then + 1e-6


def test_a_job_needs_a_place_in_its_kind_its_queue_and_for_its_keys() -> None:
    keys = {"kind:a": "tower", "queue:q": "ada"}
    assert groups_of("a", "q", keys, {"kind:a", "queue:q"}) == ["kind:a", "queue:q", "kind:a/tower", "queue:q/ada"]
    assert groups_of("a", "q", {}, {"queue:q"}) == ["queue:q"]
    assert groups_of("a", "q", keys, set()) == []


@pytest.mark.parametrize(
    ("allowed", "says"),
    [
        (Allowance(), "limit: needs running, per or rate"),
        (Allowance(running=-1), "running: must be 0 to 1000000, got -1"),
        (Allowance(rate=0), "rate: must be more than 0 and at most 1000000, got 0"),
        (Allowance(rate=float("nan")), "rate: must be more than 0 and at most 1000000, got nan"),
        (Allowance(running=1, burst=2), "burst: needs a rate"),
        (Allowance(per="colour"), "per: must be building, submitter or payload.<field>, got 'colour'"),
        (Allowance(per="payload.a'; DROP"), 'per: must be building, submitter or payload.<field>, got "payload.a'),
        (Allowance(per="building", per_running=0), "per-running: must be 1 to 1000000, got 0"),
    ],
)
def test_nonsense_is_refused(allowed: Allowance, says: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        check_allowance(allowed)
    assert str(refusal.value).startswith(says)
