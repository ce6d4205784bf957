"""The harness itself: the oracle sees what is missing and what is there twice; the proxy misbehaves as told."""

from uuid import uuid4

import pytest
import redis as redis_client

from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import Ground
from tests.faults.oracle import count
from tests.faults.proxy import Proxy
from tests.faults.system import System

pytestmark = pytest.mark.slow


def test_nothing_happens_to_a_system_that_is_left_alone(system: System, record: Record) -> None:
    with record(system, 0, "no fault") as scenario:
        scenario.burst(50)
        scenario.burst(10, seconds=0.05)
        scenario.burst(50, queue="health")
        scenario.fault_over()


def test_the_oracle_counts_what_is_lost_and_what_is_double(make_system: MakeSystem) -> None:
    system = make_system(roles=())
    queued, doubled, unknown = *system.burst(2), uuid4()
    system.execute("UPDATE jobs SET state = 'succeeded' WHERE id = %s", doubled)
    for attempt in (1, 2):
        system.execute("INSERT INTO probe_effects (job_id, attempt, key) VALUES (%s, %s, 'x')", doubled, attempt)
    assert count(system, dict.fromkeys([queued, doubled, unknown], JobState.SUCCEEDED)) == (2, 1)


def test_a_silent_proxy_answers_nothing_and_new_connections_work(ground: Ground, redis_proxy: Proxy) -> None:
    url = redis_proxy.url(ground.servers.redis_url)
    with redis_client.Redis.from_url(url, socket_timeout=0.5, retry=None) as client:
        assert client.ping()
        assert redis_proxy.blackhole() == 1
        with pytest.raises(redis_client.TimeoutError):
            client.ping()
    with redis_client.Redis.from_url(url, socket_timeout=5) as client:
        assert client.ping()


def test_a_proxy_swallows_one_answer_after_the_server_gave_it(ground: Ground, redis_proxy: Proxy) -> None:
    redis_proxy.swallow_answer(b"INCR")
    with redis_client.Redis.from_url(redis_proxy.url(ground.servers.redis_url), retry=None) as client:
        with pytest.raises(redis_client.ConnectionError):
            client.incr("once")
        assert (int(client.get("once") or 0), redis_proxy.swallowed) == (1, 1)
