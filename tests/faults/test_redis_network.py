"""The network to Redis: peers that vanish without a word, and slow lines that lose packets."""

import random
from typing import Any
from urllib.parse import urlsplit

import pytest

from arxos.app.settings import Settings
from arxos.workers.celery_app import build_app
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import Ground
from tests.faults.proxy import Proxy
from tests.running import wait_until

CONSUMING_AGAIN_S = 60.0
RETRANSMITTED_S = 1.0  # what a lost packet costs on such a line, more or less

pytestmark = pytest.mark.slow


class LossyProxy(Proxy):
    """Of the packets that it delays, it loses one in twenty; TCP sends them again a little later."""

    dice = random.Random(22)
    delayed_s = 0.0

    @property
    def delay_s(self) -> float:
        lost = self.delayed_s and self.dice.random() < 0.05
        return self.delayed_s + (RETRANSMITTED_S if lost else 0.0)

    @delay_s.setter
    def delay_s(self, seconds: float) -> None:
        self.delayed_s = seconds


def pools_that_answer(ground: Ground) -> set[str]:
    """Asked on a line of its own, which is sound."""
    url = ground.servers.redis_database(0)
    app = build_app(Settings(database_url="postgresql://none", broker_url=url, blob_url="file:///none"), "arxos-tests")
    answers: dict[str, Any] = app.control.inspect(timeout=1).ping() or {}
    return {name.partition("@")[0] for name in answers}


@pytest.mark.faults_slow
def test_connections_that_went_silent_are_made_again(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record
) -> None:
    system = make_system(ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
    with record(system, 17, "half-open connections", recovers_in=CONSUMING_AGAIN_S) as scenario:
        scenario.load(50)
        long = scenario.burst(2, seconds=20) + scenario.burst(2, seconds=20, queue="health")
        scenario.in_flight()
        assert redis_proxy.blackhole() > 0
        scenario.fault_over()
        scenario.load(50)
    assert [system.get(job_id).attempt for job_id in long] == [1] * len(long)
    assert system.exits == []


@pytest.mark.faults_slow
def test_commands_reach_workers_again_whose_subscription_went_silent(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record
) -> None:
    system = make_system(ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
    with record(system, 18, "half-open pub/sub", recovers_in=CONSUMING_AGAIN_S) as scenario:
        wait_until(lambda: pools_that_answer(ground) == {"cpu", "io"}, "all answer", 20)
        assert redis_proxy.blackhole() > 0
        scenario.fault_over()
        scenario.load(50)
        wait_until(lambda: pools_that_answer(ground) == {"cpu", "io"}, "all answer again", CONSUMING_AGAIN_S)
    assert system.exits == []


@pytest.mark.faults_slow
def test_a_relay_whose_publishing_hangs_goes_on(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record
) -> None:
    system = make_system(roles=("worker-cpu", "worker-io"))
    system.start("relay", ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
    system.ready()
    with record(system, 17, "half-open publisher", recovers_in=30) as scenario:
        scenario.load(50)
        scenario.in_flight()
        assert redis_proxy.blackhole() > 0
        scenario.fault_over()
        scenario.load(50)
    assert "the broker does not answer in time" in system.log("relay")
    assert system.exits == []


@pytest.mark.faults_slow
def test_a_redis_that_vanishes_for_a_while_is_found_again(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record
) -> None:
    system = make_system(ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
    with record(system, 17, "silent to new connections, too", recovers_in=CONSUMING_AGAIN_S) as scenario:
        scenario.load(50)
        scenario.in_flight()
        redis_proxy.blackhole(new_ones=True)
        scenario.load(50)
        wait_until(lambda: "the broker does not answer in time" in system.log("relay"), "the relay notices", 30)
        redis_proxy.heal()
        scenario.fault_over()
    assert system.exits == []


@pytest.mark.faults_slow
def test_a_slow_line_that_loses_packets_only_takes_longer(
    ground: Ground, make_system: MakeSystem, record: Record
) -> None:
    parts = urlsplit(ground.servers.redis_url)
    assert parts.hostname is not None
    assert parts.port is not None
    with LossyProxy(parts.hostname, parts.port) as line:
        system = make_system(ARXOS_BROKER_URL=line.url(ground.servers.redis_url))
        with record(system, 22, "200 ms each way, 5 % lost", recovers_in=90) as scenario:
            line.delay(0.2)
            scenario.fault_over()
            scenario.load(10)
        assert system.exits == []
