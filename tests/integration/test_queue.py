"""Jobs through the real system: PostgreSQL, Redis, relay and worker processes, some of which are killed."""

import base64
import json
import os
import signal
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis as redis_client

from arxos.domain.jobs.job import JobState, OnFailure
from arxos.domain.jobs.operator import Operator
from arxos.scheduler.relay import POLL_S, Relay
from arxos.storage.database import Database
from arxos.storage.limit_acts import Limits
from arxos.storage.outbox import Outbox
from arxos.workers.celery_app import build_app
from arxos.workers.publisher import Publisher
from tests.builders import new_job
from tests.running import Stack, children_of, is_alive, wait_until
from tests.worlds import PostgresWorld

pytestmark = pytest.mark.slow


def test_an_effect_happens_once(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="once")
    job = queue.reaches(job_id)
    assert (job.state, job.attempt, len(job.attempts)) == (JobState.SUCCEEDED, 1, 1)
    assert job.created_at <= job.attempts[0].started_at <= job.attempts[0].finished_at
    assert queue.effects([job_id]) == [job_id]


def test_two_thousand_effects_happen_once_each(queue: Stack) -> None:
    ids = queue.insert(*(queue.job("probe.effect", key=str(n)) for n in range(2000)))
    queue.all_reach(ids, JobState.SUCCEEDED)
    assert queue.effects(ids) == sorted(ids)
    assert queue.sql("SELECT DISTINCT attempt FROM jobs WHERE id = ANY(%s)", ids) == [(1,)]


def test_a_failure_is_tried_again_until_it_succeeds(queue: Stack) -> None:
    job = queue.reaches(queue.submit("probe.fail", times=2))
    assert job.state is JobState.SUCCEEDED
    assert [one.outcome for one in job.attempts] == ["failed", "failed", "succeeded"]
    assert job.attempts[0].error_message == "attempt 1 of 2 that fail"


def test_a_permanent_failure_is_a_dead_letter_that_can_be_redriven(queue: Stack) -> None:
    job_id = queue.submit("probe.fail", times=1, permanent=True)
    job = queue.reaches(job_id)
    assert (job.state, job.attempt, job.error_type) == (JobState.DEAD, 1, "PermanentError")
    with queue.runtime.ports.unit_of_work() as uow:
        uow.desk.redrive(job_id, Operator("ada"))
        uow.commit()
    job = queue.reaches(job_id)
    assert (job.state, [one.outcome for one in job.attempts]) == (JobState.SUCCEEDED, ["failed", "succeeded"])


@pytest.mark.parametrize("how", ["kill", "exit", "segfault"])
def test_a_job_whose_process_dies_runs_again(queue: Stack, how: str) -> None:
    job = queue.reaches(queue.submit("probe.crash", how=how, times=1))
    assert (job.state, job.lost) == (JobState.SUCCEEDED, 1)
    assert [one.outcome for one in job.attempts] == ["lost", "succeeded"]


def test_poison_is_isolated_and_its_mates_succeed(queue: Stack) -> None:
    killer = replace(queue.job("probe.crash", how="kill", times=100), batch=50)
    mates = [replace(queue.job("probe.crash", how="kill", times=0), batch=50) for _ in range(40)]
    ids = queue.insert(killer, *mates)[1:]
    job = queue.reaches(killer.id)
    assert (job.state, job.error_type, job.lost) == (JobState.DEAD, "PoisonError", 3)
    assert [one.outcome for one in job.attempts] == ["lost"] * 3
    queue.all_reach(ids, JobState.SUCCEEDED)
    assert queue.sql("SELECT count(*) > 0 FROM jobs WHERE id = ANY(%s) AND lost = 1", ids) == [(True,)]
    assert queue.sql("SELECT count(*) FROM jobs WHERE id = ANY(%s) AND lost > 1", ids) == [(0,)]


def test_a_queued_job_that_is_cancelled_never_starts(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="never", run_at=soon(3600))
    queue.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    forge(queue, "probe.effect", [job_id])
    passes_by(queue)
    assert (queue.get(job_id).state, queue.get(job_id).attempt) == (JobState.CANCELLED, 0)
    assert queue.effects([job_id]) == []


