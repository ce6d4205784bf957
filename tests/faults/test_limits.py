"""Limits of time and memory, orphans, and workers that are told to stop: what must end ends, and nothing else does."""

import re
import signal
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import pytest

from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.retry import RetryPolicy
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import FAST, KILL, Ground
from tests.faults.proxy import Proxy
from tests.faults.system import QUEUE_OF, System
from tests.faults.test_process_death import busy_children, kill, lost_attempts, strange
from tests.running import Process, children_of, is_alive, wait_until

CPU = ("relay", "worker-cpu")
QUICK_S = 3.0  # for whoever asks twice
BUDGET = RetryPolicy().max_attempts
DRAIN_S, GOODBYE_S = 2.0, 6.0  # what a test grants running jobs; what the worker's last words may take
SHORT_LEASE = {"ARXOS_HEARTBEAT_S": "0.5", "ARXOS_LEASE_S": "3"}

pytestmark = pytest.mark.slow
slowly = pytest.mark.faults_slow


def pair(system: System, worker: str = "worker-cpu", within_s: float = 20) -> tuple[int, int]:
    """A pool child whose job has started a process, and that process: child and grandchild of the worker."""

    def found() -> list[tuple[int, int]]:
        children = children_of(system.processes[worker].pid)
        return [(child, grandchild) for child in children for grandchild in children_of(child)]

    wait_until(found, "a job started a process", within_s)
    return found()[0]


def all_gone(pids: Iterable[int], within_s: float = 2.0) -> None:
    wait_until(lambda: not any(map(is_alive, pids)), f"processes {pids} are gone", within_s)


def outcomes(job: Job) -> list[str]:
    return [one.outcome for one in job.attempts]


def reason(job: Job) -> str:
    """What history says of the first attempt."""
    return job.attempts[0].error_message or ""


def test_a_job_deaf_to_its_soft_limit_is_ended_by_the_hard_one(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=CPU, STRANGE="1")
    with record(system, 9, "deaf to its soft limit", variant="in a call of C", recovers_in=10) as scenario:
        [deaf] = scenario.accept(system.insert(strange(system, "overtime", deaf=True)))
        family = pair(system)
        mates = scenario.burst(20, seconds=0.2)
        wait_until(lambda: system.get(deaf).attempts, "its first attempt ended", 10)
        scenario.fault_over()
        all_gone(family)
    job = system.get(deaf)
    assert outcomes(job) == ["lost", "succeeded"]
    assert reason(job) == "it went beyond its hard time limit of 2 s, and was killed"
    assert unharmed(system, mates)


def test_a_body_may_handle_its_soft_limit_or_let_it_pass(make_system: MakeSystem, record: Record) -> None:
    system = make_system(STRANGE="1")
    with record(system, 9, "told of its soft limit", recovers_in=15) as scenario:
        jobs = [
            strange(system, "handling", raises=raises, queue=queue)
            for queue in QUEUE_OF.values()
            for raises in (False, True)
        ]
        ids = scenario.accept(system.insert(*jobs))
        scenario.fault_over()
    for job_id, raises in zip(ids, (False, True) * 2, strict=True):
        job = system.get(job_id)
        assert outcomes(job) == (["failed", "succeeded"] if raises else ["succeeded"])
        if raises:
            assert (job.attempts[0].error_type, reason(job)) == (
                "TimedOutError",
                "took longer than its soft time limit of 1 s",
            )
    assert system.exits == []


@pytest.mark.parametrize(
    ("mb", "at_most", "whose"),
    [(400, "", "its kind's limit of 256 MB"), pytest.param(170, "160", "this worker's limit of 160 MB", marks=slowly)],
)
def test_a_job_whose_family_takes_too_much_memory_is_killed_with_it(
    make_system: MakeSystem, record: Record, mb: int, at_most: str, whose: str
) -> None:
    variables = {"ARXOS_JOB_MEMORY_MB": at_most} if at_most else {}
    system = make_system(roles=CPU, STRANGE="1", **variables)
    with record(system, 9, "beyond its memory limit", variant=whose, recovers_in=10) as scenario:
        [greedy] = scenario.accept(system.insert(strange(system, "family", mb=mb)))
        family = pair(system)
        mates = scenario.burst(20, seconds=0.2)
        wait_until(lambda: system.get(greedy).attempts, "its first attempt ended", 20)
        scenario.fault_over()
        all_gone(family)
    job = system.get(greedy)
    assert outcomes(job) == ["lost", "succeeded"]
    told = re.fullmatch(r"it used (\d+) MB, more than (.*), and was killed", reason(job))
    assert told is not None
    assert (told[2], int(told[1]) > int(re.findall(r"\d+", whose)[0])) == (whose, True)
    assert unharmed(system, mates)


