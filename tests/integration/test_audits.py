"""Audits on real servers: planted damage of every sort is found, what is whole is not accused, repairs mend."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from uuid6 import uuid7

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import Settings
from arxos.domain.audits.findings import Noted
from arxos.domain.buildings.audit_blobs import BlobDamage
from arxos.domain.buildings.audit_cache import DIFFERS
from arxos.domain.buildings.audit_index import IndexDamage
from arxos.domain.buildings.create_building import create_building
from arxos.domain.buildings.index_model import index_model
from arxos.domain.buildings.model_reader import Limits, no_progress
from arxos.domain.buildings.receive_model import receive_model
from arxos.domain.buildings.spatial_index import ModelIndex
from arxos.domain.buildings.validate_model import validate_file
from arxos.domain.buildings.warm_cache import warm_cache
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger_damage import MENDABLE, Damage
from arxos.domain.jobs.order_repair import order_repairs
from arxos.tasks.registry import all_kinds
from arxos.tasks.request import JobRequest, new_job
from arxos.workers.executor import Executor
from tests.builders import new_job as any_job

OFFICE = Path(__file__).resolve().parents[2] / "examples" / "office.ifc"
SILENT = "cpu@host:1:silent"


@pytest.fixture(scope="module")
def office() -> tuple[ModelIndex, Any]:
    """The sample's index and report, made once."""
    runtime_readers = start(_settings("postgresql://", "redis://127.0.0.1:1", "/tmp")).ports.readers  # noqa: S108
    opened = runtime_readers.reader_for(OFFICE, OFFICE.name).open(OFFICE, checked=False)
    report = validate_file(runtime_readers, OFFICE, OFFICE.name, express=False, progress=no_progress)
    return index_model(opened, UUID(int=1), Limits(), no_progress), report


def _settings(database: str, redis: str, blobs: str) -> Settings:
    return Settings(database_url=database, broker_url=redis, cache_url=redis, blob_url=f"file://{blobs}", probes=True)


@pytest.fixture
def runtime(database: str, redis: str, tmp_path: Path) -> Iterator[Runtime]:
    runtime = start(_settings(database, redis, str(tmp_path)))
    yield runtime
    runtime.database.close()


def sql(runtime: Runtime, statement: str, *values: object) -> list[Any]:
    with runtime.database.connection() as connection:
        cursor = connection.execute(statement.encode(), values)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
    return rows


def submitted(runtime: Runtime, kind: str, **payload: object) -> UUID:
    with runtime.ports.unit_of_work() as uow:
        [job_id] = uow.jobs.insert([new_job(runtime.kinds, JobRequest(kind=kind, payload=payload))])
        uow.commit()
    return job_id


def run(runtime: Runtime, kind: str, job_id: UUID) -> None:
    sql(runtime, "UPDATE jobs SET published_at = clock_timestamp() WHERE id = %s", job_id)  # as the relay does
    executor = Executor(all_kinds(probes=True), runtime.ports, "cpu@host:1:auditor")
    assert executor.deliver(kind, [job_id], uuid4()) == "1 succeeded"


def audited(runtime: Runtime, kind: str) -> list[Noted]:
    job_id = submitted(runtime, kind)
    run(runtime, kind, job_id)
    with runtime.ports.unit_of_work() as uow:
        audit = uow.audits.get(job_id)
        assert audit.finished_at is not None
        assert uow.jobs.get(job_id).result is not None
        return uow.audits.findings(job_id)


def mended(runtime: Runtime, kind: str) -> list[Noted]:
    """What is left after all repairs that the audit names were ordered and done."""
    job_id = submitted(runtime, kind)
    run(runtime, kind, job_id)
    with runtime.ports.unit_of_work() as uow:

        def make(name: str, payload: Any, key: str) -> Any:
            return new_job(runtime.kinds, JobRequest(kind=name, payload=payload, idempotency_key=key))

        ordered = order_repairs(uow, job_id, None, make)
        assert order_repairs(uow, job_id, None, make) == ordered
        uow.commit()
    for repair in ordered:
        with runtime.ports.unit_of_work() as uow:
            name = uow.jobs.get(repair).kind
        run(runtime, name, repair)
    return audited(runtime, kind)


