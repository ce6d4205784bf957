"""What the fake ledger keeps: rows, edges, heartbeats; and its clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from arxos.domain.audits.findings import Audit, Noted, Place
from arxos.domain.health.parts import ComponentReport
from arxos.domain.health.report import HealthChange, HealthReport, Sweep
from arxos.domain.jobs.desk import BulkAct
from arxos.domain.jobs.job import WAITING, Act, Job, JobState, NewJob
from arxos.domain.jobs.ledger import Beat
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.retention import PastJob
from arxos.domain.jobs.snapshot import Pause
from arxos.domain.jobs.webhooks import Ending, Webhook
from arxos.domain.rollups.buckets import Grain
from arxos.domain.rollups.rows import BuildingRollup, JobRollup


@dataclass(slots=True)
class FakeClock:
    """The database's clock: never stands still, and leaps when told to."""

    ahead: timedelta = timedelta()
    last: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def leap(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        self.last = max(datetime.now(UTC) + self.ahead, self.last + timedelta(microseconds=1))
        return self.last


@dataclass(frozen=True, slots=True)
class Row:
    """A job, and what of its row the domain's `Job` does not show."""

    job: Job
    asked: NewJob
    batch: int
    delivery: UUID | None = None


@dataclass(frozen=True, slots=True)
class ActRow:
    """What an operator did; `before`: the job that it was done to."""

    act: Act
    job_id: UUID | None
    before: Job | None = None


@dataclass(slots=True)
class Tables:
    """What a transaction sees; a copy becomes the truth at commit."""

    rows: dict[UUID, Row] = field(default_factory=dict)
    edges: dict[tuple[UUID, UUID], bool] = field(default_factory=dict)  # (predecessor, job): released?
    heartbeats: dict[str, tuple[Beat, datetime]] = field(default_factory=dict)
    pauses: dict[tuple[Scope, str], Pause] = field(default_factory=dict)
    acts: list[ActRow] = field(default_factory=list)
    bulk_acts: dict[UUID, BulkAct] = field(default_factory=dict)
    history: dict[UUID, PastJob] = field(default_factory=dict)
    audits: dict[UUID, Audit] = field(default_factory=dict)
    places: dict[UUID, Place] = field(default_factory=dict)
    noted: dict[tuple[UUID, str, str], Noted] = field(default_factory=dict)  # (audit, sort, subject)
    health: dict[UUID, HealthReport] = field(default_factory=dict)
    health_changes: list[tuple[UUID, HealthChange]] = field(default_factory=list)
    sweeps: dict[UUID, Sweep] = field(default_factory=dict)
    parts: dict[str, ComponentReport] = field(default_factory=dict)
    rollups: dict[tuple[Grain, datetime, str, str, str], JobRollup] = field(default_factory=dict)
    marks: list[datetime] = field(default_factory=list)
    building_rollups: dict[tuple[date, str], BuildingRollup] = field(default_factory=dict)
    webhooks: dict[UUID, Webhook] = field(default_factory=dict)
    endings: list[Ending] = field(default_factory=list)
    nonces: set[tuple[str, str]] = field(default_factory=set)
    effects: list[tuple[UUID, int, str]] = field(default_factory=list)
    draining: dict[str, str] = field(default_factory=dict)  # worker: who asked

    def copy(self) -> "Tables":
        return Tables(*(getattr(self, name).copy() for name in Tables.__slots__))

    def job(self, job_id: UUID) -> Job:
        return self.rows[job_id].job

    def running(self) -> Iterator[Row]:
        return (row for row in list(self.rows.values()) if row.job.state is JobState.RUNNING)

    def paused_by(self, scope: Scope, name: str) -> str | None:
        pause = self.pauses.get((scope, name))
        return pause.by if pause else None

    def record(self, at: datetime, by: str, action: str, job_id: UUID | None, reason: str | None = None) -> None:
        self.acts.append(ActRow(Act(at, by, action, reason, None), job_id))

    def change(self, job_id: UUID, **fields: Any) -> Job:
        row = self.rows[job_id]
        self.rows[job_id] = replace(row, job=replace(row.job, **fields))
        return self.rows[job_id].job

    def close(self, job_id: UUID, reason: str, now: datetime) -> None:
        """Cancel a job that does not run."""
        closed = {"state": JobState.CANCELLED, "finished_at": now, "error_place": None, "error_fingerprint": None}
        self.change(job_id, **closed, error_type="CancelledError", error_message=reason)


def is_due(job: Job, now: datetime) -> bool:
    return job.state in WAITING and job.available_at <= now


def due_by(job: Job, now: datetime) -> bool:
    return job.deadline is not None and job.deadline < now


def started(job: Job) -> datetime:
    assert job.started_at is not None
    return job.started_at


def finished(job: Job) -> datetime:
    assert job.finished_at is not None
    return job.finished_at
