"""Sweeps of health over 1,000, 10,000 and 100,000 buildings, with a relay and a worker: seconds, and memory."""

import time
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import read_settings
from arxos.domain.buildings.rules import RULES_VERSION
from arxos.storage.migrations import migrate
from arxos.tasks.request import JobRequest, new_job
from benchmarks._memory import highest_of_sessions
from benchmarks._processes import arxos, running, wait_until

BY_NAME_ONLY = True  # takes some minutes
SIZES = (1_000, 10_000, 100_000)
MOST_MB = 300.0  # of one process
LINEAR = 15.0  # times the time for ten times the buildings
WITHIN_S = 1800.0

# Each with a model whose bytes are there, a report, and an index of three elements; one in ten is not valid.
FILL = """
WITH new AS (
    INSERT INTO buildings (id, name, address_line, status)
    SELECT gen_random_uuid(), 'Building ' || n, n || ' Quay Street, Bristol', 'active'
    FROM generate_series(1, %(count)s) AS n RETURNING id),
modelled AS (
    INSERT INTO models (id, building_id, revision, sha256, size_bytes, filename, format, schema)
    SELECT gen_random_uuid(), id, 1, %(sha256)s, 10, 'a.ifc', 'ifc', 'IFC4' FROM new RETURNING id, building_id),
reported AS (
    INSERT INTO validation_reports (model_id, schema, valid, rules, rules_version)
    SELECT id, 'IFC4', abs(hashtext(id::text)) %% 10 > 0, '[]', %(rules)s FROM modelled),
elements_in AS (
    INSERT INTO elements (id, building_id, model_id, global_id, ifc_class, geometry_state)
    SELECT gen_random_uuid(), building_id, id, 'e' || n, 'IfcWall', 'done'
    FROM modelled CROSS JOIN generate_series(1, 3) AS n)
SELECT count(*) FROM modelled
"""
INDEXED = "UPDATE buildings SET indexed_model_id = models.id FROM models WHERE models.building_id = buildings.id"
EMPTY = "TRUNCATE buildings, models, jobs, attempts, job_edges, health_reports, health_changes, sweep_reports CASCADE"

Report = dict[str, Any]


def run() -> Report:
    """One sweep a size, over buildings that nobody looked at yet."""
    settings = read_settings()
    migrate(settings.database_url)
    runtime = start()
    [sha256] = {runtime.ports.blobs.put([b"0123456789"], limit_bytes=10).sha256}
    report: Report = {"sizes": list(SIZES), "seconds": {}, "order_s": {}, "process_mb": {}, "counts": {}}
    for size in SIZES:
        _fill(settings.database_url, size, sha256)
        with running(*arxos("relay")) as relay, running(*arxos("worker", "--pool", "io")) as worker:
            began = time.perf_counter()
            sweep_id = _submit(runtime)
            wait_until(lambda sweep=sweep_id: _is(runtime, sweep, "succeeded"), WITHIN_S)  # type: ignore[misc]
            report["order_s"][size] = time.perf_counter() - began
            wait_until(lambda: _finished(runtime), WITHIN_S)
            report["seconds"][size] = time.perf_counter() - began
            report["process_mb"][size] = highest_of_sessions(relay.pid, worker.pid)
        with runtime.ports.unit_of_work() as uow:
            report["counts"][size] = uow.health.sweeps(1)[0].counts
    runtime.database.close()
    return report


def table(report: Report) -> str:
    """By size."""
    lines = ["sweep: seconds from its submission until it is ordered and reported, and the largest process, in MiB"]
    lines.append(f"{'buildings':>10}{'ordered':>10}{'reported':>10}{'checks/s':>10}{'MiB':>8}  counts")
    for size in report["sizes"]:
        seconds, counts = report["seconds"][size], report["counts"][size]
        figures = f"{report['order_s'][size]:>10.1f}{seconds:>10.1f}{size / seconds:>10,.0f}"
        lines.append(f"{size:>10,}{figures}{report['process_mb'][size]:>8.0f}  {counts}")
    return "\n".join(lines)


def failures(report: Report) -> list[str]:
    """What is too large, or grows faster than the buildings."""
    large = [f"{mb:.0f} MiB for {size:,}" for size, mb in report["process_mb"].items() if mb > MOST_MB]
    seconds = list(report["seconds"].values())
    growth = [f"grows {b / a:.1f}×" for a, b in pairwise(seconds) if b / a > LINEAR]
    return large + growth


def _fill(url: str, count: int, sha256: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY)
        connection.execute(FILL, {"count": count, "sha256": sha256, "rules": RULES_VERSION})
        connection.execute(INDEXED)
        connection.execute("VACUUM ANALYZE")


def _submit(runtime: Runtime) -> UUID:
    with runtime.ports.unit_of_work() as uow:
        [job_id] = uow.jobs.insert([new_job(runtime.kinds, JobRequest(kind="health.sweep"))])
        uow.commit()
    return job_id


def _is(runtime: Runtime, job_id: UUID, state: str) -> bool:
    with runtime.ports.unit_of_work() as uow:
        return uow.jobs.get(job_id).state == state


def _finished(runtime: Runtime) -> bool:
    with runtime.ports.unit_of_work() as uow:
        return uow.health.sweeps(1)[0].finished_at is not None
