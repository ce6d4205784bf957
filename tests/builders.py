"""Jobs for tests: whatever a test does not name is ordinary."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID, uuid4

from uuid6 import uuid7

from arxos.domain.access import Permission
from arxos.domain.jobs.job import ClaimedJob, Job, JobState, NewJob
from arxos.domain.jobs.ledger import Beat
from arxos.domain.jobs.retry import RetryPolicy
from arxos.tasks.kind import Done, JobKind, Payload

QUEUE = "maintenance"


def new_job(kind: str = "probe.noop", **fields: Any) -> NewJob:
    """A job to insert. `max_attempts` and `max_lost` go into its policy."""
    limits = {name: fields.pop(name) for name in ("max_attempts", "max_lost") if name in fields}
    defaults: dict[str, Any] = {"id": uuid7(), "queue": QUEUE, "payload": {}, "policy": RetryPolicy(**limits)}
    return NewJob(kind=kind, **(defaults | fields))


def claimed(kind: str = "probe.noop", **fields: Any) -> ClaimedJob:
    """A running attempt."""
    defaults: dict[str, Any] = {
        "id": uuid4(),
        "queue": QUEUE,
        "payload": {},
        "attempt": 1,
        "policy": RetryPolicy(),
        "submitted_by": None,
        "trace": None,
        "claimed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return ClaimedJob(kind=kind, **(defaults | fields))


def job(kind: str = "probe.noop", **fields: Any) -> Job:
    """A ledger row as it is read."""
    defaults: dict[str, Any] = {
        "id": UUID(int=1),
        "queue": QUEUE,
        "state": JobState.QUEUED,
        "priority": 0,
        "payload": {},
        "attempt": 0,
        "max_attempts": 5,
        "lost": 0,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "available_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Job(kind=kind, **(defaults | fields))


def beat(worker: str = "cpu@host:1:aaaaaa", *queues: str) -> Beat:
    """A worker's announcement."""
    return Beat(worker, "host", 1, "cpu", queues or (QUEUE,), "0.1.0")


def raised(error: Exception) -> Exception:
    """The error, raised in `tests.builders:throw`."""
    try:
        throw(error)
    except Exception as caught:  # noqa: BLE001 - whatever it is
        return caught


def throw(error: Exception) -> NoReturn:
    raise error


class Anything(Payload):
    """A payload that takes a number or nothing."""

    n: int = 0


def kind_of(name: str, run: Callable[[Any, Any], Done], **fields: Any) -> JobKind[Any]:
    """A job kind with the body `run`."""
    return JobKind(name=name, queue=QUEUE, payload=Anything, run=run, submit=Permission.SUBMIT, **fields)


def delivery() -> UUID:
    """A message's id."""
    return uuid4()
