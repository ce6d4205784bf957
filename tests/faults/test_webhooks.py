"""Webhooks while workers die, receivers are down, PostgreSQL restarts: who is to be told is told."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.webhooks import Webhook
from tests.faults.conftest import MakeSystem
from tests.faults.ground import IMMEDIATE, Ground
from tests.faults.system import System
from tests.faults.test_process_death import kill
from tests.receivers import Receiver, receiving
from tests.running import wait_until

pytestmark = pytest.mark.slow
ALLOWED = {"ARXOS_WEBHOOK_ALLOW": "127.0.0.0/8", "ARXOS_JWT_SECRET": "a secret of the faults' own, long enough"}


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """That may call this machine."""
    return make_system(**ALLOWED)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
        receiver.free.set()


def hook(system: System, receiver: Receiver) -> UUID:
    with system.runtime.ports.unit_of_work() as uow:
        added = uow.webhooks.add(Webhook(uuid4(), receiver.url, "shop"))
        uow.commit()
    return added.id


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """(webhook-id, the job's id) of each message."""
    return [(headers["webhook-id"], json.loads(body)["job"]["id"]) for headers, body in list(receiver.got)]


def test_a_worker_that_dies_while_it_tells_leaves_it_to_another(system: System, receiver: Receiver) -> None:
    receiver.free.clear()  # whoever tells waits for an answer
    job_id = system.submit("probe.noop", webhook_id=hook(system, receiver))
    wait_until(lambda: len(receiver.got) == 1, "it is being told", 30)
    kill([system.processes["worker-io"].pid])
    receiver.free.set()
    wait_until(lambda: len(receiver.got) == 2, "it is told again", 60)
    first, second = told(receiver)
    assert first == second  # so that the receiver knows it for the same
    assert first[1] == str(job_id)
    [(delivery,)] = system.sql("SELECT id FROM jobs WHERE kind = 'webhook.deliver'")
    assert str(delivery) == first[0]
    history = system.reaches(delivery, JobState.SUCCEEDED).attempts
    assert [one.outcome for one in history] == ["lost", "succeeded"]


def test_a_receiver_that_was_down_is_told_when_it_is_back(system: System, receiver: Receiver) -> None:
    receiver.answers = [503] * 3
    jobs = [system.submit("probe.noop", webhook_id=hook(system, receiver)) for _ in range(3)]
    wait_until(lambda: len(receiver.got) == 3, "all were refused", 30)
    waiting = "SELECT count(*) FROM jobs WHERE kind = 'webhook.deliver' AND state = 'retryable'"
    wait_until(lambda: system.sql(waiting) == [(3,)], "they wait", 30)
    system.execute("UPDATE jobs SET available_at = clock_timestamp() WHERE kind = 'webhook.deliver'")
    wait_until(lambda: len(receiver.got) == 6, "all are told", 30)
    assert sorted(told(receiver)[:3]) == sorted(told(receiver)[3:])
    assert {job for _, job in told(receiver)} == {str(job_id) for job_id in jobs}


def test_a_crash_of_postgres_forgets_nobody(system: System, receiver: Receiver, ground: Ground) -> None:
    webhook = hook(system, receiver)
    jobs = system.burst(60, webhook_id=webhook)
    wait_until(lambda: len(receiver.got) > 3, "the first are told", 60)
    ground.postgres.restart(IMMEDIATE)
    system.patient().all_reach(jobs, JobState.SUCCEEDED)
    wait_until(lambda: {job for _, job in told(receiver)} == {str(one) for one in jobs}, "all are told", 90)
    assert len({delivery for delivery, _ in told(receiver)}) == len(jobs)  # repeated, but never made twice
