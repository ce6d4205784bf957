"""Webhooks: who is told when a job is over, and what they are told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from arxos.domain.jobs.job import Job


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address to tell. `disabled_at`: since when nobody is told there."""

    id: UUID
    url: str
    owner: str
    description: str | None = None
    created_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A job that is over, and whom to tell."""

    id: int
    webhook_id: UUID
    job_id: UUID
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said."""

    status: int
    took_ms: float


class Webhooks(Protocol):
    """Addresses and endings within one transaction."""

    def add(self, webhook: Webhook) -> Webhook:
        """A new one; it comes back with its time."""

    def get(self, webhook_id: UUID) -> Webhook:
        """Raises NotFoundError."""

    def list(self, *, owner: str | None = None, before: UUID | None = None, limit: int = 50) -> "Sequence[Webhook]":
        """The newest first, those older than `before`; `owner` None: everybody's."""

    def disable(self, webhook_id: UUID, by: str) -> None:
        """Tell nobody there any more."""

    def remove(self, webhook_id: UUID) -> None:
        """Raises NotFoundError."""

    def take(self, limit: int) -> "Sequence[Ending]":
        """The next endings, which nobody else takes; gone with this transaction."""


class Courier(Protocol):
    """Brings messages to addresses outside. Every one is signed with the webhook's own secret."""

    def secret(self, webhook_id: UUID) -> str:
        """What the receiver checks signatures with: ``whsec_…``. Raises InvalidError where the system has no key."""

    def deliver(self, webhook_id: UUID, url: str, message_id: str, body: bytes) -> Answer:
        """POST it. Raises UnavailableError where nobody answers, InvalidError for an address nothing may be sent to."""


def message(ending: Mapping[str, Any], job: Job | None, delivery: UUID) -> bytes:
    """What is told, as JSON. `job` None: it is pruned by now."""
    told: dict[str, Any] = {
        "id": str(delivery),
        "type": f"job.{ending['state']}",
        "at": ending["at"],
        "job": {"id": str(ending["job_id"]), "state": ending["state"]},
    }
    if job is not None:
        told["job"] |= {
            "kind": job.kind,
            "queue": job.queue,
            "attempt": job.attempt,
            "result": job.result,
            "error": None if job.error_type is None else {"type": job.error_type, "message": job.error_message},
            "submitted_by": job.submitted_by,
            "request_id": job.request_id,
            "building_id": str(job.building_id) if job.building_id else None,
            "created_at": job.created_at.isoformat(),
            "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        }
    return json.dumps(told, ensure_ascii=False).encode()
