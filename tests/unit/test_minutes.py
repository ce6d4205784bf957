"""Every minute of the interface is told once, also later, and an idle one as well."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from arxos.api.minutes import MOST, Minutes, write
from arxos.domain.errors import UnavailableError
from arxos.domain.rollups.sketch import Sketch
from arxos.storage.request_minutes import Minute

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class Table:
    """Keeps minutes. `away`: how many times it does not answer."""

    away: int = 0
    kept: list[Minute] = field(default_factory=list)

    def keep(self, _: str, minute: Minute) -> None:
        if self.away:
            self.away -= 1
            raise UnavailableError("PostgreSQL does not answer")
        self.kept.append(minute)


@pytest.fixture
def minutes() -> Minutes:
    return Minutes(NOON)


def told(minutes: Minutes) -> list[tuple[int, int, int]]:
    """(minutes after noon, requests, errors)"""
    return [(round((one.minute - NOON) / timedelta(minutes=1)), one.requests, one.errors) for one in minutes.over]


def test_a_minute_is_over_when_the_next_has_begun(minutes: Minutes) -> None:
    minutes.count("/api/jobs", 202, 0.01)
    minutes.count("/api/jobs", 503, 0.02)
    minutes.turn(NOON + timedelta(seconds=59))
    assert told(minutes) == []
    minutes.turn(NOON + timedelta(seconds=60))
    minutes.count("/api/jobs", 404, 0.01)
    minutes.turn(NOON + timedelta(seconds=125))
    assert told(minutes) == [(0, 2, 1), (1, 1, 0)]
    assert Sketch.of(minutes.over[0].took).count == 2


def test_idle_minutes_are_told_too(minutes: Minutes) -> None:
    minutes.turn(NOON + timedelta(minutes=3))
    assert told(minutes) == [(0, 0, 0), (1, 0, 0), (2, 0, 0)]


def test_a_process_that_slept_for_days_tells_no_more_than_two_hours(minutes: Minutes) -> None:
    minutes.turn(NOON + timedelta(days=3))
    assert len(minutes.over) == MOST
    assert minutes.over[-1].minute == NOON + timedelta(days=3, minutes=-1)


@pytest.mark.parametrize("route", ["other", "/health", "/console/jobs", "/metrics"])
def test_what_is_no_call_of_the_interface_does_not_count(minutes: Minutes, route: str) -> None:
    minutes.count(route, 500, 1.0)
    assert (minutes.requests, minutes.errors) == (0, 0)


@pytest.mark.parametrize("route", ["/api/jobs/{job_id}/events", "/api/buildings/{building_id}/model"])
def test_what_takes_as_long_as_its_caller_is_counted_but_not_timed(minutes: Minutes, route: str) -> None:
    minutes.count(route, 200, 3600.0)
    assert (minutes.requests, minutes.took.count) == (1, 0)


def test_minutes_wait_for_a_database_that_is_away(minutes: Minutes) -> None:
    table = Table(away=1)
    tell: Any = write
    minutes.turn(NOON + timedelta(minutes=1))
    tell(table, "api", minutes.over)
    assert table.kept == []
    minutes.turn(NOON + timedelta(minutes=2))
    tell(table, "api", minutes.over)
    assert [one.minute for one in table.kept] == [NOON, NOON + timedelta(minutes=1)]
    assert not minutes.over
