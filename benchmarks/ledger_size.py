"""A ledger with 10 million finished jobs beside an empty one: what submitting, publishing, claiming and settling cost.

Two databases on the same server take turns, so that whatever else the machine does meets both. No worker and no broker
takes part. Last, the same in the full one while `ledger.prune` is at work.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql
from uuid6 import uuid7

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import read_settings
from arxos.domain.jobs.job import JobState, NewJob
from arxos.domain.jobs.outcome import succeeded
from arxos.domain.jobs.prune import BATCH
from arxos.domain.jobs.retention import DAY_S, Retention
from arxos.storage.migrations import migrate
from arxos.storage.outbox import Outbox
from arxos.tasks.request import JobRequest, new_job

BY_NAME_ONLY = True  # filling takes minutes and some 8 GB
ROWS = int(os.environ.get("BENCH_ROWS", "10000000"))
CHUNK = 250_000
DAYS = 30  # over which the finished jobs are spread
ROUNDS = 15
JOBS = 2_000  # a round
TOGETHER = 200  # jobs in a transaction
QUEUE = "maintenance"
ALLOWED = 1.2  # times what an empty ledger takes

# Ids as they would be: of version 7, ordered by time. Five kinds, one job in fifty cancelled, one in ten with a key.
FILL = """
WITH new AS (
    SELECT n, clock_timestamp() - make_interval(secs => (%(rows)s - n) * %(days)s * 86400.0 / %(rows)s) AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n),
numbered AS (
    SELECT *, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0')
        || 'a' || substr(md5(n::text), 1, 15))::uuid AS id FROM new),
jobs_in AS (
    INSERT INTO jobs (id, kind, queue, state, payload, result, policy, max_attempts, attempt, submitted_by,
        idempotency_key, building_id, created_at, available_at, published_at, started_at, finished_at, worker)
    SELECT id, 'kind.number_' || n %% 5, 'maintenance', CASE WHEN n %% 50 = 0 THEN 'cancelled' ELSE 'succeeded' END,
        jsonb_build_object('building_id', md5((n %% 1000)::text)::uuid, 'n', n), '{"spaces": 21, "elements": 286}',
        %(policy)s::jsonb, 5, 1, 'tenant-' || n %% 20, CASE WHEN n %% 10 = 0 THEN 'key-' || n END,
        md5((n %% 1000)::text)::uuid, at, at, at, at, at, 'worker-' || n %% 4 FROM numbered)
