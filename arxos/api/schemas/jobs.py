"""Jobs, as they are asked for and as they are told."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from arxos.api.disclosure import public
from arxos.api.schemas.shared import FINGERPRINT, LATER, MOMENT, SOME_ID, NextCursor
from arxos.domain.jobs.graph import MOST_EDGES, MOST_JOBS, Graph
from arxos.domain.jobs.job import Act, AttemptRecord, Job, JobState
from arxos.tasks.request import JobRequest

FIRST_ID = "0192f3c8-0000-7000-8000-000000000001"
MOST = 10_000  # jobs of one batch


class JobSubmission(JobRequest):
    """One job to be done."""


class Batch(BaseModel):
    """Many jobs, all of them or none. They may name each other in `after` by ids that the client chose."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "jobs": [
                        {"kind": "building.validate", "payload": {"model_id": SOME_ID}, "id": FIRST_ID},
                        {"kind": "building.warm_cache", "payload": {"building_id": SOME_ID}, "after": [FIRST_ID]},
                    ]
                }
            ]
        },
    )

    jobs: list[JobRequest] = Field(min_length=1, max_length=MOST, description="up to 10,000 of them")


class Accepted(BaseModel):
    """The job that stands for the request."""

    id: UUID = Field(description="the job", examples=[SOME_ID])
    state: JobState = Field(description="where it is in its life", examples=["queued"])


class BatchAccepted(BaseModel):
    """The jobs that stand for the requests, in their order."""

    ids: list[UUID] = Field(description="each job's", examples=[[SOME_ID]])


class JobError(BaseModel):
    """What it failed of last."""

    type: str = Field(description="the error's class", examples=["NotFoundError"])
    message: str | None = Field(description="in words", examples=["no model '7f…'"])
    place: str | None = Field(
        default=None,
        description="where in the code: module and function",
        examples=["arxos.storage.model_rows:ModelRows.model"],
    )
    fingerprint: str | None = Field(
        default=None, description="alike for errors of the same type, place and wording", examples=[FINGERPRINT]
    )


class JobProgress(BaseModel):
    """How far it is."""

    done: float = Field(description="of 1", examples=[0.4])
    note: str | None = Field(description="what it is at", examples=["reading the file"])


class AttemptView(BaseModel):
    """One attempt that has ended."""

    attempt: int = Field(description="counted from 1", examples=[1])
    worker: str | None = Field(description="pool@host:pid:start", examples=["cpu@node-3:71:5f2a"])
    started_at: datetime = Field(description="when a worker claimed the job", examples=[MOMENT])
    finished_at: datetime = Field(description="when its outcome was recorded", examples=[LATER])
    outcome: str = Field(description="succeeded, failed, cancelled, interrupted or lost", examples=["succeeded"])
    version: str | None = Field(description="of the worker's code", examples=["0.3.0"])
    cpu_s: float | None = Field(description="seconds of processors; null: its process died", examples=[1.2])
    error: JobError | None = Field(default=None, description="what it failed of; null: of nothing")
    traceback: str | None = Field(
        default=None,
        description="the innermost frames, where it raised an error",
        examples=["Traceback (most recent call last):\n  …\narxos.domain.errors.NotFoundError: no model '7f…'"],
    )

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
            traceback=None if one.traceback is None else public(one.traceback),
            error=_error(one.error_type, one.error_message, one.error_place, None),
        )


class JobActView(BaseModel):
    """What an operator did to it."""

    at: datetime = Field(description="when", examples=[MOMENT])
    actor: str = Field(description="who", examples=["ada"])
    action: str = Field(description="what", examples=["redrive"])
    reason: str | None = Field(description="why", examples=["the models were uploaded anew"])
    source: str | None = Field(description="from where", examples=["http@10.0.0.7"])
    act_id: UUID | None = Field(description="as part of this act on many; null: it was done alone", examples=[SOME_ID])

    @classmethod
    def of(cls, act: Act) -> Self:
        """As callers see it."""
        return cls(
            at=act.at, actor=act.actor, action=act.action, reason=act.reason, source=act.source, act_id=act.act_id
        )


class UnreadableView(BaseModel):
    """A part of a stored row that this version cannot read: a newer version's, or a damaged one."""

    field: str = Field(description="which", examples=["policy"])
    reason: str = Field(description="why not", examples=["base_s is no number from 0 to 1,000,000,000"])


