"""Audits and their findings, in memory and on PostgreSQL; and that ordinary lives leave no damage."""

from uuid import UUID, uuid4

import pytest

from arxos.domain.audits.findings import AuditFinding, Repair
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.inspection import NOTHING
from arxos.domain.jobs.job import STATES, JobState, OnFailure
from arxos.domain.jobs.ledger_damage import MENDABLE, Damage, Known, damage_of
from tests.builders import new_job
from tests.contract.lives import job_in, lose_once
from tests.worlds import World

KIND = "audit.ledger"
A = AuditFinding("lost", "job 1", "is lost", Repair("ledger.repair", {"job_id": "1"}))
B = AuditFinding("broken", "job 2", "is broken")


@pytest.fixture
def audit(world: World) -> UUID:
    job_id = uuid4()
    with world.unit_of_work() as uow:
        assert uow.audits.begin(job_id, KIND) is None
        uow.commit()
    return job_id


def test_findings_are_kept_in_order_and_counted_once(world: World, audit: UUID) -> None:
    with world.unit_of_work() as uow:
        uow.audits.note(audit, [A, B], examined=7)
        uow.audits.note(audit, [A], examined=5)
        first, second = uow.audits.findings(audit)
        assert (first.finding, second.finding) == (A, B)
        assert uow.audits.findings(audit, after=first.position) == [second]
        assert uow.audits.findings(audit, sort="broken") == [second]
        assert uow.audits.findings(audit, limit=1) == [first]
        assert uow.audits.sorts(audit) == {"broken": 1, "lost": 1}
        counted = uow.audits.get(audit)
    assert (counted.kind, counted.examined, counted.findings, counted.finished_at) == (KIND, 12, 2, None)


def test_an_audit_goes_on_where_it_stopped_until_it_is_finished(world: World, audit: UUID) -> None:
    with world.unit_of_work() as uow:
        uow.audits.note(audit, [], examined=1, place={"after": "x"})
        uow.audits.note(audit, [], examined=1)
        assert uow.audits.begin(audit, KIND) == {"after": "x"}
        assert uow.audits.finish(audit).finished_at is not None
        assert uow.audits.begin(audit, KIND) is None


def test_audits_are_listed_newest_first(world: World, audit: UUID) -> None:
    with world.unit_of_work() as uow:
        uow.audits.begin(later := uuid4(), "audit.blobs")
        assert [one.job_id for one in uow.audits.latest()] == [later, audit]
        assert [one.job_id for one in uow.audits.latest(KIND)] == [audit]
        assert [one.job_id for one in uow.audits.latest(limit=1)] == [later]
        with pytest.raises(NotFoundError):
            uow.audits.get(uuid4())


def test_old_audits_are_forgotten_with_their_findings(world: World, audit: UUID) -> None:
    with world.unit_of_work() as uow:
        uow.audits.note(audit, [A], examined=1)
        assert uow.audits.forget(3600) == 0
        assert uow.audits.forget(-1) == 1
        assert uow.audits.findings(audit) == []


def test_an_ordered_repair_is_remembered(world: World, audit: UUID) -> None:
    with world.unit_of_work() as uow:
        uow.audits.note(audit, [A], examined=1)
        [noted] = uow.audits.findings(audit)
        uow.audits.ordered(audit, noted.position, job := uuid4())
        assert [one.repair_job_id for one in uow.audits.findings(audit)] == [job]


def test_ordinary_lives_leave_no_damage(world: World) -> None:
    for state in STATES:
        job_in(world, state)
    [lost] = world.insert(new_job())
    lose_once(world, lost)
    first = job_in(world, JobState.SUCCEEDED)
    world.insert(new_job(after=(first,)))
    dead = job_in(world, JobState.DEAD)
    world.insert(new_job(after=(dead,), on_failure=OnFailure.RUN))
    known = Known({"maintenance", new_job().queue}, 10.0, None)
    with world.unit_of_work() as uow:
        rows = uow.inspection.rows(NOTHING, 100)
        assert [(job.state, list(damage_of(job, known))) for job in rows] == [(job.state, []) for job in rows]
        assert not uow.inspection.loose_edges(NOTHING, 100).edges
        assert not uow.inspection.loose_attempts(NOTHING, 100).jobs
        assert uow.inspection.size() >= 0
    assert len(rows) >= 10


def test_rows_come_part_by_part(world: World) -> None:
    jobs = sorted(world.insert(*(new_job() for _ in range(5))))
    with world.unit_of_work() as uow:
        assert [job.id for job in uow.inspection.rows(NOTHING, 3)] == jobs[:3]
        assert [job.id for job in uow.inspection.rows(jobs[2], 3)] == jobs[3:]
        assert uow.inspection.rows(jobs[4], 3) == []


@pytest.mark.parametrize("damage", sorted(set(Damage) - MENDABLE))
def test_what_only_a_person_can_judge_is_not_mended(world: World, damage: Damage) -> None:
    with world.unit_of_work() as uow, pytest.raises(ConflictError, match="without looking"):
        uow.inspection.mend(uuid4(), damage)


@pytest.mark.parametrize("damage", sorted(MENDABLE))
@pytest.mark.parametrize("state", STATES)
def test_who_is_well_is_not_mended(world: World, state: JobState, damage: Damage) -> None:
    job_id = job_in(world, state)
    before = world.get(job_id)
    if damage is Damage.LEASE_EXPIRED or (damage is Damage.RUNNING_WITHOUT_WORKER and state is JobState.RUNNING):
        return  # no worker of these tests ever announced itself
    with world.unit_of_work() as uow:
        uow.inspection.mend(job_id, damage)
        uow.commit()
    assert world.get(job_id).state is before.state