def test_a_running_job_that_is_cancelled_stops_soon(queue: Stack) -> None:
    job_id = queue.submit("probe.progress", steps=600, seconds=120)
    wait_until(lambda: queue.get(job_id).progress is not None, "progress")
    queue.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    job = queue.reaches(job_id, within_s=30)
    assert (job.state, job.error_message) == (JobState.CANCELLED, "cancelled by ada: wrong file")
    assert (job.progress or 0) < 1


def test_a_successor_runs_after_its_predecessors(queue: Stack) -> None:
    first = [queue.submit("probe.effect", key="a", seconds=0.2), queue.submit("probe.effect", key="b")]
    last = queue.reaches(queue.submit("probe.effect", key="c", after=first))
    assert last.state is JobState.SUCCEEDED
    assert last.started_at is not None
    assert all((queue.get(job_id).finished_at or last.created_at) <= last.started_at for job_id in first)


def test_a_dead_predecessor_cancels_or_frees(queue: Stack) -> None:
    dead = queue.submit("probe.fail", times=1, permanent=True, run_at=soon(0.5))
    cancelled = queue.submit("probe.noop", after=[dead])
    freed = queue.submit("probe.noop", after=[dead], on_failure=OnFailure.RUN)
    assert queue.reaches(freed).state is JobState.SUCCEEDED
    assert queue.reaches(cancelled).state is JobState.CANCELLED


def test_a_job_does_not_start_before_its_time(queue: Stack) -> None:
    job = queue.reaches(queue.submit("probe.noop", run_at=soon(1.5)))
    assert job.state is JobState.SUCCEEDED
    assert job.started_at is not None
    assert job.started_at >= job.available_at


def test_urgent_jobs_go_first(queue: Stack) -> None:
    queue.do(lambda ledger: ledger.pause("maintenance", Operator("ada")))
    slow = [queue.submit("probe.effect", key="x", seconds=0.05) for _ in range(40)]
    urgent = queue.submit("probe.effect", key="y", seconds=0.05, priority=9)
    queue.do(lambda ledger: ledger.resume("maintenance", Operator("ada")))
    queue.all_reach([*slow, urgent], JobState.SUCCEEDED)
    earlier = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND started_at < %s"
    assert queue.sql(earlier, slow, queue.get(urgent).started_at)[0][0] < 20


def test_a_wiped_redis_loses_nothing(queue: Stack, redis_url: str) -> None:
    ids = queue.insert(*(queue.job("probe.effect", key=str(n), seconds=0.01) for n in range(150)))
    done = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND state = 'succeeded'"
    for share in (20, 60):
        wait_until(lambda: queue.sql(done, ids)[0][0] >= share, f"{share} jobs")  # noqa: B023 - called at once
        with redis_client.Redis.from_url(redis_url) as client:
            client.flushdb()
    queue.all_reach(ids, JobState.SUCCEEDED)
    assert queue.effects(ids) == sorted(ids)


def test_a_killed_workers_job_finishes_elsewhere_and_leaves_no_ghost(queue: Stack) -> None:
    queue.start_worker()
    job_id = queue.submit("probe.effect", key="k", seconds=3)
    queue.reaches(job_id, JobState.RUNNING)
    worker = queue.worker_of(job_id)
    children = children_of(worker.pid)
    assert children

    worker.send_signal(signal.SIGKILL)
    worker.wait()

    job = queue.reaches(job_id, within_s=25)
    assert (job.state, [one.outcome for one in job.attempts]) == (JobState.SUCCEEDED, ["lost", "succeeded"])
    wait_until(lambda: not any(map(is_alive, children)), "the children of the killed worker ended", 20)
    assert queue.effects([job_id]) == [job_id]


def test_a_worker_that_was_paused_beyond_its_lease_cannot_write(queue: Stack) -> None:
    queue.start_worker()
    job_id = queue.submit("probe.effect", key="k", seconds=1.5)
    queue.reaches(job_id, JobState.RUNNING)
    paused = queue.worker_of(job_id)
    family = [paused.pid, *children_of(paused.pid)]

    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    job = queue.reaches(job_id, within_s=30)
    for pid in family:
        os.kill(pid, signal.SIGCONT)

    assert (job.state, [one.outcome for one in job.attempts]) == (JobState.SUCCEEDED, ["lost", "succeeded"])
    paused.terminate()  # it finishes what it runs, and so tries to settle, before it goes
    paused.wait(30)
    assert queue.effects([job_id]) == [job_id]
    assert queue.get(job_id) == job


