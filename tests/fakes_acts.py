"""The operator's desk in memory. Passes the same contract suite as the one on PostgreSQL."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.desk import Action, BulkAct, Edit, Group, Opened, Order, Step, UndoStep
from arxos.domain.jobs.job import WAITING, Act, Job, JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from tests.fakes_edges import release
from tests.fakes_tables import ActRow, Tables, due_by, finished

EQUAL = ("state", "kind", "queue", "building_id", "submitted_by")
AFTER = {Action.REDRIVE: JobState.QUEUED, Action.DISCARD: JobState.CANCELLED}


class FakeDesk:
    """See `Desk`. Works on the tables of one transaction."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def redrive(self, job_id: UUID, by: Operator, *, edit: Edit | None = None, drop_deadline: bool = False) -> None:
        job = self._dead(job_id, "redriven")
        if due_by(job, self._now()) and not drop_deadline:
            raise ConflictError(f"job {job_id}: its deadline passed at {job.deadline}; redrive it without one")
        if edit is not None:
            self._edit(job, edit)
        self._redrive(job, by, self._now())

    def discard(self, job_id: UUID, by: Operator) -> None:
        self._discard(self._dead(job_id, "discarded"), by)

    def retry(self, job_id: UUID, by: Operator) -> None:
        if job_id not in self._tables.rows:
            raise NotFoundError(f"no job {str(job_id)!r}")
        job, now = self._tables.job(job_id), self._now()
        if job.state not in WAITING or job.available_at <= now:
            raise ConflictError(f"job {job_id}: only a job that waits for its time can be retried at once")
        self._tables.change(job_id, available_at=now, published_at=None, progress_note=None)
        self._record(by, "retry", job_id, None)

    def groups(self, which: JobFilter, limit: int) -> list[Group]:
        alike = defaultdict[str, list[Job]](list)
        for job in self._fitting(replace(which, state=JobState.DEAD)):
            alike[job.error_fingerprint or ""].append(job)
        largest = sorted(alike, key=lambda fingerprint: (-len(alike[fingerprint]), fingerprint))
        return [_group(fingerprint, alike[fingerprint]) for fingerprint in largest[:limit]]

    def open(self, act_id: UUID, order: Order) -> Opened:
        now, by, which = self._now(), order.by, order.which
        named = {name: getattr(which, name) for name in JobFilter.__slots__ if name != "state"}
        shown = {name: str(value) for name, value in named.items() if value is not None}
        until, who = now + timedelta(seconds=order.undo_s), (by.name, by.reason, by.source)
        self._tables.bulk_acts[act_id] = BulkAct(act_id, order.action, *who, shown, order.rate, 0, now, None, until)
        which = replace(which, state=JobState.DEAD, finished_until=min(which.finished_until or now, now))
        return Opened(act_id, replace(order, which=which), len(self._fitting(which)), now)

    def step(self, act: Opened, limit: int, *, after: UUID | None, not_before: datetime | None) -> Step:
        recorded, order = self._tables.bulk_acts[act.id], act.order
        if recorded.undone_at is not None:
            raise ConflictError(f"bulk act {act.id} was undone while it went on")
        jobs = [job for job in self._fitting(order.which) if after is None or job.id > after]
        due_until = None
        if order.action is Action.REDRIVE:
            apart = timedelta(seconds=1 / order.rate if order.rate else 0)
            base = max(self._now(), not_before or self._now())
            jobs = [job for job in jobs if order.drop_deadline or not due_by(job, base + limit * apart)][:limit]
            for place, job in enumerate(jobs, 1):
                due_until = base + place * apart
                self._redrive(job, order.by, due_until, act.id)
        else:
            jobs = jobs[:limit]
            for job in jobs:
                self._discard(job, order.by, act.id)
        undo_until = max(self._now(), due_until or self._now()) + timedelta(seconds=order.undo_s)
        self._tables.bulk_acts[act.id] = replace(recorded, done=recorded.done + len(jobs), undo_until=undo_until)
        return Step(len(jobs), jobs[-1].id if len(jobs) == limit else None, due_until)

    def close(self, act_id: UUID) -> BulkAct:
        self._tables.bulk_acts[act_id] = closed = replace(self._tables.bulk_acts[act_id], finished_at=self._now())
        return closed

    def begin_undo(self, act_id: UUID, by: Operator) -> BulkAct:
        act, now = self._tables.bulk_acts.get(act_id), self._now()
        if act is None:
            raise NotFoundError(f"no bulk act {str(act_id)!r}")
        if act.undo_until <= now:
            raise ConflictError(f"bulk act {act_id} could be undone until {act.undo_until}: it is too late")
        begun = replace(act, undone_at=act.undone_at or now, undone_by=act.undone_by or by.name, undone=act.undone or 0)
        self._tables.bulk_acts[act_id] = begun
        self._record(by, "undo", None, act_id)
        return begun

    def undo_step(self, act_id: UUID, by: Operator, limit: int, *, after: int) -> UndoStep:
        mine = [
            (entry, row)
            for entry, row in enumerate(self._tables.acts, 1)
            if entry > after and row.act.act_id == act_id and row.before is not None
        ][:limit]
        back = [row.before for entry, row in mine if row.before is not None and self._is_untouched(entry, row)]
        for job in back:
            self._tables.change(job.id, **{name: getattr(job, name) for name in Job.__slots__})
            self._record(by, "undo", job.id, act_id)
        release(self._tables, [job.id for job in back], self._now())
        act = self._tables.bulk_acts[act_id]
        self._tables.bulk_acts[act_id] = replace(act, undone=(act.undone or 0) + len(back))
        return UndoStep(len(back), mine[-1][0] if len(mine) == limit else None)

    def acts(self, limit: int) -> list[BulkAct]:
        return sorted(self._tables.bulk_acts.values(), key=lambda act: act.started_at, reverse=True)[:limit]

    def drain(self, worker: str, by: Operator) -> None:
        if worker not in self._tables.heartbeats:
            raise NotFoundError(f"no worker {worker!r}")
        if worker not in self._tables.draining:
            self._tables.draining[worker] = by.name
            self._record(by, "drain_worker", None, None)

    def _dead(self, job_id: UUID, act: str) -> Job:
        if job_id not in self._tables.rows:
            raise NotFoundError(f"no job {str(job_id)!r}")
        job = self._tables.job(job_id)
        if job.state is not JobState.DEAD:
            raise ConflictError(f"job {job_id} is {job.state}: it cannot be {act}, only dead jobs can be")
        return job

    def _fitting(self, which: JobFilter) -> list[Job]:
        jobs = (row.job for row in self._tables.rows.values())
        return sorted((job for job in jobs if fits(job, which)), key=lambda job: job.id)

    def _redrive(self, job: Job, by: Operator, due: datetime, act_id: UUID | None = None) -> None:
        row = self._tables.rows[job.id]
        self._record(by, "redrive", job, act_id)
        self._tables.change(
            job.id,
            state=JobState.QUEUED,
            available_at=due,
            published_at=None,
            finished_at=None,
            max_attempts=job.attempt + row.asked.policy.max_attempts,
            lost=0,
            deadline=None if due_by(job, due) else job.deadline,
            cancel_requested_by=None,
            cancel_reason=None,
            redriven=job.redriven + 1,
            redriven_at=self._now(),
            redriven_by=by.name,
        )

    def _discard(self, job: Job, by: Operator, act_id: UUID | None = None) -> None:
        self._record(by, "discard", job, act_id)
        closed = {"state": JobState.CANCELLED, "finished_at": self._now()}
        self._tables.change(job.id, **closed, cancel_requested_by=by.name, cancel_reason=by.reason)

    def _edit(self, job: Job, edit: Edit) -> None:
        original = job.original_payload if job.original_payload is not None else job.payload
        building = edit.payload.get("building_id")
        named = {"payload": edit.payload, "building_id": UUID(building) if building else None}
        self._tables.change(job.id, **named, original_payload=original)
        row = self._tables.rows[job.id]
        asked = replace(row.asked, contract=edit.contract)
        self._tables.rows[job.id] = replace(row, asked=asked, batch=edit.batch if job.lost == 0 else 1)

    def _is_untouched(self, entry: int, row: ActRow) -> bool:
        job = self._tables.rows[row.before.id].job if row.before and row.before.id in self._tables.rows else None
        if job is None or row.before is None:
            return False
        later = any(other.job_id == job.id for other in self._tables.acts[entry:])
        return not later and job.attempt == row.before.attempt and job.state is AFTER[Action(row.act.action)]

    def _record(self, by: Operator, action: str, job: Job | UUID | None, act_id: UUID | None) -> None:
        before = job if isinstance(job, Job) else None
        job_id = job.id if isinstance(job, Job) else job
        self._tables.acts.append(
            ActRow(Act(self._now(), by.name, action, by.reason, by.source, act_id), job_id, before)
        )


def fits(job: Job, which: JobFilter) -> bool:
    """Whether a job is one of those that the filter names."""
    same = all(getattr(which, name) in (None, getattr(job, name)) for name in EQUAL)
    error = f"{job.error_type}: {job.error_message or ''}".lower() if job.error_type else ""
    told = which.error is None or (bool(job.error_type) and which.error.lower() in error)
    alike = which.fingerprint in (None, job.error_fingerprint)
    created = _within(job.created_at, which.since, which.until)
    return same and told and alike and created and _within(job.finished_at, which.finished_since, which.finished_until)


def _within(moment: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    if moment is None:
        return since is None and until is None
    return (since is None or moment >= since) and (until is None or moment < until)


def _group(fingerprint: str, jobs: list[Job]) -> Group:
    sample = jobs[-1]
    died = [finished(job) for job in jobs]
    told = (sample.error_type, sample.error_message, sample.error_place)
    kinds = tuple(sorted({job.kind for job in jobs}))
    return Group(fingerprint, len(jobs), kinds, *told, min(died), max(died), sample.id)
