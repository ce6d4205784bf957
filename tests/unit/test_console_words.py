"""Values as the console says them."""

from datetime import UTC, datetime, timedelta

import pytest

from arxos.api.console.since import read_since
from arxos.api.console.words import listed, moment, number, size, span
from arxos.domain.errors import InvalidError

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.0004, "0 ms"),
        (0.34, "340 ms"),
        (4.2, "4.2 s"),
        (42, "42 s"),
        (185, "3 min 5 s"),
        (7200, "2 h"),
        (2 * 86_400 + 4 * 3600 + 59, "2 d 4 h"),
    ],
)
def test_durations_are_said_in_their_greatest_units(seconds: float | None, words: str) -> None:
    assert span(seconds) == words


def test_times_are_said_from_now_and_exactly() -> None:
    said = moment(NOW - timedelta(seconds=42), NOW)
    assert said == '<time datetime="2026-11-25T08:29:18+00:00" title="2026-11-25 08:29:18 UTC">42 s ago</time>'
    assert "in 2 h" in moment(NOW + timedelta(hours=2), NOW)
    assert moment(None) == "–"


def test_numbers_and_sizes_can_be_read() -> None:
    assert (number(1_234_567), number(None), number(2.345, 1)) == ("1,234,567", "–", "2.3")
    assert (size(430), size(52_428_800), size(None)) == ("430 Bytes", "50.0 MiB", "–")


def test_details_stand_on_a_line() -> None:
    details = {"queue": "geometry", "filter": {"kind": "probe.noop"}, "cron": ["1 * * * *", "2 * * * *"], "rate": None}
    assert listed(details) == "queue geometry · filter kind = probe.noop · cron 1 * * * * → 2 * * * *"


@pytest.mark.parametrize("text", ["2026-11-25T08:30", "2026-11-25T09:30+01:00"])
def test_a_forms_time_is_utc_unless_it_says_otherwise(text: str) -> None:
    assert read_since(text) == NOW


def test_no_time_is_none_and_nonsense_is_refused() -> None:
    assert read_since("") is None
    with pytest.raises(InvalidError, match="since: 'yesterday' is no date"):
        read_since("yesterday")
