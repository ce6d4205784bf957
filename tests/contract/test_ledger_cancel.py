"""Cancelling jobs in any ledger: waiting, running, many at once; and who wins a race."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import CancelledError, ConflictError, NotFoundError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import Cancelled, CancelRequest, JobFilter
from arxos.domain.jobs.outcome import Outcome, Settlement, succeeded
from tests.builders import delivery, new_job
from tests.contract.lives import job_in, retry
from tests.worlds import WORKER, World

SAYS = "cancelled by ada: wrong file"


def test_cancelling_an_unknown_job_names_it(world: World) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.do(lambda ledger: ledger.cancel(unknown, "ada", "why"))


@pytest.mark.parametrize("state", [JobState.BLOCKED, JobState.QUEUED, JobState.RETRYABLE])
def test_a_waiting_job_is_cancelled_at_once(world: World, state: JobState) -> None:
    job_id = job_in(world, state)
    assert world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file")) == Cancelled(job_id, JobState.CANCELLED)
    row = world.get(job_id)
    assert (row.state, row.cancel_requested_by, row.error_type, row.error_message) == (
        JobState.CANCELLED,
        "ada",
        "CancelledError",
        "cancelled by ada: wrong file",
    )
    assert row.cancel_reason == "wrong file"
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


def test_whoever_asks_first_is_named_and_asking_again_changes_nothing(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    for who in ("ada", "bob"):
        assert world.do(lambda ledger, by=who: ledger.cancel(job_id, by, f"{by} says so")).state is JobState.RUNNING  # type: ignore[misc]
    assert (world.get(job_id).cancel_requested_by, world.get(job_id).cancel_reason) == ("ada", "ada says so")
    assert world.acts() == [("ada", "cancel", job_id)]


def test_a_cancelled_job_cancels_its_successors(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id,)))
    world.do(lambda ledger: ledger.cancel(first.id, "ada", "wrong file"))
    assert world.state(then.id) is JobState.CANCELLED


ENDS: dict[str, Callable[[UUID, World], Settlement]] = {
    "obeys": lambda job_id, _: ended(job_id, Outcome.CANCELLED, JobState.CANCELLED, "told"),
    "fails for good": lambda job_id, _: ended(job_id, Outcome.FAILED, JobState.DEAD, "no such model"),
    "fails": lambda job_id, world: retry(job_id, 1, world),
    "is interrupted": lambda job_id, _: ended(job_id, Outcome.INTERRUPTED, JobState.QUEUED, None),
}


@pytest.mark.parametrize("how", ENDS)
def test_whatever_a_body_that_was_asked_does_but_succeed_the_job_is_cancelled_by_whom_and_why(
    world: World, how: str
) -> None:
    job_id = job_in(world, JobState.RUNNING)
    world.insert(then := new_job(after=(job_id,)))
    cancel(world, job_id)
    settlement = ENDS[how](job_id, world)
    assert world.settle(settlement) == {job_id}
    row = world.get(job_id)
    assert (row.state, row.error_type, row.error_message) == (JobState.CANCELLED, "CancelledError", SAYS)
    assert row.finished_at is not None
    assert [(one.outcome, one.error_message) for one in row.attempts] == [
        (settlement.outcome, settlement.error_message)
    ]
    assert world.state(then.id) is JobState.CANCELLED


def test_a_cancelled_job_whose_worker_retires_is_not_tried_again(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    world.insert(then := new_job(after=(job_id,)))
    world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    world.do(lambda ledger: ledger.retire(WORKER))
    row = world.get(job_id)
    assert (row.state, row.error_message) == (JobState.CANCELLED, "cancelled by ada: wrong file")
    assert (row.attempts[0].outcome, row.max_attempts) == ("cancelled", new_job().policy.max_attempts)
    assert world.state(then.id) is JobState.CANCELLED


def test_a_cancelled_job_that_succeeds_all_the_same_has_succeeded(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.do(lambda ledger: ledger.cancel(new.id, "ada", "wrong file"))
    world.settle(succeeded(job, None))
    assert world.state(new.id) is JobState.SUCCEEDED


def test_who_comes_first_wins_the_race_between_cancelling_and_success(world: World) -> None:
    job_id = job_in(world, JobState.SUCCEEDED)
    with pytest.raises(ConflictError, match="it is final already"):
        cancel(world, job_id)
    assert (world.state(job_id), world.get(job_id).cancel_requested_by) == (JobState.SUCCEEDED, None)


def test_a_body_that_cancels_itself_gives_its_own_reason(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    world.settle(ended(job_id, Outcome.CANCELLED, JobState.CANCELLED, "nothing to do for this building"))
    row = world.get(job_id)
    assert (row.state, row.error_message) == (JobState.CANCELLED, "nothing to do for this building")


def test_a_worker_learns_which_of_its_attempts_were_asked(world: World) -> None:
    world.insert(*(jobs := [new_job() for _ in range(4)]))
    mine, left, others, done = (job.id for job in jobs)
    message = delivery()
    world.claim(mine, left, message=message)
    world.claim(others, worker="other")
    claims = world.claim(done, message=message)
    for job_id in (mine, others, done):
        cancel(world, job_id)
    world.settle(succeeded(claims[0], None))
    assert world.do(lambda ledger: ledger.cancel_requests(WORKER)) == [CancelRequest(mine, 1, message)]


def test_who_does_not_stop_is_cancelled_and_its_late_writes_are_void(world: World) -> None:
    world.insert(new := new_job(max_lost=1), mate := new_job())
    world.insert(then := new_job(after=(new.id,)))
    message = delivery()
    [late, _] = world.claim(new.id, mate.id, message=message)
    cancel(world, new.id)
    asked = world.do(lambda ledger: ledger.cancel_requests(WORKER))
    assert world.do(lambda ledger: ledger.stop(asked, "it was deaf, and was killed")) == [new.id]
    assert world.settle(succeeded(late, None)) == set()
    row = world.get(new.id)
    assert (row.state, row.error_message, row.lost) == (JobState.CANCELLED, SAYS, 0)
    assert [(one.outcome, one.error_type, one.error_message) for one in row.attempts] == [
        ("cancelled", "CancelledError", "it was deaf, and was killed")
    ]
    assert [world.state(job_id) for job_id in (mate.id, then.id)] == [JobState.RUNNING, JobState.CANCELLED]


def test_only_who_was_asked_is_stopped_and_only_that_attempt(world: World) -> None:
    world.insert(new := new_job())
    world.claim(new.id, message=(message := delivery()))
    assert world.do(lambda ledger: ledger.stop([CancelRequest(new.id, 1, message)], "deaf")) == []
    cancel(world, new.id)
    assert world.do(lambda ledger: ledger.stop([CancelRequest(new.id, 2, message)], "deaf")) == []
    assert world.state(new.id) is JobState.RUNNING


def test_many_are_cancelled_page_by_page_newest_first(world: World) -> None:
    running = job_in(world, JobState.RUNNING, queue="cache")
    waiting = [job_in(world, JobState.QUEUED, queue="cache") for _ in range(4)]
    final = [job_in(world, state, queue="cache") for state in (JobState.SUCCEEDED, JobState.DEAD, JobState.CANCELLED)]
    elsewhere = job_in(world, JobState.QUEUED)
    assert world.do(lambda ledger: {**ledger.cancellable(CACHE)}) == {JobState.RUNNING: 1, JobState.QUEUED: 4}
    states, cursor = dict[UUID, JobState](), None
    for expected in (2, 2, 1):
        page = world.do(lambda ledger, at=cursor: ledger.cancel_all(CACHE, "ada", "wrong file", limit=2, before=at))  # type: ignore[misc]
        assert len(page.jobs) == expected
        states |= {one.job_id: one.state for one in page.jobs}
        cursor = page.cursor
    assert cursor is None
    assert states == dict.fromkeys(waiting, JobState.CANCELLED) | {running: JobState.RUNNING}
    assert {world.get(job_id).error_message for job_id in waiting} == {SAYS}
    assert [world.state(job_id) for job_id in (*final, elsewhere)] == [
        JobState.SUCCEEDED,
        JobState.DEAD,
        JobState.CANCELLED,
        JobState.QUEUED,
    ]
    assert world.do(lambda ledger: ledger.cancel_all(CACHE, "bob", "again")).jobs == ()


def test_cancelling_many_reaches_their_successors_wherever_they_are(world: World) -> None:
    first = job_in(world, JobState.QUEUED, queue="cache")
    world.insert(among := new_job(queue="cache", after=(first,)), elsewhere := new_job(after=(first,)))
    world.do(lambda ledger: ledger.cancel_all(CACHE, "ada", "wrong file"))
    assert world.get(among.id).error_message == SAYS
    assert world.state(elsewhere.id) is JobState.CANCELLED


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (JobFilter(submitted_by="ada"), {0}),
        (JobFilter(kind="probe.sleep"), {1}),
        (JobFilter(state=JobState.RUNNING), {2}),
        (JobFilter(state=JobState.SUCCEEDED), set()),
        (JobFilter(), {0, 1, 2}),
    ],
)
def test_a_filter_says_which_are_cancelled(world: World, which: JobFilter, expected: set[int]) -> None:
    ids = [
        job_in(world, JobState.QUEUED, submitted_by="ada"),
        job_in(world, JobState.QUEUED, kind="probe.sleep"),
        job_in(world, JobState.RUNNING),
    ]
    page = world.do(lambda ledger: ledger.cancel_all(which, "bob", "wrong file"))
    assert {one.job_id for one in page.jobs} == {ids[place] for place in expected}


CACHE = JobFilter(queue="cache")


def cancel(world: World, job_id: UUID) -> Cancelled:
    return world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))


def ended(job_id: UUID, outcome: Outcome, state: JobState, message: str | None) -> Settlement:
    return Settlement(job_id, 1, outcome, state, error_type=message and CancelledError.__name__, error_message=message)
