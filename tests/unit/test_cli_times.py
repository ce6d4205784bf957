"""Times and durations as people type and read them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import typer

from arxos.cli.times import exact, parse_duration, parse_time, relative

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2h", 2), ("30m", 0.5), ("1h30m", 1.5), ("3d", 72), ("1w", 168), ("90s", 0.025), ("2 h ago", 2), ("in 2 h", 2)],
)
def test_a_duration_is_a_time_in_the_past_or_ahead(text: str, hours: float) -> None:
    assert parse_time(text, NOW) == NOW - timedelta(hours=hours)
    assert parse_time(text, NOW, ahead=True) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize("text", ["2026-01-01T13:00+01:00", "2026-01-01T12:00:00Z", "20260101T12Z"])
def test_a_time_with_a_zone_is_taken_as_it_is(text: str) -> None:
    assert parse_time(text) == NOW


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("soon", "'soon' is not an ISO 8601 time"),
        ("", "'' is not an ISO 8601 time"),
        ("90", "'90' is not an ISO 8601 time"),
        ("2y", "'2y' is not an ISO 8601 time"),
        ("-2h", "'-2h' is not an ISO 8601 time"),
        ("2026-13-01T00:00Z", "is not an ISO 8601 time"),
        ("2026-01-01", "needs a zone, such as 2026-01-01T00:00Z"),
        ("2026-01-01T08:30:00", "needs a zone, such as 2026-01-01T08:30Z"),
        ("999999999w", "'999999999w' must lie in the years 1970 to 3000 (UTC)"),
    ],
)
def test_other_texts_are_refused(text: str, says: str) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(says)):
        parse_time(text, NOW)


def test_a_refusal_suggests_a_time_that_is_accepted() -> None:
    with pytest.raises(typer.BadParameter) as refusal:
        parse_time("2026-01-01")
    assert parse_time(str(refusal.value).rpartition(" ")[2]) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "90", "m", "1h 30m", "1.5h"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s ago"),
        (-0.4, "0 s ago"),
        (-59, "59 s ago"),
        (-60, "1 m ago"),
        (-3599, "59 m ago"),
        (-3600, "1 h ago"),
        (-86_400, "1 d ago"),
        (-400 * 86_400, "400 d ago"),
        (12, "in 12 s"),
        (90, "in 1 m"),
        (7200, "in 2 h"),
    ],
)
def test_times_are_told_from_now(seconds: float, text: str) -> None:
    assert relative(NOW + timedelta(seconds=seconds), NOW) == text


def test_no_time_is_nothing() -> None:
    assert relative(None) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0042, "4 ms"),
        (0.25, "250 ms"),
        (1.2345, "1.23 s"),
        (59.9, "59.9 s"),
        (125, "2 m 05 s"),
        (12_000, "3 h 20 m"),
        (353_000, "4 d 02 h"),
    ],
)
def test_durations_are_told_to_three_digits(seconds: float, text: str) -> None:
    assert exact(timedelta(seconds=seconds)) == text
