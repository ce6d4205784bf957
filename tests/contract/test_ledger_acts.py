"""What operators do to jobs in any ledger: cancel, redrive, discard."""

from uuid import uuid4

import pytest

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import Cancelled
from arxos.domain.jobs.outcome import succeeded
from tests.builders import new_job
from tests.contract.lives import job_in, lose_once, retry
from tests.worlds import WORKER, World


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
