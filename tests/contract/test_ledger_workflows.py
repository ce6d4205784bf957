"""Jobs that wait for jobs, in any ledger."""

from datetime import timedelta
from uuid import uuid4

import pytest

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.job import JobState, OnFailure
from tests.builders import new_job
from tests.contract.lives import job_in, lose_once, retry
from tests.worlds import World


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
