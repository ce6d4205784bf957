"""Dead workers and passed deadlines in any ledger."""

from datetime import timedelta

import pytest

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import Cancelled
from arxos.domain.jobs.outcome import succeeded
from tests.builders import beat, delivery, new_job
from tests.contract.lives import job_in, lose_once
from tests.worlds import WORKER, World


def test_a_lost_delivery_is_tried_again_at_once(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id, message=(message := delivery()))
    assert world.do(lambda ledger: ledger.lose("signal 9", delivery=message)) == [new.id]
    row = world.get(new.id)
    assert (row.state, row.lost, row.error_type, row.error_message) == (
        JobState.RETRYABLE,
        1,
        "WorkerLostError",
        "signal 9",
    )
    assert [(one.outcome, one.error_type, one.error_message) for one in row.attempts] == [
        ("lost", "WorkerLostError", "signal 9")
    ]
    assert world.claim(new.id)[0].attempt == 2


def test_a_lost_delivery_takes_nothing_else_with_it(world: World) -> None:
    world.insert(mine := new_job(), other := new_job())
    world.claim(other.id)
    world.claim(mine.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    assert world.state(other.id) is JobState.RUNNING


def test_a_delivery_is_lost_once(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    assert world.do(lambda ledger: ledger.lose("signal 9", delivery=message)) == []


def test_a_message_that_comes_again_after_a_death_is_not_lost_with_it(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    world.pass_time(20)
    world.claim(new.id, message=message, worker="other")
    assert world.do(lambda ledger: ledger.lose("signal 9", delivery=message, ago_s=20)) == []
    assert (world.state(new.id), world.get(new.id).lost) == (JobState.RUNNING, 1)
    world.pass_time(20)
    assert world.do(lambda ledger: ledger.lose("signal 9", delivery=message, ago_s=10)) == [new.id]


def test_a_job_that_kills_its_worker_too_often_is_poison(world: World) -> None:
    world.insert(new := new_job(max_lost=3, max_attempts=100))
    states = [lose_once(world, new.id) for _ in range(3)]
    assert states == [JobState.RETRYABLE, JobState.RETRYABLE, JobState.DEAD]
    row = world.get(new.id)
    assert row.error_type == "PoisonError"
    assert row.error_message == "poison: 3 attempts ended with the death of their worker; the last: signal 9"
    assert row.finished_at is not None
    assert len(row.attempts) == 3


def test_a_lost_last_attempt_is_a_dead_letter(world: World) -> None:
    world.insert(new := new_job(max_attempts=1))
    assert lose_once(world, new.id) is JobState.DEAD
    assert world.get(new.id).error_type == "WorkerLostError"


def test_whoever_was_lost_travels_alone(world: World) -> None:
    jobs = [new_job(batch=200) for _ in range(3)]
    world.insert(*jobs)
    world.claim(*(job.id for job in jobs[:2]), message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("signal 11", delivery=message))
    assert [world.batch_of(job.id) for job in jobs] == [1, 1, 200]


def test_a_lost_job_that_was_to_be_cancelled_is(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.cancel(new.id, "ada", "wrong file"))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    row = world.get(new.id)
    assert (row.state, row.lost, row.error_type, row.error_message) == (
        JobState.CANCELLED,
        0,
        "CancelledError",
        "cancelled by ada: wrong file",
    )
    assert [(one.outcome, one.error_message) for one in row.attempts] == [("lost", "signal 9")]


def test_a_job_that_was_to_be_cancelled_is_no_poison(world: World) -> None:
    world.insert(new := new_job(max_lost=1))
    world.claim(new.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.cancel(new.id, "ada", "wrong file"))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    assert (world.state(new.id), world.get(new.id).error_type) == (JobState.CANCELLED, "CancelledError")


def test_the_jobs_of_a_silent_worker_are_swept(world: World) -> None:
    world.insert(new := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.claim(new.id)
    world.pass_time(60)
    assert world.do(lambda ledger: ledger.sweep(50)) == [new.id]
    row = world.get(new.id)
    assert (row.state, row.lost, row.error_message) == (
        JobState.RETRYABLE,
        1,
        "its worker was silent for more than 50 s",
    )


def test_the_jobs_of_a_worker_without_a_row_are_swept(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id)
    world.pass_time(60)
    assert world.do(lambda ledger: ledger.sweep(50)) == [new.id]


def test_a_heartbeat_keeps_old_jobs(world: World) -> None:
    world.insert(new := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.claim(new.id)
    world.pass_time(60)
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    assert world.do(lambda ledger: ledger.sweep(50)) == []


def test_another_workers_heartbeat_keeps_nothing(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id)
    world.pass_time(60)
    world.do(lambda ledger: ledger.beat(beat("other")))
    assert world.do(lambda ledger: ledger.sweep(50)) == [new.id]


def test_a_worker_that_just_woke_up_keeps_its_new_job(world: World) -> None:
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.insert(new := new_job())
    world.pass_time(60)
    world.claim(new.id)
    assert world.do(lambda ledger: ledger.sweep(50)) == []


def test_an_abandoned_claim_gives_its_jobs_back_and_no_others(world: World) -> None:
    world.insert(*(jobs := [new_job(max_attempts=1) for _ in range(4)]))
    mine, same_message, same_worker, other = (job.id for job in jobs)
    message = delivery()
    world.claim(mine, message=message)
    world.claim(same_message, message=message, worker="other")
    world.claim(same_worker)
    world.claim(other, worker="other")
    assert world.do(lambda ledger: ledger.abandon(WORKER, message)) == [mine]
    row = world.get(mine)
    assert (row.state, row.lost, row.max_attempts, row.error_type) == (JobState.QUEUED, 0, 2, None)
    assert [(one.outcome, one.worker) for one in row.attempts] == [("interrupted", WORKER)]
    assert {world.state(job_id) for job_id in (same_message, same_worker, other)} == {JobState.RUNNING}


def test_an_abandoned_job_is_claimed_again_at_once_with_a_new_number(world: World) -> None:
    world.insert(new := new_job())
    message = delivery()
    world.claim(new.id, message=message)
    world.do(lambda ledger: ledger.abandon(WORKER, message))
    assert [(job.attempt, job.policy.max_attempts) for job in world.claim(new.id, message=message)] == [(2, 9)]


def test_abandoning_what_was_never_claimed_or_is_settled_changes_nothing(world: World) -> None:
    world.insert(waits := new_job(), done := new_job())
    message = delivery()
    world.settle(*(succeeded(job, None) for job in world.claim(done.id, message=message)))
    assert world.do(lambda ledger: ledger.abandon(WORKER, message)) == []
    assert (world.state(waits.id), world.state(done.id)) == (JobState.QUEUED, JobState.SUCCEEDED)


def test_an_abandoned_job_that_was_to_be_cancelled_is_and_so_are_its_successors(world: World) -> None:
    world.insert(new := new_job())
    world.insert(then := new_job(after=(new.id,)))
    message = delivery()
    world.claim(new.id, message=message)
    world.do(lambda ledger: ledger.cancel(new.id, "ada", "wrong file"))
    world.do(lambda ledger: ledger.abandon(WORKER, message))
    assert (world.state(new.id), world.state(then.id)) == (JobState.CANCELLED, JobState.CANCELLED)


def test_a_retiring_worker_gives_its_jobs_back(world: World) -> None:
    world.insert(mine := new_job(max_attempts=1), other := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.claim(mine.id)
    world.claim(other.id, worker="other")
    assert world.do(lambda ledger: ledger.retire(WORKER)) == [mine.id]
    row = world.get(mine.id)
    assert (row.state, row.lost, row.max_attempts) == (JobState.QUEUED, 0, 2)
    assert [one.outcome for one in row.attempts] == ["interrupted"]
    assert world.state(other.id) is JobState.RUNNING


def test_a_retired_worker_consumes_nothing(world: World) -> None:
    world.insert(new := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    assert world.do(lambda ledger: ledger.snapshot(new.id, 50)).pool.consumers == 1
    world.do(lambda ledger: ledger.retire(WORKER))
    assert world.do(lambda ledger: ledger.snapshot(new.id, 50)).pool.consumers == 0


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.BLOCKED, JobState.RETRYABLE])
def test_a_waiting_job_expires_at_its_deadline(world: World, state: JobState) -> None:
    job_id = job_in(world, state, deadline=world.now() + timedelta(seconds=60))
    assert world.do(lambda ledger: ledger.expire()) == []
    world.pass_time(61)
    assert world.do(lambda ledger: ledger.expire()) == [Cancelled(job_id, JobState.CANCELLED)]
    row = world.get(job_id)
    assert (row.state, row.cancel_requested_by, row.cancel_reason) == (
        JobState.CANCELLED,
        "deadline",
        f"its deadline of {row.deadline:%Y-%m-%dT%H:%M:%SZ} passed while it waited",
    )
    assert row.error_message == f"cancelled by deadline: {row.cancel_reason}"


def test_a_running_job_is_asked_to_stop_at_its_deadline_once(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING, deadline=world.now() + timedelta(seconds=60))
    assert world.do(lambda ledger: ledger.expire()) == []
    world.pass_time(61)
    assert world.do(lambda ledger: ledger.expire()) == [Cancelled(job_id, JobState.RUNNING)]
    assert world.do(lambda ledger: ledger.expire()) == []
    row = world.get(job_id)
    assert (row.state, row.cancel_requested_by, row.cancel_reason) == (
        JobState.RUNNING,
        "deadline",
        f"its deadline of {row.deadline:%Y-%m-%dT%H:%M:%SZ} passed while it ran",
    )


def test_who_was_asked_before_its_deadline_stops_for_that_reason(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING, deadline=world.now() + timedelta(seconds=60))
    world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    world.pass_time(61)
    assert world.do(lambda ledger: ledger.expire()) == []
    assert world.get(job_id).cancel_requested_by == "ada"


def test_an_expired_job_cancels_its_successors(world: World) -> None:
    world.insert(first := new_job(deadline=world.now() + timedelta(seconds=60)))
    world.insert(then := new_job(after=(first.id,)))
    world.pass_time(61)
    world.do(lambda ledger: ledger.expire())
    assert world.state(then.id) is JobState.CANCELLED
