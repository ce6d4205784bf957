"""A job: one requested piece of work, a row of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from arxos.domain.jobs.retry import RetryPolicy


class JobState(StrEnum):
    """Where a job is in its life."""

    BLOCKED = "blocked"  # waits for other jobs
    QUEUED = "queued"
    RUNNING = "running"
    RETRYABLE = "retryable"  # failed, will be tried again when it is due
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"
    UNREADABLE = "unreadable"  # a newer version's, which this one does not know; stored by none


STATES: tuple[JobState, ...] = tuple(state for state in JobState if state is not JobState.UNREADABLE)
WAITING = frozenset({JobState.QUEUED, JobState.RETRYABLE})
FINAL = frozenset({JobState.SUCCEEDED, JobState.DEAD, JobState.CANCELLED})
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.BLOCKED: frozenset({JobState.QUEUED, JobState.CANCELLED}),
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.DEAD}),  # a redrive undone
    JobState.RETRYABLE: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {JobState.SUCCEEDED, JobState.RETRYABLE, JobState.DEAD, JobState.CANCELLED, JobState.QUEUED}
    ),
    JobState.SUCCEEDED: frozenset(),
    JobState.DEAD: frozenset({JobState.QUEUED, JobState.CANCELLED}),  # redrive, discard
    JobState.CANCELLED: frozenset({JobState.DEAD}),  # a discard undone
    JobState.UNREADABLE: frozenset(),
}


class OnFailure(StrEnum):
    """What a job does when one that it waits for dies or is cancelled."""

    CANCEL = "cancel"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class After:
    """An edge with a policy of its own: the job to wait for, and what happens when that one fails."""

    id: UUID
    on_failure: OnFailure


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to insert: already held against its kind's contract. `run_at` None: now."""

    id: UUID
    kind: str
    queue: str
    payload: Mapping[str, Any]
    contract: int = 1  # the version of the kind's contract that the payload was held against
    defaulted: frozenset[str] = frozenset()  # fields of the payload that the request did not name
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    priority: int = 0  # higher first
    batch: int = 1  # how many such jobs may travel in one message
    run_at: datetime | None = None
    deadline: datetime | None = None
    idempotency_key: str | None = None
    submitted_by: str | None = None
    principal: str = "system"  # owns it and its idempotency key; see `arxos.domain.jobs.submitter`
    after: tuple[UUID | After, ...] = ()
    on_failure: OnFailure = OnFailure.CANCEL  # of those edges that say nothing themselves
    trace: str | None = None  # W3C traceparent of the request that caused it
    request_id: str | None = None  # of the request that asked for it
    webhook_id: UUID | None = None  # whom to tell when it is final

    @property
    def predecessors(self) -> Mapping[UUID, OnFailure]:
        """Whom it waits for, each once, and what it does when that one fails; of two policies the stricter."""
        edges = [one if isinstance(one, After) else After(one, self.on_failure) for one in self.after]
        strict = {edge.id for edge in edges if edge.on_failure is OnFailure.CANCEL}
        return {edge.id: OnFailure.CANCEL if edge.id in strict else OnFailure.RUN for edge in edges}


@dataclass(frozen=True, slots=True)
class Capability:
    """What a worker may run: a kind's jobs in these queues (None: in any), with payloads up to this contract.

    Contract 0: it does not know the kind.
    """

    kind: str
    contract: int
    queues: tuple[str, ...] | None = None

    @property
    def lacking(self) -> str:
        """What is said of a job that is beyond it."""
        known = f"know contract {self.contract} of it" if self.contract else "do not know its kind"
        return f"waits for a newer worker: there are some that {known}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a stored row that this version cannot read, and why."""

    field: str
    reason: str


def in_words(unreadable: Sequence[Unreadable]) -> str:
    """``policy: is no object; state: 'resting' is no state that this version knows``."""
    return "; ".join(f"{one.field}: {one.reason}" for one in unreadable)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A running attempt, as its worker sees it. `attempt` is the fencing token, `claimed_at` the database's time.

    Where something of it is unreadable, something else stands there, and it can only be buried.
    """

    id: UUID
    kind: str
    queue: str
    payload: Mapping[str, Any]
    attempt: int
    policy: RetryPolicy
    submitted_by: str | None
    trace: str | None
    claimed_at: datetime = field(compare=False)
    request_id: str | None = None
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One finished attempt."""

    attempt: int
    worker: str | None
    started_at: datetime
    finished_at: datetime
    outcome: str
    error_type: str | None
    error_message: str | None
    error_place: str | None = None  # module:function
    cpu_s: float | None = None  # None: not measured; its process died
    version: str | None = None  # of the worker's code
    traceback: str | None = None  # the innermost frames


@dataclass(frozen=True, slots=True)
class Act:
    """What an operator did to a job. `act_id`: as part of this bulk act."""

    at: datetime
    actor: str
    action: str
    reason: str | None
    source: str | None  # from where: cli@host, http
    act_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A ledger row, whole."""

    id: UUID
    kind: str
    queue: str
    state: JobState
    priority: int
    payload: Mapping[str, Any]
    attempt: int
    max_attempts: int
    lost: int
    created_at: datetime
    available_at: datetime
    result: Mapping[str, Any] | None = None
    error_type: str | None = None
    error_message: str | None = None
    error_place: str | None = None  # module:function
    error_fingerprint: str | None = None  # alike for errors of the same type, place and wording
    progress: float | None = None
    progress_note: str | None = None
    published_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deadline: datetime | None = None
    worker: str | None = None
    idempotency_key: str | None = None
    submitted_by: str | None = None
    principal: str | None = None
    building_id: UUID | None = None
    request_id: str | None = None
    webhook_id: UUID | None = None
    waiting_for: int = 0
    cancel_requested_by: str | None = None  # 'deadline': nobody did, it was too late
    cancel_reason: str | None = None
    original_payload: Mapping[str, Any] | None = None  # as it was submitted, where an operator has edited it since
    redriven: int = 0  # how often
    redriven_at: datetime | None = None
    redriven_by: str | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    acts: tuple[Act, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()  # of the row; something of its type stands for each
