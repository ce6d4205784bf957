"""Acts on many dead letters in any ledger: what fits, at what rate, and their undoing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs import bulk
from arxos.domain.jobs.bulk import act_on_all, undo
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from tests.builders import new_job
from tests.contract.lives import job_in
from tests.worlds import World

ADA, BOB = Operator("ada", "the disk was full", "cli@host"), Operator("bob", "too early", "http")
MINUTE = 60.0


def dead(world: World, count: int, **fields: Any) -> list[UUID]:
    ids = world.insert(*(new_job(**fields) for _ in range(count)))
    world.bury(*ids)
    return ids


def run(
    world: World,
    action: Action = Action.REDRIVE,
    pause: Callable[[float], None] = lambda _: None,
    undo_s: float = MINUTE,
    which: JobFilter | None = None,
    **more: Any,
) -> bulk.Done:
    return act_on_all(world.unit_of_work, Order(action, which or JobFilter(), ADA, undo_s, **more), uuid4(), pause)


def act_id(done: bulk.Done) -> UUID:
    assert done.act is not None
    return done.act.id


def states(world: World, ids: list[UUID]) -> list[JobState]:
    return [world.state(job_id) for job_id in ids]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 2)


@pytest.mark.parametrize(("action", "after"), [("redrive", JobState.QUEUED), ("discard", JobState.CANCELLED)])
def test_an_act_is_done_to_what_fits_and_to_nothing_else(world: World, action: Action, after: JobState) -> None:
    mine, other = dead(world, 3, queue="cache"), dead(world, 2)
    waits = job_in(world, JobState.RETRYABLE, queue="cache")
    done = run(world, Action(action), which=JobFilter(queue="cache"))
    assert (done.matched, done.done) == (3, 3)
    assert states(world, mine) == [after] * 3
    assert states(world, [*other, waits]) == [JobState.DEAD, JobState.DEAD, JobState.RETRYABLE]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_more_than_fit_into_one_transaction_are_done_all(world: World, count: int) -> None:
    ids = dead(world, count)
    done = run(world)
    assert (done.matched, done.done, len(set(ids))) == (count, count, count)
    assert states(world, ids) == [JobState.QUEUED] * count


def test_where_nothing_fits_nothing_is_recorded(world: World) -> None:
    dead(world, 1)
    acts = world.acts()
    assert run(world, which=JobFilter(kind="probe.other")) == bulk.Done(0, 0)
    assert (world.acts(), world.at_desk(lambda desk: desk.acts(9))) == (acts, [])


@pytest.mark.usefixtures("small_batches")
def test_a_rate_spaces_out_when_jobs_become_due_and_no_longer_needs_the_command(world: World) -> None:
    ids = dead(world, 5)
    before = world.now()
    done = run(world, rate=0.5)
    due = [world.get(job_id).available_at for job_id in ids]
    gaps = [(later - earlier).total_seconds() for earlier, later in zip([before, *due], due, strict=False)]
    assert all(gap >= 2 for gap in gaps)
    assert sum(gaps) < 20
    assert done.due_until == due[-1]
    assert world.claim(*ids) == []
    world.pass_time(gaps[0] + 2.5)
    assert [job.id for job in world.claim(*ids)] == ids[:2]


def test_a_discard_goes_as_slowly_as_its_rate(world: World) -> None:
    dead(world, 5)
    pauses: list[float] = []
    run(world, Action.DISCARD, pauses.append, rate=2)
    assert pauses == [1.0, 1.0]


def test_the_bulk_act_and_each_of_its_jobs_tell_who_when_why_and_from_where(world: World) -> None:
    [job_id] = dead(world, 1, queue="cache")
    before = world.now()
    done = run(world, which=JobFilter(queue="cache"), rate=5)
    [act] = world.at_desk(lambda desk: desk.acts(9))
    assert act == done.act
    assert (act.action, act.actor, act.reason, act.source) == ("redrive", "ada", "the disk was full", "cli@host")
    assert (act.filter, act.rate, act.done, act.undone_at) == ({"queue": "cache"}, 5, 1, None)
    assert before < act.started_at < (act.finished_at or before)
    [told] = world.get(job_id).acts
    assert (told.actor, told.action, told.reason, told.source, told.act_id) == (
        "ada",
        "redrive",
        "the disk was full",
        "cli@host",
        act.id,
    )


def test_a_redriven_job_of_a_bulk_act_has_a_fresh_budget(world: World) -> None:
    [job_id] = dead(world, 1, max_attempts=3)
    run(world)
    job = world.get(job_id)
    assert (job.attempt, job.max_attempts, job.redriven, job.redriven_by) == (1, 4, 1, "ada")


def test_what_dies_after_an_act_began_is_not_meant(world: World) -> None:
    [old] = dead(world, 1)
    order = Order(Action.REDRIVE, JobFilter(), ADA, MINUTE)
    act = world.at_desk(lambda desk: desk.open(uuid4(), order))
    [new] = dead(world, 1)
    step = world.at_desk(lambda desk: desk.step(act, 9, after=None, not_before=None))
    assert (act.matched, step.done, states(world, [old, new])) == (1, 1, [JobState.QUEUED, JobState.DEAD])


def test_jobs_whose_deadline_passes_before_they_are_due_are_left_alone(world: World) -> None:
    late = dead(world, 1, deadline=world.now() + timedelta(seconds=30))
    early = dead(world, 1, deadline=world.now() + timedelta(hours=9))
    world.pass_time(31)
    done = run(world)
    assert (done.matched, done.done, states(world, late + early)) == (2, 1, [JobState.DEAD, JobState.QUEUED])
    assert run(world, drop_deadline=True).done == 1
    assert (world.get(late[0]).deadline, world.get(early[0]).deadline is None) == (None, False)


def test_an_undone_redrive_leaves_dead_letters_as_they_were(world: World) -> None:
    ids = dead(world, 3, deadline=world.now() + timedelta(seconds=30), max_attempts=3)
    world.pass_time(31)
    before = [world.get(job_id) for job_id in ids]
    done = run(world, drop_deadline=True, rate=100)
    undone = undo(world.unit_of_work, act_id(done), BOB)
    assert (undone.undone, undone.left) == (3, 0)
    assert [as_it_was(world, job_id) for job_id in ids] == [as_it_was(world, job) for job in before]


def test_an_undone_discard_leaves_dead_letters_as_they_were(world: World) -> None:
    [job_id] = dead(world, 1)
    before = world.get(job_id)
    undo(world.unit_of_work, act_id(run(world, Action.DISCARD)), BOB)
    assert as_it_was(world, job_id) == as_it_was(world, before)


def as_it_was(world: World, job: Job | UUID) -> Job:
    """All of a job but what was done to it."""
    return replace(world.get(job) if isinstance(job, UUID) else job, acts=())


@pytest.mark.usefixtures("small_batches")
def test_what_has_started_since_is_not_undone_and_is_counted(world: World) -> None:
    ids = dead(world, 5)
    done = run(world)
    world.claim(ids[1])
    world.succeed(ids[2])
    world.do(lambda ledger: ledger.cancel(ids[3], "eve", "not wanted"))
    undone = undo(world.unit_of_work, act_id(done), BOB)
    assert (undone.undone, undone.left) == (2, 3)
    assert states(world, ids) == [
        JobState.DEAD,
        JobState.RUNNING,
        JobState.SUCCEEDED,
        JobState.CANCELLED,
        JobState.DEAD,
    ]


def test_what_was_given_back_meanwhile_has_started(world: World) -> None:
    [job_id] = dead(world, 1)
    done = run(world)
    [job] = world.claim(job_id)
    world.do(lambda ledger: ledger.retire("cpu@host:1:aaaaaa"))
    assert world.state(job.id) is JobState.QUEUED
    assert undo(world.unit_of_work, act_id(done), BOB).undone == 0


def test_what_was_redriven_again_belongs_to_the_later_act(world: World) -> None:
    [job_id] = dead(world, 1)
    first = run(world)
    undo(world.unit_of_work, act_id(first), BOB)
    run(world)
    assert undo(world.unit_of_work, act_id(first), BOB).undone == 0
    assert world.state(job_id) is JobState.QUEUED


def test_an_undoing_is_an_act_too(world: World) -> None:
    [job_id] = dead(world, 1)
    done = run(world)
    undo(world.unit_of_work, act_id(done), BOB)
    [act] = world.at_desk(lambda desk: desk.acts(9))
    assert (act.undone, act.undone_by, act.undone_at is None) == (1, "bob", False)
    last = world.get(job_id).acts[-1]
    assert (last.actor, last.action, last.reason, last.source) == ("bob", "undo", "too early", "http")
    assert world.acts()[-2:] == [("bob", "undo", None), ("bob", "undo", job_id)]


def test_an_undoing_that_was_interrupted_can_be_given_again(world: World) -> None:
    ids = dead(world, 3)
    done = run(world)
    world.at_desk(lambda desk: desk.begin_undo(act_id(done), BOB))
    world.at_desk(lambda desk: desk.undo_step(act_id(done), BOB, 2, after=0))
    undone = undo(world.unit_of_work, act_id(done), BOB)
    assert (undone.undone, undone.left, states(world, ids)) == (1, 0, [JobState.DEAD] * 3)


def test_after_its_window_an_act_stays_done(world: World) -> None:
    [job_id] = dead(world, 1)
    done = run(world, undo_s=30)
    world.pass_time(31)
    with pytest.raises(ConflictError, match="it is too late"):
        undo(world.unit_of_work, act_id(done), BOB)
    assert world.state(job_id) is JobState.QUEUED


def test_the_window_lasts_until_after_the_last_job_is_due(world: World) -> None:
    dead(world, 4)
    done = run(world, undo_s=30, rate=1 / 50)
    world.pass_time(205)
    assert undo(world.unit_of_work, act_id(done), BOB).undone == 4


def test_an_unknown_act_is_named(world: World) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no bulk act '{unknown}'"):
        undo(world.unit_of_work, unknown, BOB)


def test_an_act_that_is_undone_while_it_goes_on_stops(world: World) -> None:
    dead(world, 2)
    act = world.at_desk(lambda desk: desk.open(uuid4(), Order(Action.REDRIVE, JobFilter(), ADA, MINUTE)))
    undo(world.unit_of_work, act.id, BOB)
    with pytest.raises(ConflictError, match="was undone while it went on"):
        world.at_desk(lambda desk: desk.step(act, 9, after=None, not_before=None))


def test_whoever_waits_for_a_job_whose_redrive_is_undone_is_told(world: World) -> None:
    [first] = dead(world, 1)
    done = run(world)
    world.insert(then := new_job(after=(first,)))
    assert world.state(then.id) is JobState.BLOCKED
    undo(world.unit_of_work, act_id(done), BOB)
    assert world.state(then.id) is JobState.CANCELLED


def test_dead_letters_are_grouped_by_fingerprint_largest_first(world: World) -> None:
    alike = dead(world, 2) + dead(world, 1, kind="probe.sleep", queue="cache")
    lost = job_in(world, JobState.RUNNING, max_attempts=1)
    world.do(lambda ledger: ledger.sweep(-1.0))
    groups = world.at_desk(lambda desk: desk.groups(JobFilter(), 9))
    assert [(one.count, one.kinds, one.error_type, one.error_message) for one in groups] == [
        (3, ("probe.noop", "probe.sleep"), "PermanentError", "no such model"),
        (1, ("probe.noop",), "WorkerLostError", "its worker was silent for more than -1 s"),
    ]
    assert (groups[0].sample, groups[1].sample) == (alike[-1], lost)
    assert groups[0].fingerprint == world.get(alike[0]).error_fingerprint
    died = [moment(world, job_id) for job_id in alike]
    assert (groups[0].first_died_at, groups[0].last_died_at) == (min(died), max(died))
    assert world.at_desk(lambda desk: desk.groups(JobFilter(), 1)) == groups[:1]
    assert [one.count for one in world.at_desk(lambda desk: desk.groups(JobFilter(queue="cache"), 9))] == [1]
    assert [one.count for one in world.at_desk(lambda desk: desk.groups(JobFilter(fingerprint="0" * 12), 9))] == []


def moment(world: World, job_id: UUID) -> datetime:
    died = world.get(job_id).finished_at
    assert died is not None
    return died
