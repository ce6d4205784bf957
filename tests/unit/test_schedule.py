"""What a tick owes an entry: its policy for slots that nobody took in time; names, bounds, jitter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.errors import InvalidError
from arxos.domain.jobs.schedule import Entry, Policy, Schedule, check_entry, due, jitter, next_slot, slot_key
from arxos.domain.jobs.slots import Rhythm

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTELY = Entry("minutely", "probe.noop", Rhythm(cron="* * * * *"))
HOURLY = Entry("hourly", "probe.noop", Rhythm(every_s=3600))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("policy", "seconds", "submitted", "missed"),
    [
        (Policy.SKIP, 190, [180], 2),  # the third is ten seconds old: still on time
        (Policy.SKIP, 211, [], 3),
        (Policy.LATEST, 190, [180], 2),
        (Policy.LATEST, 239, [180], 2),
        (Policy.ALL, 239, [60, 120, 180], 0),
        (Policy.ALL, 360, [180, 240, 300, 360], 2),  # four are its bound
    ],
)
def test_the_policy_says_what_becomes_of_missed_slots(
    policy: Policy, seconds: int, submitted: list[int], missed: int
) -> None:
    owed = due(replace(MINUTELY, policy=policy, catch_up=4), NOON, after(seconds))
    assert owed is not None
    assert (owed.slots, owed.missed) == (tuple(map(after, submitted)), missed)
    assert owed.done_until == after(seconds // 60 * 60)


@pytest.mark.parametrize("policy", Policy)
def test_a_slot_is_due_at_its_moment_and_not_before(policy: Policy) -> None:
    entry = replace(MINUTELY, policy=policy)
    assert due(entry, NOON, after(59.999)) is None
    owed = due(entry, NOON, after(60))
    assert owed is not None
    assert (owed.slots, owed.missed) == ((after(60),), 0)


def test_a_quick_entry_is_on_time_for_half_its_interval() -> None:
    quick = replace(MINUTELY, rhythm=Rhythm(every_s=10), policy=Policy.SKIP)
    submitted = [due(quick, NOON, after(seconds)) for seconds in (15, 15.1)]
    assert [owed and owed.slots for owed in submitted] == [(after(10),), ()]


@given(
    st.sampled_from(Policy),
    st.lists(st.floats(0, 20_000), min_size=1, max_size=12),
    st.sampled_from([MINUTELY, HOURLY]),
)
def test_whenever_beats_come_by_no_slot_is_given_twice_or_forgotten(
    policy: Policy, visits: list[float], entry: Entry
) -> None:
    entry = replace(entry, policy=policy, catch_up=5)
    done, submitted, missed = NOON, list[datetime](), 0
    for visit in sorted(visits):
        if owed := due(entry, done, after(visit)):
            done, missed = owed.done_until, missed + owed.missed
            submitted += owed.slots
    period = entry.rhythm.every_s or 60
    assert submitted == sorted(set(submitted))
    assert len(submitted) + missed == max(visits) // period


def test_a_clock_put_back_owes_nothing() -> None:
    assert due(MINUTELY, NOON, after(-600)) is None


def test_a_long_absence_is_bounded() -> None:
    owed = due(replace(MINUTELY, rhythm=Rhythm(every_s=1), policy=Policy.ALL), NOON, after(366 * 24 * 3600))
    assert owed is not None
    assert (len(owed.slots), owed.missed) == (100, 366 * 24 * 3600 - 100)


def test_a_paused_entry_has_no_next_slot() -> None:
    schedule = Schedule(HOURLY, "operator", NOON, NOON)
    assert next_slot(schedule) == after(3600)
    assert next_slot(replace(schedule, paused_at=NOON, paused_by="ada")) is None


def test_jitter_is_the_slots_own_and_spreads() -> None:
    entry = replace(HOURLY, jitter_s=600)
    drawn = [jitter(entry, after(3600 * n)).total_seconds() for n in range(200)]
    assert drawn == [jitter(entry, after(3600 * n)).total_seconds() for n in range(200)]
    assert 0 <= min(drawn) < 60
    assert 540 < max(drawn) < 600
    assert jitter(HOURLY, NOON) == timedelta(0)


def test_a_slots_key_names_its_moment_in_utc() -> None:
    assert slot_key("hourly", NOON) == "hourly@2026-11-24T12:00:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "a@b"}, "name: 'a@b'"),
        ({"name": ""}, "name: ''"),
        ({"name": "n" * 101}, "name: "),
        ({"catch_up": 0}, "catch_up: must be 1 to 10000, got 0"),
        ({"jitter_s": -1}, "jitter: must be 0 to 86400, got -1"),
        ({"rhythm": Rhythm(cron="x")}, "cron: 'x'"),
    ],
)
def test_a_wrong_entry_is_refused_by_the_name_of_its_fault(wrong: dict[str, Any], says: str) -> None:
    check_entry(HOURLY)
    with pytest.raises(InvalidError, match=says):
        check_entry(replace(HOURLY, **wrong))