@slowly
def test_a_stuck_thread_ends_its_worker_and_costs_nobody_else_an_attempt(
    make_system: MakeSystem, record: Record
) -> None:
    system = make_system(roles=("relay", "worker-io"), STRANGE="1")
    with record(system, 9, "stuck in a thread", recovers_in=15) as scenario:
        [stuck] = scenario.accept(system.insert(strange(system, "stuck", queue="health")))
        others = scenario.burst(2, seconds=4, queue="health")
        behind = scenario.burst(10, queue="health")
        system.all_reach(others, JobState.RUNNING)
        wait_until(lambda: system.exits, "its worker ended", 20)
        scenario.fault_over()
    assert system.exits == [("worker-io", 70)]
    assert outcomes(system.get(stuck)) == ["lost", "succeeded"]
    assert reason(system.get(stuck)) == "it went beyond its hard time limit of 2 s, and was killed"
    for job in map(system.get, others):
        assert (outcomes(job), job.lost) == (["interrupted", "succeeded"], 0)
        assert unburned(job)
    assert lost_attempts(system, behind) == 0


@pytest.mark.parametrize("dies", ["the worker", "the child"])
def test_whoever_dies_leaves_no_orphan(make_system: MakeSystem, record: Record, dies: str) -> None:
    system = make_system(roles=CPU, STRANGE="1", **SHORT_LEASE)
    with record(system, 2, "orphans of a job's own", variant=f"{dies} killed", recovers_in=20) as scenario:
        [job_id] = scenario.accept(system.insert(strange(system, "family")))
        child, grandchild = pair(system)
        family = {child, grandchild, *(children_of(system.processes["worker-cpu"].pid) if dies == "the worker" else ())}
        kill([system.processes["worker-cpu"].pid if dies == "the worker" else child])
        scenario.fault_over()
        all_gone(family)
    assert outcomes(system.get(job_id)) == ["lost", "succeeded"]


@pytest.mark.parametrize("worker", ["worker-cpu", pytest.param("worker-io", marks=slowly)])
@pytest.mark.parametrize("batch", [4, pytest.param(1, marks=slowly)])
def test_a_worker_that_is_told_to_stop_finishes_what_runs_and_starts_nothing(
    make_system: MakeSystem, record: Record, worker: str, batch: int
) -> None:
    system = make_system(roles=("relay", worker), ARXOS_DRAIN_S="20")
    with record(system, 39, "stopped in time", variant=f"{worker}, batch {batch}", recovers_in=20) as scenario:
        ids = scenario.burst(4 if batch > 1 else 2, seconds=0.4, queue=QUEUE_OF[worker], batch=batch)
        children = busy_children(system, worker, ids)
        waiting = scenario.burst(8, seconds=0.4, queue=QUEUE_OF[worker], batch=1)
        stop(system.processes[worker], [signal.SIGTERM])
        scenario.fault_over()
        all_gone(children)
    assert unharmed(system, [*ids, *waiting])


TWICE = {
    "SIGTERM twice": (signal.SIGTERM, signal.SIGTERM),
    "SIGQUIT": (signal.SIGQUIT,),
    "SIGINT twice": (signal.SIGINT, signal.SIGINT),
}


def asked(worker: str, batch: int) -> Any:
    """In every way only among all faults; two by SIGTERM in every run."""
    often = (worker, batch) in {("worker-cpu", 4), ("worker-io", 1)}
    return [pytest.param(worker, batch, how, marks=() if often and how == "SIGTERM twice" else slowly) for how in TWICE]


@pytest.mark.parametrize(
    ("worker", "batch", "how"), [case for worker in QUEUE_OF for batch in (1, 4) for case in asked(worker, batch)]
)
def test_who_asks_twice_need_not_wait_and_loses_nothing(
    make_system: MakeSystem, record: Record, worker: str, batch: int, how: str
) -> None:
    system = make_system(roles=("relay", worker))
    with record(system, 39, how, variant=f"{worker}, batch {batch}", recovers_in=20) as scenario:
        ids = scenario.burst(4, seconds=2, queue=QUEUE_OF[worker], batch=batch)
        children = busy_children(system, worker, ids)
        seconds = stop(system.processes[worker], TWICE[how])
        scenario.fault_over()
        all_gone(children)
    print(f"ended after {seconds:.1f} s")  # noqa: T201 - a figure of the page
    assert seconds < QUICK_S
    gave_back(system, ids)


@slowly
@pytest.mark.parametrize("worker", list(QUEUE_OF))
@pytest.mark.parametrize("away", ["PostgreSQL", "Redis"])
def test_a_worker_stops_in_time_while_a_server_is_away(
    make_system: MakeSystem, record: Record, ground: Ground, worker: str, away: str
) -> None:
    system = make_system(roles=("relay", worker), ARXOS_DRAIN_S=str(DRAIN_S))
    server, how = (ground.postgres, FAST) if away == "PostgreSQL" else (ground.redis, KILL)
    with record(system, 39, f"stopped while {away} is away", variant=worker, recovers_in=30) as scenario:
        ids = scenario.burst(4, seconds=1, queue=QUEUE_OF[worker])
        children = busy_children(system, worker, ids)
        server.stop(how)
        system.processes[worker].terminate()
        assert ends_within(system.processes[worker], DRAIN_S + GOODBYE_S) == 0
        all_gone(children)
        server.start()
        scenario.fault_over()


@slowly
@pytest.mark.parametrize("worker", list(QUEUE_OF))
@pytest.mark.parametrize("ways", [["SIGTERM"], ["SIGTERM", "SIGTERM"]], ids=["once", "twice"])
def test_a_worker_stops_in_time_while_postgresql_is_silent(
    make_system: MakeSystem, record: Record, postgres_proxy: Proxy, worker: str, ways: list[str]
) -> None:
    system = make_system(roles=("relay",), ARXOS_DRAIN_S=str(DRAIN_S))
    behind = postgres_proxy.url(system.variables["ARXOS_DATABASE_URL"])
    system.start(worker, ARXOS_DATABASE_URL=behind)
    system.ready()
    bound = QUICK_S if len(ways) > 1 else DRAIN_S + GOODBYE_S
    with record(
        system, 39, "stopped while PostgreSQL is silent", variant=f"{worker}, {len(ways)}x", recovers_in=30
    ) as scenario:
        ids = scenario.burst(4, seconds=1, queue=QUEUE_OF[worker])
        children = busy_children(system, worker, ids)
        postgres_proxy.blackhole(new_ones=True)
        stopping = system.processes[worker]
        stop(stopping, [signal.Signals[way] for way in ways], bound)
        all_gone(children)
        postgres_proxy.heal()
        scenario.fault_over()


def stop(worker: Process, signals: Sequence[signal.Signals], within_s: float = 20.0) -> float:
    """Send the worker these signals, a moment apart; how many seconds after the last one it was gone."""
    for place, number in enumerate(signals):
        time.sleep(0.3 if place else 0)  # signals that are pending together count once
        worker.send_signal(number)
    last = time.monotonic()
    assert ends_within(worker, within_s) == 0
    return time.monotonic() - last


def ends_within(worker: Process, seconds: float) -> int:
    """The exit code of a worker that was told to stop."""
    wait_until(lambda: worker.poll() is not None, "the worker ended", seconds)
    return worker.returncode


def unharmed(system: System, ids: list[UUID]) -> bool:
    """Whether each of them was attempted once."""
    return all(outcomes(job) == ["succeeded"] for job in map(system.get, ids))


def gave_back(system: System, ids: list[UUID]) -> None:
    """Something was interrupted, and no job lost an attempt by it."""
    jobs = [system.get(job_id) for job_id in ids]
    assert any("interrupted" in outcomes(job) for job in jobs)
    assert all(unburned(job) and job.lost == 0 for job in jobs)
    assert {outcome for job in jobs for outcome in outcomes(job)} <= {"interrupted", "succeeded"}


def unburned(job: Job) -> bool:
    """Whether its budget grew by each interruption."""
    return job.max_attempts == BUDGET + outcomes(job).count("interrupted")
