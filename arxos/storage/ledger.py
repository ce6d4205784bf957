"""The ledger on PostgreSQL: each change of state is one guarded statement that returns what it changed."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.backlog import Backlog
from arxos.domain.jobs.graph import MOST_JOBS, Graph
from arxos.domain.jobs.job import Capability, ClaimedJob, Job, JobState, NewJob, OnFailure
from arxos.domain.jobs.ledger import Beat, Cancelled, CancelledPage, CancelRequest, JobFilter, Page, QueueCounts
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.listing import Place
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import Settlement
from arxos.domain.jobs.retention import PastJob, Retention
from arxos.domain.jobs.snapshot import Snapshot
from arxos.storage import (
    backlogs,
    job_history,
    ledger_cancel,
    ledger_claim,
    ledger_edges,
    ledger_graph,
    ledger_insert,
    ledger_park,
    ledger_pause,
    ledger_prune,
    ledger_queues,
    ledger_read,
    ledger_settle,
    ledger_why,
)
from arxos.storage.acts import record
from arxos.storage.database import Connection

PROGRESS = """
UPDATE jobs SET progress = %s, progress_note = %s WHERE id = %s AND attempt = %s AND state = 'running'
RETURNING cancel_requested_by
"""

BEAT = """
INSERT INTO workers (id, host, pid, pool, queues, version, contracts, connections, slots, memory_bytes, clock_skew_s)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, extract(epoch FROM %s::timestamptz - clock_timestamp())::float)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), clock_skew_s = excluded.clock_skew_s,
    memory_bytes = excluded.memory_bytes
