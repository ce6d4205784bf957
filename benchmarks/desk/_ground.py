"""What the figures of the desk share: an empty ledger, processes, waits."""

import os
import statistics
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import redis

from arxos.app.bootstrap import Runtime, start
from arxos.cli.submit import insert
from arxos.tasks.request import JobRequest, new_job
from benchmarks._processes import arxos, running

WAITS = """
SELECT extract(epoch FROM started_at - created_at)::float FROM jobs
WHERE submitted_by = %s AND created_at >= to_timestamp(%s) AND started_at IS NOT NULL ORDER BY 1
"""


def sql(statement: str, *values: object) -> list[Any]:
    """The rows of a statement."""
    with psycopg.connect(os.environ["ARXOS_DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def empty() -> None:
    """Forget all jobs, limits and messages."""
    with redis.Redis.from_url(os.environ["ARXOS_BROKER_URL"]) as client:
        client.flushdb()
    sql("TRUNCATE jobs, attempts, job_edges, probe_effects, limits, shares, kind_pauses, queue_pauses")
    sql("TRUNCATE bulk_acts, operator_actions")


@contextmanager
def system(*, relays: int = 1, workers: int = 1, concurrency: int = 2) -> Iterator[Runtime]:
    """Relays and cpu workers at work; the runtime of whoever submits."""
    worker = arxos("worker", "--pool", "cpu", "--concurrency", str(concurrency))
    runtime = start()
    with ExitStack() as stack:
        for command in [arxos("relay")] * relays + [worker] * workers:
            stack.enter_context(running(*command))
        yield runtime
    runtime.database.close()


def submit(runtime: Runtime, count: int, kind: str, by: str, queue: str | None = None, **payload: object) -> None:
    """So many jobs in transactions of up to 10,000."""
    request = JobRequest(kind=kind, payload=payload, submitted_by=by, queue=queue)
    for start_at in range(0, count, 10_000):
        insert(runtime, [new_job(runtime.kinds, request) for _ in range(min(10_000, count - start_at))])


@contextmanager
def trickle(runtime: Runtime, by: str, every_s: float, queue: str | None = None) -> Iterator[None]:
    """Somebody who submits one no-op after the other meanwhile."""
    stop = threading.Event()

    def one_by_one() -> None:
        while not stop.wait(every_s):
            submit(runtime, 1, "probe.noop", by, queue)

    thread = threading.Thread(target=one_by_one)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def waits(by: str, since: float) -> dict[str, float]:
    """From creation to start of somebody's jobs that were created since then: percentiles in seconds."""
    seconds = [row[0] for row in sql(WAITS, by, since)]
    return {"jobs": len(seconds), **percentiles(seconds)}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99."""
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def told(wait: dict[str, float]) -> str:
    """``p50 8 ms, p95 12 ms, p99 30 ms``."""
    return ", ".join(f"{name} {wait[name] * 1000:,.0f} ms" for name in ("p50", "p95", "p99"))
