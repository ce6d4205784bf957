"""Why a job does not run (or what it does): one or two sentences from a snapshot, never a guess."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arxos.domain.jobs.job import Job, JobState


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was true of a job and its surroundings at one moment of the database's clock."""

    now: datetime
    job: Job
    due_ahead: int = 0  # due jobs of its queue that go first
    consumers: int = 0  # living workers that consume its queue
    paused_by: str | None = None
    worker_silent_s: float | None = None  # since its worker's last heartbeat; None: no such worker row
    waits_for: tuple[tuple[UUID, JobState], ...] = ()  # unfinished predecessors
    relay: str | None = None  # what is wrong with publishing


def explain(seen: Snapshot) -> str:
    """What the job waits for and what to do about it."""
    match seen.job.state:
        case JobState.SUCCEEDED:
            return f"it succeeded at attempt {seen.job.attempt}; there is nothing to wait for."
        case JobState.CANCELLED:
            return f"it was cancelled{_by(seen.job)}: {_reason(seen.job)}."
        case JobState.DEAD:
            return _dead(seen.job)
        case JobState.BLOCKED:
            return _blocked(seen)
        case JobState.RUNNING:
            return _running(seen)
        case JobState.QUEUED | JobState.RETRYABLE:
            return _waiting(seen)


def _by(job: Job) -> str:
    return f" by {job.cancel_requested_by}" if job.cancel_requested_by else ""


def _reason(job: Job) -> str:
    return job.cancel_reason or job.error_message or "no reason given"


def _dead(job: Job) -> str:
    return (
        f"it is a dead letter after attempt {job.attempt} of {job.max_attempts}: {job.error_type}: {job.error_message}."
        f" Redrive it with `arxos jobs redrive {job.id}` once the cause is gone, or discard it."
    )


def _blocked(seen: Snapshot) -> str:
    if not seen.waits_for:
        return f"it is blocked by {seen.job.waiting_for} jobs, but none of them is unfinished: audit the ledger."
    first = ", ".join(f"{job_id} ({state})" for job_id, state in seen.waits_for[:3])
    more = f" and {len(seen.waits_for) - 3} more" if len(seen.waits_for) > 3 else ""
    return f"it waits for {len(seen.waits_for)} unfinished jobs: {first}{more}."


def _running(seen: Snapshot) -> str:
    job = seen.job
    since = _seconds(seen.now, job.started_at)
    doing = f" at {job.progress:.0%}" if job.progress is not None else ""
    note = f" ({job.progress_note})" if job.progress_note else ""
    asked = f" {job.cancel_requested_by} asked to cancel it; its body will be told." if job.cancel_requested_by else ""
    if seen.worker_silent_s is None:
        return f"it runs as attempt {job.attempt} on {job.worker}, which has no row: the sweeper will take it back."
    silent = f" Its worker is silent for {seen.worker_silent_s:.0f} s." if seen.worker_silent_s > 5 else ""
    return f"it runs as attempt {job.attempt} on {job.worker} for {since:.0f} s{doing}{note}.{silent}{asked}"


def _waiting(seen: Snapshot) -> str:
    job = seen.job
    if job.available_at > seen.now:
        failed = f" (attempt {job.attempt} of {job.max_attempts} ended with {job.error_type})" if job.error_type else ""
        return f"it is not due until {job.available_at.isoformat(timespec='seconds')}{failed}."
    if seen.paused_by:
        return f"its queue {job.queue} is paused by {seen.paused_by}: `arxos queues resume {job.queue}`."
    if seen.consumers == 0:
        return f"no worker consumes its queue {job.queue}: start one with `arxos worker --pool …`."
    if job.published_at is not None:
        age = _seconds(seen.now, job.published_at)
        return f"it was published {age:.0f} s ago and not claimed yet; {seen.due_ahead} due jobs go first."
    if seen.relay:
        return f"it is due, but {seen.relay}."
    return f"it is due and waits for the relay to publish it; {seen.due_ahead} due jobs go first."


def _seconds(now: datetime, then: datetime | None) -> float:
    return (now - then).total_seconds() if then else 0.0
