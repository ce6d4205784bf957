"""What arrives in Redis and is no message: it stops nobody, and is kept to be looked at."""

import base64
import json
from typing import Any

import pytest

from arxos.workers.admission import LARGEST_BYTES
from arxos.workers.celery_app import build_app
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import FAST, Ground
from tests.faults.messages import REASONS, RUBBISH, WORKERS, like_the_relays, quarantined, quiet
from tests.faults.system import QUEUE_OF, System
from tests.running import children_of, wait_until

pytestmark = pytest.mark.slow


@WORKERS
def test_rubbish_on_a_queue_stops_nobody(system: System, broker: Any, record: Record, worker: str) -> None:
    queue = QUEUE_OF[worker]
    with record(system, 41, "rubbish on a queue", variant=worker, recovers_in=20) as scenario:
        family = children_of(system.processes[worker].pid)
        for rubbish in RUBBISH.values():
            scenario.burst(2, queue=queue, seconds=0.01)
            broker.lpush(queue, *[rubbish()] * 3)
        scenario.burst(100, queue=queue)
        scenario.fault_over()
        wait_until(lambda: quarantined(system) >= 3 * len(RUBBISH), "all are recorded", 20)
    assert system.exits == []
    assert children_of(system.processes[worker].pid) == family
    assert quiet(broker, queue)
    assert sorted(system.sql("SELECT reason, count(*) FROM quarantine GROUP BY reason")) == sorted(REASONS.items())
    kept = "SELECT count(*) FROM quarantine WHERE concat(task, message_id, reason, excerpt) LIKE %s"
    assert system.sql(kept, "%secret%") == [(0,)]
    assert system.sql("SELECT DISTINCT queue FROM quarantine") == [(queue,)]
    log = system.log(worker)
    assert log.count("message_quarantined") >= 3 * len(RUBBISH)
    assert "secret" not in log
    assert "Traceback" not in log


@WORKERS
def test_a_message_of_50_mb_stops_nobody(system: System, broker: Any, record: Record, worker: str) -> None:
    queue = QUEUE_OF[worker]
    with record(system, 41, "rubbish on a queue", variant=f"{worker}, 50 MB", recovers_in=20) as scenario:
        scenario.burst(50, queue=queue, seconds=0.01)
        broker.lpush(queue, like_the_relays(body=base64.b64encode(b"x" * 37_000_000).decode()))
        scenario.burst(50, queue=queue)
        scenario.fault_over()
        wait_until(lambda: quarantined(system) == 1, "it is recorded", 20)
    [told] = json.loads(system.arxos("queues", "quarantine", "--json").stdout)
    reason, size = told["reason"], told["size_bytes"]
    assert reason == f"larger than {LARGEST_BYTES} bytes"
    assert size > 49_000_000
    assert system.exits == []


def test_rubbish_is_recorded_when_the_database_is_back(
    ground: Ground, system: System, broker: Any, record: Record
) -> None:
    with record(system, 41, "rubbish on a queue", variant="PostgreSQL away", recovers_in=30) as scenario:
        wait_until(lambda: quiet(broker, "maintenance"), "nobody waits for the database with a message in hand")
        ground.postgres.stop(FAST)
        broker.lpush("maintenance", *[b"no json"] * 20)
        wait_until(lambda: system.log("worker-cpu").count("message_quarantined") == 20, "it goes on reading", 10)
        ground.postgres.start()
        scenario.fault_over()
        scenario.accept(system.patient().burst(50, seconds=0.02))
        wait_until(lambda: quarantined(system.patient()) == 20, "all are recorded", 20)


@pytest.mark.parametrize("key", ["unacked", "_kombu.binding.maintenance"])
def test_rubbish_in_the_brokers_own_keys_stops_nobody(
    make_system: MakeSystem, broker: Any, record: Record, key: str
) -> None:
    system = make_system(roles=("relay",))
    with record(system, 41, "rubbish in the broker's own keys", variant=key, recovers_in=30) as scenario:
        if key == "unacked":
            broker.hset(key, "tag", b"no json")
            broker.zadd("unacked_index", {"tag": 1})
        else:
            broker.sadd(key, b"no binding")
        system.start("worker-cpu")
        scenario.burst(50, seconds=0.01)
        scenario.fault_over()
        system.ready(30)


def test_rubbish_on_the_channel_of_remote_control_stops_nobody(system: System, broker: Any, record: Record) -> None:
    with record(system, 41, "rubbish on the channel of remote control", recovers_in=10) as scenario:
        in_yaml = like_the_relays(**{"content-type": "application/x-yaml"})
        for rubbish in (*(make() for make in RUBBISH.values()), like_the_relays(), in_yaml):
            wait_until(lambda: broker.publish("/0.celery.pidbox", rubbish) == 2, "both hear it", 5)  # noqa: B023
            scenario.burst(5)
            scenario.burst(5, queue="health")
        scenario.fault_over()
        inspecting = build_app(system.runtime.settings)
        wait_until(lambda: len(inspecting.control.ping(timeout=2) or []) == 2, "both answer still", 20)
        inspecting.close()
    assert system.exits == []
