"""What happened, as facts. `tasks.reactions` turns them into follow-up jobs in the same transaction."""

from dataclasses import dataclass
from uuid import UUID

from arxos.domain.health.report import HealthStatus


@dataclass(frozen=True, slots=True)
class Event:
    """The root of all domain events: something about one building, in the past tense."""

    building_id: UUID


@dataclass(frozen=True, slots=True)
class BuildingCreated(Event):
    """A building was added."""


@dataclass(frozen=True, slots=True)
class BuildingUpdated(Event):
    """A building's name, address or status changed."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who handed something in, by which request, and whom to tell when the jobs that follow from it are final.

    `principal`: who owns those jobs, where that is not the system (`arxos.domain.jobs.submitter`).
    """

    subject: str | None = None
    request_id: str | None = None
    webhook_id: UUID | None = None
    principal: str | None = None


@dataclass(frozen=True, slots=True)
class ModelReceived(Event):
    """A source file for the building is in the blob store."""

    model_id: UUID
    sender: Sender = Sender()


@dataclass(frozen=True, slots=True)
class ModelValidated(Event):
    """A model's validation report was stored."""

    model_id: UUID
    valid: bool


@dataclass(frozen=True, slots=True)
class ModelIndexed(Event):
    """A model's geometry is the building's current spatial index."""

    model_id: UUID


@dataclass(frozen=True, slots=True)
class BuildingHealthChanged(Event):
    """A check found another status than the one before. `was` None: it was the first check."""

    was: HealthStatus | None
    status: HealthStatus
