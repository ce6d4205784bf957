"""The jobs of schedules: of a slot, and besides them."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.schedule import Entry, check_entry, jitter, slot_key
from arxos.domain.jobs.submitter import Submitter, schedule
from arxos.tasks.authorization import Kinds, authorized
from arxos.tasks.request import parse_request


def slot_job(kinds: Kinds, entry: Entry, slot: datetime) -> NewJob:
    """The job of one slot. Raises UnknownKindError, InvalidPayloadError."""
    return job(kinds, entry, key=slot_key(entry.name, slot), run_at=slot + jitter(entry, slot))


def extra_job(kinds: Kinds, entry: Entry, by: str) -> NewJob:
    """A job besides those of the slots, to run at once. Raises as `slot_job`."""
    return replace(job(kinds, entry, key=f"{entry.name}@run:{uuid4()}"), submitted_by=by)


def job(kinds: Kinds, entry: Entry, by: Submitter | None = None, **fields: object) -> NewJob:
    """A job of the entry's, by the schedule's own authority unless `by` is named. Raises as `authorized`."""
    request = {
        "kind": entry.kind,
        "payload": entry.payload,
        "queue": entry.queue,
        "priority": entry.priority,
        "idempotency_key": fields.pop("key"),
    }
    return authorized(kinds, parse_request(request | fields), by or schedule(entry.name))


def fit(kinds: Kinds, entry: Entry, by: Submitter) -> Entry:
    """The entry itself, if a beat could submit its jobs, and so could `by`, who writes it.

    Else a schedule would do for somebody what they may not do. Raises InvalidError, UnknownKindError, ForbiddenError.
    """
    check_entry(entry)
    job(kinds, entry, by, key=entry.name)
    return entry
