"""What every ledger does, shown on the fake and on PostgreSQL."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import ConflictError, InterruptedError_, NotFoundError, TransientError
from arxos.domain.jobs.job import JobState, OnFailure
from arxos.domain.jobs.ledger import Cancelled, JobFilter
from arxos.domain.jobs.outcome import Outcome, Settlement, failed, given_back, succeeded
from arxos.domain.jobs.retry import RetryPolicy
from tests.builders import beat, delivery, new_job
from tests.worlds import WORKER, World

# Submitting


def test_ids_come_back_in_the_order_of_the_jobs(world: World) -> None:
    jobs = [new_job() for _ in range(5)][::-1]
    assert world.insert(*jobs) == [job.id for job in jobs]


def test_inserting_nothing_is_nothing(world: World) -> None:
    assert world.insert() == []


def test_a_job_comes_back_as_it_was_submitted(world: World) -> None:
    building = uuid4()
    new = new_job(
        "building.warm_cache",
        queue="cache",
        payload={"building_id": str(building), "größe": [1, 2.5, None, "ü"]},
        policy=RetryPolicy(max_attempts=3),
        priority=7,
        idempotency_key="k",
        submitted_by="ada",
    )
    world.insert(new)

    job = world.get(new.id)

    assert (job.id, job.kind, job.queue, job.state) == (new.id, new.kind, "cache", JobState.QUEUED)
    assert (job.payload, job.priority, job.max_attempts, job.attempt) == (new.payload, 7, 3, 0)
    assert (job.idempotency_key, job.submitted_by, job.building_id) == ("k", "ada", building)
    assert (job.attempts, job.result, job.error_type, job.worker) == ((), None, None, None)


def test_the_same_key_is_the_same_job(world: World) -> None:
    first = new_job(idempotency_key="k")
    world.insert(first)
    other = new_job()
    assert world.insert(new_job(idempotency_key="k"), other) == [first.id, other.id]


def test_the_same_key_twice_in_one_request_is_one_job(world: World) -> None:
    first, second = new_job(idempotency_key="k"), new_job(idempotency_key="k")
    assert world.insert(first, second) == [first.id, first.id]
    with pytest.raises(NotFoundError):
        world.get(second.id)


def test_a_key_outlives_its_job(world: World) -> None:
    first = new_job(idempotency_key="k")
    world.insert(first)
    world.succeed(first.id)
    assert world.insert(new_job(idempotency_key="k")) == [first.id]


def test_a_key_of_another_kind_is_a_conflict(world: World) -> None:
    world.insert(new_job("probe.noop", idempotency_key="k"))
    with pytest.raises(ConflictError, match="idempotency key 'k' belongs to job"):
        world.insert(new_job("probe.sleep", idempotency_key="k"))


def test_a_conflict_beside_a_repetition_is_still_a_conflict(world: World) -> None:
    world.insert(new_job("probe.noop", idempotency_key="k"))
    with pytest.raises(ConflictError):
        world.insert(new_job("probe.sleep", idempotency_key="k"), new_job("probe.noop", idempotency_key="k"))


def test_a_refused_request_leaves_nothing(world: World) -> None:
    good = new_job()
    with pytest.raises(NotFoundError):
        world.insert(good, new_job(after=(uuid4(),)))
    with pytest.raises(NotFoundError):
        world.get(good.id)


def test_leaving_without_commit_leaves_nothing(world: World) -> None:
    new = new_job()
    with world.unit_of_work() as uow:
        uow.jobs.insert([new])
    with pytest.raises(NotFoundError):
        world.get(new.id)


def test_rolling_back_forgets_what_was_done_before_it_only(world: World) -> None:
    lost, kept = new_job(), new_job()
    with world.unit_of_work() as uow:
        uow.jobs.insert([lost])
        uow.rollback()
        uow.jobs.insert([kept])
        uow.commit()
    assert world.state(kept.id) is JobState.QUEUED
    with pytest.raises(NotFoundError):
        world.get(lost.id)


# Claiming


def test_a_claim_starts_the_next_attempt(world: World) -> None:
    new = new_job(payload={"n": 1}, submitted_by="ada", trace="00-ab", max_attempts=5)
    world.insert(new)

    [job] = world.claim(new.id)

    assert (job.id, job.kind, job.queue, job.payload) == (new.id, new.kind, new.queue, {"n": 1})
    assert (job.attempt, job.policy, job.submitted_by, job.trace) == (1, RetryPolicy(max_attempts=5), "ada", "00-ab")
    row = world.get(new.id)
    assert (row.state, row.attempt, row.worker) == (JobState.RUNNING, 1, WORKER)
    assert row.started_at is not None


def test_jobs_are_claimed_in_the_order_of_the_message(world: World) -> None:
    jobs = [new_job() for _ in range(4)]
    world.insert(*jobs)
    order = [jobs[place].id for place in (2, 0, 3, 1)]
    assert [job.id for job in world.claim(*order)] == order


def test_a_second_delivery_claims_nothing(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id)
    assert world.claim(new.id, worker="other") == []
    assert world.get(new.id).worker == WORKER


def test_an_id_twice_in_a_message_is_claimed_once(world: World) -> None:
    world.insert(new := new_job())
    assert len(world.claim(new.id, new.id)) == 1
    assert world.get(new.id).attempt == 1


def test_an_unknown_id_claims_nothing(world: World) -> None:
    assert world.claim(uuid4()) == []


def test_claiming_nothing_is_nothing(world: World) -> None:
    assert world.claim() == []


def test_an_early_job_is_not_claimed_until_it_is_due(world: World) -> None:
    world.insert(new := new_job(run_at=world.now() + timedelta(seconds=60)))
    assert world.claim(new.id) == []
    world.pass_time(61)
    assert [job.id for job in world.claim(new.id)] == [new.id]


def test_a_job_beyond_its_deadline_is_not_claimed(world: World) -> None:
    world.insert(new := new_job(deadline=world.now() + timedelta(seconds=60)))
    world.pass_time(61)
    assert world.claim(new.id) == []


@pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.QUEUED, JobState.RETRYABLE}))
def test_only_waiting_jobs_are_claimed(world: World, state: JobState) -> None:
    job_id = job_in(world, state)
    assert world.claim(job_id) == []
    assert world.state(job_id) is state


def test_a_paused_queue_starts_nothing(world: World) -> None:
    world.insert(new := new_job(), other := new_job(queue="cache"))
    world.do(lambda ledger: ledger.pause("maintenance", "ada"))
    assert [job.id for job in world.claim(new.id, other.id)] == [other.id]
    world.do(lambda ledger: ledger.resume("maintenance", "ada"))
    assert [job.id for job in world.claim(new.id)] == [new.id]


def test_what_runs_goes_on_while_its_queue_is_paused(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.do(lambda ledger: ledger.pause("maintenance", "ada"))
    assert world.settle(succeeded(job, None)) == {new.id}


# Settling


def test_a_success_keeps_its_result(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    assert world.settle(succeeded(job, {"rooms": 21, "ü": None})) == {new.id}
    row = world.get(new.id)
    assert (row.state, row.result, row.error_type) == (JobState.SUCCEEDED, {"rooms": 21, "ü": None}, None)
    assert row.finished_at is not None


def test_settling_nothing_is_nothing(world: World) -> None:
    assert world.settle() == set()


def test_each_attempt_leaves_one_row_of_history(world: World) -> None:
    world.insert(new := new_job())
    for _ in range(3):
        [job] = world.claim(new.id)
        world.settle(retry(job.id, job.attempt, world))
        world.pass_time(2)
    world.succeed(new.id)
    history = world.get(new.id).attempts
    assert [(one.attempt, one.outcome) for one in history] == [
        (1, "failed"),
        (2, "failed"),
        (3, "failed"),
        (4, "succeeded"),
    ]
    assert all(one.finished_at >= one.started_at and one.worker == WORKER for one in history)
    assert (history[0].error_type, history[0].error_message) == ("TransientError", "busy")


def test_a_success_forgets_the_error_of_the_attempt_before(world: World) -> None:
    job_id = job_in(world, JobState.RETRYABLE)
    world.pass_time(2)
    world.succeed(job_id)
    assert (world.get(job_id).error_type, world.get(job_id).error_message) == (None, None)


def test_settling_twice_counts_once(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.settle(succeeded(job, None))
    assert world.settle(succeeded(job, None)) == set()
    assert len(world.get(new.id).attempts) == 1


def test_a_late_worker_cannot_overwrite_a_newer_attempt(world: World) -> None:
    world.insert(new := new_job())
    [late] = world.claim(new.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("killed", delivery=message))
    [newer] = world.claim(new.id)
    assert world.settle(succeeded(late, {"from": "late"})) == set()
    assert world.state(new.id) is JobState.RUNNING
    assert world.settle(succeeded(newer, {"from": "newer"})) == {new.id}
    assert world.get(new.id).result == {"from": "newer"}


def test_a_late_worker_cannot_write_where_the_job_waits_again(world: World) -> None:
    world.insert(new := new_job())
    [late] = world.claim(new.id)
    world.do(lambda ledger: ledger.retire(WORKER))
    assert world.settle(succeeded(late, None)) == set()
    assert world.state(new.id) is JobState.QUEUED


def test_of_a_batch_only_the_current_attempts_are_written(world: World) -> None:
    jobs = [new_job() for _ in range(3)]
    world.insert(*jobs)
    first, second, third = world.claim(*(job.id for job in jobs))
    stale = Settlement(second.id, 7, Outcome.SUCCEEDED, JobState.SUCCEEDED)
    assert world.settle(succeeded(first, None), stale, retry(third.id, 1, world)) == {first.id, third.id}
    assert [world.state(job.id) for job in jobs] == [JobState.SUCCEEDED, JobState.RUNNING, JobState.RETRYABLE]


def test_a_retry_waits_for_its_time(world: World) -> None:
    job_id = job_in(world, JobState.RETRYABLE)
    assert world.get(job_id).finished_at is None
    assert world.claim(job_id) == []
    world.pass_time(2)
    assert world.claim(job_id)[0].attempt == 2


def test_an_interruption_gives_the_attempt_back(world: World) -> None:
    world.insert(new := new_job(max_attempts=1))
    for _ in range(3):
        [job] = world.claim(new.id)
        world.settle(failed(job, InterruptedError_("stopping"), world.now(), Random(1)))
    row = world.get(new.id)
    assert (row.state, row.attempt, row.max_attempts, row.lost) == (JobState.QUEUED, 3, 4, 0)
    assert [one.outcome for one in row.attempts] == ["interrupted"] * 3


def test_what_was_not_begun_is_due_again_at_once(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.settle(given_back(job))
    assert [again.attempt for again in world.claim(new.id)] == [2]


def test_the_budget_travels_with_the_claim(world: World) -> None:
    world.insert(new := new_job(max_attempts=2))
    [job] = world.claim(new.id)
    world.settle(given_back(job))
    assert world.claim(new.id)[0].policy.max_attempts == 3


# Lost workers


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
    assert world.state(new.id) is JobState.CANCELLED


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
    assert world.do(lambda ledger: ledger.snapshot(new.id, 50)).consumers == 1
    world.do(lambda ledger: ledger.retire(WORKER))
    assert world.do(lambda ledger: ledger.snapshot(new.id, 50)).consumers == 0


# Deadlines


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.BLOCKED, JobState.RETRYABLE])
def test_a_waiting_job_expires_at_its_deadline(world: World, state: JobState) -> None:
    job_id = job_in(world, state, deadline=world.now() + timedelta(seconds=60))
    assert world.do(lambda ledger: ledger.expire()) == []
    world.pass_time(61)
    assert world.do(lambda ledger: ledger.expire()) == [job_id]
    row = world.get(job_id)
    assert (row.state, row.error_message) == (JobState.CANCELLED, "its deadline passed before it started")


def test_a_running_job_outlives_its_deadline(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING, deadline=world.now() + timedelta(seconds=60))
    world.pass_time(61)
    assert world.do(lambda ledger: ledger.expire()) == []
    assert world.state(job_id) is JobState.RUNNING


def test_an_expired_job_cancels_its_successors(world: World) -> None:
    world.insert(first := new_job(deadline=world.now() + timedelta(seconds=60)))
    world.insert(then := new_job(after=(first.id,)))
    world.pass_time(61)
    world.do(lambda ledger: ledger.expire())
    assert world.state(then.id) is JobState.CANCELLED


# Workflows


def test_a_successor_waits_for_its_predecessor(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id,)))
    assert (world.get(then.id).state, world.get(then.id).waiting_for) == (JobState.BLOCKED, 1)
    world.succeed(first.id)
    assert (world.get(then.id).state, world.get(then.id).waiting_for) == (JobState.QUEUED, 0)
    assert len(world.claim(then.id)) == 1


def test_one_predecessor_frees_many(world: World) -> None:
    world.insert(first := new_job())
    fan = [new_job(after=(first.id,)) for _ in range(3)]
    world.insert(*fan)
    world.succeed(first.id)
    assert {world.state(job.id) for job in fan} == {JobState.QUEUED}


def test_a_successor_waits_for_all_of_many(world: World) -> None:
    before = [new_job() for _ in range(3)]
    world.insert(*before, last := new_job(after=tuple(job.id for job in before)))
    for left, job in zip((2, 1, 0), before, strict=True):
        world.succeed(job.id)
        assert world.get(last.id).waiting_for == left
    assert world.state(last.id) is JobState.QUEUED


def test_predecessors_that_settle_together_count_each(world: World) -> None:
    before = [new_job() for _ in range(3)]
    world.insert(*before, last := new_job(after=tuple(job.id for job in before)))
    world.succeed(before[0].id, before[1].id)
    assert (world.get(last.id).state, world.get(last.id).waiting_for) == (JobState.BLOCKED, 1)
    world.succeed(before[2].id)
    assert world.state(last.id) is JobState.QUEUED


def test_a_predecessor_named_twice_counts_once(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id, first.id)))
    world.succeed(first.id)
    assert world.state(then.id) is JobState.QUEUED


def test_a_predecessor_that_succeeded_already_holds_nobody_up(world: World) -> None:
    world.insert(done := new_job(), other := new_job())
    world.succeed(done.id)
    world.insert(then := new_job(after=(done.id,)), both := new_job(after=(done.id, other.id)))
    assert world.state(then.id) is JobState.QUEUED
    assert (world.get(both.id).state, world.get(both.id).waiting_for) == (JobState.BLOCKED, 1)


def test_a_predecessor_that_failed_already_cancels(world: World) -> None:
    world.insert(dead := new_job())
    world.bury(dead.id)
    world.insert(then := new_job(after=(dead.id,)), anyway := new_job(after=(dead.id,), on_failure=OnFailure.RUN))
    assert world.state(then.id) is JobState.CANCELLED
    assert world.state(anyway.id) is JobState.QUEUED


def test_an_unknown_predecessor_is_named(world: World) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}' to wait for"):
        world.insert(new_job(after=(unknown,)))


def test_a_dead_predecessor_cancels_all_the_way_down(world: World) -> None:
    world.insert(first := new_job())
    world.insert(second := new_job(after=(first.id,)))
    world.insert(third := new_job(after=(second.id,)), anyway := new_job(after=(second.id,), on_failure=OnFailure.RUN))
    world.bury(first.id)
    assert [world.state(job.id) for job in (second, third, anyway)] == [
        JobState.CANCELLED,
        JobState.CANCELLED,
        JobState.QUEUED,
    ]
    assert world.get(third.id).error_message == f"a job that it waits for did not succeed: {second.id}"


def test_one_failure_among_many_cancels_at_once(world: World) -> None:
    world.insert(good := new_job(), bad := new_job())
    world.insert(then := new_job(after=(good.id, bad.id)))
    world.bury(bad.id)
    assert world.state(then.id) is JobState.CANCELLED
    world.succeed(good.id)
    assert world.state(then.id) is JobState.CANCELLED


def test_who_runs_on_failure_still_waits_for_the_others(world: World) -> None:
    world.insert(good := new_job(), bad := new_job())
    world.insert(then := new_job(after=(good.id, bad.id), on_failure=OnFailure.RUN))
    world.bury(bad.id)
    assert world.state(then.id) is JobState.BLOCKED
    world.succeed(good.id)
    assert world.state(then.id) is JobState.QUEUED


def test_a_retried_predecessor_still_holds_up(world: World) -> None:
    first = job_in(world, JobState.RUNNING)
    world.insert(then := new_job(after=(first,)))
    world.settle(retry(first, 1, world))
    assert world.state(then.id) is JobState.BLOCKED


def test_a_poisonous_predecessor_cancels(world: World) -> None:
    world.insert(first := new_job(max_lost=1))
    world.insert(then := new_job(after=(first.id,)))
    assert lose_once(world, first.id) is JobState.DEAD
    assert world.state(then.id) is JobState.CANCELLED


def test_a_freed_job_still_waits_for_its_time(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id,), run_at=world.now() + timedelta(seconds=60)))
    world.succeed(first.id)
    assert world.state(then.id) is JobState.QUEUED
    assert world.claim(then.id) == []


# Cancelling


@pytest.mark.parametrize("state", [JobState.BLOCKED, JobState.QUEUED, JobState.RETRYABLE])
def test_a_waiting_job_is_cancelled_at_once(world: World, state: JobState) -> None:
    job_id = job_in(world, state)
    assert world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file")) == Cancelled(job_id, JobState.CANCELLED)
    row = world.get(job_id)
    assert (row.state, row.cancel_requested_by, row.error_type, row.error_message) == (
        JobState.CANCELLED,
        "ada",
        "CancelledError",
        "wrong file",
    )
    assert row.finished_at is not None
    assert world.acts() == [("ada", "cancel", job_id)]


def test_a_running_job_is_asked_to_stop(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    assert world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file")) == Cancelled(job_id, JobState.RUNNING)
    assert world.do(lambda ledger: ledger.report_progress(job_id, 1, 0.5, "half")) == "ada"
    assert world.acts() == [("ada", "cancel", job_id)]


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.DEAD, JobState.CANCELLED])
def test_a_final_job_cannot_be_cancelled(world: World, state: JobState) -> None:
    job_id = job_in(world, state)
    acts = world.acts()
    with pytest.raises(ConflictError, match=f"job {job_id} is {state}: it cannot be cancelled, it is final already"):
        world.do(lambda ledger: ledger.cancel(job_id, "ada", "late"))
    assert world.acts() == acts


@pytest.mark.parametrize("act", ["cancel", "redrive", "discard"])
def test_acting_on_an_unknown_job_names_it(world: World, act: str) -> None:
    arguments = {"cancel": ("ada", "why"), "redrive": ("ada",), "discard": ("ada", "why")}[act]
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.do(lambda ledger: getattr(ledger, act)(unknown, *arguments))


def test_a_cancelled_job_cancels_its_successors(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id,)))
    world.do(lambda ledger: ledger.cancel(first.id, "ada", "wrong file"))
    assert world.state(then.id) is JobState.CANCELLED


def test_a_cancelled_job_that_fails_is_not_tried_again(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    world.insert(then := new_job(after=(job_id,)))
    world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    assert world.settle(retry(job_id, 1, world)) == {job_id}
    assert world.state(job_id) is JobState.CANCELLED
    assert world.get(job_id).finished_at is not None
    assert [one.outcome for one in world.get(job_id).attempts] == ["failed"]
    assert world.state(then.id) is JobState.CANCELLED


def test_a_cancelled_job_whose_worker_retires_is_not_tried_again(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    world.insert(then := new_job(after=(job_id,)))
    world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    world.do(lambda ledger: ledger.retire(WORKER))
    assert world.state(job_id) is JobState.CANCELLED
    assert world.state(then.id) is JobState.CANCELLED


def test_a_cancelled_job_that_succeeds_all_the_same_has_succeeded(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.do(lambda ledger: ledger.cancel(new.id, "ada", "wrong file"))
    world.settle(succeeded(job, None))
    assert world.state(new.id) is JobState.SUCCEEDED


# Dead letters


def test_a_redriven_job_has_a_fresh_budget_and_its_history(world: World) -> None:
    world.insert(new := new_job(max_attempts=2, max_lost=2))
    lose_once(world, new.id)
    assert lose_once(world, new.id) is JobState.DEAD
    world.do(lambda ledger: ledger.redrive(new.id, "ada"))
    row = world.get(new.id)
    assert (row.state, row.attempt, row.max_attempts, row.lost, row.finished_at) == (JobState.QUEUED, 2, 4, 0, None)
    assert [one.outcome for one in row.attempts] == ["lost", "lost"]
    assert world.claim(new.id)[0].attempt == 3
    assert world.acts() == [("ada", "redrive", new.id)]


@pytest.mark.parametrize("act", ["redrive", "discard"])
@pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.DEAD}))
def test_only_dead_letters_are_redriven_or_discarded(world: World, state: JobState, act: str) -> None:
    job_id = job_in(world, state)
    arguments = ("ada",) if act == "redrive" else ("ada", "why")
    with pytest.raises(ConflictError, match="only dead jobs can be"):
        world.do(lambda ledger: getattr(ledger, act)(job_id, *arguments))
    assert world.state(job_id) is state


def test_a_discarded_job_is_closed_with_its_reason(world: World) -> None:
    job_id = job_in(world, JobState.DEAD)
    world.do(lambda ledger: ledger.discard(job_id, "ada", "model was a test"))
    row = world.get(job_id)
    assert (row.state, row.cancel_requested_by, row.error_message) == (JobState.CANCELLED, "ada", "model was a test")
    assert world.acts() == [("ada", "discard", job_id)]


# Progress


def test_progress_is_seen_while_the_job_runs(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    assert world.do(lambda ledger: ledger.report_progress(job_id, 1, 0.25, "floor 1 of 4")) is None
    assert (world.get(job_id).progress, world.get(job_id).progress_note) == (0.25, "floor 1 of 4")


@pytest.mark.parametrize("attempt", [0, 2])
def test_progress_of_another_attempt_is_refused(world: World, attempt: int) -> None:
    job_id = job_in(world, JobState.RUNNING)
    with pytest.raises(ConflictError, match=f"attempt {attempt} of job {job_id} is no longer current"):
        world.do(lambda ledger: ledger.report_progress(job_id, attempt, 0.25, ""))


def test_progress_of_a_settled_attempt_is_refused(world: World) -> None:
    job_id = job_in(world, JobState.SUCCEEDED)
    with pytest.raises(ConflictError):
        world.do(lambda ledger: ledger.report_progress(job_id, 1, 0.25, ""))


def test_success_completes_progress_and_a_new_attempt_begins_it_anew(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.do(lambda ledger: ledger.report_progress(new.id, 1, 0.25, "x"))
    world.settle(given_back(job))
    [again] = world.claim(new.id)
    assert (world.get(new.id).progress, world.get(new.id).progress_note) == (None, None)
    world.do(lambda ledger: ledger.report_progress(new.id, 2, 0.5, "y"))
    world.settle(succeeded(again, None))
    assert world.get(new.id).progress == 1


# Reading


def test_an_unknown_job_is_named(world: World) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.get(unknown)
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.do(lambda ledger: ledger.snapshot(unknown, 50))


def test_jobs_are_listed_newest_first(world: World) -> None:
    ids = world.insert(*(new_job() for _ in range(3)))
    page = world.do(lambda ledger: ledger.find(JobFilter()))
    assert [job.id for job in page.jobs] == ids[::-1]
    assert page.cursor is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kind": "probe.sleep"}, {"sleep"}),
        ({"queue": "cache"}, {"cache"}),
        ({"state": JobState.DEAD}, {"dead", "odd"}),
        ({"state": JobState.DEAD, "kind": "probe.sleep"}, set()),
        ({"error": "NO SUCH"}, {"dead"}),
        ({"error": "permanenterror: no"}, {"dead"}),
        ({"error": "100%"}, {"odd"}),
        ({"error": "_"}, {"odd"}),
        ({"building_id": UUID(int=7)}, {"building"}),
        ({"building_id": UUID(int=8)}, set()),
    ],
)
def test_a_filter_lists_what_fits_all_of_it(world: World, wanted: dict[str, Any], found: set[str]) -> None:
    jobs = {
        "sleep": new_job("probe.sleep"),
        "cache": new_job(queue="cache"),
        "dead": new_job(),
        "odd": new_job(),
        "building": new_job(payload={"building_id": str(UUID(int=7))}),
    }
    world.insert(*jobs.values())
    world.bury(jobs["dead"].id)
    [odd] = world.claim(jobs["odd"].id)
    world.settle(
        Settlement(odd.id, 1, Outcome.FAILED, JobState.DEAD, error_type="E", error_message="disk_1 is 100% full")
    )
    page = world.do(lambda ledger: ledger.find(JobFilter(**wanted)))
    names = {job.id: name for name, job in jobs.items()}
    assert {names[job.id] for job in page.jobs} == found


def test_a_filter_by_time_lists_what_came_since(world: World) -> None:
    world.insert(new_job())
    world.pass_time(60)
    world.insert(new := new_job())
    since = world.now() - timedelta(seconds=30)
    page = world.do(lambda ledger: ledger.find(JobFilter(since=since)))
    assert [job.id for job in page.jobs] == [new.id]


def test_pages_stay_right_while_jobs_are_added(world: World) -> None:
    old = world.insert(*(new_job() for _ in range(7)))
    seen: list[UUID] = []
    cursor: UUID | None = None
    while True:
        page = world.do(lambda ledger, before=cursor: ledger.find(JobFilter(), limit=3, before=before))  # type: ignore[misc]
        seen += [job.id for job in page.jobs]
        world.insert(new_job(), new_job())
        if (cursor := page.cursor) is None:
            break
    assert seen == old[::-1]


def test_a_full_last_page_has_no_cursor(world: World) -> None:
    world.insert(*(new_job() for _ in range(3)))
    assert world.do(lambda ledger: ledger.find(JobFilter(), limit=3)).cursor is None


def test_queues_are_counted_by_state(world: World) -> None:
    job_in(world, JobState.DEAD)
    world.insert(new_job(), new_job(), new_job(queue="cache", run_at=world.now() + timedelta(seconds=600)))
    world.do(lambda ledger: ledger.pause("geometry", "ada"))
    world.pass_time(60)

    cache, geometry, maintenance = world.do(lambda ledger: ledger.queues())

    assert (cache.queue, cache.states, cache.oldest_due_s, cache.paused_by) == (
        "cache",
        {JobState.QUEUED: 1},
        None,
        None,
    )
    assert (geometry.queue, geometry.states, geometry.oldest_due_s, geometry.paused_by) == ("geometry", {}, None, "ada")
    assert (maintenance.queue, maintenance.states) == ("maintenance", {JobState.QUEUED: 2, JobState.DEAD: 1})
    assert maintenance.oldest_due_s is not None
    assert 60 <= maintenance.oldest_due_s < 120


def test_the_first_to_pause_a_queue_is_named(world: World) -> None:
    world.do(lambda ledger: ledger.pause("cache", "ada"))
    world.do(lambda ledger: ledger.pause("cache", "bob"))
    assert world.do(lambda ledger: ledger.queues())[0].paused_by == "ada"


def test_resuming_a_queue_that_runs_changes_nothing(world: World) -> None:
    world.do(lambda ledger: ledger.resume("cache", "ada"))
    assert world.do(lambda ledger: ledger.queues()) == []
    assert world.acts() == [("ada", "resume_queue", None)]


def test_a_snapshot_sees_the_jobs_surroundings(world: World) -> None:
    world.insert(first := new_job(), urgent := new_job(priority=5), other := new_job(queue="cache"))
    world.insert(new := new_job(after=(first.id, other.id)), mine := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.do(lambda ledger: ledger.pause("maintenance", "ada"))

    seen = world.do(lambda ledger: ledger.snapshot(mine.id, 50))
    blocked = world.do(lambda ledger: ledger.snapshot(new.id, 50))

    assert (seen.job.id, seen.due_ahead, seen.consumers, seen.paused_by) == (mine.id, 2, 1, "ada")
    assert world.do(lambda ledger: ledger.snapshot(urgent.id, 50)).due_ahead == 0
    assert dict(blocked.waits_for) == {first.id: JobState.QUEUED, other.id: JobState.QUEUED}


def test_a_snapshot_tells_how_long_a_worker_is_silent(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    assert world.do(lambda ledger: ledger.snapshot(job_id, 50)).worker_silent_s is None
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.pass_time(60)
    seen = world.do(lambda ledger: ledger.snapshot(job_id, 50))
    assert seen.worker_silent_s is not None
    assert 60 <= seen.worker_silent_s < 120
    assert seen.consumers == 0


def retry(job_id: UUID, attempt: int, world: World) -> Settlement:
    """A failed attempt that is tried again in a second and a half."""
    when = world.now() + timedelta(seconds=1.5)
    error = TransientError("busy")
    return Settlement(
        job_id, attempt, Outcome.FAILED, JobState.RETRYABLE, when, error_type=type(error).__name__, error_message="busy"
    )


def lose_once(world: World, job_id: UUID) -> JobState:
    """One attempt that ends with the death of its process."""
    world.claim(job_id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    return world.state(job_id)


def job_in(world: World, state: JobState, **fields: Any) -> UUID:
    """A job brought into this state the ordinary way."""
    after = world.insert(new_job()) if state is JobState.BLOCKED else []
    [job_id] = world.insert(new_job(after=tuple(after), **fields))
    match state:
        case JobState.RUNNING:
            world.claim(job_id)
        case JobState.RETRYABLE:
            world.claim(job_id)
            world.settle(retry(job_id, 1, world))
        case JobState.SUCCEEDED:
            world.succeed(job_id)
        case JobState.DEAD:
            world.bury(job_id)
        case JobState.CANCELLED:
            world.do(lambda ledger: ledger.cancel(job_id, "system", "set up"))
    return job_id
