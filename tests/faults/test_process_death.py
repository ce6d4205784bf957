"""Processes that die: pool children, workers with their children, at the worst moments."""

import os
import signal
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis as redis_client

from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem, Record
from tests.faults.system import QUEUE_OF, System
from tests.running import children_of, is_alive, wait_until

pytestmark = pytest.mark.slow
BY_NINE = "its process was killed by signal 9 (SIGKILL), probably out of memory"
LEASES = {"recovers_in": 20.0}  # default settings: the promise for a dead worker


@pytest.mark.parametrize("batch", [1, 10])
def test_killed_children_are_noticed_at_once(system: System, record: Record, batch: int) -> None:
    with record(system, 1, "pool children killed", variant=f"batch {batch}", recovers_in=10) as scenario:
        ids = scenario.burst(20, seconds=0.3, batch=batch)
        children = busy_children(system, "worker-cpu", ids)
        killed_at = database_clock(system)
        kill(children)
        scenario.fault_over()
    noticed = system.sql(
        "SELECT error_message, extract(epoch FROM finished_at - %s)::float FROM attempts"
        " WHERE outcome = 'lost' AND job_id = ANY(%s)",
        killed_at,
        ids,
    )
    assert {row[0] for row in noticed} == {BY_NINE}
    assert max(row[1] for row in noticed) < 1
    print(f"noticed after {max(row[1] for row in noticed):.3f} s")  # noqa: T201 - a figure of the page


def test_a_child_killed_before_its_claim_delays_nothing(
    make_system: MakeSystem, record: Record, tmp_path: Path
) -> None:
    flag = tmp_path / "die"
    system = make_system(roles=("relay", "worker-cpu"), STRANGE="1", STRANGE_DIES_BEFORE_CLAIM=str(flag))
    with record(system, 1, "pool children killed", variant="before the claim", recovers_in=5) as scenario:
        flag.touch()
        ids = scenario.burst(1)
        wait_until(lambda: not flag.exists(), "a child died", 10)
        scenario.fault_over()
    assert lost_attempts(system, ids) == 0


def test_a_child_killed_while_it_settles_is_lost_when_the_server_lets_go(
    make_system: MakeSystem, record: Record
) -> None:
    system = make_system(roles=("relay", "worker-cpu"), STRANGE="1")
    with record(system, 1, "pool children killed", variant="while settling", recovers_in=15) as scenario:
        ids = scenario.accept(system.insert(strange(system, "settling")))
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(3)%%' AND state = 'active'"
        wait_until(lambda: system.sql(asleep + " AND pid <> pg_backend_pid()") == [(1,)], "it settles", 20)
        kill(children_of(system.processes["worker-cpu"].pid))
        scenario.fault_over()
    assert lost_attempts(system, ids) == 1


@pytest.mark.parametrize("worker", ["worker-cpu", pytest.param("worker-io", marks=pytest.mark.faults_slow)])
@pytest.mark.parametrize("batch", [1, pytest.param(10, marks=pytest.mark.faults_slow)])
def test_a_killed_parents_jobs_run_elsewhere_and_no_child_is_left(
    system: System, record: Record, worker: str, batch: int
) -> None:
    with record(system, 2, "worker killed", variant=f"{worker}, batch {batch}", **LEASES) as scenario:
        ids = scenario.burst(20, seconds=0.3, queue=QUEUE_OF[worker], batch=batch)
        children = busy_children(system, worker, ids)
        kill([system.processes[worker].pid])
        scenario.fault_over()
        wait_until(lambda: not any(map(is_alive, children)), "no child is left", 2)
    assert lost_attempts(system, ids) > 0


def test_a_death_after_the_commit_and_before_the_ack_has_no_second_effect(
    make_system: MakeSystem, record: Record
) -> None:
    system = make_system(roles=("relay", "worker-cpu"), STRANGE="1", STRANGE_VISIBILITY_S="2")
    with record(system, 3, "killed between commit and ack", recovers_in=30) as scenario:
        ids = scenario.burst(2, seconds=0.5)
        family = [system.processes["worker-cpu"].pid, *busy_children(system, "worker-cpu", ids, least=2)]
        os.kill(family[0], signal.SIGSTOP)  # the parent acknowledges nothing any more
        system.all_reach(ids, JobState.SUCCEEDED)
        assert unacknowledged(system) == 2
        kill(family)
        scenario.fault_over()
        scenario.burst(1)  # by somebody who is alive again
        wait_until(lambda: unacknowledged(system) == 0, "both messages came again", 30)
    assert system.sql("SELECT DISTINCT attempt FROM jobs") == [(1,)]


