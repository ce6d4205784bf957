"""Heartbeats tell how far a process's clock is off from the database's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from arxos.storage.database import Database
from arxos.storage.services import Service, Services
from tests.builders import beat
from tests.worlds import PostgresWorld


def skew_in(database: str, table: str) -> float | None:
    with psycopg.connect(database) as connection:
        row = connection.execute(f"SELECT clock_skew_s FROM {table}".encode()).fetchone()
    assert row is not None
    skew: float | None = row[0]
    return skew


@pytest.mark.parametrize("wrong_by_s", [600.0, -600.0, 0.0])
def test_a_workers_heartbeat_tells_by_how_much_its_clock_is_wrong(database: str, wrong_by_s: float) -> None:
    world = PostgresWorld(database)
    world.do(lambda ledger: ledger.beat(beat()))
    assert skew_in(database, "workers") is None
    clock = datetime.now(UTC) + timedelta(seconds=wrong_by_s)
    world.do(lambda ledger: ledger.beat(replace(beat(), clock=clock)))
    world.close()
    assert skew_in(database, "workers") == pytest.approx(wrong_by_s, abs=5)


def test_a_services_heartbeat_tells_it_too(database: str) -> None:
    opened = Database(database, size=1)
    Services(opened).beat(Service("relay@here:1:a", "relay", "here", 1, "1"), datetime.now(UTC) - timedelta(hours=1))
    opened.close()
    assert skew_in(database, "services") == pytest.approx(-3600, abs=5)
