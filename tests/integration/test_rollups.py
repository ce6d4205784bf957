"""Rollups on PostgreSQL are what one gets who adds up the raw rows again."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import Settings
from arxos.domain.rollups.buckets import LENGTH, Grain, bucket_of
from arxos.domain.rollups.roll_jobs import roll_jobs
from arxos.domain.rollups.rows import JobRollup
from arxos.domain.rollups.sketch import ACCURACY
from arxos.tasks.registry import all_kinds
from arxos.tasks.request import JobRequest, new_job
from arxos.workers.executor import Executor

START = datetime(2026, 11, 24, 22, tzinfo=UTC)  # a day ends within it
SPAN_S = 3 * 3600
KINDS, QUEUES = ("a.kind", "b.kind", "c.kind"), ("geometry", "cache")
FINAL = ("succeeded", "cancelled", "dead")
ENDS = ("succeeded", "failed", "cancelled", "interrupted", "lost")

Key = tuple[datetime, str, str, str]


@dataclass(frozen=True, slots=True)
class Raw:
    """A job with its attempts, as the ledger holds it. Seconds from START."""

    kind: str
    queue: str
    state: str
    due: float
    waited: float
    ran: float
    attempts: tuple[tuple[float, float, str, float], ...]  # (ended, ran, outcome, cpu)


SECONDS = st.floats(min_value=0, max_value=SPAN_S, allow_nan=False).map(lambda s: round(s, 6))
BRIEF = st.floats(min_value=0, max_value=900, allow_nan=False).map(lambda s: round(s, 6))
ATTEMPT = st.tuples(SECONDS, BRIEF, st.sampled_from(ENDS), st.sampled_from([0.0, 0.25, 1.5]))
JOB = st.builds(
    Raw,
    kind=st.sampled_from(KINDS),
    queue=st.sampled_from(QUEUES),
    state=st.sampled_from(("queued", *FINAL)),
    due=SECONDS,
    waited=BRIEF,
    ran=BRIEF,
    attempts=st.lists(ATTEMPT, max_size=3).map(tuple),
)


@pytest.fixture(scope="module")
def runtime(
    servers: Any, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    name = f"arxos_rollups_{uuid4().hex[:8]}"
    url = servers.create_database(name, database_url.rpartition("/")[2])
    blobs = f"file://{tmp_path_factory.mktemp('blobs')}"
    runtime = start(Settings(database_url=url, broker_url=redis_url, cache_url=redis_url, blob_url=blobs, probes=True))
    yield runtime
    runtime.database.close()
    servers.drop_database(name)


def sql(runtime: Runtime, statement: str, *values: object) -> list[Any]:
    with runtime.database.connection() as connection:
        cursor = connection.execute(statement.encode(), values)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
    return rows


def empty(runtime: Runtime) -> None:
    sql(runtime, "TRUNCATE jobs, attempts, job_edges, job_rollups, rollup_marks, request_minutes")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def plant(runtime: Runtime, job: Raw) -> UUID:
    job_id = uuid4()
    begun = at(job.due + job.waited)
    ended = begun + timedelta(seconds=job.ran) if job.state != "queued" else None
    sql(
        runtime,
        "INSERT INTO jobs (id, kind, queue, state, payload, policy, max_attempts, available_at, started_at,"
        " finished_at) VALUES (%s, %s, %s, %s, '{}', '{}', 5, %s, %s, %s)",
        job_id, job.kind, job.queue, job.state, at(job.due), begun, ended,
    )  # fmt: skip
    for number, (over, ran, outcome, cpu) in enumerate(job.attempts, 1):
        sql(
            runtime,
            "INSERT INTO attempts (job_id, attempt, started_at, finished_at, outcome, cpu_s)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            job_id, number, at(over - ran), at(over), outcome, cpu,
        )  # fmt: skip
    return job_id


@dataclass(slots=True)
class Sum:
    """A row that is added up value by value."""

    jobs: int
    attempts: int
    retries: int
    cpu_s: float
    waited: list[float]
    ran: list[float]


def added_up(jobs: list[Raw], grain: Grain) -> dict[Key, Sum]:
    found: dict[Key, Sum] = {}

    def of(job: Raw, when: datetime, outcome: str) -> Sum:
        key = bucket_of(when, grain), job.kind, job.queue, outcome
        return found.setdefault(key, Sum(0, 0, 0, 0.0, [], []))

    for job in jobs:
        if job.state != "queued":
            one = of(job, at(job.due + job.waited) + timedelta(seconds=job.ran), job.state)
            one.jobs += 1
            one.waited.append(job.waited)
        for number, (over, ran, outcome, cpu) in enumerate(job.attempts, 1):
            one = of(job, at(over), outcome)
            one.attempts, one.retries = one.attempts + 1, one.retries + (number > 1)
            one.cpu_s += cpu
            one.ran.append(ran)
    return found


def rolled(runtime: Runtime, grain: Grain) -> dict[Key, JobRollup]:
    with runtime.ports.unit_of_work() as uow:
        rows = uow.rollups.jobs(grain, START - timedelta(days=2), START + timedelta(days=2))
    return {(row.bucket, row.kind, row.queue, row.outcome): row for row in rows}


def roll(runtime: Runtime, since: float = 0, until: float = SPAN_S + 1900) -> int:
    return roll_jobs(runtime.ports.unit_of_work, at(since), at(until), lambda *_: None)


def alike(row: JobRollup, true: Sum) -> None:
    assert (row.jobs, row.attempts, row.retries) == (true.jobs, true.attempts, true.retries)
    assert math.isclose(row.cpu_s, true.cpu_s, abs_tol=1e-9)
    for sketch, values in ((row.waited, true.waited), (row.ran, true.ran)):
        assert sketch.count == len(values)
        for share in (0.5, 0.95, 0.99):
            want = sorted(values)[int(share * (len(values) - 1))] if values else None
            assert sketch.quantile(share) == (
                want if want is None else pytest.approx(want, rel=ACCURACY * 1.001, abs=1e-6)
            )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs=st.lists(JOB, max_size=25))
def test_rollups_are_what_the_raw_rows_add_up_to(runtime: Runtime, jobs: list[Raw]) -> None:
    empty(runtime)
    for job in jobs:
        plant(runtime, job)
    roll(runtime)
    for grain in Grain:
        found, true = rolled(runtime, grain), added_up(jobs, grain)
        assert found.keys() == true.keys()
        for key, row in found.items():
            alike(row, true[key])


ONE = Raw("a.kind", "cache", "succeeded", 100, 5, 10, ((115, 10, "succeeded", 0.5),))


def test_a_bucket_added_up_twice_is_the_same(runtime: Runtime) -> None:
    empty(runtime)
    plant(runtime, ONE)
    assert roll(runtime, until=300) == 1
    before = sql(runtime, "SELECT grain, bucket, jobs, attempts, waited, ran FROM job_rollups ORDER BY 1, 2")
    roll(runtime, until=300)
    assert sql(runtime, "SELECT grain, bucket, jobs, attempts, waited, ran FROM job_rollups ORDER BY 1, 2") == before
    assert len(before) == 3


def test_what_comes_late_is_added_when_its_bucket_is_added_up_again(runtime: Runtime) -> None:
    empty(runtime)
    plant(runtime, ONE)
    roll(runtime, until=300)
    plant(runtime, ONE)
    roll(runtime, until=300)
    for grain in Grain:
        [row] = rolled(runtime, grain).values()
        assert (row.jobs, row.attempts, row.ran.count) == (2, 2, 2)


def test_what_left_the_ledger_stays_in_its_bucket(runtime: Runtime) -> None:
    empty(runtime)
    first = plant(runtime, ONE)
    plant(runtime, ONE)
    roll(runtime)
    sql(runtime, "DELETE FROM attempts WHERE job_id = %s", first)
    sql(runtime, "DELETE FROM jobs WHERE id = %s", first)
    roll(runtime)
    for grain in Grain:
        [row] = rolled(runtime, grain).values()
        assert (row.jobs, row.attempts) == (2, 2)


def run(runtime: Runtime, kind: str, **payload: object) -> dict[str, Any]:
    with runtime.ports.unit_of_work() as uow:
        [job_id] = uow.jobs.insert([new_job(runtime.kinds, JobRequest(kind=kind, payload=payload))])
        uow.commit()
    sql(runtime, "UPDATE jobs SET published_at = clock_timestamp() WHERE id = %s", job_id)
    assert (
        Executor(all_kinds(probes=True), runtime.ports, "io@host:1:clerk").deliver(kind, [job_id], uuid4())
        == "1 succeeded"
    )
    with runtime.ports.unit_of_work() as uow:
        return dict(uow.jobs.get(job_id).result or {})


def test_the_job_goes_on_where_it_ended_and_looks_again_at_what_may_be_late(runtime: Runtime) -> None:
    empty(runtime)
    first = run(runtime, "rollup.jobs")
    assert first["buckets"] == 24 * 12
    second = run(runtime, "rollup.jobs")
    again = datetime.fromisoformat(second["until"]) - datetime.fromisoformat(second["since"])
    assert timedelta(minutes=15) <= again <= timedelta(minutes=20)
    assert second["buckets"] == again / LENGTH[Grain.FIVE_MINUTES]


def test_a_range_and_a_single_bucket_are_added_up_by_name(runtime: Runtime) -> None:
    empty(runtime)
    plant(runtime, ONE)
    assert run(runtime, "rollup.jobs", bucket=at(120).isoformat())["buckets"] == 1
    assert rolled(runtime, Grain.FIVE_MINUTES).keys() == {(START, "a.kind", "cache", "succeeded")}
    assert run(runtime, "rollup.jobs", bucket=START.date().isoformat())["buckets"] == 288
    backfill = run(runtime, "rollup.jobs", since=at(0).isoformat(), until=at(3600).isoformat())
    assert backfill["buckets"] == 12
    assert sql(runtime, "SELECT count(*) FROM rollup_marks") == [(0,)]


def test_what_a_job_costs_is_measured(runtime: Runtime) -> None:
    empty(runtime)
    run(runtime, "probe.noop")
    [(idle,)] = sql(runtime, "SELECT cpu_s FROM attempts")
    assert 0 <= idle < 0.1
    empty(runtime)
    run(runtime, "rollup.jobs", since=at(0).isoformat(), until=at(86_400).isoformat())
    [(busy,)] = sql(runtime, "SELECT cpu_s FROM attempts")
    assert busy > idle
    assert busy > 0.01


def minute(runtime: Runtime, when: datetime, process: str, requests: int, errors: int, took: dict[str, int]) -> None:
    sql(
        runtime,
        "INSERT INTO request_minutes (minute, process, requests, errors, took) VALUES (%s, %s, %s, %s, %s)",
        when, process, requests, errors, Jsonb(took),
    )  # fmt: skip


def test_the_interface_is_added_up_over_processes_and_missing_minutes(runtime: Runtime) -> None:
    empty(runtime)
    with runtime.ports.unit_of_work() as uow:
        assert uow.rollups.requests(at(0), at(600)).minutes == 0  # nobody ever told of any
    for n in (0, 1, 2, 5, 6):
        minute(runtime, at(60 * n), "a", 100, 0, {"-80": 90, "10": 10})
    minute(runtime, at(60), "b", 100, 20, {"-80": 50, "zero": 50})
    with runtime.ports.unit_of_work() as uow:
        found = uow.rollups.requests(at(0), at(600))
        nothing = uow.rollups.requests(at(-3600), at(-60))
    assert (found.requests, found.errors, found.minutes, found.bad_minutes) == (600, 20, 10, 6)
    assert found.took.bins() == {"-80": 500, "10": 50, "zero": 50}
    assert (nothing.requests, nothing.minutes, nothing.bad_minutes) == (0, 0, 0)