@pytest.mark.faults_slow
@pytest.mark.parametrize("worker", ["worker-cpu", "worker-io"])
def test_a_death_after_the_ack_and_before_the_settlement_is_found_by_the_sweeper(
    system: System, record: Record, worker: str
) -> None:
    with record(system, 4, "killed between ack and settlement", variant=worker, **LEASES) as scenario:
        ids = scenario.burst(2, seconds=2, queue=QUEUE_OF[worker])
        busy_children(system, worker, ids, least=2)
        with broker(system) as client:
            client.delete("unacked", "unacked_index")  # as if acknowledged early
        kill([system.processes[worker].pid])
        scenario.fault_over()
    assert lost_attempts(system, ids) == 2


def test_poison_that_eats_memory_is_buried_while_others_are_served(system: System, record: Record) -> None:
    with record(system, 5, "always out of memory", recovers_in=30) as scenario:
        poison = scenario.accept([system.submit("probe.crash", how="oom", times=100)], JobState.DEAD)[0]
        scenario.burst(100)
        scenario.burst(20, seconds=0.1)
        scenario.fault_over()
    job = system.get(poison)
    assert (job.error_type, job.lost, job.attempt) == ("PoisonError", 3, 3)
    assert "more than its kind's limit of 512 MB" in (job.error_message or "")
    assert {one.error_type for one in job.attempts} == {"WorkerLostError"}


@pytest.mark.faults_slow
@pytest.mark.parametrize("worker", ["worker-cpu", "worker-io"])
def test_poison_that_kills_the_whole_worker_is_buried(make_system: MakeSystem, record: Record, worker: str) -> None:
    system = make_system(STRANGE="1")
    with record(system, 6, "worker killed by its job", variant=worker, recovers_in=60) as scenario:
        queue = QUEUE_OF[worker]
        poison = scenario.accept([system.insert(strange(system, "assassin", queue=queue))[0]], JobState.DEAD)[0]
        scenario.burst(50, queue=queue)
        scenario.burst(10, seconds=0.1, queue=queue)
        scenario.fault_over()
    job = system.get(poison)
    assert (job.error_type, job.lost) == ("PoisonError", 3)
    assert len([name for name, _ in system.exits if name == worker]) == 3


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("exit", "its process ended by itself with exit code 0"),
        ("segfault", "its process was killed by signal 11 (SIGSEGV)"),
        ("kill", BY_NINE),
        ("oom", "MB, more than its kind's limit of 512 MB, and was killed"),
    ],
)
def test_a_job_whose_process_ends_runs_again(system: System, record: Record, how: str, reason: str) -> None:
    with record(system, 7, "a job ends its process", variant=how, recovers_in=10) as scenario:
        ended = scenario.accept([system.submit("probe.crash", how=how, times=1)])[0]
        scenario.burst(20)
        scenario.fault_over()
    job = system.get(ended)
    assert [one.outcome for one in job.attempts] == ["lost", "succeeded"]
    assert reason in (job.attempts[0].error_message or "")


@pytest.mark.faults_slow
@pytest.mark.parametrize("how", ["exit", "segfault"])
def test_a_job_that_ends_its_thread_pool_runs_again(system: System, record: Record, how: str) -> None:
    with record(system, 7, "a job ends its process", variant=f"{how}, worker-io", **LEASES) as scenario:
        scenario.accept([system.submit("probe.crash", how=how, times=1, queue="health")])
        scenario.burst(20, queue="health")
        scenario.fault_over()


