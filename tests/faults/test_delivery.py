"""What arrives on the queues twice, forged or old; publications without an answer; errors that cannot be told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import Ground
from tests.faults.messages import (
    SLOWER_WITH_IO,
    WORKERS,
    forged,
    like_the_relays,
    once,
    published,
    quarantined,
    quiet,
)
from tests.faults.proxy import Proxy
from tests.faults.strange import UNTELLABLE
from tests.faults.system import QUEUE_OF, System
from tests.running import wait_until

pytestmark = pytest.mark.slow


@WORKERS
def test_the_same_message_delivered_to_many_at_once_runs_once(
    make_system: MakeSystem, broker: Any, record: Record, worker: str
) -> None:
    system, queue = make_system(roles=("relay",)), QUEUE_OF[worker]
    with record(system, 10, "the same message delivered many times", variant=worker, recovers_in=20) as scenario:
        ids = [*scenario.burst(4, seconds=0.3, queue=queue), *scenario.burst(100, queue=queue)]
        messages = published(system, broker, queue)
        for message in messages:
            broker.lpush(queue, *[message] * 20)
        for name in ("one", "another"):
            system.start(name, ("worker", "--pool", worker.removeprefix("worker-"), "--concurrency", "2"))
        scenario.fault_over()
        system.ready()  # a job of its own went through behind them
        wait_until(lambda: quiet(broker, queue), "all were taken")
    assert once(system, ids)


def test_a_forged_name_runs_the_jobs_own_kind_or_nothing(make_system: MakeSystem, broker: Any, record: Record) -> None:
    system = make_system(roles=("relay",), STRANGE="1", ARXOS_REPUBLISH_S="2")
    with record(system, 42, "forged header", variant="task name swapped", recovers_in=30) as scenario:
        ids = [*scenario.burst(2, seconds=3), *scenario.burst(50)]
        before = asked(system, ids)
        for message in published(system, broker):
            broker.lrem("maintenance", 1, message)
            for name in ("strange.overtime", "probe.crash", "no.such_kind"):  # the first has a hard limit of 2 s
                broker.lpush("maintenance", forged(message, headers={"task": name}))
        system.start("worker-cpu")
        scenario.fault_over()
    assert asked(system, ids) == before
    assert once(system, ids)


def test_a_message_in_another_pools_queue_runs_nothing_there(system: System, broker: Any, record: Record) -> None:
    with record(system, 42, "forged messages", variant="in another pool's queue", recovers_in=10) as scenario:
        in_a_while = datetime.now(UTC) + timedelta(seconds=2)
        killers = [system.submit("probe.crash", how="kill", times=1, run_at=in_a_while) for _ in range(2)]
        scenario.accept(killers)
        forger = Thread(target=send_all_the_while, args=(broker, "health", killers))
        forger.start()
        scenario.fault_over()
        system.all_reach(killers, JobState.SUCCEEDED)
        forger.join()
    assert [name for name, _ in system.exits] == []
    assert [(job.lost, job.attempt) for job in map(system.get, killers)] == [(1, 2)] * 2


def send_all_the_while(broker: Any, queue: str, ids: Sequence[UUID]) -> None:
    """Name these jobs in that queue, again and again for some seconds."""
    for _ in range(100):
        broker.lpush(queue, *(like_the_relays(job_id, task="probe.crash") for job_id in ids))
        Event().wait(0.05)


def test_what_a_forged_header_asks_for_is_not_done(make_system: MakeSystem, broker: Any, record: Record) -> None:
    system = make_system(roles=("relay",))
    asks: Mapping[str, Any] = {
        "timelimit": [0.1, 0.1],
        "eta": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        "expires": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "compression": "application/x-gzip",
        "group": str(uuid4()),
        "retries": 1_000_000,
        "ignore_result": False,
        "shadow": "probe.crash",
        "reply_to": "somewhere",
    }
    with record(system, 42, "forged header", variant="limits, eta, callbacks", recovers_in=10) as scenario:
        ids = [*scenario.burst(5, seconds=0.5), *scenario.burst(50)]
        call: dict[str, Any] = {
            "task": "celery.accumulate",
            "args": [1],
            "kwargs": {},
            "options": {},
            "subtask_type": None,
        }
        embed = {"callbacks": [call], "errbacks": [call], "chain": [call], "chord": call}
        for message in published(system, broker):
            broker.lrem("maintenance", 1, message)
            broker.lpush("maintenance", forged(message, headers=asks, embed=embed))
        system.start("worker-cpu")
        scenario.fault_over()
    assert once(system, ids)
    assert broker.keys("*accumulate*") == []


@WORKERS
def test_forged_messages_invent_no_job_and_run_none_early(
    system: System, broker: Any, record: Record, worker: str
) -> None:
    queue = QUEUE_OF[worker]
    with record(system, 42, "forged messages", variant=f"{worker}, invented and early", recovers_in=10) as scenario:
        in_an_hour = datetime.now(UTC) + timedelta(hours=1)
        early = scenario.accept(
            [system.submit("probe.effect", key="e", queue=queue, run_at=in_an_hour)], JobState.CANCELLED
        )
        for name in ("probe.effect", "no.such_kind"):
            broker.lpush(queue, *(like_the_relays(*early, task=name), like_the_relays(uuid4(), task=name)) * 10)
        scenario.fault_over()
        scenario.burst(20, queue=queue)
        wait_until(lambda: quiet(broker, queue), "all were taken", 20)
        wait_until(lambda: quarantined(system) > 0, "the invented kind is recorded", 20)
        assert system.sql("SELECT state, attempt, available_at FROM jobs WHERE id = %s", early[0]) == [
            ("queued", 0, in_an_hour)
        ]
        system.do(lambda ledger: ledger.cancel(early[0], "ada", "shown"))
    assert system.sql("SELECT DISTINCT task, reason FROM quarantine") == [
        ("no.such_kind", "names a kind that is not known here, and no job")
    ]


@SLOWER_WITH_IO
def test_the_replay_of_old_messages_does_nothing(
    make_system: MakeSystem, broker: Any, record: Record, worker: str
) -> None:
    system, queue = make_system(roles=("relay",), ARXOS_QUEUE_DEPTH="200"), QUEUE_OF[worker]
    with record(system, 43, "replay of old messages", variant=worker, recovers_in=20) as scenario:
        ids = [*scenario.burst(2, seconds=0.1, queue=queue), *scenario.burst(100, queue=queue)]
        dead = system.submit("probe.fail", times=9, permanent=True, queue=queue)
        cancelled = system.submit("probe.effect", key="c", queue=queue)
        ids += scenario.accept([dead], JobState.DEAD) + scenario.accept([cancelled], JobState.CANCELLED)
        messages = published(system, broker, queue)
        system.do(lambda ledger: ledger.cancel(cancelled, "ada", "wrong file"))
        system.start(worker)
        for job_id in ids:
            system.reaches(job_id)
        before = done(system, ids)
        for _ in range(10):
            broker.lpush(queue, *messages)
        scenario.fault_over()
        scenario.burst(20, queue=queue)
        wait_until(lambda: quiet(broker, queue), "all were taken", 20)
    assert done(system, ids) == before


@SLOWER_WITH_IO
def test_errors_that_cannot_be_told_are_settled_and_told_in_short(
    make_system: MakeSystem, record: Record, worker: str
) -> None:
    system = make_system(roles=("relay", worker), STRANGE="1")
    with record(system, 44, "errors that cannot be told", variant=worker, recovers_in=20) as scenario:
        model = replace(system.job("probe.noop", queue=QUEUE_OF[worker]), kind="strange.untellable", batch=1)
        jobs = [replace(model, id=uuid4(), payload={"how": how}) for how in sorted(UNTELLABLE)]
        ids = scenario.accept(system.insert(*jobs))
        scenario.fault_over()
    told = "SELECT outcome, max(length(error_message)), max(length(error_type)) FROM attempts GROUP BY outcome"
    [(_, message, name)] = [row for row in system.sql(told) if row[0] == "failed"]
    assert (message < 4_100, name <= 200) == (True, True)
    outcomes = "SELECT outcome, count(*) FROM attempts WHERE job_id = ANY(%s) GROUP BY outcome ORDER BY outcome"
    assert system.sql(outcomes, ids) == [("failed", len(ids)), ("succeeded", len(ids))]
    assert len(system.log(worker)) < 30_000 * len(ids)
    assert system.log(worker).count("job_raised") == len(ids)


@pytest.mark.parametrize("lost", ["answer", "request"])
def test_a_publication_whose_outcome_is_unknown_is_made_again(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record, lost: str
) -> None:
    system = make_system(roles=("worker-cpu", "worker-io"))
    system.start("relay", ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
    system.ready()
    with record(system, 45, "publish outcome unknown", variant=f"{lost} lost", recovers_in=8) as scenario:
        ids: list[UUID] = []
        for queue in [*QUEUE_OF.values()] * 2:
            (redis_proxy.swallow_answer if lost == "answer" else redis_proxy.swallow_request)(b"LPUSH")
            ids += scenario.burst(100, queue=queue)
            ids += scenario.burst(5, queue=queue, seconds=0.1)
            wait_until(lambda: redis_proxy.swallowed, "a publication got no answer")
        scenario.fault_over()
    assert once(system, ids)
    assert system.log("relay").count("the broker cannot be reached") > 0
    assert system.exits == []


def asked(system: System, ids: list[UUID]) -> list[Any]:
    """What no message may change."""
    columns = "id, kind, queue, payload, policy, contract, max_attempts"
    return system.sql(f"SELECT {columns} FROM jobs WHERE id = ANY(%s) ORDER BY id", ids)


def done(system: System, ids: list[UUID]) -> list[Any]:
    """What another run would change."""
    columns = "id, state, attempt, worker, delivery, started_at, finished_at, error_message"
    return system.sql(f"SELECT {columns} FROM jobs WHERE id = ANY(%s) ORDER BY id", ids)
