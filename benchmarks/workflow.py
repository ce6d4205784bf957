"""Workflows: seconds to submit, release and cancel fans and chains of up to 10,000 jobs, and how that grows."""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any
from uuid import UUID, uuid4

import psycopg
from uuid6 import uuid7

from arxos.app.bootstrap import start
from arxos.app.settings import read_settings
from arxos.domain.errors import PermanentError
from arxos.domain.jobs.graph import arrange
from arxos.domain.jobs.job import After, ClaimedJob, JobState, NewJob, OnFailure
from arxos.domain.jobs.outcome import Settlement, failed, succeeded
from arxos.domain.ports import OpenUnitOfWork
from arxos.storage.migrations import migrate

SIZES = (100, 1_000, 10_000)
ROUNDS = 3
WORKERS = 8
TOGETHER = 200  # jobs that settle in one transaction, as light ones do
LINEAR = 15.0  # times the time for ten times the jobs: more is no longer called linear

Report = dict[str, Any]
Settle = Callable[[ClaimedJob], Settlement]


@dataclass(slots=True)
class Stopwatch:
    """Seconds by what was done."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[what] = time.perf_counter() - began


def run() -> Report:
    """Medians of three rounds, on the ledger itself: no worker and no broker takes part."""
    os.environ["ARXOS_PROBES"] = "1"
    migrate(read_settings().database_url)
    runtime = start()
    rounds = [{size: _measure(runtime.ports.unit_of_work, size) for size in SIZES} for _ in range(ROUNDS)]
    runtime.database.close()
    median = {
        what: {str(size): statistics.median(one[size][what] for one in rounds) for size in SIZES}
        for what in rounds[0][SIZES[0]]
    }
    return {"sizes": SIZES, "median_s": median, "growth": {what: _growth(s) for what, s in median.items()}}


def table(report: Report) -> str:
    """Seconds by size, and the last growth: 10 is linear."""
    lines = [f"workflow: seconds, medians of {ROUNDS}; growth from {SIZES[-2]:,} to {SIZES[-1]:,} jobs"]
    lines.append(f"{'':46}" + "".join(f"{size:>10,}" for size in SIZES) + f"{'growth':>10}")
    for what, seconds in report["median_s"].items():
        figures = "".join(f"{seconds[str(size)]:>10.3f}" for size in SIZES)
        lines.append(f"{what:46}{figures}{report['growth'][what]:>9.1f}×")
    return "\n".join(lines)


def failures(report: Report) -> list[str]:
    """What grows faster than the jobs."""
    return [what for what, growth in report["growth"].items() if growth > LINEAR]


def _growth(seconds: dict[str, float]) -> float:
    return seconds[str(SIZES[-1])] / seconds[str(SIZES[-2])]


def _measure(open_: OpenUnitOfWork, size: int) -> dict[str, float]:
    watch = Stopwatch()
    for scenario in (_fan_out, _fan_in_together, _fan_in_one_by_one, _chain, _failing_fan):
        _empty()
        scenario(open_, size, watch)
    return watch.seconds


def _fan_out(open_: OpenUnitOfWork, size: int, watch: Stopwatch) -> None:
    first = _job()
    with watch.of("fan-out: submit"):
        _insert(open_, [first, *(_job(first.id) for _ in range(size))])
    with watch.of("fan-out: the first settles, all are released"):
        _settle(open_, [first.id], _well)
    _expect({JobState.SUCCEEDED: 1, JobState.QUEUED: size})


def _fan_in_together(open_: OpenUnitOfWork, size: int, watch: Stopwatch) -> None:
    fan = [_job() for _ in range(size)]
    with watch.of("fan-in: submit"):
        _insert(open_, [*fan, _job(*(job.id for job in fan))])
    with watch.of(f"fan-in: settle, {TOGETHER} together"):
        for begin in range(0, size, TOGETHER):
            _settle(open_, [job.id for job in fan[begin : begin + TOGETHER]], _well)
    _expect({JobState.SUCCEEDED: size, JobState.QUEUED: 1})


def _fan_in_one_by_one(open_: OpenUnitOfWork, size: int, watch: Stopwatch) -> None:
    """All contend for the row of the one that waits for them."""
    fan = [_job() for _ in range(size)]
    _insert(open_, [*fan, _job(*(job.id for job in fan))])
    with watch.of(f"fan-in: settle singly, by {WORKERS} workers"), ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(lambda job: _settle(open_, [job.id], _well), fan))
    _expect({JobState.SUCCEEDED: size, JobState.QUEUED: 1})


def _chain(open_: OpenUnitOfWork, size: int, watch: Stopwatch) -> None:
    chain = [_job()]
    while len(chain) < size:
        chain.append(_job(chain[-1].id))
    with watch.of("chain: submit, the last first"):
        _insert(open_, chain[::-1])
    with watch.of("chain: look at the graph"), open_() as uow:
        groups = arrange(uow.jobs.graph(chain[size // 2].id))
    with watch.of("chain: cancel the first, all follow"), open_() as uow:
        uow.jobs.cancel(chain[0].id, "bench", "to see how long it takes")
        uow.commit()
    _expect({JobState.CANCELLED: size})
    if len(groups) != size:
        raise AssertionError(f"{len(groups)} groups in a chain of {size}")


def _failing_fan(open_: OpenUnitOfWork, size: int, watch: Stopwatch) -> None:
    """Out and in again, where the first dies: all between are cancelled, the last runs anyway."""
    first = _job()
    fan = [_job(first.id) for _ in range(size)]
    _insert(open_, [first, *fan, _job(*(After(job.id, OnFailure.RUN) for job in fan))])
    with watch.of("fan-out and -in: the first dies"):
        _settle(open_, [first.id], _badly)
    _expect({JobState.DEAD: 1, JobState.CANCELLED: size, JobState.QUEUED: 1})


def _job(*after: UUID | After) -> NewJob:
    return NewJob(id=uuid7(), kind="probe.noop", queue="maintenance", payload={}, after=after)


def _insert(open_: OpenUnitOfWork, jobs: Sequence[NewJob]) -> None:
    with open_() as uow:
        uow.jobs.insert(jobs)
        uow.commit()


def _settle(open_: OpenUnitOfWork, ids: Sequence[UUID], how: Settle) -> None:
    """Claim and settle, in two transactions, as workers do."""
    with open_() as uow:
        claimed = uow.jobs.claim(ids, "bench", uuid4())
        uow.commit()
    with open_() as uow:
        uow.jobs.settle([how(job) for job in claimed])
        uow.commit()


def _well(job: ClaimedJob) -> Settlement:
    return succeeded(job, None)


def _badly(job: ClaimedJob) -> Settlement:
    return failed(job, PermanentError("no"), job.claimed_at, SystemRandom())


def _empty() -> None:
    with psycopg.connect(read_settings().database_url) as connection:
        connection.execute("TRUNCATE jobs, attempts, job_edges")


def _expect(states: dict[JobState, int]) -> None:
    with psycopg.connect(read_settings().database_url) as connection:
        found: dict[str, int] = dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())
    if found != states:
        raise AssertionError(f"expected {states}, found {found}")
