"""Queues, pauses, limits, shares and workers."""

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from arxos.api.schemas.shared import MOMENT, SOME_ID
from arxos.app.operating import QueueSight
from arxos.domain.jobs.job import STATES, JobState
from arxos.domain.jobs.limits import MOST, Allowance, Scope
from arxos.storage.limit_acts import HEAVIEST, LIGHTEST, SubmitterShare, Usage
from arxos.storage.worker_facts import RunningJob, WorkerFacts
from arxos.tasks.queues import Pool

ScopeOf = Annotated[Scope, Field(description="what it is on", examples=["kind"])]
NameOf = Annotated[str, Field(description="of the kind or queue", examples=["building.validate"])]


class PauseView(BaseModel):
    """That nothing more starts."""

    paused_by: str = Field(description="who paused it first", examples=["ada"])
    paused_at: datetime = Field(description="since when", examples=["2026-11-25T08:30:00Z"])
    reason: str | None = Field(description="why", examples=["the disk is full"])

    @classmethod
    def of(cls, by: str | None, at: datetime | None, reason: str | None) -> Self | None:
        """The pause, if there is one."""
        return None if by is None or at is None else cls(paused_by=by, paused_at=at, reason=reason)


class QueueView(BaseModel):
    """One queue at this moment."""

    name: str = Field(description="the queue", examples=["geometry"])
    pool: Pool | None = Field(description="whose workers consume it; null: none of this version", examples=["cpu"])
    states: dict[JobState, int] = Field(
        description="jobs by state; of succeeded and cancelled ones those that ended within the last hour, at most "
        "10,000 of a kind",
        examples=[{"queued": 12, "running": 4, "dead": 1}],
    )
    oldest_due_s: float | None = Field(description="how long the oldest due job has waited, seconds", examples=[3.5])
    workers: int = Field(description="living workers that consume it", examples=[2])
    slots: int = Field(description="how many jobs these run at once, of all their queues", examples=[8])
    pause: PauseView | None = Field(description="null: it is not paused")

    @classmethod
    def of(cls, sight: QueueSight) -> Self:
        """The queue as callers see it."""
        counts = sight.counts
        return cls(
            name=counts.queue,
            pool=sight.pool,
            states={state: counts.states.get(state, 0) for state in STATES},
            oldest_due_s=counts.oldest_due_s,
            workers=sight.workers,
            slots=sight.slots,
            pause=PauseView.of(counts.paused_by, counts.paused_at, counts.pause_reason),
        )


class QueueList(BaseModel):
    """All of them by name."""

    items: list[QueueView] = Field(description="the queues")


class NewLimit(BaseModel):
    """What a kind or queue is allowed; at least one of running, per and rate."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"running": 4}, {"per": "building"}, {"rate": 5, "burst": 10}]}
    )

    running: StrictInt | None = Field(default=None, ge=0, le=MOST, description="so many at once; 0: none", examples=[4])
    per: str | None = Field(
        default=None,
        max_length=120,
        description="also so many at once for each building, submitter or payload.<field>",
        examples=["building"],
    )
    per_running: StrictInt = Field(default=1, ge=1, le=MOST, description="with per: so many for each", examples=[1])
    rate: float | None = Field(
        default=None, gt=0, le=MOST, allow_inf_nan=False, description="so many start in a second", examples=[5.0]
    )
    burst: StrictInt | None = Field(
        default=None, ge=1, le=MOST, description="with rate: so many of them in one moment", examples=[10]
    )

    def allowance(self) -> Allowance:
        """As the domain knows it."""
        return Allowance(**self.model_dump())


class LimitView(BaseModel):
    """A limit or a pause, and how it works at this moment."""

    scope: ScopeOf
    name: NameOf
    running: int | None = Field(description="so many at once; null: any number", examples=[4])
    per: str | None = Field(description="what else is counted for each of", examples=["building"])
    per_running: int | None = Field(description="so many at once for each of these", examples=[1])
    rate: float | None = Field(description="so many start in a second; null: any number", examples=[5.0])
    burst: int | None = Field(description="so many of them in one moment", examples=[10])
    in_flight: int = Field(description="jobs under it that are published or running", examples=[3])
    held: int = Field(description="jobs that are due, and that it leaves no room", examples=[120])
    source: str = Field(
        description="`code`: it comes with the job kind; `operator`: somebody set it", examples=["operator"]
    )
    set_by: str | None = Field(description="who set it; null: nobody, it comes with the code", examples=["ada"])
    pause: PauseView | None = Field(description="null: it is not paused")

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """The limit as callers see it."""
        fields = {name: getattr(usage, name) for name in cls.model_fields if name != "pause"}
        return cls(**fields, pause=PauseView.of(usage.paused_by, usage.paused_at, usage.pause_reason))


class LimitList(BaseModel):
    """All limits and pauses, by scope and name."""

    items: list[LimitView] = Field(description="the limits and pauses")


class NewShare(BaseModel):
    """A submitter's part where several wait for the same queue."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    weight: float = Field(
        ge=LIGHTEST, le=HEAVIEST, allow_inf_nan=False, description="1 is everybody's; 2: twice as much", examples=[0.5]
    )


