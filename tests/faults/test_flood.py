"""A flood by one submitter, a mass redrive, and limits while their processes are killed."""

import time
from collections.abc import Sequence
from statistics import quantiles
from uuid import UUID

import pytest

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.storage.limit_acts import Limits
from tests.faults.conftest import MakeSystem, Record
from tests.faults.system import System
from tests.running import wait_until

pytestmark = pytest.mark.slow

SHARE = 0.25  # of a flood's whole time, which whoever came last would wait without turns: how long others may wait
RELAYS = ("relay", "another-relay")


def waits(system: System, ids: Sequence[UUID]) -> list[float]:
    """From submission to start, in seconds."""
    query = "SELECT extract(epoch FROM started_at - created_at)::float FROM jobs WHERE id = ANY(%s)"
    return [row[0] for row in system.sql(query, list(ids))]


def p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[18]


def one_by_one(system: System, count: int) -> list[UUID]:
    """Jobs of somebody else's, one after the other."""
    ids = []
    for _ in range(count):
        ids += system.burst(1, submitted_by="ada")
        time.sleep(0.02)
    return ids


def seconds_of(system: System, submitter: str) -> float:
    """From the submission of the first of its jobs to the last one's start."""
    query = "SELECT extract(epoch FROM max(started_at) - min(created_at))::float FROM jobs WHERE submitted_by = %s"
    return float(system.sql(query, submitter)[0][0])


@pytest.mark.parametrize(
    "flood", [pytest.param(20_000, id="20k"), pytest.param(100_000, id="100k", marks=pytest.mark.faults_slow)]
)
def test_a_flood_of_one_submitter_does_not_delay_another(make_system: MakeSystem, record: Record, flood: int) -> None:
    system = make_system(roles=("relay", "worker-cpu"))
    with record(system, 46, "flood of one submitter", variant=f"{flood:,} jobs", within_s=240, recovers_in=240) as told:
        for _ in range(flood // 10_000):
            told.burst(10_000, submitted_by="flood")
        ids = told.accept(one_by_one(system, 20))
        told.fault_over()
        left = "SELECT count(*) FROM jobs WHERE submitted_by = 'flood' AND started_at IS NULL"
        assert system.sql(left) > [(0,)], "the flood was over before"
    assert p95(waits(system, ids)) < SHARE * seconds_of(system, "flood")


def test_dead_letters_redriven_at_a_rate_leave_the_others_their_turn(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay", "worker-cpu"))
    with record(system, 46, "1,000 dead letters redriven at 200 a second", recovers_in=90) as told:
        dead = [system.job("probe.fail", times=1, permanent=True, submitted_by="import") for _ in range(1000)]
        ids = told.accept(system.insert(*dead))
        system.all_reach(ids, JobState.DEAD)
        done = system.arxos("dead", "redrive", "--rate", "200", "--reason", "the server is back", "--json")
        assert done.returncode == 0, done.stderr
        others = told.accept(one_by_one(system, 20))
        system.all_reach(ids, JobState.SUCCEEDED)
        told.fault_over()
        assert p95(waits(system, others)) < SHARE * seconds_of(system, "import")
        [(seconds,)] = system.sql(
            "SELECT extract(epoch FROM max(started_at) - min(redriven_at))::float FROM jobs WHERE id = ANY(%s)", ids
        )
        assert seconds > 4.5  # the rate is never exceeded
        assert system.sql("SELECT count(*) FROM attempts WHERE job_id = ANY(%s)", ids) == [(2000,)]


def test_limits_hold_while_relays_and_workers_are_killed(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay", "worker-cpu"))
    for name, command in (("another-relay", ("relay",)), ("another-cpu", ("worker", "--pool", "cpu"))):
        system.start(name, command)
    Limits(system.runtime.database).set(
        Scope.KIND, "probe.effect", Allowance(running=3, per="submitter"), Operator("ops")
    )
    with record(system, 46, "limits, their relays and workers killed", recovers_in=40) as told:
        for number in range(60):
            told.burst(1, seconds=0.4, submitted_by=f"s{number % 5}")
        told.fault_over()
        for victim in ("relay", "worker-cpu", "another-relay", "another-cpu"):
            wait_until(lambda: system.sql("SELECT 1 FROM jobs WHERE state = 'running'"), "some run")
            system.processes[victim].kill()
            time.sleep(1)
    assert most_at_once(system, "true") == 3
    assert [most_at_once(system, f"submitted_by = 's{number}'") for number in range(5)] == [1] * 5


def most_at_once(system: System, which: str) -> int:
    """The most attempts that ever overlapped; one that ends as another begins does not."""
    spans = system.sql(
        "SELECT a.started_at, a.finished_at FROM attempts a JOIN jobs ON id = job_id"
        f" WHERE kind = 'probe.effect' AND {which}"
    )
    events = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, change in events:
        now += change
        most = max(most, now)
    return most
