"""The ledger in memory. Passes the same contract suite as the one on PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.backlog import Backlog
from arxos.domain.jobs.fingerprint import lost_fingerprint, poison_fingerprint
from arxos.domain.jobs.graph import MOST_JOBS, Graph
from arxos.domain.jobs.job import (
    FINAL,
    AttemptRecord,
    Capability,
    ClaimedJob,
    Job,
    JobState,
    NewJob,
    OnFailure,
)
from arxos.domain.jobs.ledger import (
    RECENT_S,
    Beat,
    Cancelled,
    CancelledPage,
    CancelRequest,
    JobFilter,
    Page,
    QueueCounts,
)
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.listing import Place, place_of
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import Outcome, Settlement
from arxos.domain.jobs.retention import PastJob, Retention
from arxos.domain.jobs.snapshot import Pause, Snapshot
from arxos.domain.jobs.submission import Known, connected, each_once, refuse_too_many_edges, stands_for
from tests.fakes_acts import fits
from tests.fakes_cancel import by_whom, cancel, cancel_all, cancel_requests, expire, is_asked
from tests.fakes_edges import DONE, connect, graph, release, wait_too
from tests.fakes_history import forget_history, prune
from tests.fakes_parking import park, within
from tests.fakes_tables import Row, Tables, due_by, finished, is_due, started
from tests.fakes_why import snapshot


class FakeLedger:
    """See `Ledger`. Works on the tables of one transaction."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def insert(self, jobs: Sequence[NewJob]) -> list[UUID]:
        standing: dict[UUID, UUID] = {}
        inserted: list[NewJob] = []
        refuse_too_many_edges(jobs)
        for job in each_once(jobs):
            held = [_known(row) for row in self._tables.rows.values()]
            if known := [one for one in held if one.id == job.id or one.has_key_of(job)]:
                standing[job.id] = stands_for(job, known)
            else:
                self._tables.rows[job.id] = Row(_inserted(job, self._now()), job, job.batch)
                inserted.append(job)
        self._connect([connected(job, standing) for job in inserted if job.after])
        return [standing.get(job.id, job.id) for job in jobs]

    def wait_too(self, job_id: UUID, before: Sequence[UUID], on_failure: OnFailure) -> None:
        wait_too(self._tables, job_id, before, on_failure)

    def backlogs(self, queues: Sequence[str], limit: int) -> list[Backlog]:
        waiting = [row.job.queue for row in self._tables.rows.values() if is_due(row.job, self._now())]
        return [Backlog(queue, min(waiting.count(queue), limit), 0.0) for queue in queues]

    def known_keys(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        held = {(row.asked.principal, row.job.idempotency_key) for row in self._tables.rows.values()}
        return held.intersection(keys)  # type: ignore[return-value]

    def claim(
        self, ids: Sequence[UUID], worker: str, delivery: UUID, able: Capability | None = None
    ) -> list[ClaimedJob]:
        due = [job_id for job_id in dict.fromkeys(ids) if job_id in self._tables.rows and self._claimable(job_id)]
        rows = self._tables.rows
        return [self._start(job_id, worker, delivery) for job_id in due if able is None or within(rows[job_id], able)]

    def fail_claim(self, job_id: UUID, worker: str, error: BaseException) -> JobState | None:
        if job_id not in self._tables.rows or not self._claimable(job_id):
            return None
        job = self._tables.job(job_id)
        self._start(job_id, worker, job_id)
        state = JobState.DEAD if job.attempt + 1 >= job.max_attempts else JobState.RETRYABLE
        message = f"it could not be claimed: {type(error).__name__}: {error}"
        at = self._now() + timedelta(seconds=2 ** (job.attempt + 1))
        ended = Settlement(job_id, job.attempt + 1, Outcome.FAILED, state, at, None, "ClaimFailedError", message)
        self.settle([ended])
        return state

    def park(self, ids: Sequence[UUID], able: Capability) -> list[UUID]:
        return park(self._tables, self._now, ids, able)

    def abandon(self, worker: str, delivery: UUID) -> list[UUID]:
        return self._give_back(
            [row.job for row in self._tables.running() if (row.job.worker, row.delivery) == (worker, delivery)]
        )

    def settle(self, settlements: Sequence[Settlement]) -> set[UUID]:
        current = [one for one in settlements if self._is_current(one.job_id, one.attempt)]
        for one in current:
            self._settle(one)
        release(self._tables, [one.job_id for one in current], self._now())
        return {one.job_id for one in current}

    def recorded(self, worker: str, settlements: Sequence[Settlement]) -> set[UUID]:
        def known(one: Settlement) -> bool:
            wanted = one.attempt, one.outcome, worker
            row = self._tables.rows.get(one.job_id)
            return row is not None and any((a.attempt, a.outcome, a.worker) == wanted for a in row.job.attempts)

        return {one.job_id for one in settlements if known(one)}

    def lose(self, reason: str, *, delivery: UUID, ago_s: float = 0.0) -> list[UUID]:
        death = self._now() - timedelta(seconds=ago_s)
        lost = (row for row in self._tables.running() if row.delivery == delivery and started(row.job) <= death)
        return self._take_back(lost, reason)

    def sweep(self, lease_s: float) -> list[UUID]:
        since = self._now() - timedelta(seconds=lease_s)
        alive = {worker for worker, (_, at) in self._tables.heartbeats.items() if at > since}
        silent = (row for row in self._tables.running() if row.job.worker not in alive and started(row.job) < since)
        return self._take_back(silent, f"its worker was silent for more than {lease_s:g} s")

    def retire(self, worker: str) -> list[UUID]:
        returned = self._give_back([row.job for row in self._tables.running() if row.job.worker == worker])
        self._tables.heartbeats.pop(worker, None)
        self._tables.draining.pop(worker, None)
        return returned

    def expire(self) -> list[Cancelled]:
        return expire(self._tables, self._now)

    def prune(self, retention: Retention, limit: int) -> int:
        return prune(self._tables, self._now(), retention, limit)

    def forget_history(self, history_s: float) -> int:
        return forget_history(self._tables, self._now(), history_s)

    def past(self, job_id: UUID) -> PastJob | None:
        return self._tables.history.get(job_id)

    def past_jobs(self, *, kind: str | None = None, limit: int = 50, before: UUID | None = None) -> list[PastJob]:
        newest = sorted(self._tables.history.values(), key=lambda past: past.id, reverse=True)
        found = (past for past in newest if kind in (None, past.kind) and (before is None or past.id < before))
        return list(islice(found, limit))

    def report_progress(self, job_id: UUID, attempt: int, done: float, note: str) -> str | None:
        if not self._is_current(job_id, attempt):
            raise ConflictError(f"attempt {attempt} of job {job_id} is no longer current")
        return self._tables.change(job_id, progress=done, progress_note=note).cancel_requested_by

    def cancel(self, job_id: UUID, by: str, reason: str) -> Cancelled:
        return cancel(self._tables, self._now, self.get(job_id), by, reason)

    def cancel_all(
        self, which: JobFilter, by: str, reason: str, *, limit: int = 1000, before: UUID | None = None
    ) -> CancelledPage:
        jobs = self._cancellable(which)
        return cancel_all(self._tables, self._now, jobs, by, reason, limit=limit, before=before)

    def cancellable(self, which: JobFilter) -> Mapping[JobState, int]:
        return Counter(job.state for job in self._cancellable(which))

    def cancel_requests(self, worker: str) -> list[CancelRequest]:
        return cancel_requests(self._tables, worker)

    def stop(self, requests: Sequence[CancelRequest], reason: str) -> list[UUID]:
        asked = {(one.job_id, one.attempt) for one in requests}
        rows = [row.job for row in self._tables.running() if (row.job.id, row.job.attempt) in asked]
        return self._give_back([job for job in rows if job.cancel_requested_by is not None], reason)

    def get(self, job_id: UUID) -> Job:
        if job_id not in self._tables.rows:
            raise NotFoundError(f"no job {str(job_id)!r}")
        acts = tuple(row.act for row in self._tables.acts if row.job_id == job_id)
        return replace(self._tables.job(job_id), acts=acts)

    def get_many(self, ids: Collection[UUID]) -> dict[UUID, Job]:
        return {job_id: self.get(job_id) for job_id in ids if job_id in self._tables.rows}

    def find(self, which: JobFilter, *, limit: int = 50, before: Place | None = None) -> Page:
        newest = sorted((row.job for row in self._tables.rows.values()), key=_place, reverse=True)
        found = [_listed(job) for job in newest if (before is None or _place(job) < before) and fits(job, which)]
        return Page(tuple(found[:limit]), _place(found[limit - 1]) if len(found) > limit else None)

    def of_model(self, model_id: UUID, limit: int = 100) -> list[Job]:
        jobs = [row.job for row in self._tables.rows.values()]
        own = {job.id for job in jobs if job.payload.get("model_id") == str(model_id)}
        waited = {later for before, later in self._tables.edges if before in own}
        return sorted((_listed(job) for job in jobs if job.id in own | waited), key=lambda job: job.id)[:limit]

    def count(self, which: JobFilter, at_most: int) -> int:
        return min(at_most, sum(fits(row.job, which) for row in self._tables.rows.values()))

    def ids_between(self, first: UUID, last: UUID, limit: int) -> list[UUID]:
        return sorted(job_id for job_id in self._tables.rows if first <= job_id <= last)[:limit]

    def snapshot(self, job_id: UUID, lease_s: float, republish_s: float = 10.0) -> Snapshot:
        return snapshot(self._tables, self.get(job_id), self._now(), lease_s, republish_s)

    def graph(self, job_id: UUID, limit: int = MOST_JOBS) -> Graph:
        return graph(self._tables, self.get(job_id), limit)

    def queues(self) -> list[QueueCounts]:
        now = self._now()
        since = now - timedelta(seconds=RECENT_S)
        jobs = [row.job for row in self._tables.rows.values()]
        jobs = [job for job in jobs if job.state not in DONE or finished(job) > since]
        paused = {name for scope, name in self._tables.pauses if scope is Scope.QUEUE}
        return [self._queue_counts(name, jobs, now) for name in sorted({j.queue for j in jobs} | paused)]

    def pause(self, name: str, by: Operator, scope: Scope = Scope.QUEUE) -> None:
        self._tables.pauses.setdefault((scope, name), Pause(scope, name, by.name, self._now(), by.reason))
        self._tables.record(self._now(), by.name, f"pause_{scope}", None)

    def resume(self, name: str, by: Operator, scope: Scope = Scope.QUEUE) -> None:
        self._tables.pauses.pop((scope, name), None)
        self._tables.record(self._now(), by.name, f"resume_{scope}", None)

    def beat(self, beat: Beat) -> bool:
        self._tables.heartbeats[beat.worker] = (beat, self._now())
        return beat.worker in self._tables.draining

    def _connect(self, jobs: Sequence[NewJob]) -> None:
        for job in jobs:
            self._tables.rows[job.id] = replace(self._tables.rows[job.id], asked=job)
        connect(self._tables, jobs)
        release(self._tables, [before for job in jobs for before in job.predecessors], self._now())

    def _claimable(self, job_id: UUID) -> bool:
        job, now = self._tables.job(job_id), self._now()
        paused = {(Scope.QUEUE, job.queue), (Scope.KIND, job.kind)} & self._tables.pauses.keys()
        return is_due(job, now) and not due_by(job, now) and not paused

    def _start(self, job_id: UUID, worker: str, delivery: UUID) -> ClaimedJob:
        began = {"state": JobState.RUNNING, "worker": worker, "started_at": self._now()}
        job = self._tables.change(
            job_id, **began, attempt=self._tables.job(job_id).attempt + 1, progress=None, progress_note=None
        )
        row = self._tables.rows[job_id] = replace(self._tables.rows[job_id], delivery=delivery)
        policy = replace(row.asked.policy, max_attempts=job.max_attempts)
        return ClaimedJob(
            job.id,
            job.kind,
            job.queue,
            job.payload,
            job.attempt,
            policy,
            job.submitted_by,
            row.asked.trace,
            started(job),
            job.request_id,
        )

    def _is_current(self, job_id: UUID, attempt: int) -> bool:
        row = self._tables.rows.get(job_id)
        return row is not None and row.job.state is JobState.RUNNING and row.job.attempt == attempt

    def _settle(self, one: Settlement) -> None:
        job, now = self._tables.job(one.job_id), self._now()
        stopped = one.state is not JobState.SUCCEEDED and job.cancel_requested_by is not None
        state = JobState.CANCELLED if stopped else one.state
        self._record(job, one.outcome, one.error_type, one.error_message, one.error_place)
        self._meter(job.id, one)
        done = 1.0 if state is JobState.SUCCEEDED and job.progress is not None else job.progress
        self._tables.change(
            job.id,
            state=state,
            result=one.result,
            error_type="CancelledError" if stopped else one.error_type,
            error_message=by_whom(job) if stopped else one.error_message,
            error_place=None if stopped else one.error_place,
            error_fingerprint=None if stopped else one.error_fingerprint,
            available_at=now if one.state is JobState.QUEUED else one.retry_at or job.available_at,
            published_at=job.published_at if state in FINAL else None,
            finished_at=now if state in FINAL else None,
            max_attempts=job.max_attempts + (one.outcome is Outcome.INTERRUPTED),
            progress=done,
        )

    def _give_back(self, jobs: Sequence[Job], reason: str | None = None) -> list[UUID]:
        for job in jobs:
            if job.cancel_requested_by is None:
                self._settle(Settlement(job.id, job.attempt, Outcome.INTERRUPTED, JobState.QUEUED))
            else:
                stopped = Settlement(job.id, job.attempt, Outcome.CANCELLED, JobState.CANCELLED)
                error = reason and "CancelledError"
                self._settle(replace(stopped, error_type=error, error_message=reason))
        release(self._tables, [job.id for job in jobs], self._now())
        return [job.id for job in jobs]

    def _take_back(self, lost: Iterable[Row], reason: str) -> list[UUID]:
        rows = list(lost)
        for row in rows:
            self._record(row.job, Outcome.LOST, "WorkerLostError", reason)
            self._lose(row, reason)
        release(self._tables, [row.job.id for row in rows], self._now())
        return [row.job.id for row in rows]

    def _lose(self, row: Row, reason: str) -> None:
        job, asked, now = row.job, row.job.cancel_requested_by is not None, self._now()
        deaths = job.lost + (not asked)
        poison = deaths >= row.asked.policy.max_lost and not asked
        state = JobState.DEAD if poison or job.attempt >= job.max_attempts else JobState.RETRYABLE
        state = JobState.CANCELLED if asked else state
        verdict = f"poison: {deaths} attempts ended with the death of their worker; the last: " if poison else ""
        error_type = "PoisonError" if poison else "WorkerLostError"
        self._tables.change(
            job.id,
            state=state,
            lost=deaths,
            published_at=None,
            available_at=now,
            finished_at=now if state in FINAL else None,
            error_type="CancelledError" if asked else error_type,
            error_message=by_whom(job) if asked else verdict + reason,
            error_place=None,
            error_fingerprint=None if asked else poison_fingerprint(reason) if poison else lost_fingerprint(reason),
        )
        self._tables.rows[job.id] = replace(self._tables.rows[job.id], batch=1)

    def _record(
        self, job: Job, outcome: str, error_type: str | None, message: str | None, place: str | None = None
    ) -> None:
        ended = AttemptRecord(job.attempt, job.worker, started(job), self._now(), outcome, error_type, message, place)
        known = self._tables.heartbeats.get(job.worker or "")
        ended = replace(ended, version=known[0].version if known else None)
        self._tables.change(job.id, attempts=(*job.attempts, ended))

    def _meter(self, job_id: UUID, one: Settlement) -> None:
        *before, last = self._tables.job(job_id).attempts
        metered = replace(last, cpu_s=one.cpu_s, traceback=one.traceback)
        self._tables.change(job_id, attempts=(*before, metered))

    def _cancellable(self, which: JobFilter) -> list[Job]:
        jobs = (row.job for row in self._tables.rows.values())
        return [job for job in jobs if job.state not in FINAL and not is_asked(job) and fits(job, which)]

    def _queue_counts(self, name: str, jobs: Sequence[Job], now: datetime) -> QueueCounts:
        mine = [job for job in jobs if job.queue == name]
        waits = [(now - job.available_at).total_seconds() for job in mine if is_due(job, now)]
        states = dict(Counter(job.state for job in mine))
        pause = self._tables.pauses.get((Scope.QUEUE, name))
        told = (pause.by, pause.at, pause.reason) if pause else (None, None, None)
        return QueueCounts(name, states, max(waits, default=None), *told)


def _known(row: Row) -> Known:
    asked = row.asked
    return Known(asked.id, asked.kind, asked.payload, asked.idempotency_key, asked.principal, asked.contract)


def _inserted(new: NewJob, now: datetime) -> Job:
    building = new.payload.get("building_id")
    return Job(
        id=new.id,
        kind=new.kind,
        queue=new.queue,
        state=JobState.BLOCKED if new.after else JobState.QUEUED,
        priority=new.priority,
        payload=new.payload,
        attempt=0,
        max_attempts=new.policy.max_attempts,
        lost=0,
        created_at=now,
        available_at=new.run_at or now,
        deadline=new.deadline,
        idempotency_key=new.idempotency_key,
        submitted_by=new.submitted_by,
        principal=new.principal,
        request_id=new.request_id,
        webhook_id=new.webhook_id,
        building_id=UUID(building) if building else None,
    )


def _listed(job: Job) -> Job:
    return replace(job, attempts=())


def _place(job: Job) -> Place:
    return place_of(job.id, job.created_at)
