"""What operators do to dead letters one at a time, in any ledger: redrive, also with another payload, and discard."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.desk import Desk, Edit
from arxos.domain.jobs.job import STATES, JobState
from arxos.domain.jobs.operator import Operator
from tests.builders import new_job
from tests.contract.lives import job_in, lose_once
from tests.worlds import World

ADA = Operator("ada", "model was a test", "cli@host")
BOB = Operator("bob")


def act(name: str, desk: Desk, job_id: UUID) -> None:
    (desk.redrive if name == "redrive" else desk.discard)(job_id, ADA)


@pytest.mark.parametrize("name", ["redrive", "discard"])
def test_acting_on_an_unknown_job_names_it(world: World, name: str) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.at_desk(lambda desk: act(name, desk, unknown))


@pytest.mark.parametrize("name", ["redrive", "discard"])
@pytest.mark.parametrize("state", sorted(set(STATES) - {JobState.DEAD}))
def test_only_dead_letters_are_redriven_or_discarded(world: World, state: JobState, name: str) -> None:
    job_id = job_in(world, state)
    acts = world.acts()
    with pytest.raises(ConflictError, match="only dead jobs can be"):
        world.at_desk(lambda desk: act(name, desk, job_id))
    assert (world.state(job_id), world.acts()) == (state, acts)


def test_a_redriven_job_keeps_its_history_has_a_fresh_budget_and_says_so(world: World) -> None:
    world.insert(new := new_job(max_attempts=2, max_lost=2))
    lose_once(world, new.id)
    assert lose_once(world, new.id) is JobState.DEAD
    world.at_desk(lambda desk: desk.redrive(new.id, ADA))
    job = world.get(new.id)
    assert (job.state, job.attempt, job.max_attempts, job.lost, job.finished_at) == (JobState.QUEUED, 2, 4, 0, None)
    assert (job.redriven, job.redriven_by) == (1, "ada")
    assert job.redriven_at is not None
    assert [one.outcome for one in job.attempts] == ["lost", "lost"]
    assert world.claim(new.id)[0].attempt == 3


def test_poison_travels_alone_after_its_redrive_too(world: World) -> None:
    world.insert(new := new_job(max_lost=1, batch=200))
    assert lose_once(world, new.id) is JobState.DEAD
    world.at_desk(lambda desk: desk.redrive(new.id, ADA, edit=Edit({"n": 1}, batch=200)))
    assert world.batch_of(new.id) == 1


def test_each_act_is_told_with_who_when_why_and_from_where(world: World) -> None:
    job_id = job_in(world, JobState.DEAD)
    world.at_desk(lambda desk: desk.redrive(job_id, ADA))
    world.bury(job_id)
    before = world.now()
    world.at_desk(lambda desk: desk.discard(job_id, BOB))
    first, second = world.get(job_id).acts
    assert (first.actor, first.action, first.reason, first.source) == ("ada", "redrive", ADA.reason, "cli@host")
    assert (second.actor, second.action, second.reason, second.source) == ("bob", "discard", None, None)
    assert first.at < before < second.at
    assert world.get(job_id).redriven == 1


def test_an_edited_payload_is_kept_beside_the_one_that_was_submitted(world: World) -> None:
    job_id = job_in(world, JobState.DEAD, payload={"building_id": str(UUID(int=7))})
    for number in (8, 9):
        edit = Edit({"building_id": str(UUID(int=number))}, contract=2)
        world.at_desk(lambda desk, edit=edit: desk.redrive(job_id, ADA, edit=edit))  # type: ignore[misc]
        [claimed] = world.claim(job_id)
        assert claimed.payload == edit.payload
        world.settle_dead(claimed)
    job = world.get(job_id)
    assert (job.payload, job.building_id) == ({"building_id": str(UUID(int=9))}, UUID(int=9))
    assert job.original_payload == {"building_id": str(UUID(int=7))}


def test_a_job_that_was_not_edited_has_one_payload(world: World) -> None:
    job_id = job_in(world, JobState.DEAD, payload={"n": 1})
    world.at_desk(lambda desk: desk.redrive(job_id, ADA))
    assert (world.get(job_id).payload, world.get(job_id).original_payload) == ({"n": 1}, None)


def test_a_job_whose_deadline_has_passed_is_redriven_only_without_it(world: World) -> None:
    job_id = job_in(world, JobState.DEAD, deadline=world.now() + timedelta(seconds=60))
    world.pass_time(61)
    with pytest.raises(ConflictError, match="its deadline passed at"):
        world.at_desk(lambda desk: desk.redrive(job_id, ADA))
    assert world.state(job_id) is JobState.DEAD
    world.at_desk(lambda desk: desk.redrive(job_id, ADA, drop_deadline=True))
    assert world.do(lambda ledger: ledger.expire()) == []
    assert (world.state(job_id), world.get(job_id).deadline) == (JobState.QUEUED, None)


def test_a_deadline_that_has_not_passed_is_kept(world: World) -> None:
    job_id = job_in(world, JobState.DEAD, deadline=world.now() + timedelta(seconds=60))
    world.at_desk(lambda desk: desk.redrive(job_id, ADA, drop_deadline=True))
    assert world.get(job_id).deadline is not None


def test_a_discarded_job_is_closed_with_its_reason_and_keeps_its_error(world: World) -> None:
    job_id = job_in(world, JobState.DEAD)
    world.at_desk(lambda desk: desk.discard(job_id, ADA))
    job = world.get(job_id)
    assert (job.state, job.cancel_requested_by, job.cancel_reason) == (JobState.CANCELLED, "ada", "model was a test")
    assert (job.error_type, job.error_message) == ("PermanentError", "no such model")
    assert world.acts() == [("ada", "discard", job_id)]


def test_successors_told_of_the_death_stay_as_they_are(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id,)))
    world.bury(first.id)
    world.at_desk(lambda desk: desk.redrive(first.id, ADA))
    world.insert(later := new_job(after=(first.id,)))
    world.succeed(first.id)
    assert (world.state(then.id), world.state(later.id)) == (JobState.CANCELLED, JobState.QUEUED)


def test_a_job_that_waits_for_its_time_is_retried_at_once(world: World) -> None:
    [later] = world.insert(new_job(run_at=world.now() + timedelta(hours=1)))
    failed = job_in(world, JobState.RETRYABLE)
    for job_id in (later, failed):
        assert world.claim(job_id) == []
        world.at_desk(lambda desk: desk.retry(job_id, ADA))  # noqa: B023 - called at once
        assert [job.id for job in world.claim(job_id)] == [job_id]
    assert world.acts() == [("ada", "retry", later), ("ada", "retry", failed)]


def test_only_a_job_that_waits_for_its_time_is_retried(world: World) -> None:
    [due] = world.insert(new_job())
    for job_id in (due, *(job_in(world, state) for state in set(STATES) - {JobState.QUEUED, JobState.RETRYABLE})):
        with pytest.raises(ConflictError, match="only a job that waits for its time can be retried at once"):
            world.at_desk(lambda desk: desk.retry(job_id, ADA))  # noqa: B023 - called at once
    with pytest.raises(NotFoundError, match="no job"):
        world.at_desk(lambda desk: desk.retry(uuid4(), ADA))
