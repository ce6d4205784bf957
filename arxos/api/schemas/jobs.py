"""Jobs, as they are asked for and as they are told."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from arxos.domain.jobs.graph import Graph
from arxos.domain.jobs.job import Act, AttemptRecord, Job, JobState
from arxos.tasks.request import JobRequest

SOME_ID = "0192f3c8-0000-7000-8000-000000000000"
MOST = 10_000  # jobs of one batch


class JobSubmission(JobRequest):
    """One job to be done."""


class Batch(BaseModel):
    """Many jobs, all of them or none. They may name each other in `after` by ids that the client chose."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    jobs: list[JobRequest] = Field(min_length=1, max_length=MOST, description="up to 10,000 of them")


class Accepted(BaseModel):
    """The job that stands for the request."""

    id: UUID = Field(examples=[SOME_ID])
    state: JobState = Field(description="where it is in its life", examples=["queued"])


class BatchAccepted(BaseModel):
    """The jobs that stand for the requests, in their order."""

    ids: list[UUID] = Field(examples=[[SOME_ID]])


class JobError(BaseModel):
    """What it failed of last."""

    type: str = Field(description="the error's class", examples=["NotFoundError"])
    message: str | None = Field(description="in words", examples=["no model '7f…'"])
    place: str | None = Field(default=None, description="where in the code: module and function")
    fingerprint: str | None = Field(default=None, description="alike for errors of the same type, place and wording")


class JobProgress(BaseModel):
    """How far it is."""

    done: float = Field(description="of 1", examples=[0.4])
    note: str | None = Field(description="what it is at", examples=["reading the file"])


class AttemptView(BaseModel):
    """One attempt that has ended."""

    attempt: int = Field(description="counted from 1")
    worker: str | None = Field(description="pool@host:pid:start", examples=["cpu@node-3:71:5f2a"])
    started_at: datetime
    finished_at: datetime
    outcome: str = Field(description="succeeded, failed, cancelled, interrupted or lost")
    version: str | None = Field(description="of the worker's code", examples=["0.3.0"])
    cpu_s: float | None = Field(description="seconds of processors; null: its process died", examples=[1.2])
    error: JobError | None = None
    traceback: str | None = Field(default=None, description="the innermost frames, where it raised an error")

    @classmethod
    def of(cls, one: AttemptRecord) -> Self:
        """As callers see it."""
        return cls(
            attempt=one.attempt,
            worker=one.worker,
            started_at=one.started_at,
            finished_at=one.finished_at,
            outcome=one.outcome,
            version=one.version,
            cpu_s=one.cpu_s,
            traceback=one.traceback,
            error=_error(one.error_type, one.error_message, one.error_place, None),
        )


class JobActView(BaseModel):
    """What an operator did to it."""

    at: datetime
    actor: str = Field(description="who")
    action: str = Field(description="what", examples=["redrive"])
    reason: str | None = Field(description="why")
    source: str | None = Field(description="from where", examples=["http@10.0.0.7"])
    act_id: UUID | None = Field(description="as part of this act on many")

    @classmethod
    def of(cls, act: Act) -> Self:
        """As callers see it."""
        return cls(
            at=act.at, actor=act.actor, action=act.action, reason=act.reason, source=act.source, act_id=act.act_id
        )


class JobView(BaseModel):
    """A job, whole."""

    id: UUID = Field(examples=[SOME_ID])
    kind: str = Field(examples=["building.validate"])
    queue: str = Field(examples=["validation"])
    state: JobState
    priority: int
    attempt: int = Field(description="how often it was begun")
    max_attempts: int = Field(description="how often it may be")
    payload: dict[str, Any]
    original_payload: dict[str, Any] | None = Field(description="as submitted, where an operator has edited it since")
    result: dict[str, Any] | None = Field(description="what it came to; null until it has succeeded")
    error: JobError | None = Field(description="what its last attempt failed of")
    progress: JobProgress | None
    attempts: list[AttemptView] = Field(description="those that have ended, the first one first")
    created_at: datetime
    run_at: datetime = Field(description="not before")
    published_at: datetime | None = Field(description="when it was last handed to the workers")
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime | None
    worker: str | None = Field(description="which runs it, or ran it last")
    waiting_for: int = Field(description="how many jobs it still waits for")
    lost: int = Field(description="how many attempts ended with the death of their worker")
    idempotency_key: str | None
    submitted_by: str | None
    building_id: UUID | None
    request_id: str | None = Field(description="of the request that asked for it")
    webhook_id: UUID | None = Field(description="whom to tell when it is over")
    cancel_requested_by: str | None
    cancel_reason: str | None
    redriven: int = Field(description="how often an operator sent it round again")
    redriven_at: datetime | None
    redriven_by: str | None
    acts: list[JobActView] = Field(description="what operators did to it")

    @classmethod
    def of(cls, job: Job) -> Self:
        """As callers see it. Nothing is checked again: it is read for every request."""
        same = {name: getattr(job, name) for name in _SAME}
        return cls.model_construct(
            **same,
            run_at=job.available_at,
            error=_error(job.error_type, job.error_message, job.error_place, job.error_fingerprint),
            progress=None if job.progress is None else JobProgress(done=job.progress, note=job.progress_note),
            attempts=[AttemptView.of(one) for one in job.attempts],
            acts=[JobActView.of(act) for act in job.acts],
        )


_MADE = {"attempts", "acts", "progress", "error", "run_at"}
_SAME = tuple(name for name in JobView.model_fields if name not in _MADE)


class JobList(BaseModel):
    """One page, newest first. `next_cursor` continues it; null at the end."""

    items: list[JobView]
    next_cursor: str | None = None


class Why(BaseModel):
    """What it waits for, or what became of it."""

    id: UUID = Field(examples=[SOME_ID])
    state: JobState
    why: str = Field(
        description="in a sentence or two, with what to do", examples=["waits for its turn: 4 are before it"]
    )


class NodeView(BaseModel):
    """A job of the workflow."""

    id: UUID
    kind: str
    state: JobState
    waiting_for: int


class EdgeView(BaseModel):
    """`job` waits for `after`, or did until the edge was released."""

    after: UUID
    job: UUID
    on_failure: str = Field(description="what `job` does when `after` fails", examples=["cancel"])
    released: bool


class GraphView(BaseModel):
    """All that hangs together with a job. `cut`: there is more than one look takes in."""

    job: UUID
    nodes: list[NodeView]
    edges: list[EdgeView]
    cut: bool

    @classmethod
    def of(cls, graph: Graph) -> Self:
        """As callers see it."""
        nodes = [NodeView(id=n.id, kind=n.kind, state=n.state, waiting_for=n.waiting_for) for n in graph.nodes]
        edges = [
            EdgeView(after=edge.before, job=edge.job, on_failure=edge.on_failure, released=edge.released)
            for edge in graph.edges
        ]
        return cls(job=graph.job_id, nodes=nodes, edges=edges, cut=graph.cut)


class Redrive(BaseModel):
    """How a dead job is to go round again."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    reason: str | None = Field(default=None, max_length=1000, description="recorded with the act")
    payload: dict[str, Any] | None = Field(
        default=None, description="another payload; the one before is kept beside it"
    )
    drop_deadline: StrictBool = Field(default=False, description="without its deadline, if that has passed")


def _error(kind: str | None, message: str | None, place: str | None, fingerprint: str | None) -> JobError | None:
    if kind is None:
        return None
    return JobError(type=kind, message=message, place=place, fingerprint=fingerprint)
