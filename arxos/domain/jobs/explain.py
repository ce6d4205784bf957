"""Why a job does not run (or what it does): one or two sentences from a snapshot, never a guess."""

from collections.abc import Mapping
from datetime import datetime

from arxos.domain.jobs.explain_waiting import waiting
from arxos.domain.jobs.job import Job, JobState, in_words
from arxos.domain.jobs.snapshot import Snapshot

NAMED = 3  # predecessors told of by name
SILENCE_S = 5.0  # from which on a worker's silence is worth a word: two heartbeats are missing


def explain(seen: Snapshot, pools: Mapping[str, str] | None = None) -> str:
    """What the job waits for and what to do about it. `pools`: which pool's workers consume each queue."""
    unread = f"This version cannot read a part of it ({in_words(seen.job.unreadable)}). " if seen.job.unreadable else ""
    return unread + _explained(seen, pools or {})


def _explained(seen: Snapshot, pools: Mapping[str, str]) -> str:
    match seen.job.state:
        case JobState.SUCCEEDED | JobState.CANCELLED | JobState.DEAD:
            return _ended(seen.job)
        case JobState.BLOCKED:
            return _blocked(seen)
        case JobState.RUNNING:
            return _running(seen)
        case JobState.QUEUED | JobState.RETRYABLE:
            return waiting(seen, pools)
        case JobState.UNREADABLE:
            return "it is in a state that a newer version knows: ask that one."


def _ended(job: Job) -> str:
    if job.state is JobState.SUCCEEDED:
        return f"it succeeded at attempt {job.attempt}; there is nothing to wait for."
    return _cancelled(job) if job.state is JobState.CANCELLED else _dead(job)


def _cancelled(job: Job) -> str:
    by = f" by {job.cancel_requested_by}" if job.cancel_requested_by else ""
    why = job.cancel_reason or job.error_message or "no reason given"
    return f"it was cancelled{by}: {why.removeprefix(f'cancelled{by}: ')}."


def _dead(job: Job) -> str:
    return (
        f"it is a dead letter after attempt {job.attempt} of {job.max_attempts}: {job.error_type}: {job.error_message}."
        f" Redrive it with `arxos jobs redrive {job.id}` once the cause is gone, or discard it."
    )


def _blocked(seen: Snapshot) -> str:
    count = len(seen.waits_for)
    if not count:
        return f"it is blocked by {seen.job.waiting_for} jobs, but none of them is unfinished: audit the ledger."
    first = ", ".join(f"{job_id} ({state})" for job_id, state in seen.waits_for[:NAMED])
    more = f" and {count - NAMED} more" if count > NAMED else ""
    jobs = "1 unfinished job" if count == 1 else f"{count} unfinished jobs"
    return f"it waits for {jobs}: {first}{more}. Ask `arxos jobs why` of these; `arxos jobs graph` shows them all."


def _running(seen: Snapshot) -> str:
    job = seen.job
    since = _seconds(seen.now, job.started_at)
    doing = f" at {job.progress:.0%}" if job.progress is not None else ""
    note = f" ({job.progress_note})" if job.progress_note else ""
    if seen.worker_silent_s is None:
        return f"it runs as attempt {job.attempt} on {job.worker}, which has no row: the sweeper will take it back."
    silent = _silence(seen.worker_silent_s, seen.lease_s)
    return f"it runs as attempt {job.attempt} on {job.worker} for {since:.0f} s{doing}{note}.{silent}{_asked(job)}"


def _silence(seconds: float, lease_s: float) -> str:
    if seconds <= SILENCE_S:
        return ""
    left = lease_s - seconds
    then = f"in {left:.0f} s it counts as dead" if left > 0 else "it counts as dead"
    return f" Its worker is silent for {seconds:.0f} s: {then}, and the job runs elsewhere."


def _asked(job: Job) -> str:
    if not job.cancel_requested_by:
        return ""
    why = f" ({job.cancel_reason})" if job.cancel_reason else ""
    return f" {job.cancel_requested_by} asked to cancel it{why}; its body is told."


def _seconds(now: datetime, then: datetime | None) -> float:
    return (now - then).total_seconds() if then else 0.0
