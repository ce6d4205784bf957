"""A Redis whose master dies or freezes: sentinels elect another, and everybody finds it by themselves."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import MakeSystem, Record
from tests.faults.redis_servers import Failover, failover, wiped
from tests.faults.system import System
from tests.running import wait_until

BACK_S = 30.0  # after the new master is elected

pytestmark = [pytest.mark.slow, pytest.mark.faults_slow]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Failover]:
    with failover(tmp_path) as group:
        yield group


@pytest.fixture
def watched(make_system: MakeSystem, group: Failover) -> System:
    """Relay and workers that know the sentinels only."""
    wiped(group.url())
    return make_system(ARXOS_BROKER_URL=group.url(), ARXOS_CACHE_URL=group.url())


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_master_that_is_gone_is_replaced(group: Failover, watched: System, record: Record, how: str) -> None:
    old = group.master()
    assert old.process is not None
    with record(watched, 21, "Sentinel failover", variant=how, recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        old.process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        scenario.load(100)
        wait_until(lambda: group.master() is not old, "another master is elected", 30)
        scenario.fault_over()
    with record(watched, 21, "old master back as replica", variant=how, recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        if how == "killed":
            old.process.wait(10)
            old.start()
        else:
            os.kill(old.process.pid, signal.SIGCONT)
        scenario.fault_over()
        wait_until(lambda: group.role_of(old) == "slave", "the old master follows the new one", 30)
        scenario.load(100)
    assert watched.exits == []
