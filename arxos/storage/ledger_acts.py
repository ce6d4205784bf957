"""What operators do to dead letters: one statement for one job or a thousand, which records each act beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.desk import Edit
from arxos.domain.jobs.operator import Operator
from arxos.storage import ledger_insert
from arxos.storage.database import Connection
from arxos.storage.job_rows import MAX_ATTEMPTS

# What an act changes, kept with it: with these a job can be made dead again as it was.
KEPT: LiteralString = """
    id, attempt, finished_at, published_at, available_at, deadline, max_attempts, lost, cancel_requested_at,
    cancel_requested_by, cancel_reason, redriven, redriven_at, redriven_by"""

# Rows are locked in order of their ids, as everywhere. A job's place among them says when it becomes due.
LOCKED: LiteralString = """
WITH locked AS (
    SELECT {kept} FROM jobs WHERE state = 'dead' AND {which} ORDER BY id LIMIT %(limit)s FOR UPDATE{skip}),
placed AS (
    SELECT id, to_jsonb(locked) - 'id' AS before, greatest(clock_timestamp(), %(not_before)s)
        + row_number() OVER (ORDER BY id) * %(apart_s)s * interval '1 s' AS due FROM locked),
changed AS ({change} RETURNING jobs.id, jobs.available_at, placed.before),
acts AS (
    INSERT INTO operator_actions (actor, action, job_id, reason, source, act_id, details)
    SELECT %(actor)s, %(action)s, id, %(reason)s, %(source)s, %(act_id)s,
        jsonb_build_object('before', before) || %(details)s
    FROM changed ORDER BY id)
SELECT count(*), max(id::text)::uuid, max(available_at) FROM changed
"""

# Poison keeps travelling alone: nothing says that it has become harmless.
REDRIVE: LiteralString = f"""
UPDATE jobs SET state = 'queued', available_at = placed.due, published_at = NULL, finished_at = NULL, held = '',
    max_attempts = attempt + {MAX_ATTEMPTS}, lost = 0,
    deadline = CASE WHEN deadline > placed.due THEN deadline END,
    cancel_requested_at = NULL, cancel_requested_by = NULL, cancel_reason = NULL,
    redriven = redriven + 1, redriven_at = clock_timestamp(), redriven_by = %(actor)s
FROM placed WHERE jobs.id = placed.id
"""
# By when the last of a step's jobs may become due.
IN_TIME: LiteralString = """(deadline IS NULL OR deadline > greatest(clock_timestamp(), %(not_before)s)
    + %(limit)s * %(apart_s)s * interval '1 s')"""

DISCARD: LiteralString = """
UPDATE jobs SET state = 'cancelled', finished_at = clock_timestamp(),
    cancel_requested_by = %(actor)s, cancel_reason = %(reason)s
FROM placed WHERE jobs.id = placed.id
"""

RETRY = """
WITH early AS (
    SELECT id, available_at FROM jobs WHERE id = %(id)s AND state IN ('queued', 'retryable')
        AND available_at > clock_timestamp() FOR UPDATE),
due AS (
    UPDATE jobs SET available_at = clock_timestamp(), published_at = NULL, progress_note = NULL
    FROM early WHERE jobs.id = early.id)
INSERT INTO operator_actions (actor, action, job_id, reason, source, details)
SELECT %(actor)s, 'retry', id, %(reason)s, %(source)s, jsonb_build_object('was_due', available_at) FROM early
RETURNING job_id
"""

EDIT = """
UPDATE jobs SET payload = %(payload)s, original_payload = coalesce(original_payload, payload), contract = %(contract)s,
    batch = CASE WHEN lost = 0 THEN %(batch)s ELSE 1 END,
    building_id = coalesce(%(building_id)s::uuid, (
        SELECT models.building_id FROM models WHERE models.id = %(model_id)s::uuid))
WHERE id = %(id)s
"""

ONE: LiteralString = "id = %(id)s"


@dataclass(frozen=True, slots=True)
class Changed:
    """What an act's statement did."""

    jobs: int
    last: UUID | None
    due_until: datetime | None


