"""Health of buildings and parts, in memory and on PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from arxos.domain.buildings.building import Building
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.health.parts import Component
from arxos.domain.health.report import Ailment, HealthStatus, Reason
from arxos.domain.jobs.job import JobState, OnFailure
from arxos.domain.jobs.outcome import succeeded
from tests.builders import new_job
from tests.building_builders import a_building, a_model
from tests.worlds import World

FIRST, DAY_S = UUID(int=0), 86_400.0
ILL = Reason(Ailment.INVALID, HealthStatus.DEGRADED, "revision 1 is not valid: 3 errors")
WORSE = Reason(Ailment.NOT_INDEXED, HealthStatus.UNHEALTHY, "no model of it is indexed")


def add(world: World, status: BuildingStatus = BuildingStatus.DRAFT) -> Building:
    building = a_building()
    building.status = status
    with world.unit_of_work() as uow:
        uow.buildings.add(building)
        uow.commit()
    return building


def check(world: World, building: Building, *reasons: Reason, later_s: float = 0.0) -> tuple[HealthStatus | None, bool]:
    with world.unit_of_work() as uow:
        facts = uow.health.facts(building.id)
        facts = replace(facts, read_at=facts.read_at + timedelta(seconds=later_s))
        kept = uow.health.record(facts, reasons)
        uow.commit()
    return kept.was, kept.changed


def due(world: World, older_than_s: float = DAY_S, after: UUID = FIRST, limit: int = 100) -> tuple[UUID, ...]:
    with world.unit_of_work() as uow:
        return uow.health.due(after=after, older_than_s=older_than_s, limit=limit)


def test_a_status_that_stays_keeps_its_beginning_and_one_that_changes_is_remembered(world: World) -> None:
    building = add(world)
    assert check(world, building) == (None, True)
    assert check(world, building, later_s=1) == (HealthStatus.HEALTHY, False)
    assert check(world, building, ILL, later_s=2) == (HealthStatus.HEALTHY, True)
    assert check(world, building, ILL, WORSE, later_s=3) == (HealthStatus.DEGRADED, True)
    with world.unit_of_work() as uow:
        report, changes = uow.health.report(building.id), uow.health.changes(building.id)
        assert uow.health.changes(building.id, limit=1) == changes[:1]
        assert uow.health.counts() == {"healthy": 0, "degraded": 0, "unhealthy": 1}
    assert report is not None
    assert (report.status, tuple(report.reasons), report.changed_at) == ("unhealthy", (ILL, WORSE), changes[0].at)
    assert [(one.was, one.status) for one in changes] == [
        ("degraded", "unhealthy"), ("healthy", "degraded"), (None, "healthy"),
    ]  # fmt: skip
    assert tuple(changes[1].reasons) == (ILL,)


def test_a_check_on_older_facts_changes_nothing(world: World) -> None:
    building = add(world)
    check(world, building, later_s=60)
    assert check(world, building, WORSE) == (HealthStatus.HEALTHY, False)
    with world.unit_of_work() as uow:
        report = uow.health.report(building.id)
        assert report is not None
        assert report.status is HealthStatus.HEALTHY
        assert len(uow.health.changes(building.id)) == 1


def test_a_building_that_was_removed_keeps_no_report(world: World) -> None:
    building = add(world)
    with world.unit_of_work() as uow:
        facts = uow.health.facts(building.id)
        uow.buildings.remove(building.id, by="ada", source="test")
        uow.commit()
    with world.unit_of_work() as uow:
        assert uow.health.record(facts, [ILL]).changed is False
        assert uow.health.report(building.id) is None
        with pytest.raises(NotFoundError):
            uow.health.facts(building.id)


def test_what_was_never_checked_or_long_ago_is_due_and_archived_ones_are_not(world: World) -> None:
    first, second, third = sorted((add(world) for _ in range(3)), key=lambda one: one.id)
    add(world, status=BuildingStatus.ARCHIVED)
    assert due(world) == (first.id, second.id, third.id)
    assert due(world, limit=2) == (first.id, second.id)
    assert due(world, after=first.id) == (second.id, third.id)
    check(world, second, later_s=120)
    assert due(world) == (first.id, third.id)
    world.pass_time(2 * DAY_S)
    assert second.id in due(world)


def test_reports_are_listed_by_status_part_by_part(world: World) -> None:
    well, *ill = sorted((add(world) for _ in range(3)), key=lambda one: one.id)
    check(world, well)
    for one in ill:
        check(world, one, ILL)
    with world.unit_of_work() as uow:
        assert [one.building_id for one in uow.health.listed()] == [well.id, *(one.id for one in ill)]
        listed = uow.health.listed(HealthStatus.DEGRADED, limit=1)
        assert [one.building_id for one in listed] == [ill[0].id]
        after = uow.health.listed(HealthStatus.DEGRADED, after=ill[0].id)
        assert [one.building_id for one in after] == [ill[1].id]


def test_jobs_of_a_building_count_but_for_checks(world: World) -> None:
    building = add(world)
    about = {"building_id": str(building.id)}
    world.insert(new_job(payload=about), new_job(payload=about, kind="building.check_health"))
    world.bury(*world.insert(new_job(payload=about)))
    with world.unit_of_work() as uow:
        facts = uow.health.facts(building.id)
    assert (facts.going, facts.dead, facts.model_id, facts.valid, facts.indexed_id) == (1, 1, None, None, None)


def test_facts_are_of_the_newest_model(world: World) -> None:
    building = add(world)
    with world.unit_of_work() as uow:
        model = uow.buildings.add_model(a_model(building.id))
        facts = uow.health.facts(building.id)
    assert (facts.model_id, facts.revision, facts.sha256) == (model.id, 1, "a" * 64)
    assert (facts.valid, facts.readable, facts.rules, facts.errors) == (None, None, None, 0)


def test_a_sweep_goes_on_where_it_stopped_and_only_once(world: World) -> None:
    sweep_id, place = uuid4(), uuid4()
    with world.unit_of_work() as uow:
        first = uow.health.begin_sweep(sweep_id)
        gone_on = uow.health.go_on(first, place, 7)
        assert (gone_on.place, gone_on.due) == (place, 7)
        assert uow.health.begin_sweep(sweep_id).place == place
        with pytest.raises(ConflictError, match="another attempt"):
            uow.health.go_on(first, uuid4(), 7)
        assert uow.health.under_way(uuid4(), DAY_S) == sweep_id
        assert uow.health.under_way(sweep_id, DAY_S) is None
        uow.commit()
    world.pass_time(2 * DAY_S)
    with world.unit_of_work() as uow:
        assert uow.health.under_way(uuid4(), DAY_S) is None
        assert [one.job_id for one in uow.health.sweeps()] == [sweep_id]
        assert uow.health.forget(DAY_S) == 1
        with pytest.raises(NotFoundError):
            uow.health.finish_sweep(sweep_id, uuid4())


def test_a_blocked_job_waits_for_more_and_runs_when_all_have_ended(world: World) -> None:
    [first] = world.insert(new_job())
    [later] = world.insert(new_job(after=(first,), on_failure=OnFailure.RUN))
    more = [new_job(), new_job()]
    world.do(lambda ledger: ledger.wait_too(later, ledger.insert(more), OnFailure.RUN))
    assert world.get(later).waiting_for == 3
    world.succeed(first, more[0].id)
    assert world.state(later) is JobState.BLOCKED
    world.bury(more[1].id)
    assert world.state(later) is JobState.QUEUED


def test_an_edge_that_cancels_is_added_to_one_that_does_not(world: World) -> None:
    [first] = world.insert(new_job())
    [later] = world.insert(new_job(after=(first,), on_failure=OnFailure.RUN))
    strict = new_job()
    world.do(lambda ledger: ledger.wait_too(later, ledger.insert([strict]), OnFailure.CANCEL))
    world.bury(first)
    assert world.state(later) is JobState.BLOCKED
    world.bury(strict.id)
    assert world.state(later) is JobState.CANCELLED


def test_a_sweep_is_counted_by_what_its_checks_came_to(world: World) -> None:
    [sweep_id] = world.insert(new_job())
    [report_id] = world.insert(new_job(after=(sweep_id,), on_failure=OnFailure.RUN))
    checks = [new_job("building.check_health") for _ in range(4)]
    with world.unit_of_work() as uow:
        sweep = uow.health.begin_sweep(sweep_id)
        uow.jobs.wait_too(report_id, uow.jobs.insert(checks), OnFailure.RUN)
        uow.health.go_on(sweep, uuid4(), len(checks))
        uow.commit()
    results: list[dict[str, str | None]] = [{"status": "healthy"}, {"status": "degraded"}, {"status": None}]
    for check_id, result in zip(checks, results, strict=False):
        world.settle(*(succeeded(job, result) for job in world.claim(check_id.id)))
    world.bury(checks[3].id)
    with world.unit_of_work() as uow:
        finished = uow.health.finish_sweep(sweep_id, report_id)
    assert finished.finished_at is not None
    assert (finished.due, finished.counts) == (
        4, {"healthy": 1, "degraded": 1, "removed": 1, "failed": 1, "changed": 0},
    )  # fmt: skip


def test_who_waits_for_nobody_any_more_is_not_made_to_wait(world: World) -> None:
    [job_id] = world.insert(new_job())
    with pytest.raises(ConflictError, match="waits for nobody"):
        world.do(lambda ledger: ledger.wait_too(job_id, ledger.insert([new_job()]), OnFailure.RUN))


def test_parts_are_kept_as_they_were_last_seen(world: World) -> None:
    well = Component(HealthStatus.HEALTHY, 1.5, {"alive": 2})
    ill = Component(HealthStatus.UNHEALTHY, 9.0, {"problem": "no answer"})
    with world.unit_of_work() as uow:
        assert uow.health.keep_parts({"relay": well, "beat": well}) == ("beat", "relay")
        assert uow.health.keep_parts({"relay": well, "redis": well}) == ("redis",)
        before = {one.name: one for one in uow.health.parts()}
        assert uow.health.keep_parts({"relay": ill, "redis": well}) == ("relay",)
        after = {one.name: one for one in uow.health.parts()}
    assert list(after) == ["redis", "relay"]
    assert (after["relay"].component, after["redis"].component) == (ill, well)
    assert after["relay"].changed_at > before["relay"].changed_at
    assert after["redis"].changed_at == before["redis"].changed_at
