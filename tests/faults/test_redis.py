"""Redis restarted, wiped, full, evicting, killed off, frozen, failed over: nothing is lost, and nobody lends a hand."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import redis as redis_client

from arxos.domain.jobs.job import JobState
from arxos.storage.broker_messages import jobs_in
from arxos.tasks.queues import POOL_OF
from deploy.local.ports import free_port
from deploy.local.redis_server import Redis
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import FAST, Ground, Server
from tests.faults.proxy import Proxy
from tests.faults.system import ROLES, System
from tests.running import wait_until

BACK_S = 30.0  # within which everything recovers once Redis is back
READ_ONLY = re.compile("READONLY|read only replica")  # as the relay says it, as Celery does

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _plain_redis(ground: Ground) -> Iterator[None]:
    """Whatever a test makes of it, Redis is itself again for the next one."""
    yield
    ground.redis.stop(signal.SIGKILL)
    ground.redis.start()


def test_a_restart_that_remembers_loses_nothing(ground: Ground, make_system: MakeSystem, record: Record) -> None:
    ground.redis.restart(signal.SIGTERM, "--appendonly", "yes")
    system = make_system()
    with record(system, 11, "Redis restarted with AOF", recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        ground.redis.restart(signal.SIGKILL, "--appendonly", "yes")
        scenario.fault_over()
        scenario.load(100)


def test_a_restart_that_forgets_everything_loses_nothing(ground: Ground, system: System, record: Record) -> None:
    with record(system, 12, "Redis restarted empty", recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        ground.redis.stop(signal.SIGKILL)
        scenario.load(100)  # accepted while it is away
        ground.redis.start()
        scenario.fault_over()


def test_flushall_in_flight_loses_nothing(system: System, broker: Any, record: Record) -> None:
    with record(system, 13, "FLUSHALL in flight", recovers_in=BACK_S) as scenario:
        for share in (20, 60):
            scenario.load(100)
            scenario.in_flight(share)
            broker.flushall()
        scenario.fault_over()


def test_messages_that_vanish_under_a_backlog_are_sent_again(
    make_system: MakeSystem, broker: Any, record: Record
) -> None:
    system = make_system(roles=("relay", "worker-cpu"), ARXOS_REPUBLISH_S="3")
    with record(system, 12, "some messages lost under a backlog", recovers_in=BACK_S) as scenario:
        scenario.burst(500, seconds=0.05)
        wait_until(lambda: broker.llen("maintenance") >= 8, "the queue is full")
        lost = [job_id for message in broker.lrange("maintenance", 1, 6) for job_id in remove(broker, message)]
        assert lost
        scenario.fault_over()
        system.all_reach(lost, JobState.SUCCEEDED, within_s=10)
        assert len(system.sql("SELECT FROM jobs WHERE published_at IS NULL")) > 8, "the backlog was gone by then"


def test_bindings_that_vanish_raise_an_alarm_and_come_back(system: System, broker: Any, record: Record) -> None:
    with record(system, 14, "bindings deleted while jobs are unacked", recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        wait_until(lambda: broker.hlen("unacked") > 0, "jobs are unacked")
        assert len(broker.keys("_kombu.binding.*")) >= len(POOL_OF)
        # Again and again: the relay's first look, which may come only now, makes good without an alarm.
        wait_until(lambda: misses_bindings(system, broker), "the alarm", 30)
        scenario.fault_over()
        queues = {f"_kombu.binding.{queue}".encode() for queue in POOL_OF}
        wait_until(lambda: queues <= set(broker.keys("_kombu.binding.*")), "they are there again")


def test_a_full_redis_refuses_no_submission_and_says_so(system: System, broker: Any, record: Record) -> None:
    with record(system, 15, "Redis full", recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        fill(broker)
        scenario.load(100)
        wait_until(lambda: "the broker is full (OOM)" in remarks(system), "the operator is told", 20)
        system.start("worker-late", ("worker", "--pool", "cpu", "--concurrency", "1"))
        wait_until(lambda: "maxmemory" in system.log("worker-late"), "a worker that starts meanwhile is told, too")
        make_room(broker)
        scenario.fault_over()
        system.ready()
    assert "cannot publish" not in remarks(system)
    assert [name for name, _ in system.exits] == []


@pytest.mark.parametrize("command", [("relay",), ("worker", "--pool", "cpu"), ("worker", "--pool", "io")])
@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random"])
def test_nobody_starts_on_a_redis_that_drops_messages(
    ground: Ground, make_system: MakeSystem, broker: Any, command: tuple[str, ...], policy: str
) -> None:
    system = make_system(roles=())
    broker.config_set("maxmemory-policy", policy)
    refused = system.arxos(*command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"arxos: ARXOS_BROKER_URL: the broker drops messages when its memory is full (maxmemory-policy {policy}): run"
        " `CONFIG SET maxmemory-policy noeviction` on it, and write that into its configuration\n"
    )


@pytest.mark.parametrize("command", [("relay",), ("worker", "--pool", "io")])
def test_a_wrong_password_stops_who_starts(ground: Ground, make_system: MakeSystem, command: tuple[str, ...]) -> None:
    url = ground.servers.redis_url
    system = make_system(roles=(), ARXOS_BROKER_URL=url.replace("://:", "://:not-"))
    refused = system.arxos(*command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("arxos: ARXOS_BROKER_URL: the broker refuses the name or password")
    assert refused.stderr.count("\n") == 1
    assert "not-" not in refused.stderr


@pytest.mark.parametrize(
    "seconds", [pytest.param(5), pytest.param(60, marks=pytest.mark.faults_slow)], ids=["short", "a minute"]
)
def test_connections_that_are_killed_every_second_are_made_again(
    system: System, broker: Any, record: Record, seconds: int
) -> None:
    with record(system, 19, "CLIENT KILL every second", variant=f"{seconds} s", recovers_in=BACK_S) as scenario:
        for _ in range(seconds):
            scenario.burst(10, seconds=0.05)
            scenario.burst(10, seconds=0.05, queue="health")
            scenario.burst(50)
            scenario.burst(50, queue="health")
            broker.execute_command("CLIENT", "KILL", "TYPE", "normal")
            Event().wait(1)
        scenario.fault_over()
    assert [name for name, _ in system.exits] == []


@pytest.mark.parametrize("pool", ["cpu", "io"])
def test_a_worker_whose_acks_get_lost_goes_on_consuming(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record, pool: str
) -> None:
    system = make_system(roles=("relay",))
    redis_url = redis_proxy.url(ground.servers.redis_url)
    system.start(f"worker-{pool}", ("worker", "--pool", pool, "--concurrency", "1"), ARXOS_BROKER_URL=redis_url)
    system.ready()
    with record(system, 19, "acks lost", variant=pool, recovers_in=BACK_S) as scenario:
        for _ in range(2):
            redis_proxy.swallow_answer(b"HDEL")
            scenario.burst(1, queue="maintenance" if pool == "cpu" else "health")
            wait_until(lambda: redis_proxy.swallowed, "an ack got no answer")
        scenario.fault_over()
        scenario.burst(10, queue="maintenance" if pool == "cpu" else "health", seconds=0.01)
    assert "Couldn't ack" in system.log(f"worker-{pool}")


@pytest.mark.faults_slow
@pytest.mark.parametrize("how", ["CLIENT PAUSE", "DEBUG SLEEP"])
def test_a_frozen_redis_is_waited_for(ground: Ground, make_system: MakeSystem, record: Record, how: str) -> None:
    ground.redis.restart(signal.SIGTERM, "--enable-debug-command", "yes")
    system = make_system()
    with record(system, 20, "Redis frozen for 30 s", variant=how, recovers_in=BACK_S) as scenario:
        scenario.load(100)
        scenario.in_flight()
        with frozen(ground.servers.redis_url, how, 30):
            scenario.load(100)
            wait_until(lambda: "the broker does not answer in time" in remarks(system), "it shows", 25)
        scenario.fault_over()


def test_a_failover_to_a_replica_that_lags_loses_nothing(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record
) -> None:
    with replica_of(ground) as (replica, client):
        system = make_system(ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
        with record(system, 21, "failover to a replica that lags", recovers_in=BACK_S) as scenario:
            wait_until(lambda: client.info("replication")["master_link_status"] == "up", "the replica follows")
            scenario.load(100)
            scenario.in_flight()
            client.config_set("masterauth", "it follows no more")
            client.execute_command("CLIENT", "KILL", "TYPE", "master")
            scenario.load(100)
            scenario.in_flight(100)  # what is sent and consumed meanwhile the replica never hears of
            ground.redis.stop(signal.SIGKILL)
            redis_proxy.retarget("127.0.0.1", replica.port)
            wait_until(lambda: any(map(READ_ONLY.search, map(system.log, ROLES))), "it is a replica still", 20)
            client.replicaof("NO", "ONE")
            scenario.fault_over()


def test_all_wait_for_servers_that_are_not_there_yet(ground: Ground, make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=())
    with record(system, 12, "started before Redis and PostgreSQL", recovers_in=BACK_S) as scenario:
        scenario.load(100)
        ground.redis.stop(signal.SIGTERM)
        ground.postgres.stop(FAST)
        for role in ROLES:
            system.start(role)
        wait_until(lambda: all("broker_not_checked" in system.log(role) for role in ROLES), "all noticed", 30)
        ground.postgres.start()
        ground.redis.start()
        scenario.fault_over()
    assert system.exits == []


def misses_bindings(system: System, broker: Any) -> bool:
    """Delete what bindings there are; whether the relay has told by now."""
    if bindings := broker.keys("_kombu.binding.*"):
        broker.delete(*bindings)
    return "bindings_missing" in system.log("relay")


def remove(broker: Any, message: bytes) -> set[UUID]:
    """Take one message away as if it had never been; the jobs that it named."""
    return jobs_in(message) if broker.lrem("maintenance", 1, message) else set()


def fill(broker: Any) -> None:
    """Leave Redis no memory for anything more."""
    broker.config_set("maxmemory", broker.info("memory")["used_memory"] // 2)


def make_room(broker: Any) -> None:
    broker.config_set("maxmemory", 0)


def remarks(system: System) -> str:
    """What an operator is told besides the table of queues."""
    return system.arxos("queues", "list").stderr


@contextmanager
def frozen(url: str, how: str, seconds: int) -> Iterator[None]:
    """Redis answers nobody for so long, at least as long as the context."""
    with redis_client.Redis.from_url(url, socket_timeout=seconds + 10) as client:
        if how == "CLIENT PAUSE":
            client.client_pause(seconds * 1000, all=True)
            sleeper = Thread(target=client.ping)
        else:
            sleeper = Thread(target=client.execute_command, args=("DEBUG", "SLEEP", seconds))
        sleeper.start()
        yield
        sleeper.join()


@contextmanager
def replica_of(ground: Ground) -> Iterator[tuple[Redis, Any]]:
    """A second Redis that follows the first, with the same password."""
    password = str(urlsplit(ground.servers.redis_url).password)
    installed = Redis(ground.home / "replica", free_port(), durable=False)
    installed.prepare()
    server = Server(installed, ground.home / "replica.log")
    server.launch(
        *("--requirepass", password, "--masterauth", password),
        *("--replicaof", "127.0.0.1", str(urlsplit(ground.servers.redis_url).port)),
    )
    with redis_client.Redis("127.0.0.1", installed.port, password=password) as client:
        wait_until(lambda: answers(client), "the replica answers")
        try:
            yield installed, client
        finally:
            server.stop(signal.SIGKILL)


def answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis_client.RedisError:
        return False
