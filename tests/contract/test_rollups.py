"""Rollups, in memory and on PostgreSQL: the same numbers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from arxos.domain.errors import TransientError
from arxos.domain.health.report import Ailment, HealthStatus, Reason
from arxos.domain.jobs.outcome import failed, succeeded
from arxos.domain.rollups.buckets import Grain, bucket_of, buckets
from arxos.domain.rollups.rows import BuildingRollup, JobRollup
from arxos.domain.rollups.sketch import Sketch
from tests.builders import new_job
from tests.building_builders import a_building, a_model, a_space, an_index
from tests.contract.lives import lose_once
from tests.worlds import World

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def row(jobs: int = 1, bucket: datetime = NOON, kind: str = "probe.noop", outcome: str = "succeeded") -> JobRollup:
    made = JobRollup(bucket, kind, "maintenance", outcome, jobs=jobs, attempts=jobs, cpu_s=0.5 * jobs)
    for _ in range(jobs):
        made.ran.add(0.25)
        made.waited.add(3.0)
    return made


def numbers(rows: list[JobRollup]) -> list[tuple[object, ...]]:
    return [(one.kind, one.queue, one.outcome, one.jobs, one.attempts, one.retries) for one in rows]


def ended(world: World) -> list[JobRollup]:
    with world.unit_of_work() as uow:
        now = uow.rollups.now()
        return uow.rollups.measure(now - timedelta(hours=1), now + timedelta(hours=1))


def test_what_ended_is_added_up_by_kind_queue_and_outcome(world: World) -> None:
    good, bad, retried, waiting, lost = world.insert(*(new_job() for _ in range(5)))
    world.succeed(good)
    world.bury(bad)
    [claimed] = world.claim(retried)
    world.settle(replace(failed(claimed, TransientError("busy"), world.now(), Random(1)), cpu_s=0.5))
    world.pass_time(3600 * 0.5)
    [again] = world.claim(retried)
    world.settle(replace(succeeded(again, None), cpu_s=0.25))
    world.do(lambda ledger: ledger.cancel(waiting, "ada", "not needed"))
    lose_once(world, lost)
    rows = ended(world)
    assert numbers(rows) == [
        ("probe.noop", "maintenance", "cancelled", 1, 0, 0),
        ("probe.noop", "maintenance", "dead", 1, 0, 0),
        ("probe.noop", "maintenance", "failed", 0, 2, 0),
        ("probe.noop", "maintenance", "lost", 0, 1, 0),
        ("probe.noop", "maintenance", "succeeded", 2, 2, 1),
    ]
    by = {one.outcome: one for one in rows}
    assert (by["failed"].cpu_s, by["succeeded"].cpu_s) == (0.5, 0.25)
    assert (by["succeeded"].waited.count, by["succeeded"].ran.count, by["cancelled"].waited.count) == (2, 2, 0)


def test_only_what_ended_within_the_while_counts(world: World) -> None:
    world.succeed(*world.insert(new_job()))
    now = world.now()
    with world.unit_of_work() as uow:
        assert uow.rollups.measure(now, now + timedelta(hours=1)) == []
        assert len(uow.rollups.measure(now - timedelta(hours=1), now)) == 1


def test_a_row_is_replaced_by_one_that_counts_no_less_and_by_no_other(world: World) -> None:
    with world.unit_of_work() as uow:
        uow.rollups.keep(Grain.HOUR, [row(3)])
        uow.rollups.keep(Grain.HOUR, [row(3)])
        uow.rollups.keep(Grain.HOUR, [row(2)])
        uow.rollups.keep(Grain.DAY, [row(9)])
        [kept] = uow.rollups.jobs(Grain.HOUR, NOON, NOON + timedelta(hours=1))
        assert (kept.jobs, kept.attempts, kept.cpu_s) == (3, 3, 1.5)
        assert (kept.ran.bins(), kept.waited.bins()) == (row(3).ran.bins(), row(3).waited.bins())
        uow.rollups.keep(Grain.HOUR, [row(4)])
        [kept] = uow.rollups.jobs(Grain.HOUR, NOON, NOON + timedelta(hours=1))
        assert kept.jobs == 4


def test_rows_are_found_by_time_kind_and_queue_in_order(world: World) -> None:
    later = NOON + timedelta(hours=1)
    with world.unit_of_work() as uow:
        uow.rollups.keep(Grain.HOUR, [row(1, later), row(2), row(3, kind="a.kind"), row(4, outcome="failed")])
        found = uow.rollups.jobs(Grain.HOUR, NOON, later)
        assert [(one.kind, one.outcome, one.jobs) for one in found] == [
            ("a.kind", "succeeded", 3), ("probe.noop", "failed", 4), ("probe.noop", "succeeded", 2),
        ]  # fmt: skip
        assert [one.jobs for one in uow.rollups.jobs(Grain.HOUR, NOON, later, kind="a.kind")] == [3]
        assert uow.rollups.jobs(Grain.HOUR, NOON, later, queue="cache") == []
        assert [one.bucket for one in uow.rollups.jobs(Grain.HOUR, later, later + timedelta(hours=1))] == [later]


def test_the_mark_is_never_put_back(world: World) -> None:
    with world.unit_of_work() as uow:
        assert uow.rollups.rolled_until() is None
        uow.rollups.mark(NOON)
        uow.rollups.mark(NOON - timedelta(hours=1))
        assert uow.rollups.rolled_until() == NOON


def test_old_rows_are_forgotten_but_for_days(world: World) -> None:
    now = world.now()
    old = bucket_of(now - timedelta(days=10), Grain.HOUR)
    with world.unit_of_work() as uow:
        for grain in Grain:
            uow.rollups.keep(grain, [row(1, old), row(1, bucket_of(now, Grain.HOUR))])
        assert uow.rollups.forget(minutes_s=86_400, buckets_s=86_400, hours_s=5 * 86_400) == 2
        left = [len(uow.rollups.jobs(grain, old, now + timedelta(hours=1))) for grain in Grain]
        assert left == [1, 1, 2]


def test_buildings_are_counted_by_whoever_sent_their_newest_model(world: World) -> None:
    first, second, third = (a_building() for _ in range(3))
    with world.unit_of_work() as uow:
        for building in (first, second, third):
            uow.buildings.add(building)
        model = uow.buildings.add_model(a_model(first.id))
        uow.buildings.add_model(a_model(second.id, "b" * 64))
        uow.buildings.add_model(a_model(second.id, "c" * 64))
        uow.buildings.replace_index(model.id, an_index(spaces=(a_space((0, 0, 0), (4, 5, 3)),)))
        uow.health.record(uow.health.facts(first.id), [])
        uow.health.record(uow.health.facts(third.id), [Reason(Ailment.NO_MODEL, HealthStatus.DEGRADED, "none")])
        uow.commit()
    with world.unit_of_work() as uow:
        rows, last = uow.rollups.measure_buildings(UUID(int=0), 10)
        assert last == max(first.id, second.id, third.id)
        assert uow.rollups.measure_buildings(last, 10) == ([], None)
        assert uow.rollups.measure_buildings(UUID(int=0), 1)[1] == min(first.id, second.id, third.id)
    nobody, sam = sorted(rows, key=lambda one: one.tenant)
    assert nobody == BuildingRollup("", 1, health={"healthy": 0, "degraded": 1, "unhealthy": 0})
    assert (sam.tenant, sam.buildings, sam.models, sam.storage_bytes) == ("sam", 2, 3, 3 * 1234)
    assert (sam.spaces, sam.validated, sam.valid) == (1, 0, 0)
    assert sam.space_area_m2 == pytest.approx(20.0)
    assert sam.health == {"healthy": 1, "degraded": 0, "unhealthy": 0}


def test_a_days_buildings_are_replaced_as_a_whole(world: World) -> None:
    day, after = date(2026, 11, 25), date(2026, 11, 26)
    with world.unit_of_work() as uow:
        uow.rollups.keep_buildings(day, [BuildingRollup("ann", 3), BuildingRollup("", 1)])
        uow.rollups.keep_buildings(after, [BuildingRollup("ann", 9)])
        uow.rollups.keep_buildings(day, [BuildingRollup("ann", 4, floors=2, health={"healthy": 4})])
        assert uow.rollups.buildings(day, after) == [(day, BuildingRollup("ann", 4, floors=2, health={"healthy": 4}))]


def test_a_loss_is_over_when_its_job_runs_again(world: World) -> None:
    back, waiting, poisoned = world.insert(*(new_job() for _ in range(3)))
    for job_id in (back, waiting):
        lose_once(world, job_id)
    for _ in range(3):
        lose_once(world, poisoned)
    world.succeed(back)
    now = world.now()
    with world.unit_of_work() as uow:
        took = uow.rollups.recoveries(now - timedelta(hours=1), now + timedelta(hours=1)).took_s
    # One that ran again, one that still waits, and two of three of the poisoned: after the third it was over.
    assert len(took) == 4
    assert all(0 <= one < 60 for one in took)


def test_buckets_begin_in_utc() -> None:
    moment = datetime.fromisoformat("2026-11-25T00:37:12+02:00")
    assert [bucket_of(moment, grain).isoformat() for grain in Grain] == [
        "2026-11-24T22:35:00+00:00", "2026-11-24T22:00:00+00:00", "2026-11-24T00:00:00+00:00",
    ]  # fmt: skip
    assert list(buckets(NOON + timedelta(minutes=3), NOON + timedelta(minutes=10), Grain.FIVE_MINUTES)) == [
        NOON, NOON + timedelta(minutes=5),
    ]  # fmt: skip


def test_an_empty_sketch_knows_no_percentile() -> None:
    assert (Sketch().quantile(0.95), Sketch().count, Sketch().above(1.0)) == (None, 0, 0)