# --- the ledger


def jobs_of_all_sorts(runtime: Runtime) -> dict[str, UUID]:
    """A running, a dead, a succeeded, a blocked and a queued job, all well."""
    jobs = {name: any_job(queue="maintenance") for name in ("running", "dead", "succeeded", "queued")}
    blocked = any_job(queue="maintenance", after=(jobs["queued"].id,))
    with runtime.ports.unit_of_work() as uow:
        uow.jobs.insert([*jobs.values(), blocked])
        uow.jobs.claim([job.id for name, job in jobs.items() if name != "queued"], SILENT, uuid4())
        uow.commit()
    for name in ("dead", "succeeded"):
        sql(runtime, "UPDATE jobs SET state = %s, finished_at = clock_timestamp() WHERE id = %s", name, jobs[name].id)
        sql(
            runtime,
            "INSERT INTO attempts (job_id, attempt, started_at, outcome)"
            " VALUES (%s, 1, clock_timestamp(), 'succeeded')",
            jobs[name].id,
        )
    return {name: job.id for name, job in jobs.items()} | {"blocked": blocked.id}


PLANTED: dict[Damage, str] = {
    Damage.FINAL_WITHOUT_END: "UPDATE jobs SET finished_at = NULL WHERE id = %(succeeded)s",
    Damage.RUNNING_WITHOUT_WORKER: "UPDATE jobs SET worker = NULL WHERE id = %(running)s",
    Damage.LEASE_EXPIRED: "UPDATE jobs SET started_at = started_at - interval '1 hour' WHERE id = %(running)s",
    Damage.ATTEMPTS_DISAGREE: "UPDATE jobs SET attempt = 3 WHERE id = %(dead)s",
    Damage.BEYOND_BUDGET: "UPDATE jobs SET max_attempts = 0 WHERE id = %(running)s",
    Damage.WAITING_MISCOUNTED: "UPDATE jobs SET waiting_for = 2 WHERE id = %(blocked)s",
    Damage.UNKNOWN_TO_BROKER: "UPDATE jobs SET published_at = clock_timestamp() - interval '1 hour'"
    " WHERE id = %(queued)s",
    Damage.DEADLINE_PASSED: "UPDATE jobs SET deadline = clock_timestamp() - interval '1 hour' WHERE id = %(queued)s",
    Damage.UNKNOWN_QUEUE: "UPDATE jobs SET queue = 'nowhere' WHERE id = %(queued)s",
    Damage.ORPHAN_ATTEMPTS: "INSERT INTO attempts (job_id, attempt, started_at, outcome)"
    " VALUES ('00000000-0000-4000-8000-00000000000a', 1, clock_timestamp(), 'succeeded')",
    Damage.ORPHAN_EDGE: "WITH gone AS (DELETE FROM jobs WHERE id = %(queued)s) SELECT 1",
    Damage.EDGE_OF_FINAL: "UPDATE jobs SET state = 'succeeded', attempt = 1, finished_at = clock_timestamp()"
    " WHERE id = %(queued)s",
}


def planted(runtime: Runtime, damage: Damage) -> None:
    jobs = jobs_of_all_sorts(runtime)
    with runtime.database.connection() as connection:
        connection.execute(PLANTED[damage].encode(), jobs)
        if damage is Damage.EDGE_OF_FINAL:
            connection.execute(
                "INSERT INTO attempts (job_id, attempt, started_at, outcome)"
                " VALUES (%(queued)s, 1, clock_timestamp(), 'succeeded')",
                jobs,
            )
        connection.commit()


def test_a_ledger_that_is_well_is_not_accused(runtime: Runtime) -> None:
    jobs_of_all_sorts(runtime)
    assert audited(runtime, "audit.ledger") == []


def test_every_sort_of_damage_to_the_ledger_is_planted() -> None:
    assert set(PLANTED) == set(Damage)