class JobView(BaseModel):
    """A job, whole."""

    id: UUID = Field(description="the job", examples=[SOME_ID])
    kind: str = Field(description="what it does", examples=["building.validate"])
    queue: str = Field(description="where it waits for a worker", examples=["validation"])
    state: JobState
    priority: int = Field(description="−100 to 100, higher first; worth ten seconds of waiting each", examples=[0])
    attempt: int = Field(description="how often it was begun", examples=[1])
    max_attempts: int = Field(description="how often it may be", examples=[8])
    payload: dict[str, Any] = Field(
        description="what is to be done, by the contract of its kind",
        examples=[{"model_id": SOME_ID, "express": False}],
    )
    original_payload: dict[str, Any] | None = Field(
        description="as submitted, where an operator has edited it since", examples=[{"model_id": SOME_ID}]
    )
    result: dict[str, Any] | None = Field(
        description="what it came to; null until it has succeeded", examples=[{"valid": True, "schema_name": "IFC4"}]
    )
    error: JobError | None = Field(description="what its last attempt failed of")
    progress: JobProgress | None
    attempts: list[AttemptView] = Field(description="those that have ended, the first one first")
    created_at: datetime = Field(description="when it was submitted", examples=[MOMENT])
    run_at: datetime = Field(description="not before: as asked, or by the backoff of a retry", examples=[MOMENT])
    published_at: datetime | None = Field(description="when it was last handed to the workers", examples=[MOMENT])
    started_at: datetime | None = Field(description="when its latest attempt began; null: none has", examples=[MOMENT])
    finished_at: datetime | None = Field(description="when it came to its end; null: it has not", examples=[LATER])
    deadline: datetime | None = Field(
        description="cancelled unless it is done by then; null: it has time", examples=["2026-11-25T20:00:00Z"]
    )
    worker: str | None = Field(description="which runs it, or ran it last", examples=["cpu@node-3:71:5f2a"])
    waiting_for: int = Field(description="how many jobs it still waits for", examples=[0])
    lost: int = Field(description="how many attempts ended with the death of their worker", examples=[0])
    idempotency_key: str | None = Field(description="the client's name for the request", examples=["order-1729"])
    submitted_by: str | None = Field(description="who asked for it", examples=["shop"])
    building_id: UUID | None = Field(description="the building that it is about", examples=[SOME_ID])
    request_id: str | None = Field(description="of the request that asked for it", examples=["5f0c6e0a9d3b4c7f"])
    webhook_id: UUID | None = Field(description="whom to tell when it is over", examples=[SOME_ID])
    cancel_requested_by: str | None = Field(
        description="who cancelled or discarded it, or asked for it to stop; `deadline`: nobody did, it was too late",
        examples=["ada"],
    )
    cancel_reason: str | None = Field(
        description="why; also where a job that it waited for failed", examples=["no longer wanted"]
    )
    redriven: int = Field(description="how often an operator sent it round again", examples=[0])
    redriven_at: datetime | None = Field(description="when that was last; null: never", examples=[MOMENT])
    redriven_by: str | None = Field(description="who did that last", examples=["ada"])
    acts: list[JobActView] = Field(description="what operators did to it")
    unreadable: list[UnreadableView] | None = Field(
        default=None,
        description="what of the stored row this version cannot read, where something else stands; null: nothing",
    )

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
            unreadable=[UnreadableView(field=one.field, reason=one.reason) for one in job.unreadable] or None,
        )


_MADE = {"attempts", "acts", "progress", "error", "run_at", "unreadable"}
_SAME = tuple(name for name in JobView.model_fields if name not in _MADE)


class JobList(BaseModel):
    """One page, newest first. `next_cursor` continues it; null at the end."""

    items: list[JobView] = Field(description="the jobs of this page")
    next_cursor: NextCursor = None


class Why(BaseModel):
    """What it waits for, or what became of it."""

    id: UUID = Field(description="the job", examples=[SOME_ID])
    state: JobState
    why: str = Field(
        description="in a sentence or two, with what to do", examples=["waits for its turn: 4 are before it"]
    )


class NodeView(BaseModel):
    """A job of the workflow."""

    id: UUID = Field(description="the job", examples=[SOME_ID])
    kind: str = Field(description="what it does", examples=["building.warm_cache"])
    state: JobState
    waiting_for: int = Field(description="how many jobs it still waits for", examples=[2])


class EdgeView(BaseModel):
    """`job` waits for `after`, or did until the edge was released."""

    after: UUID = Field(description="the job that comes first", examples=[SOME_ID])
    job: UUID = Field(description="the job that waits for it", examples=[FIRST_ID])
    on_failure: str = Field(description="what `job` does when `after` fails", examples=["cancel"])
    released: bool = Field(description="whether `job` waits for it no more")


class GraphView(BaseModel):
    """All that hangs together with a job. `cut`: there is more than one look takes in."""

    job: UUID = Field(description="the one that was asked for", examples=[SOME_ID])
    nodes: list[NodeView] = Field(description=f"the jobs, the nearest first; up to {MOST_JOBS:,}")
    edges: list[EdgeView] = Field(description=f"who waits for whom; up to {MOST_EDGES:,}")
    cut: bool = Field(description="whether there is more")

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

    reason: str | None = Field(
        default=None, max_length=1000, description="recorded with the act", examples=["the model was uploaded anew"]
    )
    payload: dict[str, Any] | None = Field(
        default=None,
        description="another payload; the one that was submitted is kept beside it",
        examples=[{"model_id": SOME_ID}],
    )
    drop_deadline: StrictBool = Field(default=False, description="without its deadline, if that has passed")


def _error(kind: str | None, message: str | None, place: str | None, fingerprint: str | None) -> JobError | None:
    if kind is None:
        return None
    message = None if message is None else public(message)
    return JobError(type=kind, message=message, place=place, fingerprint=fingerprint)