def test_a_stopping_worker_finishes_what_runs(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="k", seconds=1.5)
    queue.reaches(job_id, JobState.RUNNING)
    worker = queue.worker_of(job_id)
    worker.terminate()
    job = queue.reaches(job_id, within_s=30)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)
    assert worker.wait(30) == 0


def test_a_stopping_worker_gives_back_what_takes_too_long(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="k", seconds=600)
    queue.reaches(job_id, JobState.RUNNING)
    worker = queue.worker_of(job_id)
    children = children_of(worker.pid)
    queue.do(lambda ledger: ledger.pause("maintenance", Operator("ada")))  # nobody starts it again meanwhile
    budget = queue.get(job_id).max_attempts

    worker.terminate()
    worker.wait(30)

    job = queue.get(job_id)
    assert (job.state, job.lost, job.max_attempts) == (JobState.QUEUED, 0, budget + 1)
    assert [one.outcome for one in job.attempts] == ["interrupted"]
    wait_until(lambda: not any(map(is_alive, children)), "the children of the stopped worker ended", 20)
    queue.do(lambda ledger: ledger.cancel(job_id, "ada", "shown"))
    queue.do(lambda ledger: ledger.resume("maintenance", Operator("ada")))


def test_a_worker_that_is_drained_finishes_what_runs_and_ends(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="k", seconds=1.5)
    queue.reaches(job_id, JobState.RUNNING)
    worker = queue.worker_of(job_id)
    drain(queue, worker.pid)
    assert worker.wait(30) == 0
    job = queue.get(job_id)
    assert (job.state, job.attempt, len(job.attempts)) == (JobState.SUCCEEDED, 1, 1)
    assert queue.effects([job_id]) == [job_id]
    assert queue.sql("SELECT count(*) FROM workers WHERE pid = %s", worker.pid) == [(0,)]


def test_a_worker_that_is_drained_gives_back_what_takes_too_long(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="k", seconds=600)
    queue.reaches(job_id, JobState.RUNNING)
    worker = queue.worker_of(job_id)
    queue.do(lambda ledger: ledger.pause("maintenance", Operator("ada")))  # nobody starts it again meanwhile
    drain(queue, worker.pid)
    assert worker.wait(30) == 0
    job = queue.get(job_id)
    assert (job.state, job.lost, [one.outcome for one in job.attempts]) == (JobState.QUEUED, 0, ["interrupted"])
    queue.do(lambda ledger: ledger.cancel(job_id, "ada", "shown"))


def test_a_worker_that_is_stopped_while_it_drains_still_finishes_what_runs(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="k", seconds=2)
    queue.reaches(job_id, JobState.RUNNING)
    worker = queue.worker_of(job_id)
    drain(queue, worker.pid)
    log = queue.folder / "worker.log"
    heard = [f":{worker.pid}:", "worker_drains"]
    wait_until(lambda: any(all(word in line for word in heard) for line in log.read_text().splitlines()), "it heard")
    worker.terminate()
    assert worker.wait(30) == 0
    assert (queue.get(job_id).state, queue.get(job_id).attempt) == (JobState.SUCCEEDED, 1)


def test_a_worker_tells_how_much_it_runs_at_once_and_how_much_memory_it_takes(queue: Stack) -> None:
    told = "SELECT slots, memory_bytes FROM workers WHERE pid = %s AND memory_bytes IS NOT NULL"
    pid = queue.workers[0].pid
    wait_until(lambda: queue.sql(told, pid), "the worker's announcement")
    [(slots, memory)] = queue.sql(told, pid)
    assert slots == 2
    assert 20 << 20 < memory < 4 << 30


def test_a_killed_relay_loses_nothing(queue: Stack) -> None:
    relay = queue.relay
    assert relay is not None
    ids = queue.insert(*(queue.job("probe.effect", key=str(n), seconds=0.01) for n in range(60)))
    relay.send_signal(signal.SIGKILL)
    relay.wait()
    queue.repair()
    queue.all_reach(ids, JobState.SUCCEEDED)
    assert queue.effects(ids) == sorted(ids)


def test_a_paused_queue_starts_nothing_until_it_is_resumed(queue: Stack) -> None:
    queue.do(lambda ledger: ledger.pause("maintenance", Operator("ada")))
    job_id = queue.submit("probe.noop")
    forge(queue, "probe.noop", [job_id])
    wait_until(lambda: messages(queue) == 0, "the forged message is consumed")
    assert (queue.get(job_id).state, queue.get(job_id).published_at) == (JobState.QUEUED, None)
    queue.do(lambda ledger: ledger.resume("maintenance", Operator("ada")))
    assert queue.reaches(job_id).state is JobState.SUCCEEDED