@pytest.mark.parametrize("damage", Damage)
def test_damage_to_the_ledger_is_found_and_mended(runtime: Runtime, damage: Damage) -> None:
    planted(runtime, damage)
    found = audited(runtime, "audit.ledger")
    assert [noted.finding.sort for noted in found] == [damage]
    assert (found[0].finding.repair is not None) == (damage in MENDABLE)
    left = [noted.finding.sort for noted in mended(runtime, "audit.ledger")]
    assert left == ([] if damage in MENDABLE else [damage])


def test_what_waits_in_redis_is_known_to_it(runtime: Runtime, redis: str) -> None:
    """Beside a job that no message names: one that a waiting message names, and one that a worker was handed."""
    import base64  # noqa: PLC0415
    import json  # noqa: PLC0415

    import redis as redis_client  # noqa: PLC0415

    waiting, handed, lost = (submitted(runtime, "probe.noop") for _ in range(3))
    sql(runtime, "UPDATE jobs SET published_at = clock_timestamp() - interval '1 hour'")

    def message(job_id: UUID) -> dict[str, str]:
        return {"body": base64.b64encode(json.dumps([[[str(job_id)]], {}, {}]).encode()).decode()}

    with redis_client.Redis.from_url(redis) as client:
        client.lpush("maintenance", json.dumps(message(waiting)))
        client.hset("unacked", "tag", json.dumps([message(handed), "", "maintenance"]))
    found = audited(runtime, "audit.ledger")
    assert [noted.finding.subject for noted in found] == [f"job {lost}"]


def test_a_broker_that_is_away_accuses_nobody(database: str, tmp_path: Path) -> None:
    runtime = start(_settings(database, "redis://127.0.0.1:1", str(tmp_path)))
    submitted(runtime, "probe.noop")
    sql(runtime, "UPDATE jobs SET published_at = clock_timestamp() - interval '1 hour'")
    assert audited(runtime, "audit.ledger") == []
    runtime.database.close()


# --- buildings


@pytest.fixture
def building(runtime: Runtime, office: tuple[ModelIndex, Any]) -> UUID:
    """A building whose model is validated, indexed and cached."""
    index, report = office
    building = create_building(runtime.ports.unit_of_work, uuid7(), name="Office", address="Am Ufer 5, Berlin")
    received = _received(runtime, building.id, OFFICE.read_bytes())
    with runtime.ports.unit_of_work() as uow:
        uow.buildings.save_report(received, report)
        uow.buildings.replace_index(received, index)
        uow.commit()
    warm_cache(runtime.ports, building.id, no_progress)
    return building.id


def _received(runtime: Runtime, building_id: UUID, content: bytes) -> UUID:
    return receive_model(runtime.ports, building_id, [content], filename=OFFICE.name, limit_bytes=10_000_000).model_id


def blob_of(runtime: Runtime, building: UUID) -> Path:
    [(sha256,)] = sql(runtime, "SELECT sha256 FROM models WHERE building_id = %s", building)
    with runtime.ports.blobs.local_copy(sha256) as path:
        return path


@pytest.mark.parametrize("kind", ["audit.blobs", "audit.index", "audit.cache"])
def test_a_building_that_is_well_is_not_accused(runtime: Runtime, building: UUID, kind: str) -> None:
    assert audited(runtime, kind) == []


def missing(runtime: Runtime, building: UUID) -> None:
    blob_of(runtime, building).unlink()


def altered(runtime: Runtime, building: UUID) -> None:
    path = blob_of(runtime, building)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def shortened(runtime: Runtime, building: UUID) -> None:
    path = blob_of(runtime, building)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])


def orphaned(runtime: Runtime, building: UUID) -> None:
    blob = runtime.ports.blobs.put([b"nobody names this"], limit_bytes=100)
    with runtime.ports.blobs.local_copy(blob.sha256) as path:
        os.utime(path, (0, 0))


BLOB_DAMAGE: dict[BlobDamage, Callable[[Runtime, UUID], None]] = {
    BlobDamage.MISSING: missing,
    BlobDamage.ALTERED: altered,
    BlobDamage.WRONG_SIZE: shortened,
    BlobDamage.ORPHAN: orphaned,
}


