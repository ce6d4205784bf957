"""The port on the ledger for whoever looks for damage in it, and mends what it is told to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from arxos.domain.jobs.ledger_damage import Damage, JobFacts

NOTHING = UUID(int=0)


@dataclass(frozen=True, slots=True)
class LooseEdge:
    """An open edge whose predecessor is `final`, or does not exist (None)."""

    after_id: UUID
    job_id: UUID
    final: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many rows were looked at, up to `last` (None: there are no more); what of them is loose."""

    examined: int
    last: UUID | None
    jobs: Sequence[UUID] = ()
    edges: Sequence[LooseEdge] = ()


class LedgerInspection(Protocol):
    """Rows in order of their ids, part by part, within one transaction."""

    def rows(self, after: UUID, limit: int) -> list[JobFacts]:
        """The next jobs."""

    def loose_attempts(self, after: UUID, limit: int) -> Stretch:
        """Of the next attempts those whose job does not exist."""

    def loose_edges(self, after: UUID, limit: int) -> Stretch:
        """Of the next predecessors' edges those that nobody will ever release."""

    def size(self) -> int:
        """How many jobs there are, roughly."""

    def mend(self, job_id: UUID, damage: Damage) -> bool:
        """Undo this damage, if it is still there; whether anything was changed.

        For ORPHAN_EDGE and EDGE_OF_FINAL `job_id` is the predecessor. Raises ConflictError for damage that only a
        person can judge.
        """
