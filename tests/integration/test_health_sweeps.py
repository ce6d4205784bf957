"""Sweeps on real servers: every due building is checked once, and one report waits for all of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import Settings
from arxos.domain.buildings.create_building import create_building
from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.receive_model import receive_model
from arxos.domain.buildings.rules import RULES_VERSION
from arxos.domain.buildings.warm_cache import warm_cache
from arxos.domain.errors import ConflictError
from arxos.domain.events import Sender
from arxos.domain.health import sweep_buildings
from arxos.domain.health.report import Ailment, HealthStatus
from arxos.domain.jobs.job import Job, JobState
from arxos.tasks.registry import all_kinds
from arxos.tasks.request import JobRequest, new_job
from arxos.workers.executor import Executor

CHECK = "building.check_health"


@pytest.fixture
def runtime(database: str, redis: str, tmp_path: Path) -> Iterator[Runtime]:
    blobs = f"file://{tmp_path}"
    runtime = start(Settings(database_url=database, broker_url=redis, cache_url=redis, blob_url=blobs, probes=True))
    yield runtime
    runtime.database.close()


def sql(runtime: Runtime, statement: str, *values: object) -> list[Any]:
    with runtime.database.connection() as connection:
        cursor = connection.execute(statement.encode(), values)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
    return rows


def add(runtime: Runtime, count: int) -> list[UUID]:
    return [
        create_building(runtime.ports.unit_of_work, uuid4(), name=f"House {n}", address=f"{n + 1} Quay St, Bristol").id
        for n in range(count)
    ]


def submit(runtime: Runtime, kind: str, **payload: object) -> UUID:
    with runtime.ports.unit_of_work() as uow:
        [job_id] = uow.jobs.insert([new_job(runtime.kinds, JobRequest(kind=kind, payload=payload))])
        uow.commit()
    return job_id


def run(runtime: Runtime, kind: str, *ids: UUID) -> str:
    """As the relay and a worker do."""
    sql(runtime, "UPDATE jobs SET published_at = clock_timestamp() WHERE id = ANY(%s)", list(ids))
    return Executor(all_kinds(probes=True), runtime.ports, "io@host:1:nurse").deliver(kind, list(ids), uuid4())


def waiting(runtime: Runtime, kind: str) -> list[UUID]:
    return [
        row[0] for row in sql(runtime, "SELECT id FROM jobs WHERE kind = %s AND state = 'queued' ORDER BY id", kind)
    ]


def job(runtime: Runtime, job_id: UUID) -> Job:
    with runtime.ports.unit_of_work() as uow:
        return uow.jobs.get(job_id)


def report_of(runtime: Runtime, building_id: UUID) -> tuple[HealthStatus, list[Ailment]]:
    with runtime.ports.unit_of_work() as uow:
        report = uow.health.report(building_id)
    assert report is not None
    return report.status, [one.code for one in report.reasons]


def swept(runtime: Runtime) -> dict[str, int]:
    """A whole sweep, as workers do it."""
    sweep_id = submit(runtime, "health.sweep")
    assert run(runtime, "health.sweep", sweep_id) == "1 succeeded"
    if checks := waiting(runtime, CHECK):
        assert run(runtime, CHECK, *checks) == f"{len(checks)} succeeded"
    [report] = waiting(runtime, "health.report")
    assert run(runtime, "health.report", report) == "1 succeeded"
    return dict((job(runtime, report).result or {})["counts"])


def test_a_sweep_checks_every_building_once_and_reports_when_all_have_ended(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_buildings, "CHUNK", 3)
    ids = add(runtime, 8)
    sweep_id = submit(runtime, "health.sweep")
    run(runtime, "health.sweep", sweep_id)
    checks = waiting(runtime, CHECK)
    assert sorted(job(runtime, one).payload["building_id"] for one in checks) == sorted(map(str, ids))
    assert waiting(runtime, "health.report") == []

    run(runtime, CHECK, *checks[:7])
    assert waiting(runtime, "health.report") == []
    run(runtime, CHECK, checks[7])
    [report] = waiting(runtime, "health.report")
    run(runtime, "health.report", report)

    assert (job(runtime, report).result or {}) == {"due": 8, "counts": {"degraded": 8, "changed": 8}}
    assert all(report_of(runtime, one) == (HealthStatus.DEGRADED, [Ailment.NO_MODEL]) for one in ids)
    with runtime.ports.unit_of_work() as uow:
        [sweep] = uow.health.sweeps()
    assert (sweep.job_id, sweep.due, sweep.finished_at is not None) == (sweep_id, 8, True)


def test_nothing_is_due_twice_unless_it_changed(runtime: Runtime) -> None:
    first, second = add(runtime, 2)
    sql(runtime, "UPDATE buildings SET updated_at = updated_at - interval '1 hour'")
    assert swept(runtime) == {"degraded": 2, "changed": 2}
    assert swept(runtime) == {"changed": 0}
    sql(runtime, "UPDATE buildings SET updated_at = clock_timestamp() WHERE id = %s", second)
    assert swept(runtime) == {"degraded": 1, "changed": 0}
    sql(runtime, "UPDATE health_reports SET checked_at = checked_at - interval '2 days' WHERE building_id = %s", first)
    assert swept(runtime)["degraded"] == 2  # the second one changed within the last minute


def test_a_model_makes_its_building_well_step_by_step(runtime: Runtime) -> None:
    [building_id] = add(runtime, 1)
    received = receive_model(
        runtime.ports, building_id, [b"ISO-10303-21;"], filename="a.ifc", limit_bytes=99, sender=Sender("ann")
    )
    sql(runtime, "DELETE FROM job_edges")
    sql(runtime, "DELETE FROM jobs")  # nobody works on it any more
    swept(runtime)
    assert report_of(runtime, building_id) == ("unhealthy", [Ailment.NOT_VALIDATED, Ailment.NOT_INDEXED])

    with runtime.ports.unit_of_work() as uow:
        uow.buildings.save_report(received.model_id, ValidationReport("IFC4", (), ()))
        uow.commit()
    sql(runtime, "UPDATE buildings SET indexed_model_id = %s", received.model_id)
    swept(runtime)
    assert report_of(runtime, building_id) == ("degraded", [Ailment.CACHE_COLD])

    warm_cache(runtime.ports, building_id, lambda *_: None)
    swept(runtime)
    assert report_of(runtime, building_id) == ("healthy", [])
    assert sql(runtime, "SELECT rules_version FROM validation_reports") == [(RULES_VERSION,)]

    sql(runtime, "UPDATE validation_reports SET rules_version = 'old', reported_at = clock_timestamp()")
    warm_cache(runtime.ports, building_id, lambda *_: None)  # another report, other answers
    assert swept(runtime) == {"degraded": 1, "changed": 1}
    assert report_of(runtime, building_id) == ("degraded", [Ailment.RULES_OUTDATED])
    with runtime.ports.unit_of_work() as uow:
        assert [one.status for one in uow.health.changes(building_id)] == [
            "degraded",
            "healthy",
            "degraded",
            "unhealthy",
        ]


def test_an_attempt_that_died_is_gone_on_with_and_no_check_is_ordered_twice(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_buildings, "CHUNK", 2)
    add(runtime, 5)
    sweep_id = submit(runtime, "health.sweep")
    with monkeypatch.context() as dying:
        told: list[float] = []

        def die(done: float, _: str) -> None:
            told.append(done)
            if len(told) == 2:
                raise RuntimeError("as if it were killed")

        dying.setattr("arxos.workers.attempt.RunningAttempt.progress", lambda _, done, note: die(done, note))
        run(runtime, "health.sweep", sweep_id)
    assert (job(runtime, sweep_id).state, len(waiting(runtime, CHECK))) == (JobState.RETRYABLE, 4)
    sql(runtime, "UPDATE jobs SET available_at = clock_timestamp() WHERE id = %s", sweep_id)
    run(runtime, "health.sweep", sweep_id)
    assert len(waiting(runtime, CHECK)) == 5
    assert job(runtime, sweep_id).state is JobState.SUCCEEDED
    assert len(sql(runtime, "SELECT id FROM jobs WHERE kind = 'health.report'")) == 1


def test_of_two_attempts_at_once_one_inserts_nothing(runtime: Runtime) -> None:
    sweep_id = submit(runtime, "health.sweep")
    with runtime.ports.unit_of_work() as uow:
        began = uow.health.begin_sweep(sweep_id)
        uow.commit()
    with runtime.ports.unit_of_work() as uow:
        uow.health.go_on(began, uuid4(), 2)
        uow.commit()
    with runtime.ports.unit_of_work() as uow:
        uow.jobs.insert([new_job(runtime.kinds, JobRequest(kind="probe.noop"))])
        with pytest.raises(ConflictError):
            uow.health.go_on(began, uuid4(), 2)
    assert waiting(runtime, "probe.noop") == []


def test_a_sweep_does_not_begin_while_another_is_under_way(runtime: Runtime) -> None:
    add(runtime, 2)
    first, second = submit(runtime, "health.sweep"), submit(runtime, "health.sweep")
    run(runtime, "health.sweep", first)
    run(runtime, "health.sweep", second)
    assert (job(runtime, second).result or {})["under_way"] == str(first)
    assert len(waiting(runtime, CHECK)) == 2


def test_a_building_that_is_removed_meanwhile_fails_nothing(runtime: Runtime) -> None:
    first, second = add(runtime, 2)
    submit_id = submit(runtime, "health.sweep")
    run(runtime, "health.sweep", submit_id)
    sql(runtime, "DELETE FROM buildings WHERE id = %s", first)
    run(runtime, CHECK, *waiting(runtime, CHECK))
    [report] = waiting(runtime, "health.report")
    run(runtime, "health.report", report)
    assert (job(runtime, report).result or {})["counts"] == {"degraded": 1, "removed": 1, "changed": 1}
    assert report_of(runtime, second)[0] is HealthStatus.DEGRADED


def test_parts_are_looked_at_and_kept(runtime: Runtime) -> None:
    job_id = submit(runtime, "health.parts")
    assert run(runtime, "health.parts", job_id) == "1 succeeded"
    with runtime.ports.unit_of_work() as uow:
        found = {one.name: one.component.status for one in uow.health.parts()}
    assert {"postgres", "redis", "cache", "blobs", "disk", "relay", "beat", "workers", "pool"} <= found.keys()
    assert (found["postgres"], found["redis"], found["relay"]) == ("healthy", "healthy", "unhealthy")