def redrive_one(connection: Connection, job_id: UUID, by: Operator, edit: Edit | None, *, drop_deadline: bool) -> None:
    """See `Desk.redrive`."""
    payload, late = _lock_dead(connection, job_id, "redriven")
    if late and not drop_deadline:
        raise ConflictError(f"job {job_id}: its deadline passed at {late:%Y-%m-%d %H:%M:%SZ}; redrive it without one")
    details: dict[str, Any] = {}
    if edit is not None:
        changed = sorted(name for name in {*edit.payload, *payload} if edit.payload.get(name) != payload.get(name))
        details = {"edited": changed}
        _edit(connection, job_id, edit)
    redrive(connection, ONE, by, id=job_id, details=details)


def redrive(connection: Connection, which: LiteralString, by: Operator, **values: Any) -> Changed:
    """Send the dead jobs of a condition round again; wakes the relay."""
    changed = _act(connection, REDRIVE, which, by, action="redrive", **values)
    if changed.jobs:
        ledger_insert.notify(connection)
    return changed


def discard_one(connection: Connection, job_id: UUID, by: Operator) -> None:
    """See `Desk.discard`."""
    _lock_dead(connection, job_id, "discarded")
    discard(connection, ONE, by, id=job_id)


def discard(connection: Connection, which: LiteralString, by: Operator, **values: Any) -> Changed:
    """Close the dead jobs of a condition. Whoever was to wait for them was told when they died."""
    return _act(connection, DISCARD, which, by, action="discard", **values)


def retry_one(connection: Connection, job_id: UUID, by: Operator) -> None:
    """See `Desk.retry`."""
    values = {"id": job_id, "actor": by.name, "reason": by.reason, "source": by.source}
    if connection.execute(RETRY, values).fetchone() is None:
        row = connection.execute("SELECT state FROM jobs WHERE id = %s", [job_id]).fetchone()
        if row is None:
            raise NotFoundError(f"no job {str(job_id)!r}")
        due = "due already" if row[0] in ("queued", "retryable") else row[0]
        raise ConflictError(f"job {job_id} is {due}: only a job that waits for its time can be retried at once")
    ledger_insert.notify(connection)


def _act(
    connection: Connection,
    change: LiteralString,
    which: LiteralString,
    by: Operator,
    *,
    skip: bool = False,
    **values: Any,
) -> Changed:
    defaults: dict[str, Any] = {"limit": 1, "not_before": None, "apart_s": 0.0, "act_id": None, "details": {}}
    who = {"actor": by.name, "reason": by.reason, "source": by.source}
    filled = defaults | who | values
    filled["details"] = Jsonb(filled["details"])
    statement = LOCKED.format(kept=KEPT, which=which, change=change, skip=" SKIP LOCKED" if skip else "")
    row = connection.execute(statement, filled).fetchone()
    return Changed(*row) if row else Changed(0, None, None)


def _lock_dead(connection: Connection, job_id: UUID, act: str) -> tuple[dict[str, Any], datetime | None]:
    """The dead job's payload, and its deadline if that has passed; nobody else acts on it until commit."""
    late = "CASE WHEN deadline <= clock_timestamp() THEN deadline END"
    row = connection.execute(f"SELECT state, payload, {late} FROM jobs WHERE id = %s FOR UPDATE", [job_id]).fetchone()
    if row is None:
        raise NotFoundError(f"no job {str(job_id)!r}")
    if row[0] != "dead":
        raise ConflictError(f"job {job_id} is {row[0]}: it cannot be {act}, only dead jobs can be")
    return row[1], row[2]


def _edit(connection: Connection, job_id: UUID, edit: Edit) -> None:
    names = {name: edit.payload.get(name) for name in ("building_id", "model_id")}
    values = {"id": job_id, "payload": Jsonb(dict(edit.payload)), "contract": edit.contract, "batch": edit.batch}
    connection.execute(EDIT, values | names)