RETURNING drain_requested_at IS NOT NULL
"""


class PostgresLedger:
    """The ledger within one transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, jobs: Sequence[NewJob]) -> list[UUID]:
        return ledger_insert.insert(self._connection, jobs)

    def wait_too(self, job_id: UUID, before: Sequence[UUID], on_failure: OnFailure) -> None:
        if not ledger_edges.add_to(self._connection, job_id, before, on_failure):
            raise ConflictError(f"job '{job_id}' waits for nobody any more")

    def backlogs(self, queues: Sequence[str], limit: int) -> list[Backlog]:
        return backlogs.backlogs(self._connection, queues, limit)

    def known_keys(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        return ledger_insert.known_keys(self._connection, keys)

    def claim(
        self, ids: Sequence[UUID], worker: str, delivery: UUID, able: Capability | None = None
    ) -> list[ClaimedJob]:
        return ledger_claim.claim(self._connection, ids, worker, delivery, able)

    def fail_claim(self, job_id: UUID, worker: str, error: BaseException) -> JobState | None:
        return ledger_claim.fail(self._connection, job_id, worker, error)

    def park(self, ids: Sequence[UUID], able: Capability) -> list[UUID]:
        return ledger_park.park(self._connection, ids, able)

    def abandon(self, worker: str, delivery: UUID) -> list[UUID]:
        return ledger_settle.give_back(self._connection, ledger_settle.OF_CLAIM, worker=worker, delivery=delivery)

    def settle(self, settlements: Sequence[Settlement]) -> set[UUID]:
        return ledger_settle.settle(self._connection, settlements)

    def recorded(self, worker: str, settlements: Sequence[Settlement]) -> set[UUID]:
        return ledger_settle.recorded(self._connection, worker, settlements)

    def lose(self, reason: str, *, delivery: UUID, ago_s: float = 0.0) -> list[UUID]:
        which = {"delivery": delivery, "ago_s": ago_s}
        return ledger_settle.take_back(self._connection, ledger_settle.OF_DELIVERY, reason, **which)

    def sweep(self, lease_s: float) -> list[UUID]:
        reason = f"its worker was silent for more than {lease_s:g} s"
        return ledger_settle.take_back(self._connection, ledger_settle.OF_SILENT_WORKERS, reason, lease_s=lease_s)

    def retire(self, worker: str) -> list[UUID]:
        returned = ledger_settle.give_back(self._connection, ledger_settle.OF_WORKER, worker=worker)
        self._connection.execute("DELETE FROM workers WHERE id = %s", [worker])
        return returned

    def expire(self) -> list[Cancelled]:
        return ledger_cancel.expire(self._connection)

    def prune(self, retention: Retention, limit: int) -> int:
        return ledger_prune.prune(self._connection, retention, limit)

    def forget_history(self, history_s: float) -> int:
        return job_history.forget(self._connection, history_s)

    def past(self, job_id: UUID) -> PastJob | None:
        return job_history.find(self._connection, job_id)

    def past_jobs(self, *, kind: str | None = None, limit: int = 50, before: UUID | None = None) -> list[PastJob]:
        return job_history.latest(self._connection, kind, limit, before)

    def report_progress(self, job_id: UUID, attempt: int, done: float, note: str) -> str | None:
        row = self._connection.execute(PROGRESS, [done, note, job_id, attempt]).fetchone()
        if row is None:
            raise ConflictError(f"attempt {attempt} of job {job_id} is no longer current")
        asked: str | None = row[0]
        return asked

    def cancel(self, job_id: UUID, by: str, reason: str) -> Cancelled:
        return ledger_cancel.cancel(self._connection, job_id, by, reason)

    def cancel_all(
        self, which: JobFilter, by: str, reason: str, *, limit: int = 1000, before: UUID | None = None
    ) -> CancelledPage:
        return ledger_cancel.cancel_all(self._connection, which, by, reason, limit, before)

    def cancellable(self, which: JobFilter) -> Mapping[JobState, int]:
        return ledger_cancel.cancellable(self._connection, which)

    def cancel_requests(self, worker: str) -> list[CancelRequest]:
        return ledger_cancel.requests(self._connection, worker)

    def stop(self, requests: Sequence[CancelRequest], reason: str) -> list[UUID]:
        which = {"ids": [one.job_id for one in requests], "attempts": [one.attempt for one in requests]}
        return ledger_settle.give_back(self._connection, ledger_settle.OF_REQUESTS, reason, **which)

    def get(self, job_id: UUID) -> Job:
        return ledger_read.get(self._connection, job_id)

    def get_many(self, ids: Collection[UUID]) -> dict[UUID, Job]:
        return ledger_read.get_many(self._connection, ids)

    def find(self, which: JobFilter, *, limit: int = 50, before: Place | None = None) -> Page:
        return ledger_read.find(self._connection, which, limit, before)

    def of_model(self, model_id: UUID, limit: int = 100) -> list[Job]:
        return ledger_read.of_model(self._connection, model_id, limit)

    def count(self, which: JobFilter, at_most: int) -> int:
        return ledger_read.count(self._connection, which, at_most)

    def ids_between(self, first: UUID, last: UUID, limit: int) -> list[UUID]:
        query = "SELECT id FROM jobs WHERE id BETWEEN %s AND %s ORDER BY id LIMIT %s"
        return [row[0] for row in self._connection.execute(query, [first, last, limit])]

    def snapshot(self, job_id: UUID, lease_s: float, republish_s: float = 10.0) -> Snapshot:
        return ledger_why.snapshot(self._connection, job_id, lease_s, republish_s)

    def graph(self, job_id: UUID, limit: int = MOST_JOBS) -> Graph:
        return ledger_graph.graph(self._connection, job_id, limit)

    def queues(self) -> list[QueueCounts]:
        return ledger_queues.queues(self._connection)

    def pause(self, name: str, by: Operator, scope: Scope = Scope.QUEUE) -> None:
        ledger_pause.pause(self._connection, scope, name, by)
        record(self._connection, by, f"pause_{scope}", None, **{scope: name})

    def resume(self, name: str, by: Operator, scope: Scope = Scope.QUEUE) -> None:
        ledger_pause.resume(self._connection, scope, name)
        record(self._connection, by, f"resume_{scope}", None, **{scope: name})
        ledger_insert.notify(self._connection)

    def beat(self, beat: Beat) -> bool:
        row = [beat.worker, beat.host, beat.pid, beat.pool, list(beat.queues), beat.version]
        row += [Jsonb(dict(beat.contracts)), beat.connections, beat.slots, beat.memory_bytes, beat.clock]
        return bool(self._connection.execute(BEAT, row).fetchall()[0][0])
