"""Jobs that wait for jobs, in any ledger."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from arxos.domain.errors import CycleError, NotFoundError
from arxos.domain.jobs.job import After, JobState, NewJob, OnFailure
from arxos.domain.jobs.operator import Operator
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
    assert world.get(third.id).error_message == f"job {second.id} that it waits for is cancelled"
    assert world.get(second.id).error_message == f"job {first.id} that it waits for is dead"


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


# Policies of edges


def mixed(good: NewJob, bad: NewJob) -> NewJob:
    """Waits for one that has to succeed, and for another in any case."""
    return new_job(after=(After(good.id, OnFailure.CANCEL), After(bad.id, OnFailure.RUN)))


@pytest.mark.parametrize("default", OnFailure)
def test_an_edge_that_spares_counts_as_released_beside_one_that_cancels(world: World, default: OnFailure) -> None:
    world.insert(good := new_job(), bad := new_job())
    world.insert(then := replace(mixed(good, bad), on_failure=default))
    world.bury(bad.id)
    assert (world.state(then.id), world.get(then.id).waiting_for) == (JobState.BLOCKED, 1)
    world.succeed(good.id)
    assert world.state(then.id) is JobState.QUEUED


@pytest.mark.parametrize("default", OnFailure)
def test_an_edge_that_cancels_does_so_beside_one_that_spares(world: World, default: OnFailure) -> None:
    world.insert(good := new_job(), bad := new_job())
    world.insert(then := replace(mixed(good, bad), on_failure=default))
    world.bury(good.id)
    row = world.get(then.id)
    assert (row.state, row.error_message) == (JobState.CANCELLED, f"job {good.id} that it waits for is dead")


def test_of_two_policies_for_one_predecessor_the_stricter_counts(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(After(first.id, OnFailure.RUN), After(first.id, OnFailure.CANCEL))))
    world.bury(first.id)
    assert world.state(then.id) is JobState.CANCELLED


def test_of_several_that_failed_at_once_the_lowest_is_named(world: World) -> None:
    before = [new_job() for _ in range(3)]
    world.insert(*before, then := new_job(after=tuple(job.id for job in before)))
    world.bury(*(job.id for job in before))
    assert world.get(then.id).error_message == f"job {min(job.id for job in before)} that it waits for is dead"


def test_a_cancellation_names_the_one_that_was_cancelled(world: World) -> None:
    world.insert(first := new_job(), then := new_job(after=(first.id,)))
    world.do(lambda ledger: ledger.cancel(first.id, "ada", "wrong file"))
    assert world.get(then.id).error_message == f"job {first.id} that it waits for is cancelled"


def test_a_redriven_predecessor_does_not_bring_back_whom_its_death_cancelled(world: World) -> None:
    world.insert(first := new_job(), lost := new_job(after=(first.id,)))
    world.insert(spared := new_job(after=(first.id,), on_failure=OnFailure.RUN))
    world.bury(first.id)
    world.at_desk(lambda desk: desk.redrive(first.id, Operator("ada")))
    world.insert(late := new_job(after=(first.id,)))
    world.succeed(first.id)
    states = [world.state(job.id) for job in (lost, spared, late)]
    assert states == [JobState.CANCELLED, JobState.QUEUED, JobState.QUEUED]


def test_discarding_a_dead_predecessor_changes_nothing_for_its_successors(world: World) -> None:
    world.insert(first := new_job(), other := new_job())
    world.insert(spared := new_job(after=(other.id, After(first.id, OnFailure.RUN))))
    world.bury(first.id)
    world.at_desk(lambda desk: desk.discard(first.id, Operator("ada", "a test")))
    assert (world.state(spared.id), world.get(spared.id).waiting_for) == (JobState.BLOCKED, 1)
    world.insert(late := new_job(after=(first.id,)))
    assert world.get(late.id).error_message == f"job {first.id} that it waits for is cancelled"


def test_whom_two_ways_lead_to_is_cancelled_once(world: World) -> None:
    world.insert(top := new_job())
    world.insert(*(sides := [new_job(after=(top.id,)) for _ in range(2)]))
    world.insert(bottom := new_job(after=tuple(job.id for job in sides)))
    world.bury(top.id)
    assert (world.state(bottom.id), world.get(bottom.id).waiting_for) == (JobState.CANCELLED, 0)


# Whole graphs in one submission


def test_jobs_of_one_submission_may_name_each_other_in_any_order(world: World) -> None:
    first, second, third = (new_job() for _ in range(3))
    second, third = replace(second, after=(first.id,)), replace(third, after=(second.id, first.id))
    world.insert(third, first, second)
    assert [world.get(job.id).waiting_for for job in (first, second, third)] == [0, 1, 2]
    world.succeed(first.id)
    world.succeed(second.id)
    assert world.state(third.id) is JobState.QUEUED


@pytest.mark.parametrize("length", [1, 2, 3, 20])
def test_a_circle_is_refused_with_the_way_round_and_nothing_stored(world: World, length: int) -> None:
    ids = [uuid4() for _ in range(length)]
    circle = [new_job(id=mine, after=(before,)) for mine, before in zip(ids, [*ids[1:], ids[0]], strict=True)]
    with pytest.raises(CycleError, match=r"jobs wait for each other: .* → ") as refusal:
        world.insert(good := new_job(), *circle)
    assert refusal.value.job_id in ids
    for job in (good, *circle):
        with pytest.raises(NotFoundError):
            world.get(job.id)


def test_a_predecessor_that_failed_before_cancels_the_whole_graph(world: World) -> None:
    world.insert(dead := new_job())
    world.bury(dead.id)
    second = new_job(after=(dead.id,))
    world.insert(third := new_job(after=(second.id,)), second)
    assert [world.state(job.id) for job in (second, third)] == [JobState.CANCELLED] * 2


def test_who_waits_for_a_repetition_waits_for_the_job_that_exists(world: World) -> None:
    world.insert(first := new_job(idempotency_key="k"))
    again = new_job(idempotency_key="k")
    world.insert(then := new_job(after=(again.id,)), again)
    assert world.state(then.id) is JobState.BLOCKED
    world.succeed(first.id)
    assert world.state(then.id) is JobState.QUEUED


def test_a_key_cannot_bend_a_graph_into_a_circle(world: World) -> None:
    again = new_job(idempotency_key="k")
    first = new_job(idempotency_key="k", after=(again.id,))
    with pytest.raises(CycleError):
        world.insert(first, again)


def test_a_graph_submitted_again_is_the_same_graph(world: World) -> None:
    first = new_job()
    graph = [first, new_job(after=(first.id,))]
    assert world.insert(*graph) == world.insert(*graph)
    world.succeed(first.id)
    world.insert(*graph)
    assert (world.state(graph[1].id), world.get(graph[1].id).waiting_for) == (JobState.QUEUED, 0)
