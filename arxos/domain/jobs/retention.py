"""For how long finished jobs stay in the ledger, and what is kept of them afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from arxos.domain.errors import InvalidError
from arxos.domain.jobs.job import JobState

PRUNED = (JobState.SUCCEEDED, JobState.CANCELLED)  # a dead letter first has to be seen, and redriven or discarded
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """Seconds after their end that jobs stay: what their kind says, else what their state says.

    `history_s`: for how long it is known that there was a job.
    """

    by_state: Mapping[JobState, float]
    by_kind: Mapping[str, float] = field(default_factory=dict)
    history_s: float = 400 * DAY_S

    def __post_init__(self) -> None:
        """Raises InvalidError naming the state that has no policy."""
        for state in PRUNED:
            if state not in self.by_state:
                raise InvalidError(f"retention: nothing is said of jobs that are {state}")

    def keep_s(self, kind: str, state: JobState) -> float:
        """How long a job of this kind stays that ended like this."""
        return self.by_kind.get(kind, self.by_state[state])


@dataclass(frozen=True, slots=True)
class PastJob:
    """What is known of a job that has left the ledger."""

    id: UUID
    kind: str
    queue: str
    state: JobState
    submitted_by: str | None
    building_id: UUID | None
    request_id: str | None
    attempts: int
    error_type: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime
