"""A deploy under way: old and new workers side by side, new jobs before new workers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from arxos.domain.jobs.job import JobState, NewJob
from tests.faults.conftest import MakeSystem, Record
from tests.faults.messages import SLOWER_WITH_IO, once
from tests.faults.system import QUEUE_OF, System
from tests.running import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.faults_slow
def test_a_deploy_whose_new_jobs_come_before_its_workers(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay",), STRANGE="1")
    system.start("worker-cpu", STRANGE_VERSION="old")
    system.ready()
    with record(system, 40, "a deploy", variant="only old workers at first", recovers_in=30) as scenario:
        newer = scenario.accept(system.insert(*new_jobs(system)))
        system.all_reach(scenario.burst(100), JobState.SUCCEEDED, within_s=20)
        parked = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND progress_note LIKE 'waits for a newer worker%%'"
        wait_until(lambda: system.sql(parked, newer) == [(len(newer),)], "all are parked", 20)
        untouched = "SELECT DISTINCT state, attempt, lost FROM jobs WHERE id = ANY(%s)"
        assert system.sql(untouched, newer) == [("queued", 0, 0)]
        system.start("worker-new", ("worker", "--pool", "cpu", "--concurrency", "2"), STRANGE_VERSION="new")
        scenario.fault_over()
    assert once(system, newer)
    told = [line for line in system.log("worker-cpu").splitlines() if "jobs_parked" in line]
    assert 2 <= len(told) <= 4  # two kinds, two children
    assert all(any(name in line for line in told) for name in ("strange.novel", "strange.grown"))
    assert system.sql("SELECT count(*) FROM quarantine") == [(0,)]


@SLOWER_WITH_IO
def test_old_and_new_workers_side_by_side(make_system: MakeSystem, record: Record, worker: str) -> None:
    system, pool = make_system(roles=("relay",), STRANGE="1"), worker.removeprefix("worker-")
    for version in ("old", "new"):
        system.start(version, ("worker", "--pool", pool, "--concurrency", "2"), STRANGE_VERSION=version)
    system.ready()
    queue = QUEUE_OF[worker]
    with record(system, 40, "a deploy", variant=f"old and new {worker} side by side", recovers_in=40) as scenario:
        newer = scenario.accept(system.insert(*new_jobs(system, queue=queue)))
        ids = scenario.burst(100, queue=queue, seconds=0.02)
        scenario.fault_over()
    assert once(system, [*newer, *ids])
    ran = system.sql("SELECT DISTINCT split_part(worker, ':', 2)::int FROM attempts WHERE job_id = ANY(%s)", newer)
    assert ran == [(system.processes["new"].pid,)]


@pytest.mark.faults_slow
def test_a_rolling_deploy_under_load_loses_nothing_and_burns_no_attempt(
    make_system: MakeSystem, record: Record
) -> None:
    system = make_system(roles=("relay",), STRANGE="1", ARXOS_DRAIN_S="1")
    command = ("worker", "--pool", "cpu", "--concurrency", "1")
    for number in range(3):
        system.start(f"old-{number}", command, STRANGE_VERSION="old")
    system.ready()
    with record(system, 40, "a deploy", variant="rolling, under load", recovers_in=60) as scenario:
        ids = [*scenario.burst(200, seconds=0.05), *scenario.burst(2, seconds=4)]
        for number in range(3):
            ids += scenario.accept(system.insert(*new_jobs(system)))
            ids += scenario.burst(100, seconds=0.02)
            system.start(f"new-{number}", command, STRANGE_VERSION="new")
            system.retire(f"old-{number}").terminate()
            assert system.processes[f"old-{number}"].wait(60) == 0
        scenario.fault_over()
    burned = "SELECT count(*) FROM attempts WHERE job_id = ANY(%s) AND outcome NOT IN ('succeeded', 'interrupted')"
    assert system.sql(burned, ids) == [(0,)]
    assert system.sql("SELECT count(*) FROM jobs WHERE max_attempts <> 7 + attempt AND kind = 'probe.effect'") == [(0,)]


@pytest.mark.faults_slow
def test_a_flood_of_jobs_that_nobody_knows_yet_delays_no_other(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay",), STRANGE="1")
    system.start("worker-cpu", STRANGE_VERSION="old")
    system.ready()
    with record(system, 40, "a deploy", variant="3,000 new jobs before it", recovers_in=60) as scenario:
        [model, *_] = new_jobs(system)
        flood = [replace(model, id=uuid4(), batch=1) for _ in range(3_000)]
        newer = scenario.accept(system.insert(*flood))
        waits = []
        for _ in range(20):
            began = datetime.now(UTC)
            system.all_reach(scenario.burst(1), JobState.SUCCEEDED, within_s=30)
            waits.append((datetime.now(UTC) - began).total_seconds())
            wait_until(lambda: datetime.now(UTC) - began > timedelta(seconds=1), "a second", 5)  # noqa: B023
        print(f"waits in s: first {waits[0]:.1f}, then at most {max(waits[1:]):.1f}")  # noqa: T201 - the figure
        system.start("worker-new", ("worker", "--pool", "cpu", "--concurrency", "2"), STRANGE_VERSION="new")
        scenario.fault_over()
    assert max(waits) < 3
    assert once(system, newer)


def new_jobs(system: System, **fields: Any) -> list[NewJob]:
    """What the new version submits: 50 light jobs and 5 others of a kind that it knows alone, 5 of a newer contract."""
    light = [system.job("probe.effect", key=str(n), **fields) for n in range(50)]
    others = [system.job("probe.effect", key=str(n), seconds=0.05, **fields) for n in range(5)]
    newer = [replace(system.job("probe.noop", **fields), kind="strange.grown", contract=2, batch=1) for _ in range(5)]
    return [
        *(replace(job, kind="strange.novel") for job in (*light, *others)),
        *(replace(job, payload={"colour": "red"}) for job in newer),
    ]
