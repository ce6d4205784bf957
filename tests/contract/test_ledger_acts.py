"""What operators do to dead letters in any ledger: redrive, discard; and to no job at all."""

from uuid import uuid4

import pytest

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.job import JobState
from tests.builders import new_job
from tests.contract.lives import job_in, lose_once
from tests.worlds import World


@pytest.mark.parametrize("act", ["cancel", "redrive", "discard"])
def test_acting_on_an_unknown_job_names_it(world: World, act: str) -> None:
    arguments = {"cancel": ("ada", "why"), "redrive": ("ada",), "discard": ("ada", "why")}[act]
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.do(lambda ledger: getattr(ledger, act)(unknown, *arguments))


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