class ShareView(BaseModel):
    """A submitter's part."""

    submitter: str = Field(description="as jobs name it in `submitted_by`", examples=["city-import"])
    weight: float = Field(description="1 is everybody's", examples=[0.5])
    in_flight: int = Field(description="its jobs that are published or running", examples=[3])

    @classmethod
    def of(cls, share: SubmitterShare) -> Self:
        """The share as callers see it."""
        return cls(submitter=share.submitter, weight=share.weight, in_flight=share.in_flight)


class ShareList(BaseModel):
    """Whoever was given a weight, by name; everybody else has 1."""

    items: list[ShareView] = Field(description="the submitters that have a weight")


class RunningJobView(BaseModel):
    """What a worker is at."""

    id: UUID = Field(description="the job", examples=[SOME_ID])
    kind: str = Field(description="its kind", examples=["building.validate"])
    queue: str = Field(description="its queue", examples=["validation"])
    building_id: UUID | None = Field(description="the building that it is about", examples=[SOME_ID])
    attempt: int = Field(description="the how many-th attempt this is", examples=[1])
    started_at: datetime = Field(description="when the attempt began", examples=["2026-11-25T08:30:00Z"])
    progress: float | None = Field(description="0 to 1; null: it does not tell", examples=[0.4])

    @classmethod
    def of(cls, job: RunningJob) -> Self:
        """The job as callers see it."""
        return cls(**{name: getattr(job, name) for name in cls.model_fields})


class WorkerView(BaseModel):
    """One worker process."""

    id: str = Field(description="unlike that of any other process", examples=["cpu@host:4711:3f9a2c"])
    pool: str = Field(description="cpu: child processes; io: threads", examples=["cpu"])
    host: str = Field(description="where it runs", examples=["worker-1"])
    pid: int = Field(description="its process there", examples=[4711])
    version: str = Field(description="of its code", examples=["0.1.0"])
    queues: list[str] = Field(description="what it consumes", examples=[["validation", "geometry"]])
    started_at: datetime = Field(description="since when it runs", examples=["2026-11-25T08:00:00Z"])
    heartbeat_at: datetime = Field(description="when it was heard of last", examples=["2026-11-25T08:30:00Z"])
    silent_s: float = Field(description="how long ago that is, seconds", examples=[0.8])
    alive: bool = Field(description="whether it was heard of within a lease")
    clock_skew_s: float | None = Field(description="its clock minus the database's, seconds", examples=[0.01])
    slots: int | None = Field(description="jobs at once; null: an older worker, which does not tell", examples=[4])
    busy: int = Field(description="jobs that it runs", examples=[2])
    memory_bytes: int | None = Field(
        description="resident, of the process and its children; null: it does not tell", examples=[471859200]
    )
    drain_requested_at: datetime | None = Field(
        description="when somebody asked it to finish and go; null: nobody did", examples=[MOMENT]
    )
    drain_requested_by: str | None = Field(description="who asked", examples=["ada"])
    jobs: list[RunningJobView] = Field(description="what it runs, the longest first")

    @classmethod
    def of(cls, worker: WorkerFacts, lease_s: float) -> Self:
        """The worker as callers see it."""
        told = {name: getattr(worker, name) for name in cls.model_fields if hasattr(worker, name)}
        computed = {"alive": worker.silent_s <= lease_s, "busy": len(worker.jobs)}
        return cls(**told | computed | {"jobs": [RunningJobView.of(job) for job in worker.jobs]})


class WorkerList(BaseModel):
    """All of them by pool and host; silent ones until their jobs are taken back."""

    items: list[WorkerView] = Field(description="the worker processes")
