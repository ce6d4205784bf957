"""`blobs.collect`: bytes that no model names make room."""

from pydantic import Field

from arxos.domain.access import Permission
from arxos.domain.buildings.collect_blobs import collect_blobs
from arxos.domain.jobs.limits import Allowance
from arxos.domain.jobs.retention import DAY_S
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind


class Collect(Payload):
    """After how many days without anybody naming them bytes may go: one at least, since uploads come before names."""

    grace_days: float = Field(default=7, ge=1, le=36_500)


class BlobsCollected(Result):
    """What was looked at, and what is gone."""

    examined: int
    removed: int
    freed_bytes: int
    abandoned: int = 0


@job_kind(
    "blobs.collect",
    queue="maintenance",
    payload=Collect,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    soft_limit_s=3600.0,
    hard_limit_s=3660.0,
)
def collect(payload: Collect, attempt: Attempt) -> Done:
    """Remove models' bytes that no building names any more, after a grace time, and uploads whose process died.

    Idempotent: a repeated attempt looks through the store again and finds less.
    """
    found = collect_blobs(attempt.ports, payload.grace_days * DAY_S, attempt.progress)
    return Done(
        BlobsCollected(
            examined=found.examined, removed=found.removed, freed_bytes=found.freed_bytes, abandoned=found.abandoned
        )
    )
