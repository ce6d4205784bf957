"""What audits find, and the port on where that is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

Place = Mapping[str, Any]  # where a later attempt goes on; an audit's own business


@dataclass(frozen=True, slots=True)
class Repair:
    """A job that would mend it."""

    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One piece of damage. `sort`: its class, a stable word; `repair` None: a person must look."""

    sort: str
    subject: str  # ``job 0192…``, ``model 7f…``, ``blob 3ab4…``
    message: str
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding as it is kept. `repair_job_id`: the job that somebody ordered to mend it."""

    position: int
    finding: AuditFinding
    repair_job_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit: the job of that id. `finished_at` None: it is at work, or was given up."""

    job_id: UUID
    kind: str
    started_at: datetime
    finished_at: datetime | None
    examined: int
    findings: int


class Audits(Protocol):
    """Audits and their findings within one transaction."""

    def begin(self, job_id: UUID, kind: str) -> Place | None:
        """Record that it begins; where an earlier attempt of the same job has stopped, None at first."""

    def note(self, job_id: UUID, found: Sequence[AuditFinding], *, examined: int, place: Place | None = None) -> None:
        """Keep findings (each sort and subject once an audit), count what was looked at, and remember the place."""

    def finish(self, job_id: UUID) -> Audit:
        """It came to its end."""

    def latest(self, kind: str | None = None, limit: int = 20) -> list[Audit]:
        """The newest first."""

    def get(self, job_id: UUID) -> Audit:
        """Raises NotFoundError."""

    def findings(self, job_id: UUID, *, sort: str | None = None, after: int = 0, limit: int = 50) -> list[Noted]:
        """Those behind the place `after`, in order."""

    def sorts(self, job_id: UUID) -> Mapping[str, int]:
        """How many findings of each sort."""

    def ordered(self, job_id: UUID, position: int, repair_job_id: UUID) -> None:
        """Somebody ordered the repair."""

    def forget(self, older_than_s: float) -> int:
        """Forget audits that began longer ago than that, with their findings; how many."""


def by_sort(found: Iterable[AuditFinding]) -> dict[str, int]:
    """How many of each sort, in order of their names."""
    sorts = [one.sort for one in found]
    return {sort: sorts.count(sort) for sort in sorted(set(sorts))}
