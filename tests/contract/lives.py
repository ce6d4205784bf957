"""Jobs brought to where a test needs them, in any ledger."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from arxos.domain.errors import TransientError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.outcome import Outcome, Settlement
from tests.builders import delivery, new_job
from tests.worlds import World


def retry(job_id: UUID, attempt: int, world: World) -> Settlement:
    """A failed attempt that is tried again in a second and a half."""
    when = world.now() + timedelta(seconds=1.5)
    error = TransientError("busy")
    return Settlement(
        job_id, attempt, Outcome.FAILED, JobState.RETRYABLE, when, error_type=type(error).__name__, error_message="busy"
    )


def lose_once(world: World, job_id: UUID) -> JobState:
    """One attempt that ends with the death of its process."""
    world.claim(job_id, message=(message := delivery()))
    world.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    return world.state(job_id)


def job_in(world: World, state: JobState, **fields: Any) -> UUID:
    """A job brought into this state the ordinary way."""
    if state is JobState.BLOCKED:
        fields["after"] = tuple(world.insert(new_job()))
    [job_id] = world.insert(new_job(**fields))
    match state:
        case JobState.RUNNING:
            world.claim(job_id)
        case JobState.RETRYABLE:
            world.claim(job_id)
            world.settle(retry(job_id, 1, world))
        case JobState.SUCCEEDED:
            world.succeed(job_id)
        case JobState.DEAD:
            world.bury(job_id)
        case JobState.CANCELLED:
            world.do(lambda ledger: ledger.cancel(job_id, "system", "set up"))
    return job_id