@pytest.mark.parametrize("damage", BlobDamage)
def test_damage_to_the_blobs_is_found(runtime: Runtime, building: UUID, damage: BlobDamage) -> None:
    BLOB_DAMAGE[damage](runtime, building)
    assert [noted.finding.sort for noted in audited(runtime, "audit.blobs")] == [damage]
    left = [noted.finding.sort for noted in mended(runtime, "audit.blobs")]
    assert left == ([] if damage is BlobDamage.ORPHAN else [damage])


INDEX_DAMAGE: dict[IndexDamage, str] = {
    IndexDamage.STALE: "INSERT INTO models (id, building_id, revision, sha256, size_bytes, filename, format,"
    " received_at) SELECT gen_random_uuid(), building_id, 2, sha256, size_bytes, filename, format,"
    " now() - interval '1 day'"
    " FROM models",
    IndexDamage.FOREIGN: "WITH other AS (INSERT INTO models (id, building_id, revision, sha256, size_bytes, filename,"
    " format) SELECT gen_random_uuid(), building_id, 0, sha256, size_bytes, filename, format FROM models RETURNING id)"
    " UPDATE spaces SET model_id = (SELECT id FROM other) WHERE id = (SELECT min(id::text)::uuid FROM spaces)",
    IndexDamage.DANGLING: "UPDATE elements SET floor_id = gen_random_uuid()"
    " WHERE id = (SELECT min(id::text)::uuid FROM elements)",
    IndexDamage.INVALID: "UPDATE spaces SET footprint = 'MULTIPOLYGON(((0 0, 1 1, 1 0, 0 1, 0 0)))'"
    " WHERE id = (SELECT min(id::text)::uuid FROM spaces)",
    IndexDamage.EXTENT: "UPDATE floors SET outline = ST_Translate(outline, 5, 0)",
    IndexDamage.COUNTS: "DELETE FROM elements WHERE id = (SELECT min(id::text)::uuid FROM elements)",
}


@pytest.mark.parametrize("damage", IndexDamage)
def test_damage_to_the_index_is_found(runtime: Runtime, building: UUID, damage: IndexDamage) -> None:
    with runtime.database.connection() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys: damage is damage
        connection.execute(INDEX_DAMAGE[damage].encode())
        connection.commit()
    found = [noted.finding for noted in audited(runtime, "audit.index")]
    assert [finding.sort for finding in found] == [damage]
    assert found[0].subject == f"building {building}"
    assert found[0].repair is not None


@pytest.mark.slow
def test_a_damaged_index_is_made_anew(runtime: Runtime, building: UUID) -> None:
    sql(runtime, INDEX_DAMAGE[IndexDamage.COUNTS])
    assert mended(runtime, "audit.index") == []


def test_a_cached_answer_that_is_not_what_is_computed_is_found_and_mended(runtime: Runtime, building: UUID) -> None:
    sql(runtime, "UPDATE spaces SET area_m2 = area_m2 + 1 WHERE id = (SELECT min(id::text)::uuid FROM spaces)")
    found = [noted.finding for noted in audited(runtime, "audit.cache")]
    assert {finding.sort for finding in found} == {DIFFERS}
    assert all(finding.subject.startswith(f"cache building:{building}:") for finding in found)
    assert mended(runtime, "audit.cache") == []


def test_an_audit_changes_nothing(runtime: Runtime, building: UUID) -> None:
    jobs_of_all_sorts(runtime)
    tables = ("buildings", "models", "floors", "spaces", "elements", "job_edges", "findings")

    def everything() -> list[Any]:
        return [sql(runtime, f"SELECT md5(array_agg(t.* ORDER BY t::text)::text) FROM {table} t") for table in tables]

    before = everything()
    for kind in ("audit.ledger", "audit.blobs", "audit.index", "audit.cache"):
        audited(runtime, kind)
    assert everything() == before
    states = sql(runtime, "SELECT state FROM jobs WHERE kind NOT LIKE 'audit%%' ORDER BY state")
    assert {state for (state,) in states} >= {JobState.RUNNING, JobState.DEAD, JobState.BLOCKED, JobState.QUEUED}
