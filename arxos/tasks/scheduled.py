"""The jobs of schedules: of a slot, and besides them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.schedule import Entry, check_entry, jitter, slot_key
from arxos.tasks.kind import JobKind
from arxos.tasks.request import new_job, parse_request

Kinds = Mapping[str, JobKind[Any]]


def slot_job(kinds: Kinds, entry: Entry, slot: datetime) -> NewJob:
    """The job of one slot. Raises UnknownKindError, InvalidPayloadError."""
    return job(kinds, entry, key=slot_key(entry.name, slot), run_at=slot + jitter(entry, slot))


def extra_job(kinds: Kinds, entry: Entry, by: str) -> NewJob:
    """A job besides those of the slots, to run at once. Raises as `slot_job`."""
    return job(kinds, entry, key=f"{entry.name}@run:{uuid4()}", submitted_by=by)


def job(kinds: Kinds, entry: Entry, **fields: object) -> NewJob:
    """A job of the entry's. Raises UnknownKindError, InvalidPayloadError."""
    request = {
        "kind": entry.kind,
        "payload": entry.payload,
        "queue": entry.queue,
        "priority": entry.priority,
        "submitted_by": f"schedule:{entry.name}",
        "idempotency_key": fields.pop("key"),
    }
    return new_job(kinds, parse_request(request | fields))


def fit(kinds: Kinds, entry: Entry) -> Entry:
    """The entry itself, if a beat could submit its jobs. Raises InvalidError, UnknownKindError."""
    check_entry(entry)
    job(kinds, entry, key=entry.name)
    return entry
