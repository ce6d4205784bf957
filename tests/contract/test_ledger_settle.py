"""Settling in any ledger: outcomes, history, fencing, progress."""

from dataclasses import replace
from random import Random

import pytest

from arxos.domain.errors import ConflictError, InterruptedError_
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.outcome import Outcome, Settlement, failed, given_back, succeeded
from tests.builders import beat, delivery, new_job
from tests.contract.lives import job_in, retry
from tests.worlds import WORKER, World


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


def test_history_tells_which_version_ran_it_what_it_cost_and_where_it_failed(world: World) -> None:
    world.insert(new := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    for _ in range(2):  # the second time the worker is a stranger
        [job] = world.claim(new.id)
        world.settle(replace(retry(job.id, job.attempt, world), traceback="at m:f", cpu_s=0.25))
        world.do(lambda ledger: ledger.retire(WORKER))
        world.pass_time(2)
    told = [(one.version, one.traceback, one.cpu_s) for one in world.get(new.id).attempts]
    assert told == [("0.1.0", "at m:f", 0.25), (None, "at m:f", 0.25)]


def test_what_a_lost_attempt_ran_is_known(world: World) -> None:
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.insert(new := new_job())
    world.claim(new.id)
    world.do(lambda ledger: ledger.retire(WORKER))
    assert [(one.outcome, one.version) for one in world.get(new.id).attempts] == [("interrupted", "0.1.0")]


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


def test_what_a_worker_has_settled_is_recorded_as_its_own(world: World) -> None:
    world.insert(*(jobs := [new_job() for _ in range(3)]))
    first, second, running = world.claim(*(job.id for job in jobs))
    settled = [succeeded(first, None), retry(second.id, 1, world)]
    world.settle(*settled)
    asked = [*settled, succeeded(running, None)]
    assert world.do(lambda ledger: ledger.recorded(WORKER, asked)) == {first.id, second.id}
    assert world.do(lambda ledger: ledger.recorded("other", asked)) == set()


def test_recorded_is_just_this_attempt_with_just_this_outcome(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.settle(given_back(job))
    [again] = world.claim(new.id)
    world.settle(succeeded(again, None))
    for settlement, known in [
        (given_back(job), True),
        (succeeded(job, None), False),
        (succeeded(again, None), True),
        (given_back(again), False),
    ]:
        assert world.do(lambda ledger: ledger.recorded(WORKER, [settlement])) == ({new.id} if known else set())  # noqa: B023


def test_what_was_taken_back_is_no_outcome_of_the_late_worker(world: World) -> None:
    world.insert(new := new_job())
    [late] = world.claim(new.id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("killed", delivery=message))
    assert world.do(lambda ledger: ledger.recorded(WORKER, [succeeded(late, None)])) == set()


def test_nothing_is_recorded_of_nothing_and_of_nobody(world: World) -> None:
    unknown = Settlement(new_job().id, 1, Outcome.SUCCEEDED, JobState.SUCCEEDED)
    assert world.do(lambda ledger: ledger.recorded(WORKER, [])) == set()
    assert world.do(lambda ledger: ledger.recorded(WORKER, [unknown])) == set()


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
