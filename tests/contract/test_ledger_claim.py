"""Claiming in any ledger: what is due, once, in order."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from arxos.domain.jobs.job import STATES, Capability, JobState, NewJob
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import succeeded
from arxos.domain.jobs.retry import RetryPolicy
from tests.builders import beat, delivery, new_job
from tests.contract.lives import job_in
from tests.worlds import WORKER, World


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


@pytest.mark.parametrize("state", sorted(set(STATES) - {JobState.QUEUED, JobState.RETRYABLE}))
def test_only_waiting_jobs_are_claimed(world: World, state: JobState) -> None:
    job_id = job_in(world, state)
    assert world.claim(job_id) == []
    assert world.state(job_id) is state


def test_a_paused_queue_starts_nothing(world: World) -> None:
    world.insert(new := new_job(), other := new_job(queue="cache"))
    world.do(lambda ledger: ledger.pause("maintenance", Operator("ada")))
    assert [job.id for job in world.claim(new.id, other.id)] == [other.id]
    world.do(lambda ledger: ledger.resume("maintenance", Operator("ada")))
    assert [job.id for job in world.claim(new.id)] == [new.id]


def test_a_paused_kind_starts_nothing_in_any_queue(world: World) -> None:
    ids = world.insert(new_job("probe.noop"), new_job("probe.noop", queue="cache"), new_job("probe.effect"))
    world.do(lambda ledger: ledger.pause("probe.noop", Operator("ada", "it floods the disk"), Scope.KIND))
    assert [job.id for job in world.claim(*ids)] == ids[2:]
    world.do(lambda ledger: ledger.resume("probe.noop", Operator("ada"), Scope.KIND))
    assert [job.id for job in world.claim(*ids)] == ids[:2]
    assert [(who, what) for who, what, _ in world.acts()] == [("ada", "pause_kind"), ("ada", "resume_kind")]


def test_what_runs_goes_on_while_its_queue_is_paused(world: World) -> None:
    world.insert(new := new_job())
    [job] = world.claim(new.id)
    world.do(lambda ledger: ledger.pause("maintenance", Operator("ada")))
    assert world.settle(succeeded(job, None)) == {new.id}


@pytest.mark.parametrize(
    ("able", "claimed"),
    [
        (Capability("probe.noop", 0), []),
        (Capability("probe.noop", 1), ["first"]),
        (Capability("probe.noop", 2), ["first", "second"]),
        (Capability("probe.sleep", 1), ["other"]),
        (Capability("probe.noop", 2, ("maintenance", "cache")), ["first", "second"]),
        (Capability("probe.noop", 2, ("cache",)), []),
        (None, ["first", "second", "other"]),
    ],
)
def test_a_worker_claims_what_it_may_run(world: World, able: Capability | None, claimed: list[str]) -> None:
    jobs = versions()
    world.insert(*jobs.values())
    found = world.do(lambda ledger: ledger.claim([job.id for job in jobs.values()], WORKER, delivery(), able))
    assert [job.id for job in found] == [jobs[name].id for name in claimed]


@pytest.mark.parametrize(
    ("able", "parked"),
    [
        (Capability("probe.noop", 0), ["first", "second"]),
        (Capability("probe.noop", 1), ["second"]),
        (Capability("probe.noop", 2), []),
        (Capability("probe.unheard_of", 0), []),
    ],
)
def test_what_a_worker_cannot_read_is_due_again_later(world: World, able: Capability, parked: list[str]) -> None:
    jobs = versions()
    ids = world.insert(*jobs.values())
    found = world.do(lambda ledger: ledger.park(ids, able))
    assert sorted(found) == sorted(jobs[name].id for name in parked)
    due = [job.id for job in world.claim(*ids)]
    assert due == [job_id for job_id in ids if job_id not in found]
    world.pass_time(5)
    assert sorted(job.id for job in world.claim(*ids)) == sorted(found)


@pytest.mark.parametrize(("age_s", "within_s"), [(0, (2.5, 5)), (60, (30, 60)), (86_400, (60, 120))])
def test_a_parked_job_waits_about_as_long_again_as_it_is_old(
    world: World, age_s: float, within_s: tuple[float, float]
) -> None:
    world.insert(new := new_job(contract=2))
    world.pass_time(age_s)
    world.do(lambda ledger: ledger.park([new.id], Capability("probe.noop", 1)))
    job = world.get(new.id)
    wait = (job.available_at - world.now()).total_seconds()
    assert within_s[0] - 1 < wait < within_s[1] + 1
    assert (job.state, job.attempt, job.published_at) == (JobState.QUEUED, 0, None)
    assert job.progress_note == "waits for a newer worker: there are some that know contract 1 of it"


@pytest.mark.parametrize(
    ("contracts", "queue", "silent_s", "soon"),
    [
        ({"probe.noop": 2}, "maintenance", 0, True),
        ({"probe.noop": 1}, "maintenance", 0, False),
        ({}, "maintenance", 0, False),
        ({"probe.noop": 2}, "health", 0, False),
        ({"probe.noop": 2}, "maintenance", 31, False),
    ],
)
def test_a_parked_job_waits_less_where_a_worker_can_read_it(
    world: World, contracts: dict[str, int], queue: str, silent_s: float, soon: bool
) -> None:
    world.do(lambda ledger: ledger.beat(replace(beat("newer", queue), contracts=contracts)))
    world.insert(new := new_job(contract=2))
    world.pass_time(silent_s)
    world.do(lambda ledger: ledger.park([new.id], Capability("probe.noop", 1)))
    wait = (world.get(new.id).available_at - world.now()).total_seconds()
    assert (wait < 1) is soon


@pytest.mark.parametrize("readable", [False, True])
def test_what_nobody_can_read_is_parked_together(world: World, readable: bool) -> None:
    if readable:
        world.do(lambda ledger: ledger.beat(replace(beat("newer"), contracts={"probe.noop": 2})))
    mine, alike = new_job(contract=2), new_job(contract=3 - readable)
    later = new_job(contract=2, run_at=world.now() + timedelta(seconds=60))
    world.insert(mine, alike, later, new_job(), new_job("probe.sleep", contract=2), new_job(queue="cache", contract=2))
    parked = world.do(lambda ledger: ledger.park([mine.id], Capability("probe.noop", 1)))
    assert sorted(parked) == sorted([mine.id] if readable else [mine.id, alike.id])


@pytest.mark.parametrize("state", sorted(set(STATES) - {JobState.QUEUED}))
def test_only_due_jobs_are_parked(world: World, state: JobState) -> None:
    job_id = job_in(world, state, contract=2)
    before = world.get(job_id)
    assert world.do(lambda ledger: ledger.park([job_id, uuid4()], Capability("probe.noop", 1))) == []
    assert world.get(job_id) == before


def versions() -> dict[str, NewJob]:
    """Jobs of two contracts of a kind, and one of another kind."""
    return {"first": new_job(), "second": new_job(contract=2), "other": new_job("probe.sleep")}