def test_a_forged_message_cannot_run_a_job_early_or_invent_one(queue: Stack) -> None:
    early = queue.submit("probe.effect", key="early", run_at=soon(3600))
    forge(queue, "probe.effect", [early, uuid4()])
    passes_by(queue)
    assert (queue.get(early).state, queue.get(early).attempt) == (JobState.QUEUED, 0)
    queue.do(lambda ledger: ledger.cancel(early, "ada", "shown"))


@pytest.mark.parametrize(
    "message",
    [
        {"args": [["no uuid"]]},
        {"args": [None]},
        {"args": []},
        {"kwargs": {"jobs": 7, "colour": "red"}},
        {"args": [[]], "task_id": "no uuid"},
        {"name": "no.such_kind", "args": [[str(uuid4())]]},
    ],
)
def test_a_malformed_message_stops_nobody(queue: Stack, message: dict[str, Any]) -> None:
    app = build_app(queue.runtime.settings)
    name = message.pop("name", "probe.noop")
    app.send_task(name, queue="maintenance", **message)
    app.close()
    passes_by(queue)
    passes_by(queue)


def test_delivering_twice_runs_once(queue: Stack) -> None:
    job_id = queue.submit("probe.effect", key="k", seconds=0.3)
    for _ in range(5):
        forge(queue, "probe.effect", [job_id])
    assert queue.reaches(job_id).state is JobState.SUCCEEDED
    passes_by(queue)
    assert queue.effects([job_id]) == [job_id]
    assert queue.get(job_id).attempt == 1


def test_two_relays_publish_nothing_twice(database: str, redis_cache: str, queue: Stack) -> None:
    world = PostgresWorld(database)
    ids = world.insert(*(new_job(queue="cache") for _ in range(200)))
    settings = queue.runtime.settings.model_copy(update={"database_url": database, "broker_url": redis_cache})
    relays = [a_relay(settings, database) for _ in range(2)]
    published = Counter[UUID]()

    def publish(relay: Relay) -> None:
        while relay.step()[1] < POLL_S:
            pass

    threads = [Thread(target=publish, args=[relay]) for relay in relays]
    for thread in threads:
        thread.start()
    with redis_client.Redis.from_url(redis_cache) as client:
        wait_until(lambda: consume(client, published) >= len(ids), "all are published")
    for thread in threads:
        thread.join()
    world.close()
    assert published == Counter(ids)


def a_relay(settings: Any, database: str) -> Relay:
    only = Database(database, size=1)
    return Relay(Outbox(only), Publisher(build_app(settings)), ("cache",), 4, Limits(only))


def consume(client: "redis_client.Redis", published: Counter[UUID]) -> int:
    """Take the messages that wait, as a worker would; how many jobs were published so far."""
    while (raw := client.lpop("cache")) is not None:
        body = json.loads(base64.b64decode(json.loads(raw)["body"]))  # type: ignore[arg-type]
        published.update(UUID(job_id) for job_id in body[0][0])
    return published.total()


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def forge(queue: Stack, kind: str, ids: list[UUID]) -> None:
    """A message like those of the relay, from somebody else."""
    app = build_app(queue.runtime.settings)
    app.send_task(kind, args=[[str(job_id) for job_id in ids]], queue="maintenance", task_id=str(uuid4()))
    app.close()


def messages(queue: Stack) -> int:
    """How many messages wait in Redis for a worker."""
    with redis_client.Redis.from_url(queue.runtime.settings.broker_url) as client:
        return int(client.llen("maintenance"))


def passes_by(queue: Stack) -> None:
    """Wait until a job that was submitted now has passed through, and with it what was sent before."""
    assert queue.reaches(queue.submit("probe.noop"), within_s=30).state is JobState.SUCCEEDED


def drain(queue: Stack, pid: int) -> None:
    """Ask a worker to go, as an operator does."""
    [(worker,)] = queue.sql("SELECT id FROM workers WHERE pid = %s", pid)
    with queue.runtime.ports.unit_of_work() as uow:
        uow.desk.drain(worker, Operator("ada", "it leaks"))
        uow.commit()
