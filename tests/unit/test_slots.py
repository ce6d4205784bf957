"""Due times: by crontab on the clock of a zone, by interval; where clocks are changed; what was missed."""

import re
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.errors import InvalidError
from arxos.domain.jobs.slots import Rhythm, check_rhythm, in_words, newest, slots

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # changes at midnight
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",  # had no 2011-12-30
)
BERLIN = "Europe/Berlin"
FROM, TO = datetime(2011, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zone itself
MOMENTS = st.datetimes(FROM, TO, timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def between(cron: str, zone: str, after: str, until: str) -> list[str]:
    found = takewhile(lambda slot: slot <= at(until), slots(Rhythm(cron=cron, timezone=zone), at(after)))
    return [f"{slot:%dT%H:%M}" for slot in found]


@pytest.mark.parametrize(
    ("cron", "slots_in_utc"),
    [
        ("30 2 * * *", ["28T01:30", "29T01:00", "30T00:30"]),  # 02:30 is not: 03:00 is the first moment after
        ("*/20 2 29,30 * *", ["29T01:00", "30T00:00", "30T00:20", "30T00:40"]),
        ("0 1,2,3 29,30 * *", ["29T00:00", "29T01:00", "29T23:00", "30T00:00", "30T01:00"]),
        ("0 4 * * *", ["28T03:00", "29T02:00", "30T02:00"]),
    ],
)
def test_a_time_in_the_gap_is_due_at_the_first_moment_after_it_and_once(cron: str, slots_in_utc: list[str]) -> None:
    assert between(cron, BERLIN, "2026-03-28T00:00+01:00", "2026-03-30T12:00+02:00") == slots_in_utc


@pytest.mark.parametrize(
    ("cron", "slots_in_utc"),
    [
        ("30 2 * * *", ["24T00:30", "25T00:30", "26T01:30"]),
        ("0,30 2,3 * * 0", ["25T00:00", "25T00:30", "25T02:00", "25T02:30"]),
        ("0 */2 25 * *", [f"{d}T{h:02}:00" for d, h in [(24, 22), (25, 0), *[(25, n) for n in range(3, 22, 2)]]]),
    ],
)
def test_a_time_that_comes_twice_is_due_the_first_time(cron: str, slots_in_utc: list[str]) -> None:
    assert between(cron, BERLIN, "2026-10-24T00:00+02:00", "2026-10-26T12:00+01:00") == slots_in_utc


def test_a_crontab_of_every_hour_keeps_its_pace() -> None:
    forward = between("15 * * * *", BERLIN, "2026-03-29T00:00+01:00", "2026-03-29T06:00+02:00")
    back = between("*/30 * * * *", BERLIN, "2026-10-25T01:45+02:00", "2026-10-25T03:00+01:00")
    assert forward == ["28T23:15", "29T00:15", "29T01:15", "29T02:15", "29T03:15"]
    assert back == ["25T00:00", "25T00:30", "25T01:00", "25T01:30", "25T02:00"]


def test_a_day_that_a_zone_left_out_is_made_up_for_when_the_next_begins() -> None:
    apia = between("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00-10:00", "2011-12-31T23:00+14:00")
    assert apia == ["29T22:00", "30T10:00", "30T22:00"]


@given(
    zone=st.sampled_from(ZONES),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    start=MOMENTS,
)
def test_a_crontab_of_every_hour_is_due_whenever_the_clock_shows_its_minute(
    zone: str, minutes: set[int], start: datetime
) -> None:
    start, info = start.replace(second=0, microsecond=0), ZoneInfo(zone)
    day = [start + n * MINUTE for n in range(1, 1440)]
    cron = f"{','.join(map(str, minutes))} * * * *"
    assert list(takewhile(lambda s: s <= day[-1], slots(Rhythm(cron=cron, timezone=zone), start))) == [
        minute for minute in day if minute.astimezone(info).minute in minutes
    ]


@cache
def _changes(zone: str) -> list[datetime]:
    """The hours from 2010 to 2028 in which the zone's clock is changed."""
    info, begin = ZoneInfo(zone), datetime(2010, 1, 1, tzinfo=UTC)
    offsets = [(begin + n * HOUR, (begin + n * HOUR).astimezone(info).utcoffset()) for n in range(19 * 366 * 24)]
    return [later for (_, before), (later, after) in pairwise(offsets) if before != after]


@given(
    st.sampled_from([zone for zone in ZONES if zone not in {"UTC", "Asia/Kathmandu"}]).flatmap(
        lambda zone: st.tuples(st.just(zone), st.sampled_from(_changes(zone)))
    ),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_a_daily_time_is_due_once_a_day_when_the_clock_first_shows_it_or_more(
    change: tuple[str, datetime], hour: int, minute: int
) -> None:
    zone, (since, until) = ZoneInfo(change[0]), (change[1] - 48 * HOUR, change[1] + 48 * HOUR)
    shown = [(since + n * MINUTE).astimezone(zone).replace(tzinfo=None) for n in range(97 * 60)]
    walls = [datetime.combine(shown[0].date() + timedelta(days=n), time(hour, minute)) for n in range(6)]
    first = {
        next(n for n, clock in enumerate(shown) if clock >= wall) for wall in walls if shown[0] < wall <= shown[-1]
    }
    moments = sorted(since + n * MINUTE for n in first)
    found = slots(Rhythm(cron=f"{minute} {hour} * * *", timezone=change[0]), since)
    assert list(takewhile(lambda slot: slot <= until, found)) == [moment for moment in moments if moment <= until]


RHYTHMS = st.one_of(
    st.builds(Rhythm, every_s=st.integers(1, 400_000)),
    st.builds(
        Rhythm,
        cron=st.sampled_from(["*/7 * * * *", "30 2 * * *", "0 */3 * * 1-5", "59 23 L * *", "0 0 29 2 *"]),
        timezone=st.sampled_from(ZONES),
    ),
)


@given(RHYTHMS, MOMENTS, st.integers(0, 30))
def test_where_one_begins_to_look_changes_no_slot(rhythm: Rhythm, start: datetime, skipped: int) -> None:
    found = list(islice(slots(rhythm, start), skipped + 5))
    assert all(start < earlier < later for earlier, later in pairwise(found))
    assert list(islice(slots(rhythm, found[skipped]), 4)) == found[skipped + 1 :]
    assert next(slots(rhythm, found[skipped] - timedelta(microseconds=1))) == found[skipped]


@given(RHYTHMS, MOMENTS, st.timedeltas(timedelta(0), timedelta(hours=60)), st.integers(1, 50))
def test_the_newest_are_those_that_a_count_of_all_ends_with(
    rhythm: Rhythm, start: datetime, span: timedelta, limit: int
) -> None:
    rhythm = rhythm if rhythm.cron else Rhythm(every_s=(rhythm.every_s or 0) % 9000 + 60)
    every = list(takewhile(lambda slot: slot <= start + span, slots(rhythm, start)))
    assert newest(rhythm, start, start + span, limit) == (every[-limit:], len(every))


def test_intervals_are_the_same_whenever_a_process_was_started() -> None:
    assert next(slots(Rhythm(every_s=90), at("2026-11-24T12:00:31Z"))) == at("2026-11-24T12:01:30Z")
    assert next(slots(Rhythm(every_s=86_400), at("2026-11-24T12:00:31Z"))) == at("2026-11-25T00:00Z")


@pytest.mark.parametrize("zone", ZONES)
def test_an_interval_knows_no_clock(zone: str) -> None:
    hours = list(islice(slots(Rhythm(every_s=3600, timezone=zone), at("2026-10-25T00:00Z")), 48))
    assert {later - earlier for earlier, later in pairwise(hours)} == {timedelta(hours=1)}


@pytest.mark.parametrize(
    ("rhythm", "says"),
    [
        (Rhythm(), "needs either cron or every"),
        (Rhythm(cron="* * * * *", every_s=1), "needs either cron or every"),
        (Rhythm(every_s=0), "every: must be 1 to"),
        (Rhythm(cron="61 * * * *"), "cron: '61 * * * *': bad minute"),
        (Rhythm(cron="* * * *"), "no crontab of five fields"),
        (Rhythm(cron="* * * * * *"), "no crontab of five fields"),
        (Rhythm(cron="@daily"), "no crontab of five fields"),
        (Rhythm(cron=f"{'9' * 5000} * * * *"), "no crontab of five fields"),
        (Rhythm(cron="0 0 30 2 *"), "bad day-of-month"),
        (Rhythm(cron="0 0 */31 * 1#5"), "is never due"),
        (Rhythm(cron="0 0 * * *", timezone="Europe/Berlln"), "no zone 'Europe/Berlln'"),
        (Rhythm(cron="0 0 * * *", timezone="Europe"), "no zone 'Europe'"),
        (Rhythm(cron="0 0 * * *", timezone="../etc/passwd"), "no zone"),
        (Rhythm(cron="0 0 * * *", timezone=""), "no zone ''"),
    ],
)
def test_what_is_wrong_is_named(rhythm: Rhythm, says: str) -> None:
    with pytest.raises(InvalidError, match=re.escape(says)):
        check_rhythm(rhythm)


@given(st.lists(st.text("0123456789*/,-L#WMONFE ", max_size=8), min_size=5, max_size=5))
def test_no_crontab_is_worse_than_refused(fields: list[str]) -> None:
    with suppress(InvalidError):
        next(slots(Rhythm(cron=" ".join(fields)), at("2026-01-01T00:00Z")), None)


@pytest.mark.parametrize(
    ("rhythm", "words"),
    [
        (Rhythm(every_s=90), "Every 90 s"),
        (Rhythm(every_s=300), "Every 5 min"),
        (Rhythm(every_s=7 * 24 * 3600), "Every 7 d"),
        (Rhythm("30 2 * * 1-5", timezone=BERLIN), "At 02:30 on Monday through Friday, Europe/Berlin"),
    ],
)
def test_a_rhythm_is_said_in_words(rhythm: Rhythm, words: str) -> None:
    assert in_words(rhythm) == words


def test_what_cannot_be_read_has_no_words() -> None:
    with pytest.raises(InvalidError, match="is no crontab"):
        in_words(Rhythm("sometimes"))
