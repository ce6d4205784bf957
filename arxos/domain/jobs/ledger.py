"""The port on the ledger: every change of a job's state is one guarded operation here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from arxos.domain.jobs.backlog import Backlog
from arxos.domain.jobs.graph import MOST_JOBS, Graph
from arxos.domain.jobs.job import Capability, ClaimedJob, Job, JobState, NewJob, OnFailure
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.listing import Place
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import Settlement
from arxos.domain.jobs.retention import PastJob, Retention
from arxos.domain.jobs.snapshot import Snapshot

RECENT_S = 3600  # for how long a queue's finished jobs count


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list; None: any. Created, or finished (that is, died), at or after `since` and before `until`."""

    state: JobState | None = None
    kind: str | None = None
    queue: str | None = None
    building_id: UUID | None = None
    submitted_by: str | None = None
    error: str | None = None  # part of the error's type or message, any case
    fingerprint: str | None = None  # of the error
    since: datetime | None = None
    until: datetime | None = None
    finished_since: datetime | None = None
    finished_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `cursor` continues it, None at the end."""

    jobs: tuple[Job, ...]
    cursor: Place | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancellation found: the job's state after it. RUNNING: asked, the body will be told."""

    job_id: UUID
    state: JobState


@dataclass(frozen=True, slots=True)
class CancelledPage:
    """What a cancellation of many found; `cursor` continues it, None at the end."""

    jobs: tuple[Cancelled, ...]
    cursor: UUID | None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A running attempt whose body is to be told that its job is cancelled."""

    job_id: UUID
    attempt: int
    delivery: UUID


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """One queue at a moment: jobs by state, and how long the oldest due one has waited (seconds).

    Of those that succeeded or were cancelled only what ended in the last hour counts, and at most 10,000 of a kind.
    """

    queue: str
    states: dict[JobState, int]
    oldest_due_s: float | None
    paused_by: str | None
    paused_at: datetime | None = None
    pause_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """One worker process as it announces itself."""

    worker: str
    host: str
    pid: int
    pool: str
    queues: tuple[str, ...]
    version: str
    contracts: Mapping[str, int] = field(default_factory=dict)  # the kinds that it knows, each up to this version
    connections: int | None = None  # to the database, that its processes may hold at once
    clock: datetime | None = None  # what its own clock shows; None: it does not tell
    slots: int | None = None  # jobs at once
    memory_bytes: int | None = None  # of its processes together


class Ledger(Protocol):
    """Jobs within one transaction. Times are the database's own, so clocks cannot disagree."""

    def insert(self, jobs: Sequence[NewJob]) -> list[UUID]:
        """Insert jobs; returns their ids in order: for a principal's known key the id of the job that exists.

        They may name each other in `after`, in any order. The same id with the same kind, payload, key and principal is
        the same job. Raises UnknownPredecessorError; CycleError; KeyReusedError where the principal used the key for
        another kind or payload; IdTakenError where the id is another job's.
        """

    def wait_too(self, job_id: UUID, before: Sequence[UUID], on_failure: OnFailure) -> None:
        """Let a blocked job wait for these as well, which were inserted in this very transaction.

        Raises ConflictError where the job waits for nobody any more.
        """

    def backlogs(self, queues: Sequence[str], limit: int) -> list[Backlog]:
        """What is due in these queues, counted exactly up to `limit` or as it was some seconds ago."""

    def known_keys(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the idempotency keys, each with its principal, that belong to a job."""

    def claim(
        self, ids: Sequence[UUID], worker: str, delivery: UUID, able: Capability | None = None
    ) -> list[ClaimedJob]:
        """Make due jobs running, attempt + 1, in the order of `ids`. Others (taken, early, cancelled) are left out.

        `able`: and those of another kind or queue, or too new; None: none is.
        """

    def fail_claim(self, job_id: UUID, worker: str, error: BaseException) -> JobState | None:
        """Count a due job that claiming raised this error for as an attempt that failed: retryable later, or dead.

        Returns which; None where it is not due any more.
        """

    def park(self, ids: Sequence[UUID], able: Capability) -> list[UUID]:
        """Due jobs of the kind that are too new for this worker become due again later. Returns them.

        These, and where no worker can read them all others like them in their queue.

        Later: within a second where a worker was heard of in the last 30 s that consumes the job's queue and can read
        it; else after about as long again as the job is old, 5 s to 2 min.
        """

    def abandon(self, worker: str, delivery: UUID) -> list[UUID]:
        """Give back what this worker claimed by this delivery and does not run: the claim's answer was lost.

        Or its process was ended because of another job of the same delivery.
        """

    def settle(self, settlements: Sequence[Settlement]) -> set[UUID]:
        """Write outcomes, history and the release of successors; returns the jobs whose attempt was still current."""

    def recorded(self, worker: str, settlements: Sequence[Settlement]) -> set[UUID]:
        """The jobs for which history holds just this: this worker's attempt and its outcome."""

    def lose(self, reason: str, *, delivery: UUID, ago_s: float = 0.0) -> list[UUID]:
        """Take back the running jobs of a delivery whose process died `ago_s` seconds ago; poison goes dead.

        Whoever began later did so because the broker delivered the message again, and lives. Returns the jobs.
        """

    def sweep(self, lease_s: float) -> list[UUID]:
        """Take back the running jobs of workers that were silent for `lease_s` seconds. Returns the jobs."""

    def expire(self) -> list[Cancelled]:
        """Cancel jobs whose deadline has passed, once: waiting ones at once, running ones are asked. Returns them."""

    def prune(self, retention: Retention, limit: int) -> int:
        """Delete jobs that succeeded or were cancelled longer ago than they are kept, at most `limit`; how many.

        History keeps a line of each. Their attempts, edges and idempotency keys go: the same key then makes a new job.
        Dead letters stay, and whoever a job that is neither succeeded nor cancelled was to wait for. So do the acts of
        operators.
        """

    def forget_history(self, history_s: float) -> int:
        """Drop the months of history that ended longer ago than that; how many."""

    def past(self, job_id: UUID) -> PastJob | None:
        """What is known of a job that has left the ledger."""

    def past_jobs(self, *, kind: str | None = None, limit: int = 50, before: UUID | None = None) -> list[PastJob]:
        """Jobs that have left the ledger, newest first, those older than `before`."""

    def report_progress(self, job_id: UUID, attempt: int, done: float, note: str) -> str | None:
        """Store progress. Returns who asked to cancel; raises ConflictError when the attempt is no longer current."""

    def cancel(self, job_id: UUID, by: str, reason: str) -> Cancelled:
        """Cancel a waiting job, or ask a running one. Raises NotFoundError; ConflictError when it is final already.

        Whatever a job that was asked does but succeed makes it CANCELLED, for the reason of whoever asked first.
        """

    def cancel_all(
        self, which: JobFilter, by: str, reason: str, *, limit: int = 1000, before: UUID | None = None
    ) -> CancelledPage:
        """Cancel jobs that wait or run and have not been asked yet: the newest `limit` that are older than `before`."""

    def cancellable(self, which: JobFilter) -> Mapping[JobState, int]:
        """How many jobs `cancel_all` would cancel, page after page, by their states."""

    def cancel_requests(self, worker: str) -> list[CancelRequest]:
        """What this worker runs and is to be told to stop."""

    def stop(self, requests: Sequence[CancelRequest], reason: str) -> list[UUID]:
        """Cancel what was asked and did not stop: whatever these attempts still write is void. Returns the jobs.

        Those that somebody holds are left out: ask again. `reason`: what history says of the attempt.
        """

    def get(self, job_id: UUID) -> Job:
        """The whole job with its attempts. Raises NotFoundError."""

    def get_many(self, ids: Collection[UUID]) -> dict[UUID, Job]:
        """The whole jobs, as `get` gives them; who does not exist is left out."""

    def find(self, which: JobFilter, *, limit: int = 50, before: Place | None = None) -> Page:
        """Jobs newest first, those older than `before`."""

    def of_model(self, model_id: UUID, limit: int = 100) -> list[Job]:
        """The jobs about this model and those that were to wait for such a job, oldest first."""

    def count(self, which: JobFilter, at_most: int) -> int:
        """How many there are; no more than `at_most` are counted."""

    def ids_between(self, first: UUID, last: UUID, limit: int) -> list[UUID]:
        """The jobs whose ids lie there, both ends included, in order; at most `limit`."""

    def snapshot(self, job_id: UUID, lease_s: float, republish_s: float = 10.0) -> Snapshot:
        """What `explain` needs to know; workers silent for `lease_s` do not count. Raises NotFoundError."""

    def graph(self, job_id: UUID, limit: int = MOST_JOBS) -> Graph:
        """The workflow around the job, at most `limit` jobs of it, the nearest first. Raises NotFoundError."""

    def queues(self) -> list[QueueCounts]:
        """Every queue that has jobs, or had some within the last hour, or is paused."""

    def pause(self, name: str, by: Operator, scope: Scope = Scope.QUEUE) -> None:
        """Start nothing more of a queue or a kind; what runs goes on."""

    def resume(self, name: str, by: Operator, scope: Scope = Scope.QUEUE) -> None:
        """Let it go on."""

    def beat(self, beat: Beat) -> bool:
        """Announce a worker or renew its lease. Whether somebody wants it to finish what runs, and end."""

    def retire(self, worker: str) -> list[UUID]:
        """A worker says goodbye: what it still runs is given back, no attempt burned. Returns the jobs."""
