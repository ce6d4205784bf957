"""What is known of a building, what follows from it, and how that is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class HealthStatus(StrEnum):
    """How something is, from well to worst."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


def worst(statuses: Iterable[HealthStatus]) -> HealthStatus:
    """The worst of these; healthy where there are none."""
    order = list(HealthStatus)
    return max(statuses, key=order.index, default=HealthStatus.HEALTHY)


class Ailment(StrEnum):
    """What a building may suffer from; stable words."""

    NO_MODEL = "no_model"
    BYTES_MISSING = "bytes_missing"
    UNREADABLE = "unreadable"
    NOT_VALIDATED = "not_validated"
    RULES_OUTDATED = "rules_outdated"
    INVALID = "invalid"
    NOT_INDEXED = "not_indexed"
    INDEX_OUTDATED = "index_outdated"
    SHAPES_FAILED = "shapes_failed"
    CACHE_COLD = "cache_cold"
    DEAD_JOBS = "dead_jobs"
    OTHER = "other"  # a newer version's, which this one does not know


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a building is not well. `status`: how much this alone weighs."""

    code: Ailment
    status: HealthStatus
    message: str


@dataclass(frozen=True, slots=True)
class BuildingFacts:
    """What is stored about a building, as far as its health goes, at `read_at`. None: there is no such thing. Seconds.

    `model_id` and what follows it is the newest revision's; `readable`: its report names a schema; `rules`: the version
    of the rules that it was checked by.
    """

    building_id: UUID
    read_at: datetime
    last_activity: datetime
    model_id: UUID | None = None
    revision: int | None = None
    sha256: str | None = None
    age_s: float | None = None
    valid: bool | None = None
    readable: bool | None = None
    rules: str | None = None
    errors: int = 0
    indexed_id: UUID | None = None
    indexed_revision: int | None = None
    shapes: int = 0  # elements and spaces of the index
    shapes_failed: int = 0
    going: int = 0  # unfinished jobs
    dead: int = 0  # dead letters


@dataclass(frozen=True, slots=True)
class HealthReport:
    """A building at its last check. `changed_at`: since when the status is this one."""

    building_id: UUID
    status: HealthStatus
    reasons: Sequence[Reason]
    last_activity: datetime
    checked_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class HealthChange:
    """When a building's status became another. `was` None: it was the first check."""

    at: datetime
    was: HealthStatus | None
    status: HealthStatus
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep: the job of that id. `finished_at` None: checks are on their way, or it was given up.

    `counts`: checks by status; `failed`: those that gave no verdict; `removed`: buildings that were gone; `changed`:
    buildings whose status is another since it began.
    """

    job_id: UUID
    started_at: datetime
    finished_at: datetime | None
    due: int
    counts: dict[str, int]
    place: UUID | None = None  # the last building whose check was ordered