@pytest.mark.faults_slow
@pytest.mark.parametrize("worker", ["worker-cpu", "worker-io"])
@pytest.mark.parametrize("batch", [1, 5])
def test_a_worker_that_was_paused_beyond_its_lease_cannot_write(
    system: System, record: Record, worker: str, batch: int
) -> None:
    with record(system, 8, "paused beyond its lease", variant=f"{worker}, batch {batch}", **LEASES) as scenario:
        ids = scenario.burst(5, seconds=1, queue=QUEUE_OF[worker], batch=batch)
        family = [system.processes[worker].pid, *busy_children(system, worker, ids)]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        scenario.fault_over()
        system.start("another", ("worker", "--pool", worker.removeprefix("worker-"), "--concurrency", "2"))
        system.all_reach(ids, JobState.SUCCEEDED)
        for pid in family:
            os.kill(pid, signal.SIGCONT)
        system.retire(worker).terminate()  # it finishes what it runs, and so tries to settle, before it goes
        assert system.processes[worker].wait(60) == 0
    assert lost_attempts(system, ids) > 0


@pytest.mark.faults_slow
def test_a_job_longer_than_the_visibility_timeout_runs_once(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay", "worker-cpu"), STRANGE="1", STRANGE_VISIBILITY_S="2")
    system.start("another", ("worker", "--pool", "cpu", "--concurrency", "2"))
    system.ready()
    with record(system, 38, "longer than the visibility timeout", recovers_in=40) as scenario:
        scenario.burst(2, seconds=25)
        scenario.fault_over()
        wait_until(lambda: deliveries(system) > 2, "a message was delivered again", 25)
    assert system.sql("SELECT DISTINCT attempt, lost FROM jobs") == [(1, 0)]


@pytest.mark.parametrize("worker", ["worker-cpu", "worker-io"])
@pytest.mark.parametrize("batch", [1, 4])
def test_a_worker_that_stops_before_its_jobs_end_gives_them_back(
    make_system: MakeSystem, record: Record, worker: str, batch: int
) -> None:
    system = make_system(roles=("relay", worker), ARXOS_DRAIN_S="1")
    with record(
        system, 39, "stopped before its jobs end", variant=f"{worker}, batch {batch}", recovers_in=20
    ) as scenario:
        ids = scenario.burst(4, seconds=3, queue=QUEUE_OF[worker], batch=batch)
        children = busy_children(system, worker, ids)
        system.processes[worker].terminate()
        wait_until(lambda: system.exits == [(worker, 0)], "it ended well", 5)
        scenario.fault_over()
        assert not any(map(is_alive, children))
    assert lost_attempts(system, ids) == 0
    assert system.sql("SELECT count(*) > 0 FROM attempts WHERE outcome = 'interrupted'") == [(True,)]
    assert system.sql("SELECT count(*) FROM jobs WHERE max_attempts < 7 + attempt") == [(0,)]


def strange(system: System, kind: str, **fields: Any) -> Any:
    """A job of a strange kind, which the test's own process does not know: made after the model of another."""
    model = system.job("probe.noop", **{name: fields.pop(name) for name in ("queue",) if name in fields})
    return replace(model, kind=f"strange.{kind}", payload=fields, batch=1)


def busy_children(system: System, worker: str, ids: Iterable[UUID], least: int = 1) -> set[int]:
    """The worker's children, once so many of the jobs run."""
    running = "SELECT count(*) >= %s FROM jobs WHERE id = ANY(%s) AND state = 'running'"
    wait_until(lambda: system.sql(running, least, list(ids)) == [(True,)], f"{least} of the jobs run", 20)
    return children_of(system.processes[worker].pid)


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def lost_attempts(system: System, ids: list[UUID]) -> int:
    rows = system.sql("SELECT count(*) FROM attempts WHERE job_id = ANY(%s) AND outcome = 'lost'", ids)
    return int(rows[0][0])


def database_clock(system: System) -> datetime:
    now: datetime = system.sql("SELECT clock_timestamp()")[0][0]
    return now


def broker(system: System) -> "redis_client.Redis":
    return redis_client.Redis.from_url(system.runtime.settings.broker_url)


def unacknowledged(system: System) -> int:
    """Messages that a worker has taken and not confirmed."""
    with broker(system) as client:
        return int(client.hlen("unacked"))


def deliveries(system: System) -> int:
    """How often a worker took a message since the system began."""
    with broker(system) as client:
        return int(client.info("commandstats").get("cmdstat_zadd", {}).get("calls", 0))