INSERT INTO attempts (job_id, attempt, worker, started_at, finished_at, outcome)
SELECT id, 1, 'worker-' || n %% 4, at, at, 'succeeded' FROM numbered
"""

Report = dict[str, Any]
Times = dict[str, float]


@dataclass(slots=True)
class Ledger:
    """One of the two."""

    runtime: Runtime
    outbox: Outbox
    rounds: list[Times] = field(default_factory=list)

    def work(self) -> None:
        """A round: jobs go all the way; milliseconds a transaction of 200 by what was done."""
        jobs = [self._job() for _ in range(JOBS)]
        times = {
            "submit": self._timed(jobs, self._submit),
            "publish": self._timed(jobs, self._publish),
            "claim and settle": self._timed(jobs, self._claim_and_settle),
        }
        self.rounds.append(times)

    def _job(self) -> NewJob:
        return replace(new_job(self.runtime.kinds, JobRequest(kind="probe.noop", idempotency_key=f"b-{uuid7()}")))

    def _timed(self, jobs: list[NewJob], act: Callable[[list[NewJob]], None]) -> float:
        began = time.perf_counter()
        for first in range(0, len(jobs), TOGETHER):
            act(jobs[first : first + TOGETHER])
        return (time.perf_counter() - began) * 1000 / (len(jobs) / TOGETHER)

    def _submit(self, jobs: list[NewJob]) -> None:
        with self.runtime.ports.unit_of_work() as uow:
            uow.jobs.insert(jobs)
            uow.commit()

    def _publish(self, jobs: list[NewJob]) -> None:
        published = 0
        while published < len(jobs):
            lanes = self.outbox.lanes([QUEUE])[QUEUE]
            published += sum(len(envelope.jobs) for envelope in self.outbox.take(QUEUE, 1, lanes))

    def _claim_and_settle(self, jobs: list[NewJob]) -> None:
        with self.runtime.ports.unit_of_work() as uow:
            claimed = uow.jobs.claim([job.id for job in jobs], "bench", uuid4())
            uow.commit(durable=False)
        with self.runtime.ports.unit_of_work() as uow:
            if len(uow.jobs.settle([succeeded(job, None) for job in claimed])) != len(jobs):
                raise AssertionError("jobs were lost")
            uow.commit()


def run() -> Report:
    """Medians of the rounds."""
    os.environ["ARXOS_PROBES"] = "1"
    url = read_settings().database_url
    empty, full = (_ledger(_database(url, name)) for name in ("empty", "full"))
    began = time.perf_counter()
    _fill(full)
    filled_s = time.perf_counter() - began
    for _ in range(ROUNDS):
        for ledger in (empty, full):
            ledger.work()
    pruning = _ledger(full.runtime.database.url)
    pruned_per_s = _while_pruned(pruning)
    report = {
        "rows": ROWS,
        "filled_s": filled_s,
        "size_gb": _sql(full, "SELECT pg_database_size(current_database())") / 1e9,
        "empty": _medians(empty),
        "full": _medians(full),
        "while pruned": _medians(pruning),
        "pruned_per_s": pruned_per_s,
    }
    for ledger in (empty, full, pruning):
        ledger.runtime.database.close()
    return report


def table(report: Report) -> str:
    """The medians as text."""
    rows = ("empty", "full", "while pruned")
    lines = [
        f"ledger-size: {report['rows']:,} finished jobs, {report['size_gb']:.1f} GB; ms a transaction of {TOGETHER}"
    ]
    lines.append(f"{'':20}" + "".join(f"{row:>14}" for row in rows) + f"{'full / empty':>14}")
    for what in report["empty"]:
        times = "".join(f"{report[row][what]:>14.2f}" for row in rows)
        lines.append(f"{what:20}{times}{report['full'][what] / report['empty'][what]:>13.2f}×")
    return "\n".join([*lines, f"pruned meanwhile: {report['pruned_per_s']:,.0f} jobs/s"])


def failures(report: Report) -> list[str]:
    """What costs more than it may."""
    ratios = {what: report["full"][what] / report["empty"][what] for what in report["empty"]}
    return [f"{what}: {ratio:.2f}× an empty ledger" for what, ratio in ratios.items() if ratio > ALLOWED]


def _while_pruned(ledger: Ledger) -> float:
    """Rounds while another thread prunes a tenth of the ledger; jobs pruned a second."""
    retention = Retention(dict.fromkeys((JobState.SUCCEEDED, JobState.CANCELLED), DAYS * DAY_S * 0.9))
    stop, pruned, began = threading.Event(), 0, time.perf_counter()

    def prune() -> None:
        nonlocal pruned
        while not stop.is_set():
            with ledger.runtime.ports.unit_of_work() as uow:
                pruned += uow.jobs.prune(retention, BATCH)
                uow.commit()

    thread = threading.Thread(target=prune)
    thread.start()
    for _ in range(ROUNDS):
        ledger.work()
    stop.set()
    thread.join()
    return pruned / (time.perf_counter() - began)


def _fill(ledger: Ledger) -> None:
    policy = '{"max_attempts": 5, "base_s": 5, "max_lost": 3}'
    with psycopg.connect(ledger.runtime.database.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for first in _chunks():
            last = min(first + CHUNK, ROWS) - 1
            values = {"first": first, "last": last, "rows": ROWS, "days": DAYS, "policy": policy}
            connection.execute(FILL, values)
        connection.execute("VACUUM ANALYZE jobs, attempts")
        connection.execute("CHECKPOINT")


def _chunks() -> Iterator[int]:
    yield from range(0, ROWS, CHUNK)


def _ledger(url: str) -> Ledger:
    os.environ["ARXOS_DATABASE_URL"] = url
    runtime = start()
    return Ledger(runtime, Outbox(runtime.database))


def _database(url: str, name: str) -> str:
    """A fresh, migrated database beside the one of the address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    beside = urlsplit(url)._replace(path=f"/{name}").geturl()
    migrate(beside)
    return beside


def _medians(ledger: Ledger) -> Times:
    return {what: statistics.median(one[what] for one in ledger.rounds) for what in ledger.rounds[0]}


def _sql(ledger: Ledger, statement: str) -> Any:
    with ledger.runtime.database.connection() as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None
