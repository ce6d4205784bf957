"""Plain messages while the ingress dies, Redis restarts, PostgreSQL is away: each becomes its one job."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem
from tests.faults.ground import FAST, Ground
from tests.faults.system import System
from tests.faults.test_process_death import kill
from tests.running import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """An ingress, and relay and worker to run what it takes in."""
    system = make_system(roles=("relay", "worker-cpu"))
    system.start("ingress", ("ingress",))
    wait_until(lambda: system.sql("SELECT count(*) FROM services WHERE role = 'ingress'") == [(1,)], "it is there")
    return system


def message(key: str, job_id: UUID) -> str:
    headers = {"task": "probe.effect", "id": str(job_id)}
    return json.dumps(
        {"body": [[], {"key": key}, {}], "content-type": "application/json", "headers": headers, "properties": {}}
    )


def send(broker: Any, count: int) -> list[UUID]:
    """As producers do."""
    ids = [uuid4() for _ in range(count)]
    broker.lpush("ingress", *(message(str(number), job_id) for number, job_id in enumerate(ids)))
    return ids


def all_once(system: System, broker: Any, ids: list[UUID]) -> None:
    """Each message is one job that has run once, and no message is left."""
    wait_until(lambda: broker.llen("ingress") == 0, "all are taken in", 60)
    ledger = system.patient()
    ledger.all_reach(ids, JobState.SUCCEEDED)
    assert ledger.effects(ids) == sorted(ids)
    assert ledger.sql("SELECT count(*) FROM jobs WHERE kind = 'probe.effect'") == [(len(ids),)]


def refusals(system: System) -> int:
    return int(system.sql("SELECT count(*) FROM quarantine")[0][0])


@contextmanager
def no_refusal_is_written(system: System) -> Iterator[None]:
    """Whoever wants to write one waits."""
    with psycopg.connect(system.variables["ARXOS_DATABASE_URL"]) as connection:
        connection.execute("LOCK TABLE quarantine IN ACCESS EXCLUSIVE MODE")
        yield


def test_killed_between_the_commit_and_the_removal_it_makes_no_second_job(system: System, broker: Any) -> None:
    with no_refusal_is_written(system):
        ids = [uuid4() for _ in range(20)]
        broker.lpush("ingress", *(message("x", job_id) for job_id in ids), "no message at all")
        committed = "SELECT count(*) FROM jobs WHERE id = ANY(%s)"
        wait_until(lambda: system.sql(committed, ids) == [(20,)], "the jobs are committed", 20)
        assert broker.llen("ingress") == 21  # nothing is removed yet
        kill([system.processes["ingress"].pid])
    wait_until(lambda: system.exits == [("ingress", -9)], "another is started", 20)
    all_once(system, broker, ids)
    wait_until(lambda: refusals(system) == 1, "the refusal is written", 20)


def test_killed_again_and_again_it_loses_nothing(system: System, broker: Any) -> None:
    ids: list[UUID] = []
    for _ in range(5):
        ids += send(broker, 2_000)
        wait_until(lambda: 0 < broker.llen("ingress") < 2_000, "it is in the middle of it", 30)
        kill([system.processes["ingress"].pid])
        wait_until(lambda: system.processes["ingress"].poll() is None, "another is started", 20)
    all_once(system, broker, ids)
    assert refusals(system) == 0


def test_a_restart_of_redis_is_waited_out(system: System, broker: Any, ground: Ground) -> None:
    broker.config_set("appendonly", "yes")
    wait_until(lambda: not broker.info("persistence")["aof_rewrite_in_progress"], "its log is there", 20)
    pid = system.processes["ingress"].pid
    ids = send(broker, 500)
    ground.redis.restart(signal.SIGKILL, "--appendonly", "yes")
    ids += send(broker, 500)
    all_once(system, broker, ids)
    assert system.processes["ingress"].pid == pid


def test_while_postgres_is_away_messages_wait_rubbish_or_not(system: System, broker: Any, ground: Ground) -> None:
    pid = system.processes["ingress"].pid
    ground.postgres.stop(FAST)
    ids = send(broker, 300)
    for rubbish in ("[", b"\x80\x04\x95pickle", "x" * 50_000_000):
        broker.lpush("ingress", rubbish)
        ids += send(broker, 10)
    wait_until(lambda: "take_in" in system.log("ingress"), "it says so", 30)
    assert broker.llen("ingress") == len(ids) + 3
    ground.postgres.start()
    all_once(system, broker, ids)
    assert refusals(system) == 3
    assert system.processes["ingress"].pid == pid
