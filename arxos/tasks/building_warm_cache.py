"""`building.warm_cache`: the answers that readers hit, ready before they ask."""

from uuid import UUID

from arxos.domain.access import Permission
from arxos.domain.buildings.warm_cache import warm_cache
from arxos.domain.jobs.limits import Allowance
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind


class WarmCache(Payload):
    """Which building."""

    building_id: UUID


class CacheWarmed(Result):
    """What is in the cache now."""

    revision: int
    floors: int
    entries: int
    size_bytes: int


@job_kind(
    "building.warm_cache",
    queue="cache",
    payload=WarmCache,
    submit=Permission.SUBMIT,
    allowed=Allowance(per="building"),  # a second one would compute the same
    soft_limit_s=600.0,
    hard_limit_s=660.0,
)
def warm(payload: WarmCache, attempt: Attempt) -> Done:
    """Compute a building's summary and floor plans and put them into the cache.

    Idempotent: the cache is no part of the transaction, so a repeated attempt writes the same values again.
    """
    warmed = warm_cache(attempt.ports, payload.building_id, attempt.progress)
    return Done(
        CacheWarmed(
            revision=warmed.revision, floors=warmed.floors, entries=warmed.entries, size_bytes=warmed.size_bytes
        )
    )
