"""The workers, as they tell of themselves, and what each of them runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from arxos.storage.database import Database

WORKERS = """
SELECT id, host, pid, pool, queues, version, started_at, heartbeat_at,
    extract(epoch FROM clock_timestamp() - heartbeat_at)::float, clock_skew_s, slots, memory_bytes,
    drain_requested_at, drain_requested_by
FROM workers ORDER BY pool, host, started_at, id
"""
# Also of workers whose row is gone: the sweeper is about to take these back.
RUNNING = """
SELECT worker, id, kind, queue, building_id, attempt, started_at, progress FROM jobs
WHERE state = 'running' ORDER BY started_at, id
"""


@dataclass(frozen=True, slots=True)
class RunningJob:
    """What a worker is at. `progress`: 0 to 1, None: it does not tell."""

    id: UUID
    kind: str
    queue: str
    building_id: UUID | None
    attempt: int
    started_at: datetime
    progress: float | None


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One worker process. `silent_s`: since its last heartbeat; older workers tell no `slots` and no memory."""

    id: str
    host: str
    pid: int
    pool: str
    queues: Sequence[str]
    version: str
    started_at: datetime
    heartbeat_at: datetime
    silent_s: float
    clock_skew_s: float | None
    slots: int | None
    memory_bytes: int | None
    drain_requested_at: datetime | None
    drain_requested_by: str | None
    jobs: tuple[RunningJob, ...] = ()


def workers(database: Database) -> list[WorkerFacts]:
    """All of them by pool and host, the silent ones too. Raises UnavailableError."""
    with database.connection() as connection:
        known = connection.execute(WORKERS).fetchall()
        running = connection.execute(RUNNING).fetchall()
    return [_facts(row, running) for row in known]


def _facts(row: Sequence[Any], running: Sequence[Sequence[Any]]) -> WorkerFacts:
    jobs = tuple(RunningJob(*job[1:]) for job in running if job[0] == row[0])
    return replace(WorkerFacts(*row), jobs=jobs)
