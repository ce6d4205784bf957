"""How an attempt ended, and what the ledger makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

from arxos.domain.errors import CancelledError, InterruptedError_
from arxos.domain.jobs.fingerprint import fingerprint, place_of
from arxos.domain.jobs.job import ClaimedJob, JobState
from arxos.domain.jobs.retry import Bury, RetryAt, judge

MESSAGE_LIMIT = 4_000  # characters of an error message that the ledger keeps
NAME_LIMIT = 200  # and of its type's name


class Outcome(StrEnum):
    """The word that history keeps for an attempt."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # given back: does not count against the budget
    LOST = "lost"  # its worker or child process died


@dataclass(frozen=True, slots=True)
class Settlement:
    """One attempt's outcome and the job's next state: what the ledger writes, guarded by the attempt number."""

    job_id: UUID
    attempt: int
    outcome: Outcome
    state: JobState
    retry_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    error_type: str | None = None
    error_message: str | None = None
    error_place: str | None = None
    cpu_s: float | None = None  # what the attempt cost
    traceback: str | None = None

    @property
    def error_fingerprint(self) -> str | None:
        """Alike for errors of the same type, place and wording; None where there is none."""
        return self.error_type and fingerprint(self.error_type, self.error_place, self.error_message or "")


def succeeded(job: ClaimedJob, result: Mapping[str, Any] | None) -> Settlement:
    """The attempt did its work."""
    return Settlement(job.id, job.attempt, Outcome.SUCCEEDED, JobState.SUCCEEDED, result=result)


def given_back(job: ClaimedJob) -> Settlement:
    """The attempt was not begun, or was interrupted by a shutdown: due again at once, nothing burned."""
    return Settlement(job.id, job.attempt, Outcome.INTERRUPTED, JobState.QUEUED)


def failed(job: ClaimedJob, error: BaseException, now: datetime, random: Random) -> Settlement:
    """The attempt raised `error`: cancelled, given back, retried or buried by the job's own policy."""
    match error:
        case CancelledError():
            outcome, state, retry_at = Outcome.CANCELLED, JobState.CANCELLED, None
        case InterruptedError_():
            outcome, state, retry_at = Outcome.INTERRUPTED, JobState.QUEUED, None
        case _:
            outcome = Outcome.FAILED
            match judge(job.policy, job.attempt, error, now, random):
                case RetryAt(when):
                    state, retry_at = JobState.RETRYABLE, when
                case Bury():
                    state, retry_at = JobState.DEAD, None
    message = readable(error)
    return Settlement(
        job.id,
        job.attempt,
        outcome,
        state,
        retry_at,
        error_type=type(error).__name__[:NAME_LIMIT],
        error_message=message,
        error_place=_place(error),
    )


def _place(error: BaseException) -> str | None:
    place = place_of(error)
    return place and text_within(NAME_LIMIT, place)


def readable(error: BaseException) -> str:
    """An error's message, whatever its author did: bounded, encodable, without NUL; never raises."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 - an error's own __str__ may raise; the job must still settle
        text = f"(the message of this {type(error).__name__} raised {type(broken).__name__})"
    return text_within(MESSAGE_LIMIT, text)


def text_within(limit: int, text: str) -> str:
    """The beginning of a text, encodable and without NUL; told how long it was if it was longer."""
    beginning = text[:limit].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return beginning if len(text) <= limit else f"{beginning[:limit]}… ({len(text)} characters)"
